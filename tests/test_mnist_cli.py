"""``toysound mnist`` as a user runs it."""

import json
from pathlib import Path

import pytest
from mnist_examples import spot_set, write_folder

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
    }  # fmt: skip
    assert {row["source"] for row in answers[0]["cited"]} >= {"Burda et al. 2016, table 1"}
    assert json.loads((tmp_path / "results.json").read_text()) == [first, binarised]
    assert binarised["trial"] == first["trial"] | {"binarised": True}


def test_a_sweep_over_weights(
    data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert mnist(data, tmp_path, *QUICK, "--betas", "0,4,0", "--latents", "3", "--json") == 0
    answer = json.loads(capsys.readouterr().out)
    assert [row["trial"]["beta"] for row in answer["outcomes"]] == [0, 4]
    assert {row["trial"]["warm_up"] for row in answer["outcomes"]} == {0.2}
    files = [str(tmp_path / name) for name in ("grey-rate-distortion.png", "results.json")]
    assert answer["files"] == files
    assert Path(files[0]).stat().st_size > 10_000


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--latents", "2,x"], "--latents is a list of numbers with commas, got '2,x'"),
        (["--latents", "0"], "a number of latents is from 1 to 784, got 0"),
        (["--latents", "2.5"], "--latents is a list of numbers"),
        (["--betas", "0,1", "--latents", "2,3"], "--betas takes one number of latents"),
        (["--betas", "0,1", "--beta", "2"], "not both"),
        (["--betas", "0,5"], "beta must be from 0 to 4, got 5"),
        (["--beta", "nan"], "beta must be from 0 to 4, got nan"),
        (["--beta", "-1"], "beta must be from 0 to 4, got -1"),
        (["--warm-up", "2"], "the warm-up is a fraction of the training"),
        (["--epochs", "0"], "epochs must be at least 1, got 0"),
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


def test_a_place_that_cannot_be_written(
    data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "file"
    file.write_text("in the way")
    assert mnist(data, file, *QUICK) == 2
    error = capsys.readouterr().err
    assert f"--out '{file}" in error
    assert error.count("\n") == 1
