"""Sweeps: a plan's models trained and scored, here or on a cluster, one result file each.

A job is two commands that anyone can type, ``toysound train`` and ``toysound score``, each in a
process of its own on one thread. What they leave:

    OUT/<dataset>/<row>/<seed>/                 the training, see baselines.folder; and log.txt
    RESULTS/<dataset>/<row>/<seed>.json         the result, with its sounds and items beside it
    RESULTS/<dataset>/<row>/<seed>.recipe.toml  from which the model can be trained again, or
    RESULTS/<dataset>/<row>/<seed>.model.txt    what was scored, where nothing was trained
    RESULTS/<dataset>/<row>/<seed>.history.csv  its learning curve, of 200 epochs at most

A dataset that is named by its folder has the place of its name. A sweep that was stopped goes on
where it was: a job is done when its result is there, of the same recipe or model and the same
version of the dataset. A job that fails does not stop the others.

On a Dask cluster OUT and RESULTS lie on a disk that all its machines share.
"""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, as_completed, wait
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path

from baselines import recipes
from baselines.checkpoint import MODEL_FILE
from baselines.folder import RECIPE_FILE
from benchmark.audition import audition_path
from benchmark.items import items_path
from benchmark.result import load_result
from leaderboard.plan import Job
from toysound import cluster
from toysound.dataset import load
from toysound.errors import ToySoundError
from toysound.files import write_text
from toysound.progress import bar
from toysound.workers import Task

#: Epochs of a learning curve that are kept beside a result.
_CURVE_EPOCHS = 200

#: What a result is of where nothing was trained.
_MODEL_NOTE = ".model.txt"

#: One thread for each process, whatever library counts them.
_ONE_THREAD = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS", "NUMBA_NUM_THREADS")


@dataclass(frozen=True)
class Places:
    """Where a sweep happens.

    Attributes
    ----------
    out : folder of the trainings
    results : folder of the results
    keep_sounds : keep the sounds and the items beside each result
    """

    out: Path
    results: Path
    keep_sounds: bool = True

    def folder(self, job: Job) -> Path:
        """Return the folder of a job's training."""
        return self.out / _place(job.dataset) / job.row / str(job.seed)

    def turned(self, job: Job) -> Path | None:
        """Return the finished training whose codes a job turns, where there is one."""
        if job.turns is None:
            return None
        folder = self.out / _place(job.dataset) / job.turns / str(job.seed)
        recipe = folder / RECIPE_FILE
        if job.recipe is None or not ((folder / MODEL_FILE).exists() and recipe.exists()):
            return None
        texts = recipe.read_text(encoding="utf-8"), job.recipe
        found, wanted = (recipes.unturned(recipes.parse(text, str(recipe))) for text in texts)
        return folder if found == wanted else None

    def result(self, job: Job) -> Path:
        """Return the result file of a job."""
        return self.results / _place(job.dataset) / job.row / f"{job.seed}.json"


@cache
def _place(dataset: str) -> Path:
    """Return the folder of a dataset below those of trainings and results."""
    parts = Path(load(dataset).name.replace(":", "/")).parts
    return Path(*(part for part in parts if part not in ("/", "..")))


@dataclass(frozen=True)
class Outcome:
    """What became of a job.

    Attributes
    ----------
    label : what it is called
    error : the last line that it said; None if it was done
    seconds : that it took; 0 if it was done before
    """

    label: str
    error: str | None
    seconds: float


def done_before(job: Job, places: Places) -> bool:
    """Tell whether the result of a job is there.

    Raises
    ------
    ToySoundError
        If it is of another recipe or model, or of another version of the dataset.
    """
    path = places.result(job)
    if not path.exists():
        return False
    other = "choose another --results, or --force to replace it"
    result = load_result(path)
    version = str(load(job.dataset).version)
    if result.dataset.version != version:
        raise ToySoundError(
            f"'{path}' is of version {result.dataset.version} of {job.dataset} and this is version "
            f"{version}; {other}"
        )
    recipe = path.with_suffix(".recipe.toml")
    if job.recipe is not None and not (recipe.exists() and _same_recipe(recipe, job.recipe)):
        raise ToySoundError(f"'{path}' is of another recipe of '{job.row}'; {other}")
    model = path.with_suffix(_MODEL_NOTE)
    if job.model is not None and not (model.exists() and model.read_text() == f"{job.model}\n"):
        raise ToySoundError(f"'{path}' is of another model of '{job.row}'; {other}")
    return True


def _same_recipe(path: Path, resolved: str) -> bool:
    """Tell whether a file holds this recipe; options that are newer than it have their defaults."""
    text = path.read_text(encoding="utf-8")
    return recipes.to_toml(recipes.parse(text, str(path))) == resolved


def run(
    jobs: Sequence[Job],
    places: Places,
    *,
    workers: int,
    scheduler: str | None = None,
    force: bool = False,
    show: bool = False,
) -> list[Outcome]:
    """Do what is not done yet and return what became of every job, in order.

    Parameters
    ----------
    jobs : all of them
    places : where
    workers : jobs at a time, on this machine
    scheduler : address of a Dask cluster to do them instead
    force : train and score anew what was done before
    show : draw a progress bar where standard error is a terminal

    Raises
    ------
    ToySoundError
        If a result is there that belongs to another recipe, or the cluster fails.
    """
    before = [job for job in jobs if not force and done_before(job, places)]
    missing = [job for job in jobs if job not in before]
    outcomes = {job.label: Outcome(job.label, None, 0.0) for job in before}
    if scheduler is None:
        finished = _run_here(missing, places, workers, force)
    else:
        finished = _run_there(missing, places, scheduler, force)
    with bar("sweeping", len(jobs), "jobs", show, start=len(before)) as drawn:
        for outcome in finished:
            outcomes[outcome.label] = outcome
            drawn.update()
    return [outcomes[job.label] for job in jobs]


def _run_there(
    jobs: Sequence[Job], places: Places, scheduler: str, force: bool
) -> Iterator[Outcome]:
    absolute = Places(places.out.absolute(), places.results.absolute(), places.keep_sounds)
    tasks = [Task(i, job.label, (job, absolute, force)) for i, job in enumerate(jobs)]
    for _, outcome in cluster.run_tasks(do, tasks, scheduler):
        yield outcome


def _run_here(jobs: Sequence[Job], places: Places, workers: int, force: bool) -> Iterator[Outcome]:
    children = _Children()
    with ThreadPoolExecutor(max(workers, 1)) as pool:
        futures: list[Future[Outcome]] = []
        by_job: dict[tuple[str, str | None, int], Future[Outcome]] = {}
        # Those that turn others come last: they may have to wait.
        for job in sorted(jobs, key=lambda job: job.turns is not None):
            turned = by_job.get((job.dataset, job.turns, job.seed))
            futures.append(pool.submit(_do_after, turned, job, places, force, children))
            by_job[job.dataset, job.row, job.seed] = futures[-1]
        try:
            for future in as_completed(futures):
                yield future.result()
        except BaseException:
            for future in futures:
                future.cancel()
            children.stop()
            raise


def _do_after(
    turned: Future[Outcome] | None, job: Job, places: Places, force: bool, children: "_Children"
) -> Outcome:
    """Do a job once the one whose codes it turns is done; that one was begun before."""
    if turned is not None:
        wait([turned])
    return do(job, places, force, children)


class _Children:
    """The processes under way, so that Ctrl-C reaches them."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._running: set[subprocess.Popen[bytes]] = set()
        self._stopped = False

    def call(self, command: Sequence[str], log: Path) -> int:
        """Run a command with what it says going into a file; return its exit code."""
        environment = os.environ | dict.fromkeys(_ONE_THREAD, "1")
        with log.open("ab") as file:
            with self._lock:
                if self._stopped:
                    return 130
                child = subprocess.Popen(command, stdout=file, stderr=file, env=environment)
                self._running.add(child)
            try:
                return child.wait()
            finally:
                with self._lock:
                    self._running.discard(child)

    def stop(self) -> None:
        """Interrupt all of them and start none any more; trainings keep their last checkpoint."""
        with self._lock:
            self._stopped = True
            for child in self._running:
                child.send_signal(signal.SIGINT)


def do(job: Job, places: Places, force: bool, children: _Children | None = None) -> Outcome:
    """Train and score one model; what goes wrong is told in the outcome."""
    start = time.monotonic()
    children = children or _Children()
    folder, result = places.folder(job), places.result(job)
    folder.mkdir(parents=True, exist_ok=True)
    log = folder / "log.txt"
    log.unlink(missing_ok=True)
    for command in commands(job, places, force):
        if children.call([sys.executable, "-m", "toysound", *command], log):
            return Outcome(job.label, _last_line(log), time.monotonic() - start)
    if job.recipe is not None:
        write_text(result.with_suffix(".recipe.toml"), job.recipe)
        history = folder / "history.csv"
        if history.exists():
            curve = thinned(history.read_text(encoding="utf-8"))
            write_text(result.with_suffix(".history.csv"), curve)
    if job.model is not None:
        write_text(result.with_suffix(_MODEL_NOTE), f"{job.model}\n")
    if not places.keep_sounds:
        audition_path(result).unlink(missing_ok=True)
        items_path(result).unlink(missing_ok=True)
    return Outcome(job.label, None, time.monotonic() - start)


def thinned(table: str) -> str:
    """Return a learning curve with at most 200 of its epochs, the first and last among them."""
    head, *rows = table.splitlines(keepends=True)
    count = min(len(rows), _CURVE_EPOCHS)
    kept = [round(i * (len(rows) - 1) / max(count - 1, 1)) for i in range(count)]
    return "".join([head, *(rows[place] for place in kept)])


def commands(job: Job, places: Places, force: bool) -> list[list[str]]:
    """Return the commands of a job, without ``toysound``; writes the recipe that they name."""
    folder = places.folder(job)
    score = ["--dataset", job.dataset, "--out", str(places.result(job)), "--seed", str(job.seed)]
    if job.recipe is None:
        return [["score", str(job.model), *score]]
    recipe = folder / "plan.toml"
    write_text(recipe, job.recipe)
    train = ["train", str(recipe), "--dataset", job.dataset, "--out", str(folder)]
    train += ["--seed", str(job.seed), *(["--force"] if force else [])]
    if (turned := places.turned(job)) is not None:
        train += ["--turn", str(turned)]
    return [train, ["score", str(folder / "model.safetensors"), *score]]


def _last_line(log: Path) -> str:
    """Return the last line that a process said, without progress bars."""
    text = log.read_text(encoding="utf-8", errors="replace").replace("\r", "\n")
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return lines[-1].removeprefix("toysound: ") if lines else f"it said nothing; see '{log}'"


def to_json(outcomes: Sequence[Outcome]) -> list[dict[str, object]]:
    """Return outcomes as plain data."""
    return [asdict(outcome) for outcome in outcomes]
