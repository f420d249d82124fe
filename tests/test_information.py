"""Entropy and information against closed forms and scikit-learn."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import digamma
from sklearn.feature_selection import mutual_info_classif
from sklearn.metrics import mutual_info_score

from benchmark.metrics.information import (
    discrete_mutual_information,
    entropy,
    histogram_bins,
    nearest_neighbour_information,
)


def test_entropy_of_equal_classes_is_the_logarithm_of_their_number() -> None:
    assert entropy(np.arange(60) % 12) == pytest.approx(np.log(12))
    assert entropy(np.zeros(5, dtype=np.int64)) == 0


@settings(max_examples=20, deadline=None)
@given(seed=st.integers(0, 2**16), a=st.integers(1, 9), b=st.integers(1, 9))
def test_discrete_information_is_that_of_scikit_learn(seed: int, a: int, b: int) -> None:
    rng = np.random.default_rng(seed)
    x, noise = rng.integers(a, size=200), rng.integers(b, size=200)
    y = (x + noise * (rng.random(200) < 0.5)) % b
    assert discrete_mutual_information(x, y) == pytest.approx(mutual_info_score(x, y), abs=1e-12)


def test_bins_are_of_equal_width() -> None:
    codes = np.array([[0.0], [0.24], [0.26], [0.74], [0.76], [1.0]])
    assert histogram_bins(codes, 4)[:, 0].tolist() == [0, 0, 1, 2, 3, 3]


@settings(max_examples=20, deadline=None)
@given(
    levels=st.integers(2, 60),
    scale=st.floats(1e-3, 1e3),
    shift=st.floats(-10, 10),
    bins=st.just(20),
)
def test_a_grid_keeps_its_bins_when_scaled_and_shifted(
    levels: int, scale: float, shift: float, bins: int
) -> None:
    # Levels of a grid lie on edges of bins, where rounding would put them to either side.
    grid = np.arange(float(levels))[:, None]
    moved = histogram_bins(grid * scale + shift * scale, bins)
    np.testing.assert_array_equal(moved, histogram_bins(grid, bins))


@settings(max_examples=10, deadline=None)
@given(seed=st.integers(0, 2**16), bins=st.integers(2, 40))
def test_bins_are_those_of_numpy(seed: int, bins: int) -> None:
    codes = np.random.default_rng(seed).standard_normal((300, 1))
    edges = np.histogram_bin_edges(codes, bins)
    counts = np.bincount(histogram_bins(codes, bins)[:, 0], minlength=bins)
    np.testing.assert_array_equal(counts, np.histogram(codes, edges)[0])


@settings(max_examples=10, deadline=None)
@given(seed=st.integers(0, 2**16), spread=st.floats(0.05, 3), k=st.integers(1, 12))
def test_neighbour_information_is_that_of_scikit_learn(seed: int, spread: float, k: int) -> None:
    rng = np.random.default_rng(seed)
    y = rng.integers(5, size=300)
    z = y + spread * rng.standard_normal(300)
    peer = mutual_info_classif(z[:, None], y, n_neighbors=k, random_state=0)[0]
    ours = nearest_neighbour_information(z, y, k, rng.standard_normal(300))
    assert ours == pytest.approx(peer, abs=1e-9)


def test_neighbour_information_of_codes_that_coincide_is_that_of_scikit_learn() -> None:
    # Half of the sounds of a class share one code: neighbours at distances of the noise alone.
    rng = np.random.default_rng(0)
    y = rng.integers(6, size=1200)
    blurred = 0.7 * rng.standard_normal(1200) * (rng.random(1200) < 0.5)
    z = y.astype(np.float64) + blurred
    peers = [
        mutual_info_classif(z[:, None], y, n_neighbors=10, random_state=s)[0] for s in range(5)
    ]
    ours = nearest_neighbour_information(z, y, 10, rng.standard_normal(1200))
    assert ours == pytest.approx(np.mean(peers), abs=0.01)


def test_neighbour_information_of_two_uniforms_that_overlap() -> None:
    # Classes uniform on [0, 2] and [1, 3]: half of each lies where the class is certain, half where
    # it is a coin, so the information is half of ln 2.
    rng = np.random.default_rng(0)
    y = np.arange(6000) % 2
    z = y + 2 * rng.random(6000)
    found = nearest_neighbour_information(z, y, 10, rng.standard_normal(6000))
    assert found == pytest.approx(0.5 * np.log(2), abs=0.02)


@pytest.mark.parametrize("spread", [0.0, 0.01])
def test_a_latent_that_is_the_factor_knows_all_of_it(spread: float) -> None:
    # Nobody but the same class is near, so that psi(k) and psi(m) cancel: psi(N) - psi(N_class).
    y = np.arange(1000) % 8
    noise = np.random.default_rng(0).standard_normal(1000)
    z = y + spread * np.random.default_rng(1).random(1000)
    found = nearest_neighbour_information(z, y, 10, noise)
    assert found == pytest.approx(digamma(1000) - digamma(125), abs=1e-3)
    assert found == pytest.approx(np.log(8), abs=0.005)


@settings(max_examples=10, deadline=None)
@given(seed=st.integers(0, 2**16))
def test_mirrored_codes_know_the_same(seed: int) -> None:
    rng = np.random.default_rng(seed)
    y, noise = rng.integers(4, size=200), rng.standard_normal(200)
    z = rng.integers(5, size=200).astype(np.float64) + 0.5 * y
    assert nearest_neighbour_information(-z, y, 5, noise) == pytest.approx(
        nearest_neighbour_information(z, y, 5, noise), abs=1e-12
    )


def test_classes_of_a_single_sample_tell_nothing() -> None:
    y = np.arange(50)
    noise = np.random.default_rng(0).standard_normal(50)
    assert nearest_neighbour_information(y.astype(float), y, 10, noise) == 0
