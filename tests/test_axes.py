"""Coordinates of factors of every kind."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmark.metrics.control.axes import Axis, distances, parts, positions

PITCH = Axis("pitch", "continuous", "MIDI", (40.0, 45.0, 50.0, 60.0))
CHROMA = Axis("chroma", "circular", "semitone", tuple(range(12)))
VOWEL = Axis("vowel", "categorical", "", (0.0, 1.0, 2.0))
AXES = (PITCH, CHROMA, VOWEL)

LEVELS = st.tuples(st.integers(0, 3), st.integers(0, 11), st.integers(0, 2))


def test_widths_and_parts() -> None:
    found = positions(AXES, np.array([[0, 0, 0], [3, 6, 2]]))
    assert found.shape == (2, 1 + 2 + 3)
    assert [part.shape for part in parts(AXES, found)] == [(2, 1), (2, 2), (2, 3)]
    assert positions((), np.zeros((5, 0), dtype=np.int64)).shape == (5, 0)
    assert parts((), np.zeros((5, 0))) == []


@given(first=LEVELS, second=LEVELS)
def test_distances_are_shares_of_what_there_is(
    first: tuple[int, ...], second: tuple[int, ...]
) -> None:
    a, b = (positions(AXES, np.array([levels])) for levels in (first, second))
    pitch, chroma, vowel = distances(AXES, a, b)[0]
    assert pitch == pytest.approx(abs(first[0] - second[0]) / 3)
    steps = min((first[1] - second[1]) % 12, (second[1] - first[1]) % 12)
    assert chroma == pytest.approx(np.sin(np.pi * steps / 12))
    assert vowel == pytest.approx(float(first[2] != second[2]))


@given(levels=LEVELS)
def test_the_truth_has_no_error(levels: tuple[int, ...]) -> None:
    position = positions(AXES, np.array([levels]))
    for axis, part, level in zip(AXES, parts(AXES, position), levels, strict=True):
        assert axis.error(part, np.array([level])) == pytest.approx([0.0], abs=1e-9)


def test_errors_are_in_units() -> None:
    assert PITCH.error(np.array([[2.5 / 3]]), np.array([3])) == pytest.approx([5.0])
    assert PITCH.error(np.array([[7.0]]), np.array([3])) == pytest.approx([0.0])  # the last value
    angle = 2 * np.pi * 11.5 / 12
    turned = 0.3 * np.array([[np.cos(angle), np.sin(angle)]])
    assert CHROMA.error(turned, np.array([0])) == pytest.approx([0.5])
    assert VOWEL.error(np.array([[0.1, 0.5, 0.2]]), np.array([1])).tolist() == [0.0]
    assert VOWEL.error(np.array([[0.1, 0.5, 0.2]]), np.array([0])).tolist() == [100.0]
    assert (PITCH.error_unit, CHROMA.error_unit, VOWEL.error_unit) == ("MIDI", "semitone", "%")


def test_nothing_is_further_than_one() -> None:
    far = np.full((1, 6), 50.0)
    assert (distances(AXES, far, np.zeros((1, 6))) == 1).all()
