"""Tracks of pitch and loudness: slope, depth and rate of modulations that are known."""

import numpy as np
import pytest
from numpy.typing import NDArray

from toysound.modulation import Track, depth, envelope_track, pitch_track, rate_hz, slope

RATE = 16000
TIME_S = np.arange(8000) / RATE
WINDOW_S = (0.02, 0.48)


def swept(semitones: NDArray[np.float64], hz: float = 220.0) -> NDArray[np.float32]:
    """Return a sound of three partials whose pitch follows a curve."""
    phase = 2 * np.pi * np.cumsum(hz * 2 ** (semitones / 12)) / RATE
    return (0.3 * sum(np.sin(k * phase) / k for k in (1, 2, 3))).astype(np.float32)[None]


@pytest.mark.parametrize("per_second", [-40.0, -7.0, 0.0, 0.5, 24.0])
def test_a_glide(per_second: float) -> None:
    track = pitch_track(swept(per_second * (TIME_S - 0.25)), RATE, WINDOW_S)
    assert slope(track)[0] == pytest.approx(per_second, abs=0.1)
    assert depth(track)[0] < 0.1


@pytest.mark.parametrize("hz", [4.0, 6.0, 10.0])
@pytest.mark.parametrize("semitones", [0.3, 1.0])
def test_a_vibrato(hz: float, semitones: float) -> None:
    track = pitch_track(swept(semitones * np.sin(2 * np.pi * hz * TIME_S)), RATE, WINDOW_S)
    assert depth(track)[0] == pytest.approx(semitones, rel=0.25)
    assert rate_hz(track)[0] == pytest.approx(hz, abs=0.6)


@pytest.mark.parametrize("hz", [4.0, 8.0, 16.0])
@pytest.mark.parametrize("index", [0.2, 0.7])
def test_a_tremolo(hz: float, index: float) -> None:
    audio = swept(np.zeros(8000)) * (1 + index * np.cos(2 * np.pi * hz * TIME_S))
    track = envelope_track(audio.astype(np.float32), RATE, WINDOW_S)
    assert depth(track)[0] == pytest.approx(index, rel=0.25)
    assert rate_hz(track)[0] == pytest.approx(hz, abs=0.6)


def test_each_sound_has_its_own_window() -> None:
    audio = np.concatenate([swept(20 * TIME_S), swept(20 * TIME_S)])
    windows = np.array([[0.02, 0.2], [0.25, 0.48]])
    early, late = pitch_track(audio, RATE, windows).values
    assert late.mean() - early.mean() == pytest.approx(20 * 0.255, abs=0.1)


def test_leaps_to_a_multiple_of_the_period_are_taken_back() -> None:
    """A decaying sound repeats itself better after two periods than a window makes believe."""
    decays = swept(-24 * TIME_S) * np.exp(-TIME_S / 0.03).astype(np.float32)
    assert slope(pitch_track(decays, RATE, (0.02, 0.2)))[0] == pytest.approx(-24, abs=0.5)


def test_a_slope_does_not_mind_a_few_wrong_values() -> None:
    times = np.linspace(0, 1, 48)[None]
    values = 3 * times
    values[0, [1, 7]] += 100
    assert slope(Track(times, values))[0] == pytest.approx(3)


def test_silence_has_no_track() -> None:
    silence = np.zeros((2, 8000), np.float32)
    assert np.isnan(pitch_track(silence, RATE, WINDOW_S).values).all()
    assert np.isnan(envelope_track(silence, RATE, WINDOW_S).values).all()
    assert np.isnan(rate_hz(pitch_track(silence, RATE, WINDOW_S))).all()
