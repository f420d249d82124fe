"""Powers of bins from powers of bands."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from baselines.representations.band_powers import bin_powers, sound_of_powers
from baselines.representations.stft import ShortTimeFourier

Floats = NDArray[np.float32]


def problem(seed: int, bands: int = 6, bins: int = 20) -> tuple[Floats, Floats]:
    """Return overlapping weights and powers of bins, both with zeros."""
    rng = np.random.default_rng(seed)
    distance = np.arange(bins) - np.linspace(0, bins - 1, bands)[:, None]
    weights = np.maximum(0, 1 - np.abs(distance) / 5)
    powers = rng.exponential(size=(bins, 3)) ** 4
    return weights.astype(np.float32), powers.astype(np.float32)


def divergence(wanted: Floats, found: Floats) -> float:
    """Return the generalised Kullback-Leibler divergence, which the updates lessen."""
    wanted, found = wanted.astype(np.float64), found.astype(np.float64)
    return float((wanted * np.log(wanted / found) - wanted + found).sum())


@settings(deadline=None)
@given(seed=st.integers(0, 10_000))
def test_every_update_comes_nearer(seed: int) -> None:
    weights, powers = problem(seed)
    wanted = weights @ powers
    left = [divergence(wanted, weights @ bin_powers(weights, wanted, n)) for n in (0, 1, 3, 10, 50)]
    assert all(after <= before + 1e-5 for before, after in pairwise(left))


@settings(deadline=None)
@given(seed=st.integers(0, 10_000), gain=st.floats(1e-6, 1e6))
def test_powers_are_positive_and_scale_with_the_bands(seed: int, gain: float) -> None:
    weights, powers = problem(seed)
    wanted = weights @ powers
    found = bin_powers(weights, wanted, 10)
    assert (found >= 0).all()
    louder = bin_powers(weights, wanted * np.float32(gain), 10)
    np.testing.assert_allclose(louder, found * np.float32(gain), rtol=1e-3)


def test_one_bin_for_each_band_is_solved_at_once() -> None:
    powers = np.array([[1.0, 0.0], [4.0, 2.0]], dtype=np.float32)
    for updates in (0, 5):
        np.testing.assert_allclose(bin_powers(np.eye(2, dtype=np.float32), powers, updates), powers)


def test_silent_bands_and_unseen_bins_have_no_power() -> None:
    weights = np.array([[1, 1, 0, 0], [0, 0, 1, 0]], dtype=np.float32)
    found = bin_powers(weights, np.array([[2.0], [0.0]], dtype=np.float32), 20)
    np.testing.assert_allclose(found[:, 0], [1, 1, 0, 0])


@pytest.mark.parametrize("iterations", [0, 8])
def test_the_powers_of_a_tone_make_the_tone(iterations: int) -> None:
    transform = ShortTimeFourier(1024, 256, 8000)
    tone = (0.3 * np.sin(2 * np.pi * 440 / 16000 * np.arange(8000))).astype(np.float32)
    magnitude = np.abs(transform.analyse_one(tone))
    again = sound_of_powers(transform, np.square(magnitude).T.copy(), iterations)
    error = np.abs(transform.analyse_one(again)) - magnitude
    assert np.linalg.norm(error) / np.linalg.norm(magnitude) < 0.1
