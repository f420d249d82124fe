"""DCI on codes whose structure is known, and against disentanglement_lib."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from peers.code_sets import make

from benchmark.metrics import compute
from benchmark.metrics.disentanglement.dci import completeness, disentanglement, importances
from toysound.errors import ToySoundError

PEER = json.loads((Path(__file__).parent / "peers" / "disentanglement_lib.json").read_text())
# Those of 10,000 train rows are compared by ``make speed``.
SMALL = [score for score in PEER["scores"] if score["train"] == 3000]


@pytest.mark.parametrize("score", SMALL, ids=lambda s: s["kind"])
def test_dci_is_near_that_of_disentanglement_lib(score: dict[str, Any]) -> None:
    train = int(score["train"])
    factors, codes = make(score["kind"], train + int(score["test"]))
    found = compute("dci", factors=factors, codes=codes, train=train)
    assert found["disentanglement"] == pytest.approx(score["disentanglement"], abs=0.12)
    assert found["completeness"] == pytest.approx(score["completeness"], abs=0.12)
    assert found["informativeness"] == pytest.approx(score["informativeness"], abs=0.06)


TONES = (12, 4, 6, 5, 4)
SPRITES = (3, 6, 10, 12, 16)


@pytest.mark.parametrize(
    ("sizes", "rows", "scale", "seed"),
    [
        (TONES, 600, 1.0, 0),
        (TONES, 600, 1e-4, 1),
        (TONES, 600, 1e4, 2),
        (TONES, 3000, 1.0, 3),
        (SPRITES, 600, 1.0, 4),
        (SPRITES, 3000, 100.0, 5),
        ((2, 2, 2), 600, 1.0, 6),
    ],
)
def test_perfect_codes_are_perfect_whatever_lies_beside_them(
    sizes: tuple[int, ...], rows: int, scale: float, seed: int
) -> None:
    rng = np.random.default_rng(seed)
    factors = np.stack([rng.integers(size, size=rows) for size in sizes], axis=1)
    codes = np.hstack([factors, scale * rng.standard_normal((rows, 5))])
    found = importances(factors=factors, codes=codes, seed=seed)
    assert disentanglement(found.permuted) >= 0.97
    assert completeness(found.permuted) >= 0.97
    assert found.permuted[len(sizes) :].sum() < 0.02 * found.permuted.sum()
    assert found.accuracy.min() > 0.97


@pytest.mark.parametrize("seed", range(2))
def test_noise_and_rotation(seed: int) -> None:
    factors, noise = make("noise", 900, seed)
    found = compute("dci", factors=factors, codes=noise, seed=seed)
    assert found["disentanglement"] < 0.05
    assert found["completeness"] < 0.05
    assert found["disentanglement_permuted"] == 0
    assert found["completeness_permuted"] == 0
    factors, rotated = make("rotated", 900, seed)
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


def test_a_latent_that_only_overfitting_makes_useful_does_not_count() -> None:
    # Few rows: the trees split on noise, which shows in training and not on the test rows.
    rng = np.random.default_rng(0)
    factors = rng.integers(6, size=(300, 2))
    codes = np.hstack([factors + 0.4 * rng.standard_normal((300, 2)), rng.random((300, 3))])
    found = importances(factors=factors, codes=codes)
    assert found.trained.sum(axis=0) == pytest.approx(np.ones(2))
    assert found.trained[2:].sum() > 0.05 * found.trained.sum()
    assert found.permuted[2:].sum() == 0


def test_codes_of_a_factor_copied_into_two_latents_are_not_complete() -> None:
    factors = np.stack([np.arange(600) % 4, np.arange(600) // 4 % 5], axis=1)
    alone = compute("dci", factors=factors, codes=factors.astype(float))
    copied = compute("dci", factors=factors, codes=factors[:, [0, 1, 0, 1]].astype(float))
    assert alone["completeness"] == pytest.approx(1)
    assert copied["disentanglement"] == pytest.approx(1)
    assert copied["completeness"] == pytest.approx(0.5, abs=0.1)


def test_levels_that_only_the_test_rows_have_are_wrong() -> None:
    factors = np.stack([np.arange(120) % 3, np.arange(120) // 3 % 2], axis=1)
    factors[80:100, 0] = 7
    found = compute("dci", factors=factors, codes=factors.astype(float), train=80)
    assert found["informativeness"] == pytest.approx(0.75)


@pytest.mark.parametrize("train", [0, 120, 500])
def test_train_must_leave_rows_on_both_sides(train: int) -> None:
    factors = np.stack(np.divmod(np.arange(120), 10), axis=1)
    with pytest.raises(ToySoundError, match="train and test rows"):
        compute("dci", factors=factors, codes=factors.astype(float), train=train)


def test_a_factor_that_varies_only_in_the_test_rows() -> None:
    factors = np.stack([np.arange(120) % 5, np.arange(120) >= 100], axis=1).astype(np.int64)
    with pytest.raises(ToySoundError, match="at least two values in the train rows"):
        compute("dci", factors=factors, codes=factors.astype(float))
