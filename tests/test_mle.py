"""Levina-Bickel on manifolds of known dimension, and against scikit-dimension."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from peers import code_sets, manifolds

from benchmark.metrics.dimension.mle import MLE, likeliest_dimension, mle
from toysound.errors import ToySoundError, UsageError

PEER = json.loads((Path(__file__).parent / "peers" / "scikit_dimension.json").read_text())
ROWS = PEER["rows"]


def dimension(codes: np.ndarray, **options: Any) -> float:
    return mle(codes=codes, **options)["mle"]


@pytest.mark.parametrize("score", PEER["manifolds"], ids=lambda s: f"{s['kind']}-{s['dimension']}")
def test_a_manifold_as_scikit_dimension_sees_it(score: dict[str, Any]) -> None:
    points = manifolds.make(score["kind"], score["dimension"], ROWS)
    assert dimension(points) == pytest.approx(score["mle"], rel=1e-9)


@pytest.mark.parametrize("score", PEER["codes"], ids=lambda s: s["kind"])
def test_codes_as_scikit_dimension_sees_them(score: dict[str, Any]) -> None:
    _, codes = code_sets.make(score["kind"], ROWS)
    assert dimension(codes) == pytest.approx(score["mle"], rel=1e-9)


@pytest.mark.parametrize("kind", manifolds.KINDS)
@pytest.mark.parametrize("true", [1, 2, 3])
def test_few_dimensions_are_found(kind: str, true: int) -> None:
    assert dimension(manifolds.make(kind, true, ROWS)) == pytest.approx(true, rel=0.06)


@pytest.mark.parametrize(
    ("kind", "share"),
    [("cube", 0.81), ("ball", 0.85), ("sphere", 0.90), ("gaussian", 0.91), ("swiss_roll", 0.85)],
)
def test_ten_dimensions_read_low_by_as_much_as_is_said(kind: str, share: float) -> None:
    found = dimension(manifolds.make(kind, 10, ROWS, seed=1))
    assert found / 10 == pytest.approx(share, abs=0.02)


def test_points_that_coincide_count_once_and_not_as_a_dimension_of_zero() -> None:
    plane = np.random.default_rng(0).random((ROWS, 2))
    for score in PEER["coinciding"]:
        codes = np.vstack([plane, plane[: score["copies"]]])
        assert dimension(codes) == pytest.approx(PEER["coinciding"][0]["mle"], rel=1e-9)
    assert [score["mle"] for score in PEER["coinciding"][1:]] == [0, 0]


def test_the_harmonic_mean_is_unbiased_where_the_arithmetic_one_is_not() -> None:
    # Around each of many centres, distances that follow the law exactly, in 5 dimensions.
    rng = np.random.default_rng(0)
    distances = np.sort(rng.random((20_000, 20)) ** (1 / 5), axis=1)
    assert likeliest_dimension(distances) == pytest.approx(5, rel=0.01)
    each = [likeliest_dimension(row[None]) for row in distances]
    assert np.mean(each) == pytest.approx(5 * 19 / 18, rel=0.01)


@pytest.mark.parametrize("neighbours", [2, 5, 40])
def test_the_number_of_neighbours_matters_little_on_a_flat_manifold(neighbours: int) -> None:
    codes = np.random.default_rng(0).random((3000, 2))
    assert dimension(codes, neighbours=neighbours) == pytest.approx(2, rel=0.08)


@settings(max_examples=10, deadline=None)
@given(seed=st.integers(0, 2**16), power=st.integers(-90, 90))
def test_scale_shift_and_rotation_change_nothing(seed: int, power: int) -> None:
    rng = np.random.default_rng(seed)
    codes = rng.random((200, 3))
    turned = 10.0**power * (codes @ np.linalg.qr(rng.standard_normal((3, 3)))[0] + 2)
    assert dimension(turned) == pytest.approx(dimension(codes), rel=1e-6)


def test_many_dimensions_are_compared_pair_by_pair() -> None:
    # Above 16 columns another search is used; the points are the same.
    codes = manifolds.make("cube", 3, 1000)
    wide = codes @ np.linalg.qr(np.random.default_rng(1).standard_normal((40, 40)))[0][:5]
    assert dimension(wide) == pytest.approx(dimension(codes), rel=1e-9)


def test_noise_adds_its_own_dimensions() -> None:
    rng = np.random.default_rng(0)
    line = rng.random((2000, 1)) @ np.ones((1, 3))
    assert dimension(line) == pytest.approx(1, rel=0.05)
    assert dimension(line + 0.1 * rng.standard_normal((2000, 3))) > 2


def test_a_lattice_and_too_few_points_are_refused() -> None:
    with pytest.raises(ToySoundError, match="mle finds many neighbours at equal distances"):
        dimension(np.arange(200.0)[:, None] * 0.1)
    with pytest.raises(ToySoundError, match="at least 21 points that differ, there are 20"):
        dimension(np.repeat(np.random.default_rng(0).random((20, 2)), 5, axis=0))


def test_one_neighbour_has_no_ratio() -> None:
    with pytest.raises(UsageError, match="at least 2 neighbours"):
        dimension(np.random.default_rng(0).random((50, 2)), neighbours=1)


def test_the_entry_names_the_function_and_its_key() -> None:
    assert MLE.function is mle
    assert [output.key for output in MLE.outputs] == ["mle"]
