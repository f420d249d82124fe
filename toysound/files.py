"""Writing files so that a reader never sees half of one."""

import errno
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


def partial_name(name: str) -> str:
    """Return a name that nobody else uses to write the file ``name``, not even on another machine.

    The same task may run twice at once, on two machines that share a folder.
    """
    return f".{name}.{secrets.token_hex(8)}.partial"


def is_partial(name: str) -> bool:
    """Return whether the last part of a path is a name of :func:`partial_name`."""
    last = name.rpartition("/")[2]
    return last.startswith(".") and last.endswith(".partial")


@contextmanager
def atomic(path: Path) -> Iterator[Path]:
    """Yield a temporary name beside ``path`` that becomes ``path`` if the block succeeds.

    The folder is made if it is missing. Whatever interrupts the block, ``path`` is either what it
    was before or complete; the temporary file is removed.

    Raises
    ------
    OSError
        If the folder cannot be made or written, or ``path`` is a folder; it names ``path``.
    """
    if path.is_dir():
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), str(path))
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(partial_name(path.name))
    try:
        yield partial
        partial.replace(path)
    except OSError as error:
        if error.errno and error.filename in (None, str(partial), partial):
            error.filename = str(path)
        raise
    finally:
        partial.unlink(missing_ok=True)


def check_writable(path: Path) -> None:
    """Refuse a file that cannot be written, before the work that would fill it.

    Raises
    ------
    OSError
        If it is a folder, or its folder can be neither written nor made.
    """
    if path.is_dir():
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), str(path))
    folder = next(parent for parent in path.absolute().parents if parent.exists())
    if not folder.is_dir():
        raise NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR), str(path))
    if not os.access(folder, os.W_OK | os.X_OK):
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(path))


def write_text(path: Path, text: str) -> None:
    """Write a text file, complete or not at all."""
    with atomic(path) as partial:
        partial.write_text(text, encoding="utf-8")


def write_bytes(path: Path, data: bytes) -> None:
    """Write a file, complete or not at all."""
    with atomic(path) as partial:
        partial.write_bytes(data)
