"""Work shared by the machines of a Dask cluster: the twin of :mod:`toysound.workers`.

``dask scheduler`` on one machine and ``dask worker tcp://HOST:PORT`` on each make a cluster. It
survives the death of a worker: Dask gives the task to another one, so that a task may run twice,
and what it writes must be complete or not there. A task during which several workers have died (3
by default, the scheduler's ``distributed.scheduler.allowed-failures``) is given up, by name, when
all others are done.

pyo plays in one thread at a time, so a worker of several threads works on one task at a time;
several workers of one thread each use all cores. Results come back one by one, and no more of them
are under way than the workers need to stay busy.

Reference: Rocklin, "Dask: Parallel computation with blocked algorithms and task scheduling", SciPy
2015.
"""

import asyncio
import importlib
import logging
import re
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any, TypeVar

from toysound.errors import ToySoundError, UsageError
from toysound.version import GENERATOR_VERSION
from toysound.workers import Task

T = TypeVar("T")

#: How long the scheduler has to answer, and a cluster without workers to get one.
_ANSWER_S = 5.0
_WORKERS_S = 30.0

_FIRST = "FIRST_COMPLETED"

_ADDRESS = re.compile(r"(tcp|tls|ws|wss)://(\[[0-9A-Fa-f:.]+\]|[^\s/:\[\]]+):(\d{1,5})")

_one_at_a_time = threading.Lock()


def checked_address(address: str) -> str:
    """Return the address of a scheduler.

    Raises
    ------
    UsageError
        If it is malformed.
    """
    match = _ADDRESS.fullmatch(address)
    if match is None or not 0 < int(match[3]) < 65536:
        raise UsageError(
            f"'{address}' is no address of a Dask scheduler; tcp://HOST:PORT is expected"
        )
    return address


def run_tasks(
    function: Callable[..., T], tasks: Sequence[Task], address: str
) -> Iterator[tuple[int, T]]:
    """Call ``function(*task.arguments)`` for each task and yield ``(task.number, result)``.

    Parameters
    ----------
    function : importable by the workers
    tasks : what to call it with
    address : of the scheduler

    Raises
    ------
    ToySoundError
        If the package is missing, the scheduler does not answer or is lost, there are no workers,
        they have another version, or a task kills them; all other tasks are finished first.
    Exception
        Whatever ``function`` itself raises.
    """
    if not tasks:
        return
    dask = _distributed()
    with _quiet(), _connected(dask, address) as client:
        yield from _run(dask, client, function, tasks, address)


def _run(
    dask: Any, client: Any, function: Callable[..., T], tasks: Sequence[Task], address: str
) -> Iterator[tuple[int, T]]:
    suspects: list[Task] = []
    yield from _share_out(dask, client, function, tasks, address, suspects)
    fatal: list[Task] = []
    for suspect in suspects:  # Dask blames all tasks that a dead worker had been given
        yield from _share_out(dask, client, function, [suspect], address, fatal)
    if fatal:
        raise ToySoundError(
            f"{', '.join(task.label for task in fatal)} killed one worker after the other; "
            "everything else is done, run the same command again to go on"
        )


def _share_out(
    dask: Any,
    client: Any,
    function: Callable[..., T],
    tasks: Sequence[Task],
    address: str,
    suspects: list[Task],
) -> Iterator[tuple[int, T]]:
    """Do tasks; those whose workers died again and again are put into ``suspects``."""
    waiting = list(reversed(tasks))
    running: dict[Any, Task] = {}
    while waiting or running:
        window = _window(client, address)
        while waiting and len(running) < window:
            task = waiting.pop()
            future = client.submit(_call, GENERATOR_VERSION, function, task.arguments, pure=False)
            running[future] = task
        try:
            with client.as_current():
                done = dask.wait(list(running), timeout=_WORKERS_S, return_when=_FIRST).done
        except TimeoutError:
            continue
        for future in done:
            task = running.pop(future)
            try:
                result = future.result()
            except dask.KilledWorker:
                suspects.append(task)
            except ModuleNotFoundError as error:
                raise ToySoundError(
                    f"a worker of '{address}' cannot import '{error.name}'; install the same "
                    "version of toysound on all of them"
                ) from None
            else:
                yield task.number, result
            future.release()


def _call(version: str, function: Callable[..., T], arguments: tuple[Any, ...]) -> T:
    """Do one task on a worker."""
    if version != GENERATOR_VERSION:
        raise ToySoundError(
            f"a worker has version {GENERATOR_VERSION} of the sounds and this is version "
            f"{version}; install the same version of toysound on all of them"
        )
    with _one_at_a_time:
        return function(*arguments)


def _window(client: Any, address: str) -> int:
    """Return how many tasks may be under way: for each worker one, and one that waits."""
    if not client.nthreads():
        try:
            client.wait_for_workers(1, timeout=_WORKERS_S)
        except TimeoutError:
            raise ToySoundError(
                f"the scheduler at '{address}' has no workers; 'dask worker {address}' starts one"
            ) from None
    return 2 * max(1, len(client.nthreads()))


def _distributed() -> Any:
    """Return Dask's package, which is not fully typed."""
    try:
        return importlib.import_module("distributed")
    except ImportError:
        raise ToySoundError(
            "a cluster needs the package 'distributed'; pip install 'toysound[cluster]' brings it"
        ) from None


async def _greet(dask: Any, address: str) -> None:
    """Exchange greetings with the scheduler: a client waits for an answer without end."""
    arguments = dask.Security().get_connection_args("client")
    async with asyncio.timeout(_ANSWER_S):
        connection = await dask.core.connect(address, timeout=_ANSWER_S, **arguments)
    connection.abort()


@contextmanager
def _connected(dask: Any, address: str) -> Iterator[Any]:
    """Yield a client of the scheduler; say what is wrong with the connection in a sentence."""
    try:
        with ThreadPoolExecutor(1) as thread:  # this one may run a loop of its own
            thread.submit(asyncio.run, _greet(dask, address)).result()
        client = dask.Client(address, timeout=_ANSWER_S, set_as_default=False)
    except (OSError, ValueError, RuntimeError, MemoryError) as error:
        reason = str(error).splitlines()[0] if str(error) else "it does not answer"
        raise ToySoundError(f"there is no Dask scheduler at '{address}': {reason}") from None
    try:
        yield client
    except (dask.CancelledError, dask.comm.CommClosedError):
        raise ToySoundError(
            f"the connection to the scheduler at '{address}' was lost; run the same command "
            "again to go on"
        ) from None
    finally:
        client.close(timeout=_ANSWER_S)


@contextmanager
def _quiet() -> Iterator[None]:
    """Keep Dask's own log off the terminal: what matters becomes an error."""
    names = [name for name in logging.root.manager.loggerDict if name.startswith("distributed")]
    before = {name: logging.getLogger(name).level for name in names}
    for name in names:
        logging.getLogger(name).setLevel(logging.CRITICAL)
    try:
        yield
    finally:
        for name, level in before.items():
            logging.getLogger(name).setLevel(level)
