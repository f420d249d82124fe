"""The child process: its channel, its printing, its folder, and its end.

While an answer is waited for, everything the child prints is drained and counted, and the clock and
the size of its folder are watched. Nothing here knows what the messages mean.
"""

import contextlib
import json
import os
import selectors
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import weakref
from dataclasses import asdict
from pathlib import Path

from benchmark.sandbox.limits import Limits, in_words
from benchmark.sandbox.wire import Message, Reader, WireError, to_bytes

_PIECE = 1 << 20

#: Seconds between two looks at the folder and the clock while the child is working.
_TICK_S = 0.2

#: Seconds that a process has to end once it has hung up, or was killed.
_FAREWELL_S = 2.0

#: Bytes of what was printed last that are kept for an error message.
_LAST_WORDS = 2000

#: Variables that are handed on: how to find programs, the language, how many threads to use.
_ENVIRONMENT = ("PATH", "LANG", "LC_ALL", "SYSTEMROOT", "OMP_NUM_THREADS", "MKL_NUM_THREADS")

#: How a process ends that the system or its own C++ code stops for lack of memory.
_OUT_OF_MEMORY = (signal.SIGKILL, signal.SIGABRT)


class LimitPassed(Exception):
    """Why the child was or has to be ended: the rest of a sentence."""


class Child:
    """The process, its channel, its printing and its folder."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._folder = tempfile.mkdtemp(prefix="toysound-model-")
        self._socket, theirs = socket.socketpair()
        settings = json.dumps({"folder": self._folder, "limits": asdict(limits)})
        arguments = ["-m", "benchmark.sandbox.child", str(theirs.fileno()), settings]
        try:
            self.process = subprocess.Popen(
                [sys.executable, *arguments],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                cwd=self._folder,
                env=_environment(self._folder),
                pass_fds=[theirs.fileno()],
                start_new_session=True,
            )
        finally:
            theirs.close()
        self._close = weakref.finalize(self, _end, self.process, self._socket, self._folder)
        self._socket.setblocking(False)
        if self.process.stdout is None:
            raise ValueError("the child has no output")
        self._output = self.process.stdout.fileno()
        os.set_blocking(self._output, False)
        self._printed = 0
        self._silent = False
        self._last = b""

    @property
    def last_words(self) -> str:
        """What it printed last."""
        return self._last.decode(errors="replace")

    def close(self) -> None:
        """Kill the process group and remove the folder; again does nothing."""
        self._close()

    def exchange(self, message: Message, deadline: float) -> Message:
        """Send a message and return the answer.

        Raises
        ------
        LimitPassed
            If the child passes a limit, ends, or sends no message.
        """
        unsent = memoryview(to_bytes(message))
        reader = Reader(self._limits.answer_bytes)
        begun = time.monotonic()
        with selectors.DefaultSelector() as selector:
            selector.register(self._socket, selectors.EVENT_READ | selectors.EVENT_WRITE)
            if not self._silent:
                selector.register(self._output, selectors.EVENT_READ)
            looked = begun
            while True:
                now = time.monotonic()
                if now >= deadline:
                    raise LimitPassed(f"took more than {deadline - begun:.3g} s and was stopped")
                if now - looked >= _TICK_S:
                    looked = now
                    self._look_at_the_folder()
                for key, events in selector.select(min(_TICK_S, deadline - now)):
                    if key.fd == self._output:
                        if not self._drain():
                            selector.unregister(self._output)
                        continue
                    if events & selectors.EVENT_WRITE:
                        unsent = self._send(unsent)
                        if not unsent:
                            selector.modify(self._socket, selectors.EVENT_READ)
                    if events & selectors.EVENT_READ:
                        answer = self._receive(reader)
                        if answer is not None:
                            return answer

    def _send(self, unsent: memoryview) -> memoryview:
        try:
            return unsent[self._socket.send(unsent[:_PIECE]) :]
        except BlockingIOError:
            return unsent
        except OSError:
            raise LimitPassed(self._how_it_ended()) from None

    def _receive(self, reader: Reader) -> Message | None:
        try:
            piece = self._socket.recv(_PIECE)
        except BlockingIOError:
            return None
        except OSError:
            piece = b""
        if not piece:
            raise LimitPassed(self._how_it_ended())
        try:
            return reader.feed(piece)
        except WireError as error:
            raise LimitPassed(f"failed: {error}") from None

    def _drain(self) -> bool:
        """Read what was printed; return whether more can come."""
        try:
            piece = os.read(self._output, _PIECE)
        except BlockingIOError:
            return True
        self._printed += len(piece)
        self._last = (self._last + piece)[-_LAST_WORDS:]
        if self._printed > self._limits.printed_bytes:
            raise LimitPassed(
                f"printed more than {in_words(self._limits.printed_bytes)} and was stopped; "
                "remove what it prints"
            )
        self._silent = not piece
        return bool(piece)

    def _look_at_the_folder(self) -> None:
        size = _size_of(self._folder)
        if size > self._limits.disk_bytes:
            raise LimitPassed(
                f"wrote {in_words(size)} of files and was stopped; "
                f"{in_words(self._limits.disk_bytes)} are allowed"
            )

    def _how_it_ended(self) -> str:
        """Return how the process ended, once it has hung up."""
        deadline = time.monotonic() + _FAREWELL_S
        with contextlib.suppress(LimitPassed):
            while self._drain() and time.monotonic() < deadline:
                time.sleep(0.01)
        try:
            code = self.process.wait(timeout=_FAREWELL_S)
        except subprocess.TimeoutExpired:
            return "failed: it closed its channel to the harness"
        last = self.last_words.strip().splitlines()[-1:]
        said = f" (it last printed: {one_line(last[0][:200])})" if last else ""
        if code >= 0:
            return f"failed: its process ended itself with exit code {code}{said}"
        cause = "compiled code that crashed"
        if -code in _OUT_OF_MEMORY:
            cause = f"memory, of which it has {in_words(self._limits.memory_bytes)}"
        return (
            f"failed: its process was ended by {_signal_name(-code)}{said}; the likeliest cause is "
            f"{cause}"
        )


def _end(process: "subprocess.Popen[bytes]", channel: socket.socket, folder: str) -> None:
    """Kill a child and all it started, by the number of their group; remove its folder."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)
    with contextlib.suppress(subprocess.TimeoutExpired):
        process.wait(timeout=_FAREWELL_S)
    channel.close()
    if process.stdout is not None:
        process.stdout.close()
    shutil.rmtree(folder, ignore_errors=True)


def _environment(folder: str) -> dict[str, str]:
    """Return the few variables that the child needs; its caches go to its folder."""
    kept = {name: os.environ[name] for name in _ENVIRONMENT if name in os.environ}
    here = (entry or str(Path.cwd()) for entry in sys.path)
    return kept | {
        "PYTHONPATH": os.pathsep.join(here),
        "PYTHONDONTWRITEBYTECODE": "1",
        "PYTHONUNBUFFERED": "1",
        "PYTHONHASHSEED": "0",
        "HOME": folder,
        "TMPDIR": folder,
        "XDG_CACHE_HOME": folder,
        "NUMBA_CACHE_DIR": folder,
        "TOYSOUND_CACHE": folder,
        "CUDA_VISIBLE_DEVICES": "",
    }


def one_line(text: object) -> str:
    """Return what a child said as one line for a terminal, without control characters."""
    shown = "".join(c if c.isprintable() else " " for c in str(text)[:_LAST_WORDS])
    return " ".join(shown.split())


def _signal_name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"


def _size_of(folder: str) -> int:
    """Return the size of all files below a folder, in bytes on disk."""
    total = 0
    for root, _, files in os.walk(folder):
        for name in files:
            with contextlib.suppress(OSError):
                total += os.lstat(Path(root) / name).st_blocks * 512
    return total
