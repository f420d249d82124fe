"""The cochlear view: level apart, filters as wide as the ear's, and a ceiling that is no audio."""

import math

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

import toysound
from baselines.representations.cochlear import LOWEST_LEVEL_DB, Cochlear, gaussian_filters
from benchmark.metrics.reconstruction.log_spectral_distance import log_spectral_distance
from benchmark.metrics.reconstruction.sounds import Sounds
from toysound.errors import UsageError

RATE, T = 16000, 8000
VIEW = Cochlear(RATE, T)
CENTRES = np.geomspace(50, RATE / 2, 128)


def sine(frequency_hz: float, amplitude: float) -> NDArray[np.float32]:
    seconds = np.arange(T) / RATE
    return (amplitude * np.sin(2 * np.pi * frequency_hz * seconds)).astype(np.float32)[None]


def pixels(audio: NDArray[np.float32], view: Cochlear = VIEW) -> NDArray[np.float32]:
    return view.forward(audio)[:, :-1].reshape(len(audio), 128, -1)


def level_db(audio: NDArray[np.float32], view: Cochlear = VIEW) -> NDArray[np.float32]:
    return view.forward(audio)[:, -1] / np.float32(view.level_weight)


@pytest.fixture(scope="module")
def tones() -> NDArray[np.float32]:
    dataset = toysound.load("tones")
    return dataset.audio(dataset.split("test")[::40])


def test_half_a_second_is_128_by_32_pixels_and_a_level() -> None:
    assert VIEW.shape == (128 * 32 + 1,)
    assert VIEW.level_weight == pytest.approx(55.4, abs=0.1)


def test_the_ceiling_on_tones(tones: NDArray[np.float32]) -> None:
    pair = Sounds(tones, RATE), Sounds(VIEW.inverse(VIEW.forward(tones)), RATE)
    lsd = log_spectral_distance(*pair)["log_spectral_distance"].mean()
    print(f"\nround trip on {len(tones)} tones: LSD {lsd:.2f} dB")
    assert lsd < 9


def test_more_updates_sharpen_what_the_filters_blur(tones: NDArray[np.float32]) -> None:
    lsd = []
    for updates in (0, 10, 60):
        view = Cochlear(RATE, T, updates=updates)
        pair = Sounds(tones, RATE), Sounds(view.inverse(view.forward(tones)), RATE)
        lsd.append(log_spectral_distance(*pair)["log_spectral_distance"].mean())
    assert lsd[0] > lsd[1] > lsd[2]


@settings(max_examples=25, deadline=None)
@given(gain_db=st.floats(-30, 0))
def test_a_quieter_copy_moves_the_level_alone(gain_db: float) -> None:
    audio = np.random.default_rng(0).uniform(-1, 1, (1, T)).astype(np.float32)
    quieter = audio * np.float32(10 ** (gain_db / 20))
    np.testing.assert_allclose(pixels(quieter), pixels(audio), atol=1e-3)
    assert (level_db(quieter) - level_db(audio)).item() == pytest.approx(gain_db, abs=1e-3)


def test_the_level_is_that_of_the_loudest_250_ms_re_a_full_scale_sine() -> None:
    assert level_db(sine(1000.0, 1.0)).item() == pytest.approx(0, abs=0.01)
    assert level_db(sine(1000.0, 0.1)).item() == pytest.approx(-20, abs=0.01)
    burst = sine(1000.0, 1.0)
    burst[:, 4000:] = 0  # exactly 250 ms
    assert level_db(burst).item() == pytest.approx(0, abs=0.01)
    burst[:, 2000:] = 0
    assert level_db(burst).item() == pytest.approx(-10 * math.log10(2), abs=0.01)
    assert level_db(np.sign(sine(50.0, 1.0))).item() == pytest.approx(3.01, abs=0.05)


@pytest.mark.parametrize("band", [40, 80, 120])
def test_a_steady_sine_at_a_centre_has_0_db(band: int) -> None:
    column = pixels(sine(CENTRES[band], 0.3))[0, :, 16]
    assert column.argmax() == band
    assert column[band] == pytest.approx(0, abs=0.5)


def test_filters_are_gaussians_of_0_6_erb() -> None:
    """At 1 kHz an equivalent rectangular bandwidth is 132.6 Hz (Glasberg and Moore 1990)."""
    filters = gaussian_filters(RATE, 2**16, 128, 0.6)
    band = int(np.abs(CENTRES - 1000).argmin())
    width_hz = 0.6 * 24.7 * (4.37 * CENTRES[band] / 1000 + 1)
    assert width_hz == pytest.approx(0.6 * 132.6, rel=0.03)
    frequencies = np.linspace(0, RATE / 2, 2**15 + 1)
    one_width_up = filters[band, int(np.abs(frequencies - CENTRES[band] - width_hz).argmin())]
    assert one_width_up == pytest.approx(math.exp(-0.5), rel=0.01)
    assert filters.max(axis=1) == pytest.approx(1, rel=1e-3)


def test_wider_filters_bring_neighbouring_pitches_nearer() -> None:
    """The reason for this view: a semitone is a small step."""
    distances = []
    for width_erb in (0.15, 0.3, 0.6, 1.2):
        view = Cochlear(RATE, T, width_erb=width_erb)
        pair = [pixels(sine(frequency, 0.3), view)[0] for frequency in (880.0, 932.3)]
        distances.append(float(np.sqrt(np.square(pair[1] - pair[0]).mean())))
    assert distances == sorted(distances, reverse=True)


def test_the_floor_is_an_option() -> None:
    audio = sine(440.0, 0.3)
    assert pixels(audio).min() == pytest.approx(-60)
    assert pixels(audio, Cochlear(RATE, T, floor_db=-40.0)).min() == pytest.approx(-40)


def test_the_inverse_restores_level_and_pitch() -> None:
    for amplitude in (0.5, 0.01):
        again = VIEW.inverse(VIEW.forward(sine(440.0, amplitude)))
        assert level_db(again).item() == pytest.approx(20 * math.log10(amplitude), abs=0.05)
        spectrum = np.abs(np.fft.rfft(again[0]))
        assert abs(spectrum.argmax() * RATE / T - 440) < 10


def test_a_level_is_restored_whatever_the_pixels_say() -> None:
    coefficients = np.full((1, *VIEW.shape), -55.0, dtype=np.float32)
    coefficients[:, -1] = -30 * VIEW.level_weight
    assert level_db(VIEW.inverse(coefficients)).item() == pytest.approx(-30, abs=0.05)


def test_clipping_knows_the_level_from_the_pixels() -> None:
    wild = np.full((1, *VIEW.shape), -1e4, dtype=np.float32)
    clipped = VIEW.clip(wild)[0]
    assert (clipped[:-1] == -60).all()
    assert clipped[-1] == pytest.approx(LOWEST_LEVEL_DB * VIEW.level_weight)
    loud = VIEW.clip(-wild)[0]
    assert loud[-1] == pytest.approx(10 * math.log10(2) * VIEW.level_weight)
    click = np.zeros((1, T), dtype=np.float32)
    click[0, 4096] = 1  # all energy of the level's window in one frame, but in all its bins
    assert pixels(click).max() < VIEW.ceiling_db


def test_silence_has_the_lowest_level_and_stays_exactly_silent() -> None:
    silence = np.zeros((1, T), dtype=np.float32)
    assert (pixels(silence) == -60).all()
    assert level_db(silence).item() == pytest.approx(LOWEST_LEVEL_DB)
    assert np.array_equal(VIEW.inverse(VIEW.forward(silence)), silence)


@pytest.mark.parametrize(("rate", "frames"), [(8000, 63), (44100, 16), (48000, 8)])
def test_the_window_follows_the_sample_rate(rate: int, frames: int) -> None:
    assert Cochlear(rate, 8000).shape == (128 * frames + 1,)


def test_gradients_pass_the_level_too() -> None:
    view = Cochlear(RATE, 5000, bands=8)
    audio = torch.rand(1, 5000, generator=torch.Generator().manual_seed(0)).double()
    (gradient,) = torch.autograd.grad(view.forward(audio.requires_grad_())[:, -1].sum(), audio)
    energy = (gradient * audio).sum().item()  # a gain of 1 + e raises the level by 8.69 e dB
    assert energy == pytest.approx(20 / math.log(10) * view.level_weight, rel=1e-9)


def test_bad_options_are_refused() -> None:
    with pytest.raises(UsageError, match="too low for the cochlear view"):
        Cochlear(100, T)
    for options in ({"bands": 1}, {"width_erb": 0.0}, {"floor_db": 0.0}):
        with pytest.raises(UsageError, match="at least 2 bands of positive width and a floor"):
            Cochlear(RATE, T, **options)


def test_filters_that_fall_between_the_bins_are_refused() -> None:
    with pytest.raises(UsageError, match=r"0\.01 ERB wide fall between the bins .* 15\.6 Hz apart"):
        Cochlear(RATE, T, width_erb=0.01)
    assert gaussian_filters(RATE, 1024, 128, 0.3).max(axis=1).min() > 0.1
