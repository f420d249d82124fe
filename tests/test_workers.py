"""Work in processes: all of it is done, a death is named and survived, nobody is left behind."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from waiting import until, until_ended

from toysound.errors import ToySoundError
from toysound.workers import StartMethod, Task, run_tasks

TASKS = [Task(number, f"task {number}", (number,)) for number in range(7)]
SQUARES = {number: number**2 for number in range(7)}


def square(number: int) -> int:
    return number**2


def die_once(number: int, folder: Path) -> int:
    """Kill this process at number 3, but only the first time."""
    mark = folder / "died"
    if number == 3 and not mark.exists():
        mark.touch()
        os.kill(os.getpid(), signal.SIGKILL)
    return number**2


def always_die(number: int) -> int:
    if number in (2, 5):
        os.kill(os.getpid(), signal.SIGKILL)
    return number**2


def complain(number: int) -> int:
    if number == 4:
        raise ToySoundError("number 4 is not liked")
    return number**2


def report_process(number: int, folder: Path) -> int:
    """Note the process that works, and the tasks that were begun."""
    (folder / f"task-{number}").write_text(str(os.getpid()))
    return os.getpid()


def wait_forever(number: int, folder: Path) -> int:
    (folder / f"pid-{os.getpid()}").touch()
    signal.pause()
    return number


def interrupt_handling(number: int) -> bool:
    """Return whether Ctrl-C does nothing to this process, and did nothing while it started."""
    held = signal.SIGINT in signal.pthread_sigmask(signal.SIG_BLOCK, [])
    return held and signal.getsignal(signal.SIGINT) == signal.SIG_IGN


@pytest.mark.parametrize("workers", [0, 1])
def test_one_worker_is_this_process(workers: int, tmp_path: Path) -> None:
    tasks = [Task(n, "", (n, tmp_path)) for n in range(3)]
    assert dict(run_tasks(report_process, tasks, workers)) == dict.fromkeys(range(3), os.getpid())


@pytest.mark.parametrize("start_method", ["spawn", "fork", "forkserver"])
def test_every_task_is_done_once(start_method: StartMethod) -> None:
    results = list(run_tasks(square, TASKS, 2, start_method))
    assert len(results) == len(TASKS)
    assert dict(results) == SQUARES


def test_no_tasks() -> None:
    assert list(run_tasks(square, [], 2)) == []


def test_results_that_nobody_takes_do_not_pile_up(tmp_path: Path) -> None:
    tasks = [Task(n, "", (n, tmp_path)) for n in range(20)]
    results = run_tasks(report_process, tasks, 2, "fork")
    next(results)
    results.close()  # type: ignore[attr-defined]
    assert len(list(tmp_path.iterdir())) <= 4


def test_a_process_that_dies_is_survived(tmp_path: Path) -> None:
    tasks = [Task(task.number, task.label, (*task.arguments, tmp_path)) for task in TASKS]
    assert dict(run_tasks(die_once, tasks, 2, "fork")) == SQUARES
    assert (tmp_path / "died").exists()


def test_a_task_that_kills_its_process_is_named_and_the_others_are_done() -> None:
    done: dict[int, int] = {}

    def collect() -> None:
        for number, result in run_tasks(always_die, TASKS, 2, "fork"):
            done[number] = result

    with pytest.raises(ToySoundError, match=r"on task [25], task [25] died twice") as caught:
        collect()
    assert "task 2" in str(caught.value)
    assert "task 5" in str(caught.value)
    assert done == {n: s for n, s in SQUARES.items() if n not in (2, 5)}


@pytest.mark.parametrize("workers", [1, 2])
def test_an_error_of_the_work_reaches_the_caller(workers: int) -> None:
    with pytest.raises(ToySoundError, match="number 4 is not liked"):
        list(run_tasks(complain, TASKS, workers, "fork"))


@pytest.mark.parametrize("start_method", ["spawn", "fork"])
def test_workers_leave_ctrl_c_to_their_parent(start_method: StartMethod) -> None:
    assert set(dict(run_tasks(interrupt_handling, TASKS, 2, start_method)).values()) == {True}
    assert signal.getsignal(signal.SIGINT) != signal.SIG_IGN
    assert signal.pthread_sigmask(signal.SIG_BLOCK, []) == set()


@pytest.mark.skipif(not hasattr(os, "pidfd_open"), reason="needs Linux")
@pytest.mark.parametrize("start_method", ["spawn", "fork"])
def test_workers_end_with_their_parent(start_method: StartMethod, tmp_path: Path) -> None:
    script = (
        "import sys, pathlib, test_workers as t\n"
        "if __name__ == '__main__':\n"
        "    tasks = [t.Task(n, '', (n, pathlib.Path(sys.argv[1]))) for n in range(2)]\n"
        "    list(t.run_tasks(t.wait_forever, tasks, 2, sys.argv[2]))\n"
    )
    (tmp_path / "parent.py").write_text(script)
    notes = tmp_path / "notes"
    notes.mkdir()
    parent = subprocess.Popen(
        [sys.executable, str(tmp_path / "parent.py"), str(notes), start_method],
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parent)},
    )
    try:
        until(lambda: len(list(notes.iterdir())) == 2)
    finally:
        parent.kill()
        parent.wait()
    for note in notes.iterdir():
        until_ended(int(note.name.removeprefix("pid-")))
