"""``toysound train`` as a user runs it: also stopped, killed, and asked for what does not exist."""

import csv
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from baselines.checkpoint import load_model
from toysound.command import main

SMALL = [
    "--set", "network.width=16", "--set", "network.depth=1", "--set", "stem.components=8",
    "--set", "training.batch_size=16", "--set", "latent_dim=3",
]  # fmt: skip
QUICK = [*SMALL, "--set", "training.epochs=3"]
LONG = [*SMALL, "--set", "training.epochs=400", "--set", "training.patience=400"]


def train(out: Path, *options: str, recipe: str = "vae", dataset: str = "mono/pitch") -> int:
    return main(["train", recipe, "--dataset", dataset, "--out", str(out), *options])


def model_bytes(out: Path) -> bytes:
    return (out / "model.safetensors").read_bytes()


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("trained") / "vae"
    assert train(out, *QUICK) == 0
    return out


def test_it_writes_a_model_that_plays(trained: Path) -> None:
    names = {path.name for path in trained.iterdir()}
    assert names == {"model.safetensors", "recipe.toml", "history.csv", "summary.json"}
    assert load_model(trained).prior_sample(1).shape == (1, 8000)


def test_it_says_what_came_out_and_what_to_try_next(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert train(tmp_path, *QUICK) == 0
    captured = capsys.readouterr()
    assert "trained vae on mono/pitch, seed 0" in captured.out
    assert "validation ELBO" in captured.out
    assert f"toysound score {tmp_path / 'model.safetensors'} --dataset mono/pitch" in captured.out
    assert captured.err == ""  # no progress in a pipe


def test_json_for_a_program(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert train(tmp_path, "--json", recipe="pca") == 0
    answer = json.loads(capsys.readouterr().out)
    assert answer["recipe"] == "pca"
    assert answer["nats_are"] == "log-likelihood"
    assert answer["validation_rmse"] > 0
    assert answer["finished_before"] is False


def test_the_history_has_a_row_for_each_epoch(trained: Path) -> None:
    rows = list(csv.DictReader((trained / "history.csv").read_text().splitlines()))
    assert [row["epoch"] for row in rows] == ["1", "2", "3"]
    summary = json.loads((trained / "summary.json").read_text())
    assert summary["epochs"] == 3
    best = max(rows, key=lambda row: float(row["objective"]))
    assert float(best["objective"]) == pytest.approx(summary["validation_nats"])


def test_the_same_seed_gives_the_same_bytes(trained: Path, tmp_path: Path) -> None:
    assert train(tmp_path / "again", *QUICK) == 0
    assert model_bytes(tmp_path / "again") == model_bytes(trained)
    assert train(tmp_path / "other", *QUICK, "--seed", "1") == 0
    assert model_bytes(tmp_path / "other") != model_bytes(trained)


def test_the_written_recipe_trains_the_same_model(trained: Path, tmp_path: Path) -> None:
    assert train(tmp_path, recipe=str(trained / "recipe.toml")) == 0
    assert model_bytes(tmp_path) == model_bytes(trained)


def test_a_finished_training_is_not_done_again(
    trained: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = (trained / "model.safetensors").stat().st_mtime_ns
    assert train(trained, *QUICK) == 0
    assert "was finished before" in capsys.readouterr().out
    assert (trained / "model.safetensors").stat().st_mtime_ns == before


def test_a_folder_of_another_training_is_refused_unless_forced(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert train(tmp_path, recipe="pca") == 0
    old = model_bytes(tmp_path)
    recipe = (tmp_path / "recipe.toml").read_text()
    capsys.readouterr()
    for options, sentence in (
        (["--set", "latent_dim=3"], "latent_dim = 10, not latent_dim = 3"),
        (["--seed", "1"], "seed 0, not 1"),
    ):
        assert train(tmp_path, *options, recipe="pca") == 1
        assert sentence in capsys.readouterr().err
    assert train(tmp_path, recipe="pca", dataset="mono/level") == 1
    assert "dataset mono/pitch, not mono/level" in capsys.readouterr().err
    assert train(tmp_path, *QUICK) == 1
    assert "--force to train anew" in capsys.readouterr().err
    assert model_bytes(tmp_path) == old
    assert (tmp_path / "recipe.toml").read_text() == recipe
    assert train(tmp_path, "--set", "latent_dim=3", "--force", recipe="pca") == 0
    assert load_model(tmp_path).latent_dim == 3


def test_noise_in_the_unit_of_another_view_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    linear = ("--set", "representation.name=mdct", "--set", "likelihood.name=laplace")
    assert train(tmp_path, *QUICK, *linear) == 1
    error = capsys.readouterr().err
    assert "likelihood.minimum_scale is 0.05, and coefficients of 'mdct' (full scale) vary" in error
    advice = error.split("such as ")[1].split(" suits")[0].split()
    assert train(tmp_path / "again", *QUICK, *linear, *advice) == 0


@pytest.mark.parametrize(
    ("arguments", "code", "sentence"),
    [
        (["vea", "--dataset", "tones"], 2, "recipe 'vea' is unknown; did you mean 'vae'"),
        (["vae", "--dataset", "tonez"], 2, "dataset 'tonez' is unknown; did you mean 'tones'"),
        (["vae"], 2, "--dataset"),
        (["vae", "--dataset", "tones", "--seed", "-1"], 2, "--seed must be 0 or more"),
        (["vae", "--dataset", "tones", "--seed", "x"], 2, "--seed"),
        (["vae", "--dataset", "tones", "--set", "epochs"], 2, "must be key=value"),
        (["vae", "--dataset", "tones", "--set", "training.epoch=3"], 1, "'training.epoch' is unkn"),
        (["vae", "--dataset", "tones", "--set", "bound.alpha=x"], 1, "'bound.alpha' is wrong"),
        (["no.toml", "--dataset", "tones"], 2, "there is no recipe file 'no.toml'"),
        (["vae", "--dataset", "tones", "--checkpoint-every", "nan"], 2, "must be 0 or more"),
    ],
)
def test_a_wrong_request_is_one_sentence(
    arguments: list[str],
    code: int,
    sentence: str,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main(["train", *arguments, "--out", str(tmp_path / "out")]) == code
    captured = capsys.readouterr()
    assert captured.out == ""
    assert sentence in captured.err
    assert captured.err.count("\n") == 1
    assert not (tmp_path / "out").exists()


def test_an_out_that_cannot_be_a_folder_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "file").write_text("kept")
    assert train(tmp_path / "file", *QUICK) == 2
    assert "is a file; name a folder" in capsys.readouterr().err
    assert train(tmp_path / "file" / "below", *QUICK) == 2
    assert "cannot be made" in capsys.readouterr().err
    assert (tmp_path / "file").read_text() == "kept"


@pytest.mark.parametrize("name", ["model.safetensors", "checkpoint.safetensors"])
def test_foreign_files_are_not_overwritten(
    name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / name).write_bytes(b"precious")
    assert train(tmp_path, *QUICK) == 1
    assert name in capsys.readouterr().err
    assert (tmp_path / name).read_bytes() == b"precious"


def test_a_diverging_training_stops_with_a_sentence(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    wild = ["--set", "training.learning_rate=1e35", "--checkpoint-every", "0"]
    assert train(tmp_path, *QUICK, *wild) == 1
    error = capsys.readouterr().err
    assert "at step" in error
    assert "training.learning_rate" in error
    assert not (tmp_path / "model.safetensors").exists()


def test_stopped_and_killed_it_goes_on_to_the_same_bytes(tmp_path: Path) -> None:
    undisturbed, out = tmp_path / "undisturbed", tmp_path / "disturbed"
    assert train(undisturbed, *LONG) == 0

    interrupted = _start(out)
    first = _wait_for_checkpoint(interrupted, out, after=0)
    interrupted.send_signal(signal.SIGINT)
    _, error = interrupted.communicate()
    assert interrupted.returncode == 1
    assert error == "toysound: interrupted; run the same command again to go on\n"
    with pytest.raises(Exception, match="not finished"):
        load_model(out / "checkpoint.safetensors")

    killed = _start(out)
    _wait_for_checkpoint(killed, out, after=first)
    killed.kill()
    killed.communicate()
    assert not (out / "model.safetensors").exists()

    assert train(out, *LONG) == 0
    assert model_bytes(out) == model_bytes(undisturbed)
    assert (out / "history.csv").read_bytes() == (undisturbed / "history.csv").read_bytes()
    assert {path.name for path in out.iterdir()} == {path.name for path in undisturbed.iterdir()}


def _start(out: Path) -> "subprocess.Popen[str]":
    command = [sys.executable, "-m", "toysound", "train", "vae", "--dataset", "mono/pitch"]
    return subprocess.Popen(
        [*command, "--out", str(out), *LONG, "--checkpoint-every", "0"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
    )


def _wait_for_checkpoint(process: "subprocess.Popen[str]", out: Path, after: int) -> int:
    """Return when a checkpoint later than ``after`` is there: its time of change in ns."""
    path = out / "checkpoint.safetensors"
    limit = time.monotonic() + 120
    while time.monotonic() < limit:
        try:
            process.wait(timeout=0.01)
        except subprocess.TimeoutExpired:
            if path.exists() and (changed := path.stat().st_mtime_ns) > after:
                return changed
        else:
            break
    raise AssertionError(f"no checkpoint before the end: {process.communicate()}")


def test_a_code_that_collapsed_is_said_and_one_that_did_not_is_told(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    press = ["divergence.weight=1e5", "training.learning_rate=0.03", "training.epochs=100"]
    heavy = [part for change in press for part in ("--set", change)]
    assert train(tmp_path / "heavy", *SMALL, *heavy) == 0
    said = capsys.readouterr()
    assert "the code of the trained model has collapsed: all " in said.err
    assert "  0 active units" in said.out
    assert json.loads((tmp_path / "heavy" / "summary.json").read_text())["kl"]
    assert train(tmp_path / "light", *QUICK, "--set", "divergence.weight=0.0") == 0
    said = capsys.readouterr()
    assert said.err == ""
    assert " active units, KL of each dimension (nats): " in said.out


def test_the_history_has_the_nats_of_each_dimension(trained: Path) -> None:
    rows = list(csv.DictReader((trained / "history.csv").read_text().splitlines()))
    names = [name for name in rows[0] if name.startswith("kl_")]
    assert names == [f"kl_{i + 1}" for i in range(len(names))]
    assert len(names) > 1
    for row in rows:
        total = sum(float(row[name]) for name in names)
        assert total == pytest.approx(float(row["divergence"]), rel=1e-4)


def test_the_curves_are_drawn(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    pictures = [tmp_path / "vae" / name for name in ("curves.png", "kl.png")]
    assert train(tmp_path / "vae", *QUICK) == 0
    assert not any(picture.exists() for picture in pictures)
    assert train(tmp_path / "vae", *QUICK, "--plots") == 0  # also of what is finished
    assert all(picture.read_bytes().startswith(b"\x89PNG") for picture in pictures)
    assert train(tmp_path / "pca", "--plots", recipe="pca") == 2
    assert "there are no epochs to watch" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("recipe", "options", "sentence"),
    [
        ("vae", ["--samples-every", "5"], "--samples N says how many sounds"),
        ("vae", ["--samples", "2", "--samples-every", "0"], "--samples-every must be 1 or more"),
        ("ae", ["--bounds"], "codes of recipe 'ae' are points: there is no posterior"),
        ("swae", ["--bounds"], "codes of recipe 'swae' are points"),
    ],
)
def test_an_option_that_would_do_nothing_is_refused(
    recipe: str,
    options: list[str],
    sentence: str,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert train(tmp_path / "out", *options, recipe=recipe) == 2
    assert sentence in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


def test_a_code_of_many_dimensions_fits_the_screen(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert train(tmp_path, *QUICK, "--set", "latent_dim=200", "--set", "training.epochs=1") == 0
    (line,) = (line for line in capsys.readouterr().out.splitlines() if "active units" in line)
    assert line.endswith("and 160 more")
    assert len(json.loads((tmp_path / "summary.json").read_text())["kl"]) == 200
