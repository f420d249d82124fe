"""The log-mel view: its filters, its units, and its honest ceiling."""

import librosa
import numpy as np
import pytest
from numpy.typing import NDArray

import toysound
from baselines.representations.log_mel import CEILING_DB, FLOOR_DB, LogMel, mel_filters
from benchmark.metrics.reconstruction.log_spectral_distance import log_spectral_distance
from benchmark.metrics.reconstruction.sounds import Sounds
from toysound.errors import UsageError

RATE, T = 16000, 8000
VIEW = LogMel(RATE, T)


def sine(frequency_hz: float, amplitude: float) -> NDArray[np.float32]:
    seconds = np.arange(T) / RATE
    return (amplitude * np.sin(2 * np.pi * frequency_hz * seconds)).astype(np.float32)[None]


def distance(reference: NDArray[np.float32], estimate: NDArray[np.float32]) -> float:
    pair = Sounds(reference, RATE), Sounds(estimate, RATE)
    return float(log_spectral_distance(*pair)["log_spectral_distance"].mean())


@pytest.fixture(scope="module")
def tones() -> NDArray[np.float32]:
    dataset = toysound.load("tones")
    return dataset.audio(dataset.split("test")[::40])


@pytest.mark.parametrize(("rate", "bands"), [(16000, 64), (16000, 128), (44100, 40)])
def test_the_filters_are_librosas(rate: int, bands: int) -> None:
    expected = librosa.filters.mel(sr=rate, n_fft=1024, n_mels=bands, norm=None)
    np.testing.assert_allclose(mel_filters(rate, bands), expected, atol=1e-6)


@pytest.mark.parametrize(("rate", "bands"), [(16000, 512), (48000, 128), (192000, 80)])
def test_no_band_is_empty_however_narrow(rate: int, bands: int) -> None:
    filters = mel_filters(rate, bands)
    assert (filters.max(axis=1) > 0).all()
    assert filters.max() <= 1


def test_the_ceiling_on_tones(tones: NDArray[np.float32]) -> None:
    shown = {}
    for bands in (64, 128):
        view = LogMel(RATE, T, bands)
        shown[bands] = distance(tones, view.inverse(view.forward(tones)))
    print(f"\nround trip on {len(tones)} tones, LSD in dB by bands: {shown}")
    assert shown[128] < 5
    assert shown[128] < shown[64] < 8


def test_the_inverse_has_the_bands_that_were_asked_for(tones: NDArray[np.float32]) -> None:
    coefficients = VIEW.forward(tones)
    again = VIEW.forward(VIEW.inverse(coefficients))
    audible = coefficients > -50
    assert np.median(np.abs(again - coefficients)[audible]) < 0.5


@pytest.mark.parametrize("frequency_hz", [200.0, 1000.0, 3000.0, 6500.0])
def test_a_sine_has_its_level_to_2_db(frequency_hz: float) -> None:
    for level_db in (0.0, -20.0):
        loudest = VIEW.forward(sine(frequency_hz, 10 ** (level_db / 20)))[0, :, 16].max()
        assert abs(loudest - level_db) < 2


def test_a_sine_comes_back_at_its_frequency_and_level() -> None:
    again = VIEW.inverse(VIEW.forward(sine(440.0, 0.25)))[0, 1000:7000]
    spectrum = np.abs(np.fft.rfft(again * np.hanning(6000)))
    assert abs(spectrum.argmax() * RATE / 6000 - 440) < 8
    assert np.sqrt(np.square(again).mean()) == pytest.approx(0.25 / np.sqrt(2), rel=0.15)


def test_no_sound_exceeds_the_ceiling() -> None:
    loudest = np.ones((2, T), dtype=np.float32)
    loudest[1] = np.sign(sine(50.0, 1.0)[0])
    for bands in (8, 128):
        assert LogMel(RATE, T, bands).forward(loudest).max() <= CEILING_DB


def test_silence_is_the_floor_and_stays_exactly_silent() -> None:
    silence = np.zeros((2, T), dtype=np.float32)
    assert (VIEW.forward(silence) == FLOOR_DB).all()
    assert np.array_equal(VIEW.inverse(VIEW.forward(silence)), silence)


@pytest.mark.parametrize("bands", [0, 513])
def test_a_number_of_bands_that_bins_cannot_fill_is_refused(bands: int) -> None:
    with pytest.raises(UsageError, match="bands must be between 1 and 512"):
        LogMel(RATE, T, bands)
