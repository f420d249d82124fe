"""Factors and grids: three names of a cell, and what is refused."""

import json
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from toysound import Factor, FactorSpace, UsageError

SPACE = FactorSpace(
    [
        Factor("pitch", (45, 47, 49), "MIDI"),
        Factor("wave", (3, 1), "", "categorical", labels=("saw", "sine")),
        Factor("phase", (0, 90, 180, 270), "deg", "circular"),
    ]
)


@st.composite
def spaces(draw: st.DrawFn) -> FactorSpace:
    """Draw a grid of one to five factors of one to seven values."""
    sizes = draw(st.lists(st.integers(1, 7), min_size=1, max_size=5))
    factors = []
    for number, size in enumerate(sizes):
        values = draw(
            st.lists(st.floats(-1e6, 1e6), min_size=size, max_size=size, unique=True).map(sorted)
        )
        factors.append(Factor(f"factor_{number}", tuple(values), ""))
    return FactorSpace(factors)


@given(space=spaces())
def test_index_and_classes_are_a_bijection(space: FactorSpace) -> None:
    index = np.arange(space.size)
    classes = space.classes_of(index)
    assert classes.shape == (space.size, len(space.names))
    assert (classes >= 0).all()
    assert (classes < np.array(space.sizes)).all()
    assert len(np.unique(classes, axis=0)) == space.size
    np.testing.assert_array_equal(space.index_of(classes), index)


@given(space=spaces(), data=st.data())
def test_values_lead_back_to_the_cell(space: FactorSpace, data: st.DataObject) -> None:
    index = data.draw(st.integers(0, space.size - 1))
    values = space.values_of(space.classes_of(index))
    named = dict(zip(space.names, values.tolist(), strict=True))
    assert int(space.index_of(space.classes_from_values(**named))) == index


def test_last_factor_is_fastest() -> None:
    assert SPACE.classes_of([0, 1, 4, 8]).tolist() == [[0, 0, 0], [0, 0, 1], [0, 1, 0], [1, 0, 0]]


def test_values_are_those_of_the_levels() -> None:
    assert SPACE.values_of([2, 1, 3]).tolist() == [49.0, 1.0, 270.0]
    assert SPACE.values_of([[0, 0, 0], [1, 0, 2]]).tolist() == [[45, 3, 0], [47, 3, 180]]


def test_a_single_index_and_a_list_of_them() -> None:
    assert SPACE.classes_of(23).shape == (3,)
    assert SPACE.classes_of([23]).shape == (1, 3)
    assert SPACE.classes_of([]).shape == (0, 3)
    assert SPACE.index_of([2, 1, 3]).shape == ()


def test_what_a_space_says_of_itself() -> None:
    assert SPACE.names == ("pitch", "wave", "phase")
    assert SPACE.kinds == ("continuous", "categorical", "circular")
    assert SPACE.units == ("MIDI", "", "deg")
    assert SPACE.sizes == (3, 2, 4)
    assert SPACE.values[1] == (3.0, 1.0)
    assert len(SPACE) == SPACE.size == 24
    assert repr(SPACE) == "FactorSpace(pitch[3], wave[2], phase[4])"
    assert SPACE["wave"].labels == ("saw", "sine")
    assert FactorSpace(SPACE.factors) == SPACE
    assert hash(SPACE) == hash(FactorSpace(SPACE.factors))
    assert FactorSpace(SPACE.factors[:2]) != SPACE


def test_json_holds_everything() -> None:
    data = json.loads(json.dumps(SPACE.to_json()))
    again = FactorSpace(
        [
            Factor(
                f["name"], tuple(f["values"]), f["unit"], f["kind"], f["description"], f["labels"]
            )
            for f in data
        ]
    )
    assert again.to_json() == SPACE.to_json()
    assert data[1]["labels"] == ["saw", "sine"]


@pytest.mark.parametrize("index", [-1, 24, [0, 24]])
def test_an_index_outside_the_grid(index: int | list[int]) -> None:
    with pytest.raises(UsageError, match="between 0 and 23"):
        SPACE.classes_of(index)


@pytest.mark.parametrize("index", [0.0, [1.5], True, "3"])
def test_an_index_that_is_no_integer(index: object) -> None:
    with pytest.raises(UsageError, match="integers"):
        SPACE.classes_of(index)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("classes", "message"),
    [
        ([0, 0], "3 columns"),
        ([[[0, 0, 0]]], "3 columns"),
        (5, "3 columns"),
        ([0.0, 0.0, 0.0], "integers"),
        ([3, 0, 0], "pitch must be between 0 and 2"),
        ([0, 0, -1], "phase must be between 0 and 3"),
    ],
)
def test_classes_that_are_no_cell(classes: object, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        SPACE.index_of(classes)  # type: ignore[arg-type]
    with pytest.raises(UsageError, match=message):
        SPACE.values_of(classes)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("value", "message"),
    [
        (44, r"pitch=44 is out of range; pitch goes from 45 to 49 MIDI \(nearest: 45\)"),
        (48, r"pitch=48 is not on the grid; its values are 45, 47, 49 MIDI"),
        (math.nan, "not a finite number"),
        (math.inf, "not a finite number"),
    ],
)
def test_a_value_off_the_grid(value: float, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        SPACE["pitch"].class_of(value)


def test_a_value_is_recognised_through_rounding() -> None:
    third = Factor("third", (1 / 3, 2 / 3), "")
    assert third.class_of(0.33333333) == 0
    assert Factor("one", (5.0,), "").class_of(5.0000001) == 0


def test_naming_a_cell_by_values() -> None:
    assert SPACE.classes_from_values(pitch=47, wave=1, phase=90).tolist() == [1, 1, 1]
    with pytest.raises(UsageError, match="did you mean 'pitch'"):
        SPACE.classes_from_values(pich=47, wave=1, phase=90)
    with pytest.raises(UsageError, match="no value given for wave, phase; add for instance wave=3"):
        SPACE.classes_from_values(pitch=47)
    with pytest.raises(UsageError, match="unknown"):
        SPACE["colour"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("two words", (1,), ""), "identifier"),
        (("a", (), ""), "at least one value"),
        (("a", (1, math.nan), ""), "all finite"),
        (("a", (1, 1), ""), "repeats"),
        (("a", (2, 1), ""), "ascending"),
        (("a", (1, 2), "", "wavy"), "kind 'wavy'; use one of categorical"),
        (("a", (1, 2), "", "categorical", "", ("one",)), "one label for each"),
    ],
)
def test_factors_that_make_no_sense(arguments: tuple[object, ...], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        Factor(*arguments)  # type: ignore[arg-type]


def test_spaces_that_make_no_sense() -> None:
    with pytest.raises(ValueError, match="at least one factor"):
        FactorSpace([])
    with pytest.raises(ValueError, match="must differ, got pitch, pitch"):
        FactorSpace([SPACE["pitch"], SPACE["pitch"]])
