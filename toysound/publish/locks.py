"""One writer at a time.

Two processes that generate into one folder would remove each other's half-written files. A local
folder is locked by the operating system, which lets go of it however a process ends, so that a
folder is never locked by the dead. A store has no such thing: there a small file says who writes,
and is renewed while somebody does; one that has not been renewed for long is taken over.
"""

import errno
import fcntl
import json
import os
import secrets
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Protocol

from toysound.errors import ToySoundError

LOCK_NAME = ".generating"

#: The lock of a store is renewed this often, and is nobody's when it was not for the longer time.
_RENEWED_EVERY_S = 60.0
_STALE_AFTER_S = 600.0

#: What a file system answers that cannot lock: two writers are then the user's own business.
_CANNOT_LOCK = {errno.ENOLCK, errno.ENOSYS, errno.EOPNOTSUPP}


class _TextStore(Protocol):
    def read(self, name: str) -> str | None: ...
    def write(self, name: str, text: str) -> None: ...
    def remove(self, names: list[str]) -> None: ...


@contextmanager
def locked_folder(folder: Path) -> Iterator[None]:
    """Keep every other process from writing into a folder, which is made if it is missing.

    Raises
    ------
    ToySoundError
        If another process writes there.
    OSError
        If the folder cannot be written.
    """
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / LOCK_NAME
    lock = _acquire(path, str(folder))
    try:
        os.ftruncate(lock, 0)
        os.pwrite(lock, json.dumps(_owner()).encode(), 0)
        yield
    finally:
        path.unlink(missing_ok=True)
        os.close(lock)


def _acquire(path: Path, where: str) -> int:
    """Return the descriptor of the locked file."""
    while True:
        lock = os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            owner = _parse(os.pread(lock, 1000, 0).decode(errors="replace"))
            os.close(lock)
            raise _taken(where, owner) from None
        except OSError as error:
            if error.errno not in _CANNOT_LOCK:
                os.close(lock)
                raise
        if _still_there(lock, path):
            return lock
        os.close(lock)  # who had it before has removed the file in the meantime


def _still_there(lock: int, path: Path) -> bool:
    try:
        return os.path.samestat(os.fstat(lock), path.stat())
    except FileNotFoundError:
        return False


@contextmanager
def locked_store(store: _TextStore) -> Iterator[None]:
    """Keep every other process from writing into a store.

    Raises
    ------
    ToySoundError
        If another process writes there, or did until a few minutes ago.
    """
    owner = _parse(store.read(LOCK_NAME) or "")
    if owner and not _dead(owner):
        raise _taken(str(store), owner)
    own = _owner()
    store.write(LOCK_NAME, json.dumps(own))
    if _parse(store.read(LOCK_NAME) or "").get("token") != own["token"]:
        raise _taken(str(store), {})
    stop = threading.Event()
    renewing = threading.Thread(target=_renew, args=(store, own, stop), daemon=True)
    renewing.start()
    try:
        yield
    finally:
        stop.set()
        renewing.join()
        store.remove([LOCK_NAME])


def _renew(store: _TextStore, own: dict[str, Any], stop: threading.Event) -> None:
    while not stop.wait(_RENEWED_EVERY_S):
        try:
            store.write(LOCK_NAME, json.dumps({**own, "renewed": time.time()}))
        except ToySoundError:
            continue  # the work itself says so if the store is gone for good


def _owner() -> dict[str, Any]:
    """Return who this process is."""
    return {
        "host": socket.gethostname(),
        "process": os.getpid(),
        "token": secrets.token_hex(8),
        "renewed": time.time(),
    }


def _parse(text: str) -> dict[str, Any]:
    """Return who holds a lock, empty if nobody or not said."""
    try:
        owner = json.loads(text)
    except ValueError:
        return {}
    return owner if isinstance(owner, dict) else {}


def _dead(owner: dict[str, Any]) -> bool:
    """Return whether the holder of a store's lock has surely ended."""
    if owner.get("host") == socket.gethostname() and isinstance(owner.get("process"), int):
        try:
            os.kill(owner["process"], 0)
        except ProcessLookupError:
            return True
        except PermissionError:
            return False
    renewed = owner.get("renewed")
    return not isinstance(renewed, int | float) or time.time() - renewed > _STALE_AFTER_S


def _taken(where: str, owner: dict[str, Any]) -> ToySoundError:
    who = f" (process {owner['process']} on {owner['host']})" if "process" in owner else ""
    return ToySoundError(
        f"another process is generating into '{where}'{who}; wait for it, or choose another --out"
    )
