"""IRS on codes whose value is known, and its known failures."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from peers.code_sets import make

from benchmark.metrics import compute
from toysound.errors import ToySoundError, UsageError

Classes = NDArray[np.int64]
Codes = NDArray[np.floating[Any]]


def irs(factors: Classes, codes: Codes, **options: Any) -> float:
    return compute("irs", factors=factors, codes=codes, **options)["irs"]


def grid() -> Classes:
    """Two factors of 4 and 5 levels, every cell six times."""
    cells = np.stack(np.divmod(np.arange(20), 5), axis=1)
    return np.tile(cells, (6, 1))


def by_definition(factors: Classes, codes: Codes) -> float:
    """The paper's score, the largest deviation, written out."""
    scores, weights = [], []
    for latent in codes.T:
        largest = np.abs(latent - latent.mean()).max()
        held = []
        for factor in factors.T:
            strays = []
            for level in np.unique(factor):
                there = latent[factor == level]
                strays.append(np.abs(there - there.mean()).max())
            held.append(1 - np.mean(strays) / largest)
        scores.append(max(held))
        weights.append(largest)
    return float(np.average(scores, weights=weights))


@pytest.mark.parametrize("kind", ["mixed", "entangled", "warped"])
def test_the_largest_deviation_is_the_papers(kind: str) -> None:
    factors, codes = make(kind, 600)
    assert irs(factors, codes, quantile=1) == pytest.approx(by_definition(factors, codes))


def test_one_latent_for_each_factor_is_perfect() -> None:
    assert irs(grid(), grid() * [1.5, -3.0]) == pytest.approx(1, abs=1e-12)


def test_a_sum_of_two_factors_by_hand() -> None:
    # Levels -1, 1 and -3, 3: the sum reaches 4, and strays by 1 while the second is held.
    factors = np.tile(np.stack(np.divmod(np.arange(4), 2), axis=1), (6, 1))
    codes = ((2 * factors - 1) @ [1, 3])[:, None].astype(np.float64)
    assert irs(factors, codes) == pytest.approx(1 - 1 / 4)


def test_latents_weigh_by_how_far_they_move() -> None:
    factors = np.tile(np.stack(np.divmod(np.arange(4), 2), axis=1), (6, 1))
    known, mixed = 2 * factors[:, :1] - 1, (2 * factors - 1) @ [[1], [3]]
    for scale in (0.5, 1, 20):
        expected = (scale * 1 + 4 * 0.75) / (scale + 4)
        assert irs(factors, np.hstack([scale * known, mixed])) == pytest.approx(expected)


def test_noise_is_far_from_zero_and_beside_a_perfect_code_pulls_it_down() -> None:
    factors, noise = make("noise", 15_000)
    assert 0.35 < irs(factors, noise) < 0.39
    assert irs(factors[:600], noise[:600]) < irs(factors, noise) - 0.04
    factors, codes = make("perfect", 15_000)
    assert irs(factors, codes[:, :5]) == pytest.approx(1)
    assert 0.53 < irs(factors, codes) < 0.57
    assert 0.33 < irs(*make("rotated", 15_000)) < 0.48


def test_dead_latents_do_not_matter() -> None:
    factors, codes = make("mixed", 600)
    assert irs(factors, np.insert(codes, [0, 4, 10], 0.1, axis=1)) == irs(factors, codes)


def test_a_single_latent_and_a_single_factor() -> None:
    factors = grid()
    assert irs(factors[:, :1], factors[:, :1] * 2.0) == pytest.approx(1)
    assert 0 < irs(factors, factors @ [[1.0], [1.0]]) < 1


@pytest.mark.parametrize("quantile", [0, -0.5, 1.01, float("nan")])
def test_a_quantile_out_of_range(quantile: float) -> None:
    with pytest.raises(UsageError, match="above 0 and at most 1"):
        irs(grid(), grid() * 1.0, quantile=quantile)


def test_one_sound_of_each_level_holds_everything_still() -> None:
    with pytest.raises(ToySoundError, match="two sounds of a level"):
        irs(np.arange(60)[:, None], np.arange(60.0)[:, None])


@pytest.mark.parametrize("scale", [1e-140, 1e99])
def test_any_common_scale_is_survived(scale: float) -> None:
    factors, codes = make("mixed", 300)
    assert irs(factors, codes * scale) == pytest.approx(irs(factors, codes))


@settings(max_examples=15, deadline=None)
@given(seed=st.integers(0, 2**16), scale=st.floats(0.01, 100))
def test_laws(seed: int, scale: float) -> None:
    factors, codes = make("mixed", 300, seed)
    rng = np.random.default_rng(seed)
    before = irs(factors, codes)
    assert 0 <= before <= 1
    signs = rng.choice([-1.0, 1.0], size=10)
    moved = (codes * signs * scale + rng.uniform(-9, 9, size=10))[:, rng.permutation(10)]
    assert irs(factors, moved) == pytest.approx(before)
    assert irs(rng.permutation(16)[factors], codes) == pytest.approx(before)
    # Lower quantiles of the deviations are smaller, so that the latents look stiller.
    assert irs(factors, codes, quantile=0.9) >= before >= irs(factors, codes, quantile=1)
