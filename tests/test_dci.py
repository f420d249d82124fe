"""DCI on codes whose structure is known, and against disentanglement_lib."""

import json
from pathlib import Path

import numpy as np
import pytest
from peers.code_sets import make

from benchmark.metrics import compute
from benchmark.metrics.disentanglement.dci import completeness, disentanglement
from toysound.errors import ToySoundError

PEER = json.loads((Path(__file__).parent / "peers" / "disentanglement_lib.json").read_text())
SMALL = [score for score in PEER["scores"] if score["train"] == 3000]
LARGE = [score for score in PEER["scores"] if score["train"] == 10000]


@pytest.mark.parametrize("score", [*SMALL, *LARGE], ids=lambda s: f"{s['kind']}-{s['train']}")
def test_dci_is_near_that_of_disentanglement_lib(score: dict[str, float]) -> None:
    train = int(score["train"])
    factors, codes = make(score["kind"], train + int(score["test"]))
    found = compute("dci", factors=factors, codes=codes, train=train)
    assert found["disentanglement"] == pytest.approx(score["disentanglement"], abs=0.12)
    assert found["completeness"] == pytest.approx(score["completeness"], abs=0.12)
    assert found["informativeness"] == pytest.approx(score["informativeness"], abs=0.06)


@pytest.mark.parametrize("rows", [600, 3000])
@pytest.mark.parametrize("scale", [0.01, 1.0, 100.0])
def test_perfect_codes_are_perfect_whatever_lies_beside_them(rows: int, scale: float) -> None:
    rng = np.random.default_rng(rows)
    factors = np.stack([rng.integers(size, size=rows) for size in (12, 4, 6, 5, 4)], axis=1)
    codes = np.hstack([factors, scale * rng.standard_normal((rows, 5))])
    found = compute("dci", factors=factors, codes=codes)
    assert found["disentanglement_permuted"] >= 0.97
    assert found["completeness_permuted"] >= 0.97
    assert found["informativeness"] > 0.97


@pytest.mark.parametrize("seed", range(4))
def test_noise_and_rotation(seed: int) -> None:
    factors, noise = make("noise", 1500, seed)
    found = compute("dci", factors=factors, codes=noise, seed=seed)
    assert found["disentanglement"] < 0.05
    assert found["disentanglement_permuted"] == 0
    assert found["completeness_permuted"] == 0
    factors, rotated = make("rotated", 1500, seed)
    found = compute("dci", factors=factors, codes=rotated, seed=seed)
    assert found["disentanglement"] < 0.6
    assert found["disentanglement_permuted"] < 0.6


def test_concentration_of_known_importances() -> None:
    assert disentanglement(np.eye(3)) == pytest.approx(1)
    assert disentanglement(np.ones((4, 3))) == pytest.approx(0)
    assert disentanglement(np.zeros((4, 3))) == 0
    half = np.array([[1.0, 1.0, 0.0], [0.0, 0.0, 2.0]])
    assert disentanglement(half) == pytest.approx(0.5 * (1 - np.log(2) / np.log(3)) + 0.5)
    assert completeness(half) == pytest.approx(1)


def test_a_single_factor_has_no_disentanglement() -> None:
    factors = (np.arange(120) % 4)[:, None]
    codes = np.hstack([factors, np.random.default_rng(0).standard_normal((120, 2))])
    found = compute("dci", factors=factors, codes=codes)
    assert np.isnan(found["disentanglement"])
    assert found["informativeness"] == 1


@pytest.mark.parametrize("train", [0, 120, 500])
def test_train_must_leave_rows_on_both_sides(train: int) -> None:
    factors = np.stack(np.divmod(np.arange(120), 10), axis=1)
    with pytest.raises(ToySoundError, match="train and test rows"):
        compute("dci", factors=factors, codes=factors.astype(float), train=train)


def test_a_factor_that_varies_only_in_the_test_rows() -> None:
    factors = np.stack([np.arange(120) % 5, np.arange(120) >= 100], axis=1).astype(np.int64)
    with pytest.raises(ToySoundError, match="at least two values in the train rows"):
        compute("dci", factors=factors, codes=factors.astype(float))
