"""Loudness: equal to pyloudnorm's, and to what the standards say of sounds that are known."""

import librosa
import numpy as np
import pyloudnorm  # type: ignore[import-untyped]
import pytest
from numpy.typing import NDArray

from toysound.loudness import a_weighted_db, loudness_lufs


def sine(hz: float, seconds: float, rate: int, amplitude: float = 1.0) -> NDArray[np.float32]:
    time_s = np.arange(round(seconds * rate)) / rate
    return (amplitude * np.sin(2 * np.pi * hz * time_s)).astype(np.float32)[None]


@pytest.mark.parametrize("rate", [16000, 44100, 48000])
@pytest.mark.parametrize("seconds", [0.4, 0.5, 0.73, 1.0, 2.0])
def test_loudness_is_pyloudnorms(rate: int, seconds: float) -> None:
    rng = np.random.default_rng(round(100 * seconds))
    noise = rng.normal(size=(6, round(seconds * rate))) * np.geomspace(1e-3, 0.3, 6)[:, None]
    noise[2, : noise.shape[1] // 2] = 0  # a block below the relative gate
    noise[3, 100:] *= 1e-6  # all but the first block below the absolute gate
    audio = noise.astype(np.float32)
    meter = pyloudnorm.Meter(rate)
    expected = [meter.integrated_loudness(row.astype(np.float64)) for row in audio]
    np.testing.assert_allclose(loudness_lufs(audio, rate), expected, rtol=0, atol=1e-9)


def test_loudness_of_a_full_scale_sine() -> None:
    """BS.1770-4: 997 Hz at 0 dB in one channel reads -3.01 LKFS."""
    assert loudness_lufs(sine(997, 2.0, 48000), 48000)[0] == pytest.approx(-3.01, abs=0.1)


def test_short_clips_and_silence_have_no_loudness() -> None:
    assert np.isnan(loudness_lufs(sine(997, 0.399, 16000), 16000)).all()
    assert np.isfinite(loudness_lufs(sine(997, 0.4, 16000), 16000)).all()
    assert np.isnan(loudness_lufs(np.zeros((2, 8000), np.float32), 16000)).all()
    assert np.isnan(loudness_lufs(sine(997, 0.5, 16000, 1e-5), 16000)).all()


@pytest.mark.parametrize("hz", [50.0, 100.0, 440.0, 1000.0, 3000.0, 7000.0])
def test_a_weighting_is_that_of_the_standard(hz: float) -> None:
    expected = librosa.A_weighting([hz])[0] - 3.0103
    assert a_weighted_db(sine(hz, 1.0, 16000), 16000)[0] == pytest.approx(expected, abs=0.02)


def test_a_weighted_level_follows_the_amplitude_and_not_the_length() -> None:
    for seconds in (0.25, 0.5, 1.0):
        quiet = a_weighted_db(sine(1000, seconds, 16000, 0.1), 16000)[0]
        assert quiet == pytest.approx(-23.01, abs=0.02)
    half = np.concatenate([sine(1000, 0.5, 16000), np.zeros((1, 8000), np.float32)], axis=1)
    assert a_weighted_db(half, 16000)[0] == pytest.approx(-6.02, abs=0.05)


def test_silence_has_no_a_weighted_level() -> None:
    assert np.isnan(a_weighted_db(np.zeros((3, 100), np.float32), 16000)).all()
    assert a_weighted_db(np.zeros((0, 100), np.float32), 16000).shape == (0,)
