"""Mel and ERB scales, against the published numbers and librosa."""

import librosa
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from baselines.representations.auditory_scales import (
    erb_hz,
    hz_to_erb_number,
    hz_to_mel,
    mel_to_hz,
)

HZ = np.array([0.0, 50.0, 440.0, 999.0, 1000.0, 1001.0, 4000.0, 16000.0])


def test_mel_is_librosas() -> None:
    np.testing.assert_allclose(hz_to_mel(HZ), librosa.hz_to_mel(HZ), rtol=1e-12)
    mel = np.linspace(0, 60, 31)
    np.testing.assert_allclose(mel_to_hz(mel), librosa.mel_to_hz(mel), rtol=1e-12)


@given(st.floats(0, 96_000))
def test_mel_and_back(frequency_hz: float) -> None:
    there = mel_to_hz(hz_to_mel(np.array(frequency_hz)))
    assert float(there) == pytest.approx(frequency_hz, rel=1e-12)


def test_bandwidths_of_glasberg_and_moore() -> None:
    """Their equation 3: 24.7 Hz at 0 Hz, 132.6 Hz at 1 kHz, 456.5 Hz at 4 kHz."""
    np.testing.assert_allclose(erb_hz(np.array([0.0, 1000.0, 4000.0])), [24.7, 132.6, 456.5], 1e-3)


def test_one_erb_number_is_one_bandwidth() -> None:
    """Their equation 4 rounds its constants: the two equations agree to 0.3 %."""
    step = hz_to_erb_number(HZ + 0.5 * erb_hz(HZ) / 100) - hz_to_erb_number(
        HZ - 0.5 * erb_hz(HZ) / 100
    )
    np.testing.assert_allclose(step, 0.01, rtol=4e-3)
