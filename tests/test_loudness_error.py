"""Loudness errors, against pyloudnorm."""

import numpy as np
import pyloudnorm
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sound_examples import RATE, SILENCE, measured, noise, tone

from benchmark.metrics.reconstruction.level import rms_db


def error(reference: np.ndarray, estimate: np.ndarray, rate: int = RATE) -> float:
    return measured("loudness_error", reference, estimate, rate)


@pytest.mark.parametrize("estimate", [tone(1000), noise(1), 0.1 * tone(60)])
def test_it_is_the_difference_of_two_loudnesses(estimate: np.ndarray) -> None:
    meter = pyloudnorm.Meter(RATE)
    true, played = (
        meter.integrated_loudness(sound[0].astype(np.float64)) for sound in (tone(220), estimate)
    )
    assert error(tone(220), estimate) == pytest.approx(abs(true - played), abs=1e-6)


@given(st.floats(-30.0, 3.0))
@settings(max_examples=15, deadline=None)
def test_a_decibel_is_a_loudness_unit(gain_db: float) -> None:
    estimate = tone(440) * np.float32(10 ** (gain_db / 20))
    assert error(tone(440), estimate) == pytest.approx(abs(gain_db), abs=1e-3)


def test_equal_power_is_not_equal_loudness() -> None:
    low, high = tone(55, partials=1), tone(3000, partials=1)
    high *= np.float32(10 ** ((rms_db(low)[0] - rms_db(high)[0]) / 20))
    assert measured("level_error", low, high) == pytest.approx(0, abs=1e-3)
    assert error(low, high) > 5


def test_a_reconstruction_that_is_not_heard_counts_as_the_gate() -> None:
    loudness = pyloudnorm.Meter(RATE).integrated_loudness(tone(220)[0].astype(np.float64))
    assert error(tone(220), SILENCE) == pytest.approx(loudness + 70, abs=1e-6)
    assert error(tone(220), 1e-5 * tone(220)) == error(tone(220), SILENCE)


def test_what_is_below_the_gate_or_too_short_asks_no_question() -> None:
    assert np.isnan(error(SILENCE, tone(220)))
    assert np.isnan(error(1e-5 * tone(220), tone(220)))
    assert np.isnan(error(tone(220)[:, :6399], tone(220)[:, :6399]))
    assert error(tone(220)[:, :6400], tone(220)[:, :6400]) == 0
