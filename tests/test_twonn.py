"""TwoNN on manifolds of known dimension, and against scikit-dimension."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from peers import code_sets, manifolds

from benchmark.metrics import compute
from toysound.errors import ToySoundError, UsageError

PEER = json.loads((Path(__file__).parent / "peers" / "scikit_dimension.json").read_text())
ROWS = PEER["rows"]


def dimension(codes: np.ndarray) -> float:
    return compute("twonn", factors=None, codes=codes)["twonn"]


@pytest.mark.parametrize("score", PEER["manifolds"], ids=lambda s: f"{s['kind']}-{s['dimension']}")
def test_a_manifold_as_scikit_dimension_sees_it(score: dict[str, Any]) -> None:
    points = manifolds.make(score["kind"], score["dimension"], ROWS)
    assert dimension(points) == pytest.approx(score["twonn"], rel=1e-9)


@pytest.mark.parametrize("score", PEER["codes"], ids=lambda s: s["kind"])
def test_codes_as_scikit_dimension_sees_them(score: dict[str, Any]) -> None:
    _, codes = code_sets.make(score["kind"], ROWS)
    assert dimension(codes) == pytest.approx(score["twonn"], rel=1e-9)


@pytest.mark.parametrize("kind", manifolds.KINDS)
@pytest.mark.parametrize("true", [1, 2, 3])
def test_few_dimensions_are_found(kind: str, true: int) -> None:
    # Two neighbours of 2,000 points err by 3 % in standard deviation.
    assert dimension(manifolds.make(kind, true, ROWS)) == pytest.approx(true, rel=0.09)


@pytest.mark.parametrize(
    ("kind", "share"),
    [("cube", 0.86), ("ball", 0.90), ("sphere", 0.95), ("gaussian", 0.96), ("swiss_roll", 0.89)],
)
def test_ten_dimensions_read_low_by_as_much_as_is_said(kind: str, share: float) -> None:
    found = [dimension(manifolds.make(kind, 10, ROWS, seed=seed)) for seed in range(5)]
    assert np.mean(found) / 10 == pytest.approx(share, abs=0.03)


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


def test_points_that_coincide_count_once_where_the_peer_is_misled() -> None:
    plane = np.random.default_rng(0).random((ROWS, 2))
    for score in PEER["coinciding"]:
        found = dimension(np.vstack([plane, plane[: score["copies"]]]))
        assert found == pytest.approx(PEER["coinciding"][0]["twonn"], rel=1e-9)
    assert PEER["coinciding"][-1]["twonn"] > 2.4


def test_points_that_are_all_there_twice_count_once() -> None:
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


def test_a_share_that_is_none() -> None:
    with pytest.raises(UsageError, match="from 0 to below 1"):
        compute("twonn", factors=None, codes=np.random.default_rng(0).random((50, 2)), discard=-0.1)
