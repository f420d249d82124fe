"""Perceptual scales: known points, inverses, and rounding that is the same on every machine."""

import math

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from toysound.scales import (
    amplitude_to_db,
    db_to_amplitude,
    hz_to_midi,
    linear_steps,
    log_steps,
    midi_to_hz,
    round_significant,
)


def test_tuning_reference_and_middle_c() -> None:
    # Equal temperament, ISO 16: A4 is 440 Hz; C4 = 440 * 2 ** (-9 / 12).
    assert midi_to_hz([69, 57, 81]).tolist() == [440.0, 220.0, 880.0]
    assert float(midi_to_hz(60)) == pytest.approx(261.6255653006, rel=1e-11)


@given(st.floats(0, 127))
def test_hz_to_midi_undoes_midi_to_hz(note: float) -> None:
    assert float(hz_to_midi(midi_to_hz(note))) == pytest.approx(note, abs=1e-9)


def test_decibels() -> None:
    assert db_to_amplitude([0, 20, -40]).tolist() == [1.0, 10.0, 0.01]
    assert amplitude_to_db([1, -10]).tolist() == [0.0, 20.0]
    assert float(amplitude_to_db(0.0)) == -math.inf
    assert float(amplitude_to_db(0.0, floor_db=-80)) == -80.0


@given(st.floats(-200, 40))
def test_amplitude_to_db_undoes_db_to_amplitude(level_db: float) -> None:
    assert float(amplitude_to_db(db_to_amplitude(level_db))) == pytest.approx(level_db, abs=1e-9)


def test_steps() -> None:
    assert linear_steps(45, 2, 4) == (45.0, 47.0, 49.0, 51.0)
    assert linear_steps(0, 0.1, 4) == (0.0, 0.1, 0.2, 0.3)
    assert log_steps(1, 100, 3) == (1.0, 10.0, 100.0)
    ratios = np.divide(log_steps(0.008, 0.2, 5)[1:], log_steps(0.008, 0.2, 5)[:-1])
    assert np.ptp(ratios) < 1e-10


@given(
    st.one_of(
        st.floats(allow_nan=False),
        st.builds(lambda n, k: n / 10.0**k, st.integers(-(10**13), 10**13), st.integers(0, 25)),
    ),
    st.integers(1, 15),
)
@example(9.9999999999995, 12)
@example(2.5, 1)
@example(0.15, 1)
@example(1e22, 12)
@example(-0.0, 12)
@example(5e-324, 12)
@example(1.7e308, 3)
def test_rounding_is_that_of_decimal_text(value: float, digits: int) -> None:
    expected = float(f"{value:.{digits - 1}e}")
    rounded = round_significant([value, -value], digits)
    assert rounded.tolist() == [expected, -expected]
    assert math.copysign(1, rounded[0]) == math.copysign(1, value)


def test_rounding_keeps_the_shape_and_what_is_not_a_number() -> None:
    assert round_significant(1 / 3, 3).shape == ()
    assert round_significant(np.full((2, 3), 2 / 3), 2).tolist() == [[0.67] * 3] * 2
    assert np.isnan(round_significant([math.nan])).all()


def test_rounding_removes_the_last_bits() -> None:
    noisy = np.nextafter(0.1, [0.0, 1.0])
    assert round_significant(noisy).tolist() == [0.1, 0.1]
