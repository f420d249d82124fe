"""Mel distance: its bands against librosa, its numbers by hand."""

import librosa
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sound_examples import RATE, SAMPLES, SILENCE, measured, noise, tone

from benchmark.metrics.reconstruction import Sounds
from benchmark.metrics.reconstruction.mel_distance import BANDS, log_mel, mel_filters


@pytest.mark.parametrize("rate", [8000, 16000, 44100, 48000])
def test_the_bands_are_those_of_librosa(rate: int) -> None:
    expected = librosa.filters.mel(sr=rate, n_fft=1024, n_mels=BANDS, norm=None)
    assert mel_filters(rate, BANDS) == pytest.approx(expected.T, abs=1e-6)


def test_the_view_is_that_of_librosa() -> None:
    sound = tone(220) + noise(0, 0.01)
    power = librosa.feature.melspectrogram(
        y=sound[0],
        sr=RATE,
        n_fft=1024,
        hop_length=256,
        n_mels=BANDS,
        norm=None,
        pad_mode="constant",
    )
    expected = np.maximum(10 * np.log10(power.T / 256**2), -80)
    assert log_mel(Sounds(sound, RATE))[0] == pytest.approx(expected, abs=1e-3)


def test_bands_without_a_bin_are_left_out() -> None:
    filters = mel_filters(192000, BANDS)
    assert filters.shape[1] < BANDS
    assert filters.any(axis=0).all()
    assert np.isfinite(measured("mel_distance", tone(220), tone(247), rate=192000))


@given(st.floats(0.1, 20.0))
@settings(max_examples=20, deadline=None)
def test_a_gain_is_its_own_distance_where_nothing_touches_the_floor(gain_db: float) -> None:
    loud = noise(2, 0.9)
    quiet = loud * np.float32(10 ** (-gain_db / 20))
    assert measured("mel_distance", loud, quiet) == pytest.approx(gain_db, abs=0.02)


def test_it_is_symmetric_and_deaf_to_what_lies_below_the_floor() -> None:
    a, b = tone(220), tone(233)
    assert measured("mel_distance", a, b) == pytest.approx(measured("mel_distance", b, a))
    assert measured("mel_distance", SILENCE, noise(0, 1e-6)) == 0


def test_it_forgives_the_fine_structure_of_the_treble_more_than_a_wrong_octave() -> None:
    sound = tone(220, partials=30)
    detuned = measured("mel_distance", sound, tone(221, partials=30))
    assert detuned < 0.2 * measured("mel_distance", sound, tone(440, partials=15))


def test_a_full_scale_sine_is_near_zero_decibels() -> None:
    sine = np.sin(2 * np.pi * 1000 * np.arange(SAMPLES) / RATE)[None].astype(np.float32)
    middle = log_mel(Sounds(sine, RATE))[0, 10]
    assert middle.max() == pytest.approx(0, abs=2.0)
    assert np.abs(middle.argmax() - 26) <= 1
