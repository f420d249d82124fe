"""Sending generated datasets to the Hugging Face Hub.

What goes up is decided by :mod:`toysound.publish.bundle`, with nothing sent before everything has
been checked; ``--dry-run`` ends there and needs neither network nor token. Files of an earlier
version of the same dataset are removed, since ``data/train-*.parquet`` would find them too;
whatever else is in the repository stays.

References
----------
https://huggingface.co/docs/huggingface_hub/guides/upload. The token is the one of ``HF_TOKEN`` or
of ``hf auth login``; ``HF_ENDPOINT`` names another Hub.
"""

import glob
import os
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from toysound.errors import ToySoundError
from toysound.publish.bundle import Bundle, bundle
from toysound.publish.fingerprint import FILE_NAME
from toysound.version import GENERATOR_VERSION

_TOKENS = "https://huggingface.co/settings/tokens"


def publish_folder(
    folder: str | Path,
    repository: str,
    check: bool = True,
    private: bool = False,
    revision: str | None = None,
    dry_run: bool = False,
) -> dict[str, Any]:
    """Publish a generated dataset, or all below a folder, and return what there is to say.

    Parameters
    ----------
    folder, repository, check : as for :func:`toysound.publish.bundle.bundle`
    private, revision : as for :func:`publish`
    dry_run : send nothing

    Raises
    ------
    UsageError, ToySoundError
        As those two.
    """
    sent = bundle(folder, repository, check)
    if dry_run:
        address, text = None, f"{sent.to_text()}\nnothing was sent (--dry-run)"
    else:
        address = publish(sent, private, revision)
        text = f"{sent.summary()}\npublished at {address}"
    return {**sent.to_json(), "address": address, "text": text}


def publish(sent: Bundle, private: bool = False, revision: str | None = None) -> str:
    """Send the files of a bundle to the Hub and return the repository's address.

    Parameters
    ----------
    sent : what to send
    private : make the repository private, if it does not exist yet
    revision : a branch, made if it does not exist; ``main`` by default

    Raises
    ------
    ToySoundError
        If there is no token, or the Hub cannot be reached or refuses.
    """
    from huggingface_hub import HfApi, get_token
    from huggingface_hub.utils import logging
    from huggingface_hub.utils.tqdm import disable_progress_bars

    token = get_token()
    if token is None:
        raise ToySoundError(
            f"the Hub wants a token that may write; make one at {_TOKENS}, then run "
            "'hf auth login' or set HF_TOKEN (--dry-run needs none)"
        )
    if not sys.stderr.isatty():
        disable_progress_bars()
    logging.set_verbosity_error()  # type: ignore[no-untyped-call]
    endpoint = os.environ.get("HF_ENDPOINT", "").rstrip("/") or None
    api = HfApi(endpoint=endpoint, token=token, library_name="toysound")
    with _in_words(sent.repository, api.endpoint), tempfile.TemporaryDirectory() as folder:
        api.create_repo(sent.repository, private=private, repo_type="dataset", exist_ok=True)
        if revision:
            api.create_branch(sent.repository, branch=revision, repo_type="dataset", exist_ok=True)
        there = api.list_repo_files(sent.repository, repo_type="dataset", revision=revision)
        _check_layout(sent, there)
        _gather(sent, Path(folder))
        names = ", ".join(fingerprint.name for fingerprint in sent.datasets.values())
        api.upload_folder(
            repo_id=sent.repository,
            repo_type="dataset",
            revision=revision,
            folder_path=folder,
            delete_patterns=[glob.escape(name) for name in outdated(sent, there)] or None,
            commit_message=f"ToySound {names}"[:72],
            commit_description=f"Version {GENERATOR_VERSION} of the sounds: {names}",
        )
    return f"{api.endpoint}/datasets/{sent.repository}"


def outdated(sent: Bundle, there: list[str]) -> list[str]:
    """Return the files of a repository that an earlier version of the same datasets left."""
    paths = {upload.path for upload in sent.uploads}
    return [name for name in there if name not in paths and sent.owns(name)]


def _check_layout(sent: Bundle, there: list[str]) -> None:
    """Refuse a repository where one dataset and several would get in each other's way."""
    alone = "" in sent.datasets
    several = any(name.endswith(f"/{FILE_NAME}") for name in there)
    if (several and alone) or (FILE_NAME in there and not alone):
        kinds = ("several datasets", "one") if alone else ("one dataset", "several")
        raise ToySoundError(
            f"'{sent.repository}' holds {kinds[0]}, this folder {kinds[1]}; choose another "
            "repository, or publish the same folder as before"
        )


def _gather(sent: Bundle, folder: Path) -> None:
    """Lay out the repository in an empty folder: links to files, and the texts."""
    for upload in sent.uploads:
        path = folder / upload.path
        path.parent.mkdir(parents=True, exist_ok=True)
        if isinstance(upload.source, str):
            path.write_text(upload.source, encoding="utf-8")
        else:
            path.symlink_to(upload.source.resolve())


@contextmanager
def _in_words(repository: str, endpoint: str) -> Iterator[None]:
    """Say in a sentence why the Hub did not do what it was asked."""
    from huggingface_hub.errors import HfHubHTTPError, OfflineModeIsEnabled

    # The first base is that of the HTTP library's errors, whichever library the client uses.
    unheard: tuple[type[BaseException], ...] = (*HfHubHTTPError.__bases__, OSError, RuntimeError)
    try:
        yield
    except OfflineModeIsEnabled:
        raise ToySoundError(
            "HF_HUB_OFFLINE is set, so nothing can be published; unset it"
        ) from None
    except HfHubHTTPError as error:
        raise ToySoundError(_refusal(repository, endpoint, error)) from None
    except unheard as error:
        reason = str(error) or type(error).__name__
        raise ToySoundError(
            f"the Hub at {endpoint} cannot be reached: {reason}; what has arrived is kept, run the "
            "same command again (--dry-run needs no network)"
        ) from None
    except ValueError as error:
        raise ToySoundError(f"the Hub refuses the dataset: {error}") from None


def _refusal(repository: str, endpoint: str, error: Any) -> str:
    """Return in words why the Hub refused."""
    status = error.response.status_code
    if status == 401:
        return (
            f"the Hub at {endpoint} does not accept the token; make one that may write at "
            f"{_TOKENS} and run 'hf auth login' or set HF_TOKEN"
        )
    if status == 403:
        return f"the token may not write to '{repository}'; use one of its owner that may"
    if status == 404:
        return f"the Hub at {endpoint} knows no '{repository}': is its owner spelt right?"
    said = error.server_message or error.response.reason_phrase
    return f"the Hub at {endpoint} answered {status} ({said}); nothing more was sent, try again"
