"""``toysound mnist`` as a user runs it."""

import json
from pathlib import Path

import pytest
from mnist_examples import spot_set, write_folder

from baselines.mnist.experiment import STEP
from toysound.command import main

QUICK = ["--epochs", "1", "--samples", "3", "--score-digits", "20", "--any-digits"]


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_folder(tmp_path_factory.mktemp("data") / "spots", spot_set())


def mnist(data: Path | str, out: Path, *options: str) -> int:
    return main(["mnist", str(data), "--out", str(out), *options])


def test_tables_and_figures(data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert mnist(data, tmp_path, *QUICK, "--latents", "2,3") == 0
    said = capsys.readouterr().out
    assert "spots, grey levels as Bernoulli targets" in said
    assert "binarised digits, training" not in said
    assert "cited, not reproduced here" in said
    assert "Burda et al. 2016, table 1" in said
    assert "86.76" in said
    pictures = {path.name for path in tmp_path.glob("*.png")}
    assert pictures == {"grey-elbo.png", "grey-manifold.png", "grey-samples.png"}
    assert all(str(tmp_path / name) in said for name in pictures)
    assert len(json.loads((tmp_path / "results.json").read_text())) == 2


def test_json_again_and_another_kind(
    data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    answers = []
    for kind in ([], [], ["--binarised"]):
        assert mnist(data, tmp_path, *QUICK, "--latents", "3", "--json", *kind) == 0
        answers.append(json.loads(capsys.readouterr().out))
    first, again, binarised = (answer["outcomes"][0] for answer in answers)
    assert first == again  # processor time too: nothing was trained a second time
    assert first["trial"] == {
        "latent_dim": 3, "binarised": False, "epochs": 1, "seed": 0, "beta": 1.0, "warm_up": 0.0,
        "step": 0.005,
    }  # fmt: skip
    assert {row["source"] for row in answers[0]["cited"]} >= {"Burda et al. 2016, table 1"}
    assert json.loads((tmp_path / "results.json").read_text()) == [first, binarised]
    assert binarised["trial"] == first["trial"] | {"binarised": True}


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--latents", "2,x"], "--latents is a list of whole numbers with commas, got '2,x'"),
        (["--latents", "0"], "a number of latents is from 1 to 784, got 0"),
        (["--latents", "2.5"], "--latents is a list of whole numbers"),
        (["--beta", "5"], "beta must be from 0 to 4, got 5"),
        (["--beta", "nan"], "beta must be from 0 to 4, got nan"),
        (["--beta", "-1"], "beta must be from 0 to 4, got -1"),
        (["--warm-up", "2"], "the warm-up is a fraction of the training"),
        (["--epochs", "0"], "epochs must be at least 1, got 0"),
        (["--step", "0"], "Adam's step is above 0 and at most 1, got 0"),
        (["--seed", "-1"], "the seed must be 0 or more"),
        (["--samples", "0"], "--samples and --score-digits must be at least 1"),
        (["--score-digits", "0"], "--samples and --score-digits must be at least 1"),
    ],
)
def test_bad_arguments(
    data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], options: list[str], said: str
) -> None:
    assert mnist(data, tmp_path / "out", *options) == 2
    error = capsys.readouterr().err
    assert said in error
    assert error.count("\n") == 1
    assert not (tmp_path / "out").exists()


def test_digits_that_are_not_mnist(
    data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert mnist(data, tmp_path / "out") == 1
    assert "is not MNIST's: its MD5 is" in capsys.readouterr().err
    assert mnist(tmp_path / "nowhere", tmp_path / "out") == 2
    assert "there is no folder" in capsys.readouterr().err


def test_settings_are_chosen_without_the_test_digits(
    data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    options = ["--latents", "3", "--hold-out", "--step", "0.01", "--json"]
    assert mnist(data, tmp_path, *QUICK, *options) == 0
    outcome = json.loads(capsys.readouterr().out)["outcomes"][0]
    assert outcome["data"] == "spots, held-out training digits"
    assert (outcome["train_digits"], outcome["test_digits"]) == (334, 66)
    assert outcome["trial"]["step"] == 0.01


def test_the_help_names_the_step_that_is_taken(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["mnist", "--help"])
    assert f"Adam's largest step (default: {STEP:g})" in " ".join(capsys.readouterr().out.split())


def test_a_place_that_cannot_be_written(
    data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "file"
    file.write_text("in the way")
    assert mnist(data, file, *QUICK) == 2
    error = capsys.readouterr().err
    assert f"--out '{file}" in error
    assert error.count("\n") == 1
