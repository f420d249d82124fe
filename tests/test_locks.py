"""One writer at a time, and nothing stays locked by the dead."""

import errno
import fcntl
import json
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest
from waiting import until

from toysound import ToySoundError
from toysound.publish import locks
from toysound.publish.generate import generate
from toysound.publish.locks import LOCK_NAME, locked_folder, locked_store
from toysound.publish.places import Store

HOLD = """
import sys, signal
from pathlib import Path
from toysound.publish.locks import locked_folder
with locked_folder(Path(sys.argv[1])):
    Path(sys.argv[1], "held").touch()
    signal.pause()
"""


def ended_process() -> int:
    process = subprocess.Popen([sys.executable, "-c", ""])
    process.wait()
    return process.pid


# --- a local folder


def test_a_folder_is_locked_and_let_go(tmp_path: Path) -> None:
    folder = tmp_path / "deep" / "down"
    with locked_folder(folder):
        assert (folder / LOCK_NAME).exists()
        message = f"into '{folder}' .process {os.getpid()} on {socket.gethostname()}.; wait for it"
        with pytest.raises(ToySoundError, match=message), locked_folder(folder):
            pass
        assert (folder / LOCK_NAME).exists()
    assert list(folder.iterdir()) == []
    with locked_folder(folder):
        pass


def test_an_error_lets_go(tmp_path: Path) -> None:
    with pytest.raises(KeyboardInterrupt), locked_folder(tmp_path):
        raise KeyboardInterrupt
    assert list(tmp_path.iterdir()) == []


def test_another_process_is_named_and_its_death_lets_go(tmp_path: Path) -> None:
    with subprocess.Popen([sys.executable, "-c", HOLD, str(tmp_path)]) as process:
        until((tmp_path / "held").exists)
        with pytest.raises(ToySoundError, match=rf"\(process {process.pid} on "):
            locked_folder(tmp_path).__enter__()
        process.send_signal(signal.SIGKILL)
        process.wait()
    assert (tmp_path / LOCK_NAME).exists()
    with locked_folder(tmp_path):
        pass


def test_two_runs_into_one_folder(tmp_path: Path) -> None:
    folder = tmp_path / "mono" / "pitch"
    with locked_folder(folder), pytest.raises(ToySoundError, match="another process is generating"):
        generate("mono/pitch", tmp_path, limit=2)
    assert list(folder.iterdir()) == []
    generate("mono/pitch", tmp_path, limit=2)
    with locked_folder(folder):
        assert generate("mono/pitch", tmp_path, limit=2).num_sounds == 2  # nothing to be written


@pytest.mark.parametrize("number", [errno.ENOLCK, errno.EOPNOTSUPP])
def test_a_disk_that_cannot_lock(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    def refuse(lock: int, how: int) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(fcntl, "flock", refuse)
    with locked_folder(tmp_path):
        assert (tmp_path / LOCK_NAME).exists()


# --- a store


@pytest.fixture
def store(request: pytest.FixtureRequest) -> Store:
    return Store(f"memory://locks/{request.node.name}")


def test_a_store_is_locked_and_let_go(store: Store) -> None:
    with locked_store(store):
        owner = json.loads(store.read(LOCK_NAME) or "")
        assert owner["process"] == os.getpid()
        message = rf"into 'memory://.*' \(process {os.getpid()} on "
        with pytest.raises(ToySoundError, match=message), locked_store(store):
            pass
    assert store.sizes() == {}


@pytest.mark.parametrize(
    ("owner", "free"),
    [
        ({"host": "another", "process": 1}, False),
        ({"host": socket.gethostname(), "process": os.getpid()}, False),
        ({"host": socket.gethostname(), "process": 1}, False),
        ({"host": socket.gethostname(), "process": ended_process()}, True),
        ({"host": "another", "process": 1, "renewed": time.time() - 3600}, True),
        ({"host": "another", "process": 1, "renewed": "never"}, True),
    ],
)
def test_whose_lock_it_is(store: Store, owner: dict[str, object], free: bool) -> None:
    store.write(LOCK_NAME, json.dumps({"renewed": time.time(), "token": "0", **owner}))
    if free:
        with locked_store(store):
            pass
    else:
        with pytest.raises(ToySoundError, match="another process"), locked_store(store):
            pass


@pytest.mark.parametrize("text", ["", "{", "[]", "3"])
def test_a_lock_that_says_nothing(store: Store, text: str) -> None:
    store.write(LOCK_NAME, text)
    with locked_store(store):
        pass


def test_a_lock_is_renewed(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(locks, "_RENEWED_EVERY_S", 0.001)
    with locked_store(store):
        first = json.loads(store.read(LOCK_NAME) or "")
        until(lambda: json.loads(store.read(LOCK_NAME) or "")["renewed"] > first["renewed"])
        assert json.loads(store.read(LOCK_NAME) or "")["token"] == first["token"]
    assert store.sizes() == {}
