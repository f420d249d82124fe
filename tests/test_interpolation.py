"""The way from one sound to another."""

from typing import Any

import numpy as np
import pytest

from benchmark.metrics.control.axes import Axis, positions
from benchmark.metrics.control.interpolation import POINTS, interpolation_error

LINE = Axis("level", "continuous", "dB", (-30.0, -20.0, -10.0))
CIRCLE = Axis("chroma", "circular", "semitone", tuple(range(12)))
NAMES = Axis("vowel", "categorical", "", (0.0, 1.0, 2.0))


def ends(axes: Any, first: Any, last: Any) -> tuple[Any, Any]:
    return positions(axes, np.array([first])), positions(axes, np.array([last]))


def test_the_straight_way_has_no_error_however_fast_it_is_walked() -> None:
    start, end = ends((LINE, LINE), [0, 2], [2, 1])
    for pace in (1, 3):
        share = (np.linspace(0, 1, 9) ** pace)[:, None]
        between = start * (1 - share) + end * share
        found = interpolation_error((LINE, LINE), start, end, between[None])
        assert found == pytest.approx([0.0], abs=0.5 / POINTS)


def test_a_detour_in_what_both_share_is_an_error() -> None:
    start, end = ends((LINE, LINE), [0, 1], [2, 1])
    between = np.linspace(start, end, 9)[:, 0]
    between[:, 1] += 0.4
    found = interpolation_error((LINE, LINE), start, end, between[None])
    assert found == pytest.approx([0.4 / np.sqrt(2)], abs=0.02)


def test_a_decoder_that_plays_one_sound_is_on_no_path() -> None:
    start, end = ends((LINE,), [0], [1])
    between = np.full((1, 9, 1), 1.0)
    assert interpolation_error((LINE,), start, end, between) == pytest.approx([0.5])


def test_a_circle_is_walked_along_its_shorter_arc() -> None:
    start, end = ends((CIRCLE,), [11], [2])
    angle = 2 * np.pi * np.linspace(11, 14, 9) / 12
    arc = np.stack([np.cos(angle), np.sin(angle)], axis=-1)[None] / 2
    assert interpolation_error((CIRCLE,), start, end, arc) == pytest.approx([0.0], abs=0.02)
    assert interpolation_error((CIRCLE,), start, end, -arc)[0] > 0.5


def test_either_of_two_values_is_on_the_way_and_a_third_is_not() -> None:
    start, end = ends((NAMES,), [0], [2])
    values = positions((NAMES,), np.array([[0], [0], [2], [2]]))
    assert interpolation_error((NAMES,), start, end, values[None]) == pytest.approx([0.0])
    third = positions((NAMES,), np.array([[1]] * 4))
    assert interpolation_error((NAMES,), start, end, third[None])[0] > 0.8
