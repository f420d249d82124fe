"""A Dask cluster does the same work, and survives the death of a worker."""

import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from dask_cluster import Cluster, cluster, free_port
from waiting import until

from toysound import ToySoundError, UsageError
from toysound import cluster as cluster_module
from toysound.cluster import _call, checked_address, run_tasks
from toysound.command import main
from toysound.publish.blocks import BLOCK_SIZE
from toysound.publish.generate import generate
from toysound.publish.verify import verify
from toysound.workers import Task

PITCH = "mono/pitch"
TASKS = [Task(number, f"task {number}", (number,)) for number in range(7)]


def square(number: int) -> int:
    return number**2


def die_always_at_3(number: int) -> int:
    if number == 3:
        os.kill(os.getpid(), signal.SIGKILL)
    return number**2


def complain(number: int) -> int:
    raise ToySoundError(f"number {number} is not liked")


def miss_a_package(number: int) -> int:
    raise ModuleNotFoundError("No module named 'nothing'", name="nothing")


def how_many_at_once(number: int, folder: str) -> int:
    """Return how many tasks were under way in this process, as their marks show."""
    mark = Path(folder) / f"{os.getpid()}-{number}"
    mark.touch()
    together = len(list(Path(folder).glob(f"{os.getpid()}-*")))
    mark.unlink()
    return together


@pytest.fixture(scope="module")
def two_workers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    """A cluster for tests that kill nobody."""
    with cluster(tmp_path_factory.mktemp("cluster")) as running:
        yield running


def files(folder: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
    }


# --- tasks


def test_every_task_is_done(two_workers: Cluster) -> None:
    results = list(run_tasks(square, TASKS, two_workers.address))
    assert sorted(results) == [(n, n**2) for n in range(7)]
    assert list(run_tasks(square, [], "tcp://127.0.0.1:1")) == []


def test_an_error_of_the_work_reaches_the_caller(two_workers: Cluster) -> None:
    with pytest.raises(ToySoundError, match=r"number \d is not liked"):
        list(run_tasks(complain, TASKS, two_workers.address))
    with pytest.raises(ToySoundError, match="cannot import 'nothing'; install the same version"):
        list(run_tasks(miss_a_package, TASKS, two_workers.address))


def test_a_worker_of_another_version() -> None:
    with pytest.raises(ToySoundError, match="this is version 0; install the same version"):
        _call("0", square, (2,))


def test_a_worker_of_several_threads_does_one_task_at_a_time(tmp_path: Path) -> None:
    marks = tmp_path / "marks"
    marks.mkdir()
    tasks = [Task(n, "", (n, str(marks))) for n in range(12)]
    with cluster(tmp_path, workers=0) as running:
        running.add_worker(tmp_path / "worker", "--nthreads", "3")
        assert dict(run_tasks(how_many_at_once, tasks, running.address)) == dict.fromkeys(
            range(12), 1
        )


def test_a_task_that_kills_its_workers_is_named_and_the_others_are_done(tmp_path: Path) -> None:
    done = {}

    def collect() -> None:
        for number, result in run_tasks(die_always_at_3, TASKS, running.address):
            done[number] = result

    with cluster(tmp_path, workers=3, allowed_failures=0) as running:
        with pytest.raises(ToySoundError, match=r"^task 3 killed one worker after the other"):
            collect()
        assert sum(worker.poll() is not None for worker in running.workers) == 2
    assert done == {n: n**2 for n in range(7) if n != 3}


# --- the scheduler


@pytest.mark.parametrize(
    "address",
    ["", "localhost", "tcp://", "tcp://host", "tcp://host:", "tcp://host:99999", "tcp://host:0",
     "http://host:80", "tcp://a b:80", "tcp://host:80/x", "host:80"],
)  # fmt: skip
def test_an_address_that_is_none(address: str, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"is no address of a Dask scheduler; tcp://HOST:PORT"):
        checked_address(address)
    with pytest.raises(UsageError, match="is no address"):
        generate(PITCH, tmp_path, scheduler=address)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("arguments", "code", "sentence"),
    [
        (["--scheduler", "tcp://nowhere"], 2, "'tcp://nowhere' is no address of a Dask scheduler"),
        (["--scheduler", "tcp://127.0.0.1:1"], 1, "there is no Dask scheduler at 'tcp://127"),
        (["--scheduler", "tcp://127.0.0.1:1", "--workers", "2"], 2, "give --workers or --sched"),
    ],
)
def test_the_command_says_it_in_a_sentence(
    arguments: list[str],
    code: int,
    sentence: str,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(cluster_module, "_ANSWER_S", 0.5)
    assert main(["generate", PITCH, "--out", str(tmp_path), *arguments]) == code
    errors = capsys.readouterr().err
    assert errors.startswith(f"toysound: {sentence}")
    assert errors.count("\n") == 1


@pytest.mark.parametrize("address", ["tcp://host:1", "tls://10.0.0.1:8786", "tcp://[::1]:8786"])
def test_an_address(address: str) -> None:
    assert checked_address(address) == address


def test_nobody_listens(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cluster_module, "_ANSWER_S", 0.5)
    with pytest.raises(ToySoundError, match="there is no Dask scheduler at 'tcp://127"):
        list(run_tasks(square, TASKS, f"tcp://127.0.0.1:{free_port()}"))


def test_somebody_listens_and_does_not_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cluster_module, "_ANSWER_S", 0.5)
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        with pytest.raises(ToySoundError, match="there is no Dask scheduler at 'tcp://127"):
            list(run_tasks(square, TASKS, f"tcp://127.0.0.1:{port}"))


def test_no_workers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cluster_module, "_WORKERS_S", 0.5)
    with (
        cluster(tmp_path, workers=0) as running,
        pytest.raises(ToySoundError, match="has no workers; 'dask worker tcp://127"),
    ):
        list(run_tasks(square, TASKS, running.address))


def test_the_scheduler_is_lost(tmp_path: Path) -> None:
    with cluster(tmp_path, workers=1) as running:
        results = run_tasks(square, TASKS, running.address)
        next(results)
        running.scheduler.kill()
        with pytest.raises(
            ToySoundError, match=r"connection to the scheduler at 'tcp://127.* lost"
        ):
            list(results)


def test_without_the_package(tmp_path: Path) -> None:
    script = (
        "import sys; sys.modules['distributed'] = None\n"
        "from toysound.command import main\n"
        f"sys.exit(main(['generate', '{PITCH}', '--out', sys.argv[1],"
        " '--scheduler', 'tcp://127.0.0.1:1']))"
    )
    run = subprocess.run(
        [sys.executable, "-c", script, str(tmp_path)], capture_output=True, text=True
    )
    assert run.returncode == 1
    assert run.stderr == (
        "toysound: a cluster needs the package 'distributed'; "
        "pip install 'toysound[cluster]' brings it\n"
    )


# --- generating


def test_the_files_are_those_of_processes(two_workers: Cluster, tmp_path: Path) -> None:
    formats = ["parquet", "wav", "npz"]
    generate(PITCH, tmp_path / "here", formats, block_size=9)
    generate(PITCH, tmp_path / "there", formats, block_size=9, scheduler=two_workers.address)
    assert files(tmp_path / "there") == files(tmp_path / "here")


def test_a_relative_folder_is_that_of_this_process(
    two_workers: Cluster, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    generate(PITCH, Path("out"), block_size=20, scheduler=two_workers.address)
    assert verify(tmp_path / "out" / PITCH).problems == []


def test_a_disk_that_the_workers_do_not_share(two_workers: Cluster) -> None:
    """A file system in memory is one for each process."""
    with pytest.raises(ToySoundError, match="give an --out that all workers share"):
        generate(PITCH, "memory://unshared", block_size=20, scheduler=two_workers.address)


def test_a_worker_that_is_killed_costs_its_block_only(tmp_path: Path) -> None:
    limit = 5 * BLOCK_SIZE
    generate("tones", tmp_path / "here", workers=1, limit=limit)
    records = tmp_path / "there" / "tones" / ".partial" / "blocks"
    with cluster(tmp_path, workers=2) as running:
        command = [
            *(sys.executable, "-m", "toysound", "generate", "tones", "--limit", str(limit)),
            *("--out", str(tmp_path / "there"), "--scheduler", running.address, "--json"),
        ]
        with subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        ) as run:
            until(lambda: run.poll() is not None or (records.is_dir() and any(records.iterdir())))
            running.workers[0].kill()
            answer, errors = run.communicate(timeout=120)
        assert running.workers[1].poll() is None
    assert (run.returncode, errors) == (0, "")
    assert json.loads(answer)["num_sounds"] == limit
    assert files(tmp_path / "there") == files(tmp_path / "here")


def test_ctrl_c(two_workers: Cluster, tmp_path: Path) -> None:
    records = tmp_path / "tones" / ".partial" / "blocks"
    with subprocess.Popen(
        [
            *(sys.executable, "-m", "toysound", "generate", "tones", "--out", str(tmp_path)),
            *("--limit", str(3 * BLOCK_SIZE), "--scheduler", two_workers.address),
        ],
        stderr=subprocess.PIPE,
        text=True,
    ) as run:
        until(lambda: run.poll() is not None or (records.is_dir() and any(records.iterdir())))
        run.send_signal(signal.SIGINT)
        _, errors = run.communicate(timeout=60)
    assert errors == "toysound: interrupted; run the same command again to go on\n"
    assert run.returncode == 1
    assert generate("tones", tmp_path, limit=3 * BLOCK_SIZE).num_sounds == 3 * BLOCK_SIZE
