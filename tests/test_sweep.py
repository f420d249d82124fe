"""Sweeps as a user runs them: trained, scored, stopped, gone on with, failed, on a cluster."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from baselines import recipes
from baselines.checkpoint import load_model
from baselines.rotation import Rotated
from benchmark.result import load_result
from leaderboard import plan as plans
from leaderboard.sweep import Places, commands, done_before, thinned
from toysound.command import main

DATASET = "pair/decay-duration"

HEAD = f"""
name = "tiny"
question = "Does it work?"
datasets = ["{DATASET}"]
seeds = [0]
"""

GOOD = """
[[models]]
name = "pca-2"
recipe = "pca"
set = ["latent_dim=2"]
"""

#: A training that ends with an objective that is no number.
BAD = """
[[models]]
name = "wild"
recipe = "vae"
set = ["training.learning_rate=1e35", "training.epochs=3", "stem.components=4"]
"""

MISSING = """
[[models]]
name = "nobody"
model = "nobody.py:Model"
"""


def write(folder: Path, *models: str) -> Path:
    path = folder / "plan.toml"
    path.write_text(HEAD + "".join(models))
    return path


def sweep(plan: Path, *options: str) -> int:
    return main(["sweep", str(plan), "--out", str(plan.parent / "out"), *options])


def place(plan: Path, row: str) -> Path:
    return plan.parent / "out" / "results" / DATASET / row


@pytest.fixture(scope="module")
def swept(tmp_path_factory: pytest.TempPathFactory) -> Path:
    plan = write(tmp_path_factory.mktemp("swept"), GOOD)
    assert sweep(plan) == 0
    return plan


def test_a_result_has_its_recipe_and_its_curve_beside_it(swept: Path) -> None:
    names = {path.name for path in place(swept, "pca-2").iterdir()}
    assert names == {
        "0.json", "0.recipe.toml", "0.history.csv", "0.audition.npz", "0.items.npz",
    }  # fmt: skip
    result = load_result(place(swept, "pca-2") / "0.json")
    assert (result.model.name, result.dataset.name, result.seed) == ("pca-2", DATASET, 0)
    recipe = recipes.load(str(place(swept, "pca-2") / "0.recipe.toml"))
    assert recipe.latent_dim == 2


def test_a_row_turns_the_training_of_another(tmp_path: Path) -> None:
    turned = """
[[models]]
name = "pca-2-ica"
recipe = "pca"
set = ["latent_dim=2", "rotation.name='ica'"]
turns = "pca-2"
"""
    plan = write(tmp_path, GOOD, turned)
    places = Places(tmp_path / "out", tmp_path / "out" / "results")
    job = plans.jobs(plans.load(str(plan)))[1]
    assert "--turn" not in commands(job, places, force=False)[0]  # there is nothing to turn yet
    assert sweep(plan, "--workers", "1") == 0
    found = commands(job, places, force=False)[0]
    assert found[-2:] == ["--turn", str(tmp_path / "out" / DATASET / "pca-2" / "0")]
    turned_model = load_model(tmp_path / "out" / DATASET / "pca-2-ica" / "0")
    assert isinstance(turned_model.latent_model, Rotated)
    assert load_result(place(plan, "pca-2-ica") / "0.json").model.name == "pca-2-ica"


def test_a_training_of_another_recipe_is_not_turned(tmp_path: Path) -> None:
    """Two at a time, all of it anew: the row that turns waits for the row that it turns."""
    turned = GOOD.replace("pca-2", "turned").replace(
        '["latent_dim=2"]', "[\"latent_dim=2\", \"rotation.name='ica'\"]\nturns = 'pca-2'"
    )
    plan = write(tmp_path, GOOD, turned)
    assert sweep(plan, "--workers", "2") == 0
    wider = write(
        tmp_path, *(text.replace("latent_dim=2", "latent_dim=3") for text in (GOOD, turned))
    )
    places = Places(tmp_path / "out", tmp_path / "out" / "results")
    job = plans.jobs(plans.load(str(wider)))[1]
    assert places.turned(job) is None  # the training that is there is the old one
    assert sweep(wider, "--workers", "2", "--force") == 0
    assert places.turned(job) == tmp_path / "out" / DATASET / "pca-2" / "0"
    assert load_model(tmp_path / "out" / DATASET / "turned" / "0").latent_dim == 3


def test_a_result_of_another_model_is_not_taken_for_this_one(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    row = '[[models]]\nname = "reference"\nmodel = "random-sound"\n'
    plan = write(tmp_path, row)
    assert sweep(plan) == 0
    assert sweep(plan, "--dry-run") == 0
    assert "1 done" in capsys.readouterr().out
    assert sweep(write(tmp_path, row.replace("random-sound", "nearest-neighbour"))) == 1
    assert "is of another model of 'reference'; choose another" in capsys.readouterr().err


def test_a_dataset_that_is_named_by_its_folder_is_left_as_it_is(tmp_path: Path) -> None:
    assert main(["generate", DATASET, "--out", str(tmp_path / "data")]) == 0
    folder = tmp_path / "data" / DATASET
    before = sorted(path for path in folder.rglob("*"))
    plan = write(tmp_path, GOOD)
    plan.write_text(plan.read_text().replace(f'"{DATASET}"', f'"{folder}"'))
    assert sweep(plan) == 0
    assert sorted(path for path in folder.rglob("*")) == before
    assert load_result(place(plan, "pca-2") / "0.json").dataset.name == DATASET


def test_what_is_done_is_not_done_again(swept: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = (place(swept, "pca-2") / "0.json").stat().st_mtime_ns
    assert sweep(swept, "--dry-run") == 0
    assert f"done   pca-2 on {DATASET}, seed 0" in capsys.readouterr().out
    assert sweep(swept) == 0
    captured = capsys.readouterr()
    assert "pca-2" in captured.out
    assert captured.err == ""  # no progress in a pipe
    assert (place(swept, "pca-2") / "0.json").stat().st_mtime_ns == before


def test_a_result_of_another_recipe_is_not_taken_for_this_one(
    swept: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    other = write(tmp_path, GOOD.replace("latent_dim=2", "latent_dim=3"))
    results = str(swept.parent / "out" / "results")
    assert sweep(other, "--results", results, "--dry-run") == 1
    assert "is of another recipe of 'pca-2'; choose another --results" in capsys.readouterr().err
    assert sweep(other, "--results", results, "--dry-run", "--force") == 0
    assert "to do" in capsys.readouterr().out


def test_a_result_of_another_version_of_the_sounds_is_refused(
    swept: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / DATASET / "pca-2"
    folder.mkdir(parents=True)
    text = (place(swept, "pca-2") / "0.json").read_text()
    data = json.loads(text)
    data["dataset"]["version"] = "0"
    (folder / "0.json").write_text(json.dumps(data))
    assert sweep(swept, "--results", str(tmp_path), "--dry-run") == 1
    assert "is of version 0 of pair/decay-duration" in capsys.readouterr().err


def test_an_option_that_is_newer_than_a_result_has_its_default(swept: Path) -> None:
    from leaderboard import plan

    (job,) = plan.jobs(plan.load(str(swept)))
    places = Places(swept.parent / "out", swept.parent / "out" / "results")
    recipe = place(swept, "pca-2") / "0.recipe.toml"
    text = recipe.read_text()
    try:
        recipe.write_text("\n".join(line for line in text.split("\n") if "iterations" not in line))
        assert recipe.read_text() != text
        assert done_before(job, places)
    finally:
        recipe.write_text(text)


def test_a_job_that_fails_does_not_stop_the_others(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    plan = write(tmp_path, BAD, MISSING)
    assert sweep(plan, "--workers", "2", "--json") == 1
    captured = capsys.readouterr()
    wild, nobody = json.loads(captured.out)
    assert "the objective became" in wild["error"]
    assert "nobody.py" in nobody["error"]
    assert "2 of 2 jobs failed; what is done is kept" in captured.err
    assert not list(tmp_path.glob("out/results/**/*.json"))


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (["--workers", "0"], "--workers must be at least 1"),
        (["--seed", "-1"], "--seed must be 0 or more"),
        (["--scheduler", "localhost"], "is no address of a Dask scheduler"),
        (["--only", "x*"], "no model of plan 'tiny' fits"),
        (["--dataset", "tunes"], "dataset 'tunes' is unknown"),
    ],
)
def test_bad_options_are_refused(
    options: list[str], sentence: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert sweep(write(tmp_path, GOOD), *options) == 2
    assert sentence in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


def test_ctrl_c_stops_the_children_and_the_training_goes_on(tmp_path: Path) -> None:
    long = """
[[models]]
name = "long"
recipe = "vae"
set = ["training.epochs=100000", "training.patience=100000", "stem.components=4"]
"""
    plan = write(tmp_path, long)
    command = [sys.executable, "-m", "toysound", "sweep", str(plan), "--out", str(tmp_path / "out")]
    child = subprocess.Popen(command, stderr=subprocess.PIPE, text=True, start_new_session=True)
    checkpoint = tmp_path / "out" / DATASET / "long" / "0" / "checkpoint.safetensors"
    deadline = time.monotonic() + 60
    try:
        while not checkpoint.exists() and time.monotonic() < deadline:
            time.sleep(0.1)
        child.send_signal(signal.SIGINT)
        _, errors = child.communicate(timeout=60)
    finally:
        with suppress(ProcessLookupError):  # it has ended, as it should
            os.killpg(child.pid, signal.SIGKILL)
    assert child.returncode not in (0, None)
    assert "Traceback" not in errors
    assert checkpoint.exists()
    assert not list(tmp_path.glob("out/results/**/*.json"))
    assert f"{tmp_path}" not in _running_commands()


def _running_commands() -> str:
    """Return the command lines of all processes."""
    lines = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            lines.append(path.read_bytes().replace(b"\0", b" ").decode(errors="replace"))
        except OSError:
            continue
    return "\n".join(lines)


@pytest.fixture
def scheduler() -> Iterator[str]:
    distributed = pytest.importorskip("distributed")
    with distributed.LocalCluster(
        n_workers=1, threads_per_worker=1, host="127.0.0.1", dashboard_address=None,
        scheduler_port=0,
    ) as cluster:  # fmt: skip
        yield cluster.scheduler_address


def test_a_cluster_does_the_same(swept: Path, tmp_path: Path, scheduler: str) -> None:
    plan = write(tmp_path, GOOD, MISSING)
    assert sweep(plan, "--scheduler", scheduler, "--no-sounds") == 1
    names = {path.name for path in place(plan, "pca-2").iterdir()}
    assert names == {"0.json", "0.recipe.toml", "0.history.csv"}
    here, there = (load_result(place(p, "pca-2") / "0.json") for p in (swept, plan))
    for family in ("reconstruction", "disentanglement", "control"):
        assert here.metrics[family] == there.metrics[family]


@pytest.mark.parametrize(("epochs", "kept"), [(0, 0), (1, 1), (200, 200), (201, 200), (1470, 200)])
def test_a_long_curve_is_thinned_and_its_ends_are_kept(epochs: int, kept: int) -> None:
    rows = [f"{epoch},{epoch / 7}\n" for epoch in range(1, epochs + 1)]
    head, *found = thinned("".join(["epoch,objective\n", *rows])).splitlines(keepends=True)
    assert head == "epoch,objective\n"
    assert len(found) == len(set(found)) == kept
    assert found == sorted(found, key=rows.index)
    assert found[:1] + found[-1:] == rows[:1] + rows[-1:]
