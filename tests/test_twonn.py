"""TwoNN on manifolds of known dimension."""

import numpy as np
import pytest

from benchmark.metrics import compute
from toysound.errors import ToySoundError


def dimension(codes: np.ndarray) -> float:
    return compute("twonn", factors=None, codes=codes)["twonn"]


@pytest.mark.parametrize("true", [1, 2, 4])
def test_a_flat_manifold_in_more_dimensions(true: int) -> None:
    rng = np.random.default_rng(true)
    codes = rng.random((3000, true)) @ rng.standard_normal((true, 8))
    assert dimension(codes) == pytest.approx(true, rel=0.08)


def test_a_curved_manifold() -> None:
    angle = 2 * np.pi * np.random.default_rng(0).random((3000, 2))
    torus = np.hstack([np.cos(angle), np.sin(angle)])
    assert dimension(torus) == pytest.approx(2, rel=0.08)


def test_noise_adds_its_own_dimensions() -> None:
    rng = np.random.default_rng(0)
    line = rng.random((2000, 1)) @ np.ones((1, 3))
    assert dimension(line) == pytest.approx(1, rel=0.08)
    assert dimension(line + 0.1 * rng.standard_normal((2000, 3))) > 2


@pytest.mark.parametrize("discard", [0.0, 0.05, 0.5])
def test_how_much_is_left_out_matters_little_on_a_flat_manifold(discard: float) -> None:
    codes = np.random.default_rng(0).random((3000, 2))
    found = compute("twonn", factors=None, codes=codes, discard=discard)["twonn"]
    assert found == pytest.approx(2, rel=0.1)


def test_the_ratios_are_scale_free() -> None:
    codes = np.random.default_rng(0).random((500, 3))
    assert dimension(codes * 1e-6) == pytest.approx(dimension(codes))


def test_points_that_coincide_count_once() -> None:
    codes = np.random.default_rng(0).random((1000, 3))
    assert dimension(np.vstack([codes, codes])) == pytest.approx(dimension(codes))


def test_a_lattice_and_too_few_points_are_refused() -> None:
    with pytest.raises(ToySoundError, match="lattice"):
        dimension(np.arange(200.0)[:, None] * 0.1)
    cells = np.random.default_rng(0).permutation(5760)[:2400]
    with pytest.raises(ToySoundError, match="lattice"):
        dimension(np.stack(np.unravel_index(cells, (12, 4, 6, 5, 4)), axis=1) * np.pi)
    with pytest.raises(ToySoundError, match="at least 10 points"):
        dimension(np.repeat(np.arange(9.0), 20)[:, None])
