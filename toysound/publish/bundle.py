"""What of a folder goes to a dataset repository, decided before anything is sent.

It is exactly what ``generate`` finished: the files that the fingerprint lists, the fingerprint, the
card and the Croissant description. Anything else in the folder stays where it is and is named. A
folder that holds several datasets (``out/`` with ``out/tones``, ``out/mono/pitch``, ...) becomes
one repository under a card of its own, with one configuration for each: ``mono-pitch`` for
``mono/pitch``.
"""

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from toysound.catalog import get_spec
from toysound.errors import ToySoundError, UsageError
from toysound.publish.card import splits_present
from toysound.publish.documents import check_documents, documents
from toysound.publish.fingerprint import FILE_NAME, Fingerprint, load_fingerprint
from toysound.publish.formats import FORMATS
from toysound.publish.jobs import PARTIAL
from toysound.publish.places import is_url
from toysound.publish.verify import verify

#: The two parts of a repository's name, as the Hub allows them.
_REPOSITORY = re.compile(r"(?!.*(--|\.\.))(?!.*\.git$)(\w([\w.-]*\w)?)/(\w([\w.-]*\w)?)", re.ASCII)

#: Names of files that are listed where there may be many.
_LISTED = 10


@dataclass(frozen=True)
class Upload:
    """One file of the repository.

    Attributes
    ----------
    path : its name in the repository
    source : the file, or the text that is written for the repository
    size : in bytes
    """

    path: str
    source: Path | str
    size: int


@dataclass(frozen=True)
class Bundle:
    """What would go up.

    Attributes
    ----------
    repository : ``OWNER/NAME``
    datasets : where each dataset lies in the repository, ``""`` for its root -> its fingerprint
    uploads : the files
    left_out : files of the folder that are none of a dataset's
    """

    repository: str
    datasets: dict[str, Fingerprint]
    uploads: list[Upload]
    left_out: list[str]

    @property
    def size(self) -> int:
        """Bytes of all files."""
        return sum(upload.size for upload in self.uploads)

    def owns(self, path: str) -> bool:
        """Return whether a file of the repository belongs to one of these datasets.

        One that does and is not part of the bundle is left from an earlier version.
        """
        for where, fingerprint in self.datasets.items():
            prefix = f"{where}/" if where else ""
            spec = get_spec(fingerprint.name)
            name = path.removeprefix(prefix)
            if path.startswith(prefix) and any(f.owns(name, spec) for f in FORMATS.values()):
                return True
        return False

    def to_json(self) -> dict[str, Any]:
        """Return what would go up as data."""
        return {
            "repository": self.repository,
            "datasets": [fingerprint.name for fingerprint in self.datasets.values()],
            "files": {upload.path: upload.size for upload in self.uploads},
            "bytes": self.size,
            "left_out": self.left_out,
        }

    def to_text(self) -> str:
        """Return every file with its size, and what is left out."""
        lines = [f"{upload.size:>15,}  {upload.path}" for upload in self.uploads]
        return "\n".join([*lines, self.summary()])

    def summary(self) -> str:
        """Return the total, and what is left out."""
        names = _few([fingerprint.name for fingerprint in self.datasets.values()])
        files = "1 file" if len(self.uploads) == 1 else f"{len(self.uploads):,} files"
        lines = [f"{self.size:>15,}  bytes in {files}: {names} -> {self.repository}"]
        if self.left_out:
            lines.append(f"left out, not part of a dataset: {_few(self.left_out)}")
        return "\n".join(lines)


def bundle(folder: str | Path, repository: str, check: bool = True) -> Bundle:
    """Return what publishing a folder would send.

    Parameters
    ----------
    folder : of a generated dataset, or one that holds several
    repository : ``OWNER/NAME``
    check : recompute every fingerprint; the sizes of files and the texts are compared in any case

    Raises
    ------
    UsageError
        If the repository's name is malformed or there is no such folder.
    ToySoundError
        If the folder holds no finished dataset, or one that is incomplete or was altered.
    """
    if not _REPOSITORY.fullmatch(repository) or len(repository) > 96:
        raise UsageError(
            f"'{repository}' is not the name of a repository; write OWNER/NAME, such as "
            "my-lab/toysound, in letters, digits, '-', '_' and '.'"
        )
    if is_url(folder):
        raise UsageError(f"'{folder}' is not a local folder; download the dataset to publish it")
    root = Path(folder)
    if not root.is_dir():
        raise UsageError(f"there is no folder '{folder}'")
    found = _datasets(root)
    uploads = []
    for where, fingerprint in found.items():
        files = _files(root / where, fingerprint, check)
        uploads += [
            Upload((Path(where) / name).as_posix(), root / where / name, size)
            for name, size in files.items()
        ]
    if "" not in found:
        text = joint_card(repository, found)
        uploads.append(Upload("README.md", text, len(text.encode())))
    uploads.sort(key=lambda upload: upload.path)
    taken = {upload.source for upload in uploads}
    present = sorted(path for path in root.rglob("*") if path.is_file())
    left = [path.relative_to(root).as_posix() for path in present if path not in taken]
    return Bundle(repository, found, uploads, left)


def joint_card(repository: str, datasets: dict[str, Fingerprint]) -> str:
    """Return the card of a repository of several datasets: one configuration each.

    Parameters
    ----------
    repository : ``OWNER/NAME``
    datasets : where each lies in the repository -> its fingerprint
    """
    head = ["---", "pretty_name: ToySound", "license: cc-by-4.0"]
    head += ["tags:", "- audio", "- disentanglement", "- synthetic"]
    configs, rows = [], []
    for where, fingerprint in datasets.items():
        spec = get_spec(fingerprint.name)
        present = splits_present(fingerprint)
        configs += [f"- config_name: {_config(where)}", "  data_files:"] if present else []
        for split in present:
            configs += [f"  - split: {split}", f"    path: {where}/data/{split}-*.parquet"]
        config = f"`{_config(where)}`" if present else "–"
        rows.append(
            f"| [{where}]({where}/README.md) | {config} | {fingerprint.num_sounds:,} "
            f"| {spec.question} |"
        )
    head += ["configs:", *configs] if configs else []
    body = [
        "# ToySound",
        "",
        "Sounds of known factors: every cell of each grid, each once.",
        "",
        "| dataset | configuration | sounds | question |",
        "|---|---|---|---|",
        *rows,
    ]
    first = next((where for where, f in datasets.items() if splits_present(f)), None)
    if first is not None:
        body += [
            "",
            "```python",
            "import io, soundfile",
            "from datasets import load_dataset",
            f'rows = load_dataset("{repository}", "{_config(first)}", split="train")',
            'audio, rate = soundfile.read(io.BytesIO(rows[0]["audio"]["bytes"]))',
            "```",
        ]
    return "\n".join([*head, "---", "", *body, ""])


def _config(where: str) -> str:
    """Return the name of a dataset's configuration."""
    return where.replace("/", "-")


def _datasets(root: Path) -> dict[str, Fingerprint]:
    """Return the finished datasets in a folder: where they are and their fingerprints."""
    if (root / FILE_NAME).is_file():
        return {"": load_fingerprint(root)}
    for partial in sorted(root.rglob(PARTIAL.rstrip("/"))):
        if not (partial.parent / FILE_NAME).is_file():
            raise ToySoundError(
                f"'{partial.parent}' is not finished; 'toysound generate' with the same arguments "
                "goes on where it stopped, or move it away"
            )
    found = {}
    for path in sorted(root.rglob(FILE_NAME)):
        where = path.parent.relative_to(root).as_posix()
        fingerprint = load_fingerprint(path.parent)
        if fingerprint.name != where:
            raise ToySoundError(
                f"'{path.parent}' holds '{fingerprint.name}'; datasets that are published together "
                f"lie where 'toysound generate --out {root}' puts them"
            )
        found[where] = fingerprint
    if not found:
        raise ToySoundError(
            f"'{root}' holds no finished dataset; run 'toysound generate NAME --out DIR'"
        )
    return found


def _files(folder: Path, fingerprint: Fingerprint, check: bool) -> dict[str, int]:
    """Return the files of a dataset and their sizes, if they are what was generated."""
    spec = get_spec(fingerprint.name)
    problems = [
        f"'{name}' is missing or of another size"
        for name, size in fingerprint.all_files().items()
        if not (folder / name).is_file() or (folder / name).stat().st_size != size
    ]
    problems += [] if problems else check_documents(folder, spec, fingerprint)
    if check and not problems:
        problems += verify(folder).problems
    if problems:
        more = f" (and {len(problems) - 1} more)" if len(problems) > 1 else ""
        raise ToySoundError(
            f"'{folder}' is not what was generated: {problems[0]}{more}; "
            f"'toysound generate' makes again what is missing, 'toysound verify' names what differs"
        )
    names = [FILE_NAME, *documents(spec, fingerprint)]
    return {name: (folder / name).stat().st_size for name in names} | fingerprint.all_files()


def _few(names: list[str]) -> str:
    more = f" and {len(names) - _LISTED} more" if len(names) > _LISTED else ""
    return ", ".join(names[:_LISTED]) + more
