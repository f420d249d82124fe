"""Where a dataset is put: a local folder, or any address that fsspec knows.

To write a block or to read one back, files must lie on a disk. A :class:`Place` therefore lends a
local folder: a local dataset's own folder, so that nothing is copied; or a temporary one, from
which finished files are sent to where they belong. All else is a few whole-file operations by
relative name, such as ``data/train-00000-of-00006.parquet``.

A reader never sees half a file. Object stores show a file when it is complete; anywhere else it
arrives under a temporary name and is then renamed.

Reference: fsspec, "Filesystem interfaces for Python", https://filesystem-spec.readthedocs.io.
"""

import re
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from pathlib import Path, PurePosixPath
from typing import Any, Protocol
from urllib.parse import unquote, urlsplit

from toysound.errors import ToySoundError, UsageError
from toysound.files import partial_name, write_text
from toysound.publish.locks import locked_folder, locked_store

#: The files of a dataset lie in its folder and in these below it. Others below it are none of its
#: business: ``sprites/small`` is a dataset of its own.
_SUBFOLDERS = ("data", "wav", ".partial")

#: Protocols of stores where a file appears when it has arrived in whole.
_OBJECT_STORES = {
    *("memory", "s3", "s3a", "gs", "gcs", "az", "abfs", "abfss", "adl", "oci", "oss", "r2", "hf")
}

_URL = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://|[A-Za-z0-9+.-]+::")


class Place(Protocol):
    """The home of one dataset."""

    def __str__(self) -> str:
        """The folder or the address, for messages."""

    def sizes(self) -> dict[str, int]:
        """Return every file of the dataset: its relative name and its size in bytes."""

    def has(self, name: str) -> bool:
        """Return whether there is a file of that name."""

    def read(self, name: str) -> str | None:
        """Return the text of a file, None if there is none."""

    def write(self, name: str, text: str) -> None:
        """Write a text file, complete or not at all."""

    def remove(self, names: Iterable[str]) -> None:
        """Remove files, and the folders that held nothing else."""

    def local(self, names: Iterable[str] = ()) -> AbstractContextManager[Path]:
        """Lend a local folder in which these files are, and others may be written."""

    def deliver(self, folder: Path, names: Iterable[str]) -> None:
        """Put files that were written in that folder where they belong."""

    def locked(self) -> AbstractContextManager[None]:
        """Keep everybody else from writing here.

        Raises
        ------
        ToySoundError
            If another process writes here.
        """


class Folder:
    """A dataset in a local folder.

    Parameters
    ----------
    path : the dataset's folder, which need not exist
    """

    def __init__(self, path: Path) -> None:
        self.path = path

    def __str__(self) -> str:
        return str(self.path)

    def sizes(self) -> dict[str, int]:
        """Return every file of the dataset: its relative name and its size in bytes."""
        files = [*self.path.glob("*"), *self.path.glob(".*")]
        for name in _SUBFOLDERS:
            files += (self.path / name).rglob("*")
        return {
            path.relative_to(self.path).as_posix(): path.stat().st_size
            for path in files
            if path.is_file()
        }

    def has(self, name: str) -> bool:
        """Return whether there is a file of that name."""
        return (self.path / name).is_file()

    def read(self, name: str) -> str | None:
        """Return the text of a file, None if there is none."""
        path = self.path / name
        return path.read_text(encoding="utf-8") if path.is_file() else None

    def write(self, name: str, text: str) -> None:
        """Write a text file, complete or not at all."""
        write_text(self.path / name, text)

    def remove(self, names: Iterable[str]) -> None:
        """Remove files, and the folders that held nothing else."""
        removed = list(names)
        for name in removed:
            (self.path / name).unlink(missing_ok=True)
        for folder in _folders_of(removed):
            if (self.path / folder).is_dir() and not any((self.path / folder).iterdir()):
                (self.path / folder).rmdir()

    @contextmanager
    def local(self, names: Iterable[str] = ()) -> Iterator[Path]:
        """Lend the folder itself."""
        yield self.path

    def deliver(self, folder: Path, names: Iterable[str]) -> None:
        """Do nothing: the files were written where they belong."""

    def locked(self) -> AbstractContextManager[None]:
        """Keep everybody else from writing here."""
        return locked_folder(self.path)


class Store:
    """A dataset at an address of fsspec, such as ``s3://bucket/data/tones``.

    Parameters
    ----------
    url : the dataset's address

    Raises
    ------
    ToySoundError
        From every method, if the address cannot be reached, read or written.
    """

    def __init__(self, url: str) -> None:
        self.url = url.rstrip("/")

    def __str__(self) -> str:
        return self.url

    def sizes(self) -> dict[str, int]:
        """Return every file of the dataset: its relative name and its size in bytes."""
        with self._open() as (files, root):
            files.invalidate_cache()
            found = dict(files.find(root, maxdepth=1, detail=True))
            for name in _SUBFOLDERS:
                if files.isdir(f"{root}/{name}"):
                    found |= files.find(f"{root}/{name}", detail=True)
            start = len(root) + 1
            return {
                path[start:]: int(info["size"])
                for path, info in found.items()
                if info["type"] == "file" and len(path) > start
            }

    def has(self, name: str) -> bool:
        """Return whether there is a file of that name."""
        with self._open() as (files, root):
            files.invalidate_cache()
            return bool(files.isfile(f"{root}/{name}"))

    def read(self, name: str) -> str | None:
        """Return the text of a file, None if there is none."""
        with self._open() as (files, root):
            files.invalidate_cache()
            if not files.isfile(f"{root}/{name}"):
                return None
            return bytes(files.cat_file(f"{root}/{name}")).decode("utf-8")

    def write(self, name: str, text: str) -> None:
        """Write a text file, complete or not at all."""
        with self.local() as folder:
            write_text(folder / name, text)
            self.deliver(folder, [name])

    def remove(self, names: Iterable[str]) -> None:
        """Remove files, and the folders that held nothing else if there are such things."""
        removed = list(names)
        with self._open() as (files, root):
            for name in removed:
                if files.exists(f"{root}/{name}"):
                    files.rm_file(f"{root}/{name}")
            files.invalidate_cache()
            for folder in [] if self._is_object_store else _folders_of(removed):
                if files.isdir(f"{root}/{folder}") and not files.ls(f"{root}/{folder}"):
                    files.rmdir(f"{root}/{folder}")
                    files.invalidate_cache()

    @contextmanager
    def local(self, names: Iterable[str] = ()) -> Iterator[Path]:
        """Lend a temporary folder with copies of these files."""
        with tempfile.TemporaryDirectory(prefix="toysound-") as text:
            folder = Path(text)
            for name in names:
                (folder / name).parent.mkdir(parents=True, exist_ok=True)
                with self._open() as (files, root):
                    files.get_file(f"{root}/{name}", str(folder / name))
            yield folder

    def deliver(self, folder: Path, names: Iterable[str]) -> None:
        """Send files that were written in a lent folder to where they belong."""
        with self._open() as (files, root):
            for name in names:
                target = f"{root}/{name}"
                if self._is_object_store:
                    files.put_file(str(folder / name), target)
                    continue
                parent, _, last = target.rpartition("/")
                _make_folder(files, parent)
                partial = f"{parent}/{partial_name(last)}"
                files.put_file(str(folder / name), partial)
                if files.exists(target):
                    files.rm_file(target)
                files.mv(partial, target)
            files.invalidate_cache()

    def locked(self) -> AbstractContextManager[None]:
        """Keep everybody else from writing here."""
        return locked_store(self)

    @property
    def _is_object_store(self) -> bool:
        return re.split("::|://", self.url)[0] in _OBJECT_STORES

    @contextmanager
    def _open(self) -> Iterator[tuple[Any, str]]:
        """Yield the file system and the dataset's path in it; say what goes wrong in a sentence."""
        try:
            from fsspec.core import url_to_fs
        except ImportError:
            raise ToySoundError(
                f"'{self.url}' needs the package 'fsspec'; pip install fsspec, or give a local "
                "folder"
            ) from None
        try:
            files, root = url_to_fs(self.url)
            yield files, str(root).rstrip("/")
        except ToySoundError:
            raise
        except ImportError as error:
            raise ToySoundError(f"'{self.url}' cannot be used: {error}") from None
        except Exception as error:  # each file system has errors of its own
            reason = str(error) or type(error).__name__
            raise ToySoundError(f"'{self.url}' cannot be read or written: {reason}") from None


def _make_folder(files: Any, folder: str) -> None:
    """Make a folder and those above it, although another worker may do the same just now.

    Whoever comes second fails, at whichever level that is, and goes on with the next.
    """
    for _ in range(folder.count("/") + 1):
        with suppress(Exception):
            files.makedirs(folder, exist_ok=True)
        files.invalidate_cache()
        if files.isdir(folder):
            return
    files.makedirs(folder, exist_ok=True)


def _folders_of(names: Iterable[str]) -> list[str]:
    """Return the folders above files, the deepest first, without the dataset's own."""
    folders = {parent.as_posix() for name in names for parent in PurePosixPath(name).parents}
    return sorted(folders - {"."}, key=lambda folder: -folder.count("/"))


def is_url(out: str | Path) -> bool:
    """Return whether something is the address of a store, not a folder."""
    return isinstance(out, str) and bool(_URL.match(out))


def place_at(out: str | Path, name: str = "") -> Place:
    """Return the place of a dataset.

    Parameters
    ----------
    out : a folder, ``file://`` and its path, or any address of fsspec
    name : the dataset's name, if ``out`` is what all datasets lie in

    Raises
    ------
    UsageError
        If the address is malformed or of a kind that fsspec does not know.
    """
    if not is_url(out):
        return Folder(Path(out) / name)
    url = str(out)
    if url.startswith("file://"):
        parts = urlsplit(url)
        if parts.netloc not in ("", "localhost") or not parts.path:
            raise UsageError(f"'{url}' is no local folder; file:///absolute/path is expected")
        return Folder(Path(unquote(parts.path)) / name)
    _check_protocol(url)
    return Store(f"{url.rstrip('/')}/{name}" if name else url)


def _check_protocol(url: str) -> None:
    try:
        from fsspec.registry import known_implementations, registry
    except ImportError:
        return  # the first use says so
    protocol = re.split("::|://", url)[0]
    if protocol not in known_implementations and protocol not in registry:
        raise UsageError(
            f"'{url}' is of an unknown kind '{protocol}://'; a folder is expected, or an address "
            "of fsspec such as s3://BUCKET/FOLDER"
        )
