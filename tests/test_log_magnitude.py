"""The log-magnitude view: its units, its inverse, and the ceiling it sets."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

import toysound
from baselines import representations
from baselines.representations.log_magnitude import CEILING_DB, FLOOR_DB, LogMagnitude
from baselines.representations.stft import ShortTimeFourier
from benchmark.metrics.reconstruction.log_spectral_distance import (
    log_spectral_distance,
    log_spectrum,
)
from benchmark.metrics.reconstruction.sounds import Sounds
from benchmark.metrics.reconstruction.spectral_convergence import spectral_convergence
from toysound.errors import ToySoundError, UsageError

RATE, T = 16000, 8000
VIEW = LogMagnitude(RATE, T)


def distance(reference: NDArray[np.float32], estimate: NDArray[np.float32]) -> float:
    pair = Sounds(reference, RATE), Sounds(estimate, RATE)
    return float(log_spectral_distance(*pair)["log_spectral_distance"].mean())


def sine(frequency_hz: float, amplitude: float, num_samples: int = T) -> NDArray[np.float32]:
    seconds = np.arange(num_samples) / RATE
    return (amplitude * np.sin(2 * np.pi * frequency_hz * seconds)).astype(np.float32)[None]


@pytest.fixture(scope="module")
def tones() -> NDArray[np.float32]:
    dataset = toysound.load("tones")
    return dataset.audio(dataset.split("test")[::13])


def test_the_ceiling_on_tones(tones: NDArray[np.float32]) -> None:
    again = VIEW.inverse(VIEW.forward(tones))
    lsd = distance(tones, again)
    convergence = spectral_convergence(Sounds(tones, RATE), Sounds(again, RATE))
    shown = ", ".join(f"{name} {values.mean():.3f}" for name, values in convergence.items())
    print(f"\nround trip on {len(tones)} tones: LSD {lsd:.3f} dB, {shown}")
    assert lsd < 0.6


def test_refinement_comes_nearer_than_integration_alone(tones: NDArray[np.float32]) -> None:
    coefficients = VIEW.forward(tones[:12])
    lsd = [
        distance(tones[:12], LogMagnitude(RATE, T, iterations).inverse(coefficients))
        for iterations in (0, 4, 16)
    ]
    assert lsd[0] > lsd[1] > lsd[2]


def test_a_random_phase_takes_longer_and_ends_further_away(tones: NDArray[np.float32]) -> None:
    coefficients = VIEW.forward(tones[:12])
    random = [
        distance(tones[:12], LogMagnitude(RATE, T, n, phase="griffin_lim").inverse(coefficients))
        for n in (8, 32)
    ]
    assert random[0] > random[1] > distance(tones[:12], VIEW.inverse(coefficients))


def test_an_unknown_phase_is_named() -> None:
    with pytest.raises(UsageError, match="should be 'pghi' or 'griffin_lim', got 'griffin-lim'"):
        representations.get("log_magnitude", sample_rate=RATE, num_samples=T, phase="griffin-lim")
    with pytest.raises(UsageError, match="did you mean 'griffin_lim'"):
        LogMagnitude(RATE, T, phase="griffin-lim")  # type: ignore[arg-type]


def test_it_is_the_spectrum_in_which_the_benchmark_measures(tones: NDArray[np.float32]) -> None:
    measured = log_spectrum(tones[:8])[:, :, :512].transpose(0, 2, 1)
    np.testing.assert_allclose(VIEW.forward(tones[:8]), measured, atol=2e-2)


def test_a_full_scale_sine_peaks_at_0_db() -> None:
    assert VIEW.forward(sine(1000.0, 1.0))[0, 64, 16] == pytest.approx(0.0, abs=1e-3)
    assert VIEW.forward(sine(1000.0, 0.1))[0, 64, 16] == pytest.approx(-20.0, abs=1e-3)


def test_half_a_second_at_16_khz_is_512_by_32() -> None:
    assert VIEW.shape == (512, 32)
    assert VIEW.forward(sine(440.0, 0.5)).shape == (1, 512, 32)


def test_silence_stays_exactly_silent() -> None:
    silence = np.zeros((2, T), dtype=np.float32)
    coefficients = VIEW.forward(silence)
    assert (coefficients == FLOOR_DB).all()
    assert np.array_equal(VIEW.inverse(coefficients), silence)


def test_a_square_wave_at_full_scale_stays_in_range() -> None:
    square = np.sign(sine(220.0, 1.0)).astype(np.float32)
    assert np.abs(VIEW.inverse(VIEW.forward(square))).max() == 1  # overshoots are cut off
    half = np.float32(0.5) * square
    assert distance(half, VIEW.inverse(VIEW.forward(half))) < 4


def test_wild_coefficients_give_a_sound_in_range() -> None:
    rng = np.random.default_rng(0)
    for scale in (1.0, 1e3, 1e30):
        wild = (scale * rng.standard_normal((1, 512, 32))).astype(np.float32)
        again = VIEW.inverse(wild)
        assert np.isfinite(again).all()
        assert np.abs(again).max() <= 1


def test_clip_is_the_range_of_sounds() -> None:
    loudest = np.ones((1, T), dtype=np.float32)
    assert VIEW.forward(loudest).max() == pytest.approx(CEILING_DB, abs=1e-4)
    coefficients = np.array([[-200.0, -10.0, 200.0]], dtype=np.float32)
    np.testing.assert_allclose(VIEW.clip(coefficients), [[-80.0, -10.0, CEILING_DB]], rtol=1e-6)


@settings(max_examples=25, deadline=None)
@given(num_samples=st.integers(1, 3000))
def test_sounds_of_any_length_keep_it(num_samples: int) -> None:
    view = LogMagnitude(RATE, num_samples)
    audio = sine(700.0, 0.3, num_samples)
    coefficients = view.forward(audio)
    assert coefficients.shape == (1, *view.shape)
    again = view.inverse(coefficients)
    assert again.shape == (1, num_samples)
    assert again.dtype == np.float32
    assert np.isfinite(again).all()


@settings(max_examples=20, deadline=None)
@given(
    num_samples=st.integers(1, 3000),
    sizes=st.sampled_from([(1024, 256), (512, 256), (256, 32), (2, 1)]),
)
def test_synthesis_undoes_analysis(num_samples: int, sizes: tuple[int, int]) -> None:
    transform = ShortTimeFourier(*sizes, num_samples)
    audio = np.random.default_rng(num_samples).uniform(-1, 1, num_samples).astype(np.float32)
    spectrum = transform.analyse_one(audio)
    batched = transform.analyse(torch.from_numpy(audio)[None])[0].numpy()
    np.testing.assert_allclose(spectrum, batched, atol=1e-3)
    np.testing.assert_allclose(transform.synthesise_one(spectrum), audio, atol=1e-4)


@pytest.mark.parametrize("sizes", [(1024, 1024), (1024, 300), (1023, 341), (1024, 0)])
def test_a_hop_that_breaks_the_frame_condition_says_so(sizes: tuple[int, int]) -> None:
    with pytest.raises(ValueError, match="hop_length must divide"):
        ShortTimeFourier(*sizes, T)


def test_a_sound_does_not_depend_on_its_batch(tones: NDArray[np.float32]) -> None:
    together = VIEW.forward(tones[:6])
    alone = np.concatenate([VIEW.forward(row[None]) for row in tones[:6]])
    np.testing.assert_allclose(together, alone, atol=1e-3)
    sounds = VIEW.inverse(together)
    assert np.array_equal(sounds, np.concatenate([VIEW.inverse(c[None]) for c in together]))
    assert np.array_equal(sounds, VIEW.inverse(together[::-1])[::-1])


def test_torch_in_torch_out(tones: NDArray[np.float32]) -> None:
    tensor = torch.from_numpy(tones[:2])
    coefficients = VIEW.forward(tensor)
    assert isinstance(coefficients, torch.Tensor)
    assert np.array_equal(coefficients.numpy(), VIEW.forward(tones[:2]))
    assert np.array_equal(VIEW.inverse(coefficients).numpy(), VIEW.inverse(coefficients.numpy()))


def test_the_analysis_has_the_gradient_of_finite_differences() -> None:
    view = LogMagnitude(RATE, 300)
    generator = torch.Generator().manual_seed(0)
    audio = torch.rand(1, 300, generator=generator, dtype=torch.float64, requires_grad=True)

    def energy(sound: torch.Tensor) -> torch.Tensor:
        return view.forward(sound).square().mean()

    assert torch.autograd.gradcheck(energy, (audio,), rtol=1e-4)


@pytest.mark.parametrize("shape", [(T,), (1, T - 1), (1, 1, T)])
def test_audio_of_another_shape_is_refused(shape: tuple[int, ...]) -> None:
    with pytest.raises(UsageError, match=r"audio has shape .* expected \(B, 8000\)"):
        VIEW.forward(np.zeros(shape, dtype=np.float32))


def test_coefficients_of_another_shape_are_refused() -> None:
    with pytest.raises(UsageError, match=r"coefficients has shape .* expected \(B, 512, 32\)"):
        VIEW.inverse(np.zeros((1, 513, 32), dtype=np.float32))


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_what_is_no_number_is_refused(bad: float) -> None:
    with pytest.raises(ToySoundError, match="audio holds NaN"):
        VIEW.forward(np.full((1, T), bad, dtype=np.float32))
    with pytest.raises(ToySoundError, match="coefficients hold NaN"):
        VIEW.inverse(np.full((1, 512, 32), np.nan, dtype=np.float32))


def test_no_sounds_give_no_sounds() -> None:
    none = np.zeros((0, T), dtype=np.float32)
    assert VIEW.forward(none).shape == (0, 512, 32)
    assert VIEW.inverse(VIEW.forward(none)).shape == (0, T)


def test_an_unknown_representation_is_named() -> None:
    with pytest.raises(UsageError, match="did you mean 'log_magnitude'"):
        representations.get("log_magnitud", sample_rate=RATE, num_samples=T)
    with pytest.raises(ValueError, match="num_samples"):
        representations.get("log_magnitude", sample_rate=RATE, num_samples=0)
    with pytest.raises(ValueError, match="sample_rate"):
        representations.get("log_magnitude", sample_rate=0, num_samples=T)


@pytest.mark.parametrize("name", representations.names())
def test_every_representation_keeps_the_protocol(name: str) -> None:
    view = representations.get(name, sample_rate=RATE, num_samples=T)
    assert (view.name, view.sample_rate, view.num_samples) == (name, RATE, T)
    audio = sine(440.0, 0.2)
    coefficients = view.forward(audio)
    assert coefficients.shape == (1, *view.shape)
    assert coefficients.dtype == np.float32
    assert view.inverse(coefficients).shape == audio.shape
