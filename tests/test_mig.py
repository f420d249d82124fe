"""MIG on codes whose gap is known, and against disentanglement_lib."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from peers.code_sets import make

from benchmark.metrics import compute
from benchmark.metrics.disentanglement.mig import gap_of_groups, gap_to_second

Classes = NDArray[np.int64]
Codes = NDArray[np.float64]

PEER = json.loads((Path(__file__).parent / "peers" / "disentanglement_lib.json").read_text())


@pytest.mark.parametrize("score", PEER["scores"], ids=lambda s: f"{s['kind']}-{s['train']}")
def test_mig_is_that_of_disentanglement_lib(score: dict[str, Any]) -> None:
    factors, codes = make(score["kind"], score["train"] + score["test"])
    assert compute("mig", factors=factors, codes=codes)["mig"] == pytest.approx(
        score["mig"], abs=1e-4
    )


def test_one_latent_for_each_factor_is_perfect() -> None:
    factors = np.stack(np.divmod(np.arange(120), 10), axis=1)
    assert compute("mig", factors=factors, codes=factors * 1.5)["mig"] == pytest.approx(1)


def test_independent_codes_have_no_gap() -> None:
    rng = np.random.default_rng(0)
    factors = rng.integers(4, size=(4000, 2))
    assert compute("mig", factors=factors, codes=rng.standard_normal((4000, 6)))["mig"] < 0.01


def test_two_latents_that_know_the_same_close_the_gap() -> None:
    factors = np.stack(np.divmod(np.arange(120), 10), axis=1)
    assert compute("mig", factors=factors, codes=np.hstack([factors, factors]))["mig"] == 0


def test_a_factor_of_more_levels_than_bins_has_a_ceiling_below_one() -> None:
    factors = (np.arange(400) % 40)[:, None]
    found = compute("mig", factors=factors, codes=factors.astype(float))["mig"]
    assert 0.75 < found < 0.85
    assert compute("mig", factors=factors, codes=factors.astype(float), bins=40)["mig"] == 1


# Gaps of groups of latents.


@given(known=st.lists(st.floats(0, 5), min_size=1, max_size=6))
def test_the_gap_of_single_latents_is_that_to_the_second(known: list[float]) -> None:
    alone = [(latent,) for latent in range(len(known))]
    found = gap_of_groups(np.array(known), alone)
    assert found == gap_to_second(np.array([known]))[0]


def test_the_gap_of_a_group_is_to_the_best_one_that_shares_no_latent() -> None:
    groups = [(0,), (1,), (2,), (0, 1), (0, 2), (1, 2)]
    assert gap_of_groups(np.array([3, 2, 1, 6, 5, 4.0]), groups) == 5  # (0, 1) to (2,)
    assert gap_of_groups(np.array([3, 2, 5, 6, 5, 5.0]), groups) == 3  # (1, 2) less (0,) is 2
    assert gap_of_groups(np.array([2.0]), [(0,)]) == 2


# Circular factors: levels on a circle, and 5 on a line.

KIND = ("circular", "ordinal")


def circle(levels: int = 12, rows: int = 3000) -> tuple[Classes, Codes, Codes, Codes]:
    """Factors, the (cos, sin) of the first, the second standardised, and five latents of noise."""
    rng = np.random.default_rng(0)
    factors = np.stack([rng.integers(levels, size=rows), rng.integers(5, size=rows)], axis=1)
    angle = 2 * np.pi * factors[:, 0] / levels
    pair = np.stack([np.cos(angle), np.sin(angle)], axis=1)
    return factors, pair, (factors[:, 1:] - 2) / 2**0.5, rng.standard_normal((rows, 5))


def circular(factors: Classes, *codes: Codes) -> float:
    return compute("mig", factors=factors, codes=np.hstack(codes), kinds=KIND)["mig_circular"]


@pytest.mark.parametrize("levels", [4, 7, 12, 16])
@settings(max_examples=5, deadline=None)
@given(turn=st.floats(0, 2 * np.pi), scale=st.floats(0.5, 2))
def test_a_pair_that_codes_the_circle_is_perfect_however_it_is_turned(
    levels: int, turn: float, scale: float
) -> None:
    factors, pair, other, noise = circle(levels)
    cos, sin = np.cos(turn), np.sin(turn)
    turned = pair @ np.array([[cos, -sin], [sin, cos]]) * [1, scale]
    assert circular(factors, turned, other, noise) > 0.97


def test_the_usual_gap_is_low_for_the_honest_pair() -> None:
    factors, pair, other, noise = circle()
    blurred = pair + 0.05 * noise[:, :2]
    found = compute("mig", factors=factors, codes=np.hstack([blurred, other, noise]), kinds=KIND)
    assert found["mig"] < 0.6
    assert found["mig_circular"] > 0.97


def test_one_latent_may_still_know_the_circle() -> None:
    factors, _, other, noise = circle()
    assert circular(factors, factors[:, :1].astype(np.float64), other, noise) > 0.97


def test_a_circle_that_is_known_twice_has_no_gap() -> None:
    factors, pair, other, noise = circle()
    again = pair @ np.array([[0.8, -0.6], [0.6, 0.8]])
    assert circular(factors, pair, again, other, noise) == pytest.approx(0.5, abs=0.01)
    assert 0.5 < circular(factors, pair, pair[:, :1], other, noise) < 0.7


def test_a_circle_turned_into_everything_and_noise_score_low() -> None:
    factors, pair, other, noise = circle()
    every = np.hstack([pair * 2**0.5, other, noise])
    turn: Codes = np.linalg.qr(np.random.default_rng(0).standard_normal((8, 8)))[0]
    assert circular(factors, every @ turn) < 0.25
    assert circular(factors, noise) < 0.01


def test_a_circle_and_a_single_latent() -> None:
    factors, _, other, _ = circle()
    assert circular(factors, factors[:, :1].astype(np.float64)) == pytest.approx(0.5, abs=0.01)
    assert circular(factors, other) == pytest.approx(0.5, abs=0.01)


def test_a_point_at_the_centre_of_a_pair_has_one_angle() -> None:
    # Three levels, the middle one at the mean of both latents: rounding must not turn its angle.
    factors = np.stack([np.arange(90) % 3, np.arange(90) // 3 % 2], axis=1)
    codes = (factors[:, :1] - 1.0) * [1.0, 1.0]
    found = [circular(factors, codes * scale + shift) for scale, shift in ((1, 0), (0.3, 0.7))]
    assert found[0] == pytest.approx(found[1], abs=1e-9)


def test_factors_that_are_not_circular_keep_their_gap() -> None:
    factors, codes = make("mixed", 600)
    plain = compute("mig", factors=factors, codes=codes)
    line = ["ordinal"] * 4 + ["categorical"]
    assert compute("mig", factors=factors, codes=codes, kinds=line) == plain
    first = compute("mig", factors=factors[:, :1], codes=codes, kinds=["circular"])
    rest = compute("mig", factors=factors[:, 1:], codes=codes)["mig"]
    found = compute("mig", factors=factors, codes=codes, kinds=["circular", *line[1:]])
    assert found["mig"] == plain["mig"]
    assert found["mig_circular"] == pytest.approx((first["mig_circular"] + 4 * rest) / 5)
