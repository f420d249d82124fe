"""A real Dask cluster on this machine, for tests: a scheduler and workers in processes."""

import os
import socket
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType

from waiting import until

#: What runs a task; without its nanny, so that a process that is killed stays dead.
WORKER = ("--no-nanny", "--nthreads", "1", "--no-dashboard")


@dataclass
class Cluster:
    """A scheduler's address and the processes of its workers."""

    address: str
    scheduler: subprocess.Popen[bytes]
    workers: list[subprocess.Popen[bytes]] = field(default_factory=list)

    def add_worker(self, folder: Path, *options: str) -> subprocess.Popen[bytes]:
        """Start a worker with its own folder as the current one."""
        folder.mkdir(parents=True, exist_ok=True)
        worker = _dask(["worker", self.address, *WORKER, *options], folder)
        self.workers.append(worker)
        return worker


def free_port() -> int:
    """Return a port of the loopback interface that nobody listens on."""
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        return int(server.getsockname()[1])


@contextmanager
def cluster(folder: Path, workers: int = 2, allowed_failures: int = 3) -> Iterator[Cluster]:
    """Start a scheduler and workers, and end them by their process numbers.

    ``allowed_failures`` is how many workers may die with a task before it is given up.
    """
    port = free_port()
    options = ["scheduler", "--host", "127.0.0.1", "--port", str(port), "--no-dashboard"]
    setting = {"DASK_DISTRIBUTED__SCHEDULER__ALLOWED_FAILURES": str(allowed_failures)}
    running = Cluster(f"tcp://127.0.0.1:{port}", _dask(options, folder, setting))
    try:
        until(lambda: answers(port))
        for number in range(workers):
            running.add_worker(folder / f"worker-{number}")
        yield running
    finally:
        for process in [*running.workers, running.scheduler]:
            process.kill()
        for process in [*running.workers, running.scheduler]:
            process.wait()


def answers(port: int) -> bool:
    """Return whether somebody listens on a port."""
    with socket.socket() as client:
        return client.connect_ex(("127.0.0.1", port)) == 0


def _dask(
    arguments: Sequence[str], folder: Path, settings: Mapping[str, str] = MappingProxyType({})
) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, "-m", "dask", *arguments],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parent), **settings},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
