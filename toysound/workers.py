"""Work shared by processes, where a crash is named and survived.

Synthesis holds Python's interpreter lock, so threads do not help; processes do. A process can die
(pyo is C code, memory can run out, somebody may kill it): the pool is then made anew, every task
that was under way is tried once more alone, and only a task that kills a process of its own is
given up, by name. What others have finished is never lost.
"""

import multiprocessing
import multiprocessing.connection
import os
import signal
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Literal, Protocol, TypeVar

from toysound.errors import ToySoundError

T = TypeVar("T")

#: How worker processes start. ``spawn`` is safe whatever threads the parent runs.
StartMethod = Literal["spawn", "fork", "forkserver"]


@dataclass(frozen=True)
class Task:
    """One call: its number, what to call it when it fails, and the arguments."""

    number: int
    label: str
    arguments: tuple[Any, ...]


class Run(Protocol):
    """How tasks are run: by processes of this machine, or elsewhere (``toysound.cluster``)."""

    def __call__(
        self, function: Callable[..., T], tasks: Sequence[Task]
    ) -> Iterator[tuple[int, T]]:
        """Call ``function(*task.arguments)`` for each and yield ``(task.number, result)``."""


def available_cores() -> int:
    """Return the number of processor cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def run_tasks(
    function: Callable[..., T],
    tasks: Sequence[Task],
    workers: int,
    start_method: StartMethod = "spawn",
) -> Iterator[tuple[int, T]]:
    """Call ``function(*task.arguments)`` for each task and yield ``(task.number, result)``.

    Results come as they are finished. At most one task more than there are workers is under way,
    so that results that nobody has taken yet do not pile up in memory. With one worker, or a single
    task, everything runs in this process.

    Raises
    ------
    ToySoundError
        If a task kills its process twice; all other tasks are finished first.
    Exception
        Whatever ``function`` itself raises.
    """
    if workers <= 1 or len(tasks) <= 1:
        for task in tasks:
            yield task.number, function(*task.arguments)
        return
    waiting = list(reversed(tasks))
    fatal: list[Task] = []
    while waiting:
        suspects: list[Task] = []
        yield from _run_pool(function, waiting, suspects, workers, start_method)
        for suspect in suspects:
            alone: list[Task] = []
            yield from _run_pool(function, [suspect], alone, 1, start_method)
            fatal += alone
    if fatal:
        raise ToySoundError(
            f"the process working on {', '.join(task.label for task in fatal)} died twice; "
            "everything else is done, run the same command again to go on"
        )


def _run_pool(
    function: Callable[..., T],
    waiting: list[Task],
    suspects: list[Task],
    workers: int,
    start_method: StartMethod,
) -> Iterator[tuple[int, T]]:
    """Take tasks from the end of ``waiting`` until none is left or a process dies.

    In that case the tasks that were under way are put into ``suspects``.
    """
    context = multiprocessing.get_context(start_method)
    pool = ProcessPoolExecutor(workers, mp_context=context, initializer=_start_worker)
    running: dict[Future[T], Task] = {}
    try:
        while waiting or running:
            while waiting and len(running) <= workers:
                with _interrupts_held():
                    future = pool.submit(function, *waiting[-1].arguments)
                running[future] = waiting.pop()
            done, _ = wait(running, return_when=FIRST_COMPLETED)
            for future in done:
                result = future.result()
                yield running.pop(future).number, result
    except BrokenProcessPool:
        for future, task in running.items():
            finished = future.done() and not future.cancelled() and future.exception() is None
            if finished:
                yield task.number, future.result()
            else:
                suspects.append(task)
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


@contextmanager
def _interrupts_held() -> Iterator[None]:
    """Hold Ctrl-C back while processes start, which inherit that until they can ignore it.

    A mask holds it from one thread only; another may take it and Python would then interrupt this
    one, halfway through telling a process what it is. So the handler waits as well.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    caught: list[int] = []
    handler = signal.signal(signal.SIGINT, lambda number, _: caught.append(number))
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
        signal.signal(signal.SIGINT, handler)
    if caught:
        raise KeyboardInterrupt


def _start_worker() -> None:
    """Leave Ctrl-C to the parent, which stops the pool, and never outlive it."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    parent = multiprocessing.parent_process()
    if parent is not None:
        threading.Thread(target=_end_with, args=(parent.sentinel,), daemon=True).start()


def _end_with(sentinel: int) -> None:
    """End this process as soon as its parent has ended, however it ended."""
    multiprocessing.connection.wait([sentinel])
    os._exit(1)
