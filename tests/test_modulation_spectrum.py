"""The modulation spectrum: orthonormal, its own inverse, and what its magnitudes forget."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

import toysound
from baselines.representations.log_magnitude import FLOOR_DB, LogMagnitude
from baselines.representations.modulation_spectrum import (
    RANGE_DB,
    ModulationSpectrum,
    hartley,
    retrieve,
)
from benchmark.metrics.reconstruction.log_spectral_distance import log_spectral_distance
from benchmark.metrics.reconstruction.sounds import Sounds
from toysound.errors import ToySoundError, UsageError

RATE, T = 16000, 8000
VIEW = ModulationSpectrum(RATE, T)
MAGNITUDES = ModulationSpectrum(RATE, T, phase=False)
PICTURE = LogMagnitude(RATE, T)


def distance(reference: NDArray[np.float32], estimate: NDArray[np.float32]) -> float:
    pair = Sounds(reference, RATE), Sounds(estimate, RATE)
    return float(log_spectral_distance(*pair)["log_spectral_distance"].mean())


@pytest.fixture(scope="module")
def tones() -> NDArray[np.float32]:
    dataset = toysound.load("tones")
    return dataset.audio(dataset.split("test")[::53])


def ratio_db(reference: NDArray[np.floating], estimate: NDArray[np.floating]) -> float:
    reference = reference.astype(np.float64)
    noise = np.square(reference - estimate).sum()
    return float(10 * np.log10(np.square(reference).sum() / noise))


def random_pictures(bins: int, frames: int) -> torch.Tensor:
    generator = torch.Generator().manual_seed(bins + 1000 * frames)
    return torch.rand(2, bins, frames, generator=generator, dtype=torch.float64) * RANGE_DB


def test_the_spectrogram_comes_back_to_rounding(tones: NDArray[np.float32]) -> None:
    again = VIEW.decibels(VIEW.forward(tones))
    assert again.dtype == np.float32
    single = ratio_db(PICTURE.forward(tones), again)
    exact = torch.from_numpy(tones).double()
    double = ratio_db(PICTURE.forward(exact).numpy(), VIEW.decibels(VIEW.forward(exact)).numpy())
    print(
        f"\nspectrogram of {len(tones)} tones: {single:.0f} dB in float32, {double:.0f} in float64"
    )
    assert single > 120
    assert double > 250


def test_the_sound_is_as_near_as_that_of_log_magnitude(tones: NDArray[np.float32]) -> None:
    """Not the same samples: where levels are equal to rounding, the phase takes another path."""
    near, nearest = (distance(tones, view.inverse(view.forward(tones))) for view in (VIEW, PICTURE))
    print(f"\nlog-spectral distance of {len(tones)} tones: {near:.3f} dB, {nearest:.3f} without it")
    assert near == pytest.approx(nearest, abs=0.02)


@settings(deadline=None)
@given(bins=st.integers(1, 20), frames=st.integers(1, 20))
def test_it_is_orthonormal_and_its_own_inverse(bins: int, frames: int) -> None:
    unit = torch.eye(bins * frames, dtype=torch.float64).reshape(-1, bins, frames)
    matrix = hartley(unit).flatten(1)
    torch.testing.assert_close(matrix @ matrix.T, unit.flatten(1))
    torch.testing.assert_close(hartley(hartley(unit)), unit)


def test_mirrored_pairs_hold_the_complex_transform() -> None:
    picture = random_pictures(16, 10)
    packed = hartley(picture)
    mirrored = torch.roll(packed.flip(1, 2), (1, 1), dims=(1, 2))
    spectrum = torch.complex((packed + mirrored) / 2, (mirrored - packed) / 2)
    torch.testing.assert_close(spectrum, torch.fft.fft2(picture, norm="ortho"))


def test_a_ripple_is_one_pair_of_coefficients() -> None:
    bins, frames = VIEW.shape
    k, n = np.arange(bins)[:, None], np.arange(frames)
    ripple = 10 * np.cos(2 * np.pi * (40 * k / bins + 3 * n / frames) + 0.4)
    found = hartley(torch.from_numpy(ripple)[None])[0].abs().numpy()
    loud = set(zip(*np.nonzero(found > 1e-6), strict=True))
    assert loud == {(40, 3), (bins - 40, frames - 3)}


def test_distances_are_those_of_log_magnitude(tones: NDArray[np.float32]) -> None:
    here, there = (view.forward(tones).reshape(len(tones), -1) for view in (VIEW, PICTURE))
    np.testing.assert_allclose(
        np.linalg.norm(here[0] - here, axis=1), np.linalg.norm(there[0] - there, axis=1), rtol=1e-4
    )


def test_a_laplace_density_suits_ripples_better_than_a_normal_one(
    tones: NDArray[np.float32],
) -> None:
    """Nats a coefficient of the best density of either kind, one scale, around the mean sound."""
    rest = VIEW.forward(tones) - VIEW.forward(tones).mean(axis=0)
    normal = -0.5 * np.log(2 * np.pi * np.e * np.square(rest).mean())
    laplace = -np.log(2 * np.e * np.abs(rest).mean())
    assert VIEW.likelihood == "laplace"
    assert laplace > normal + 0.5


def test_magnitudes_forget_where_and_how_high() -> None:
    picture = random_pictures(12, 8)
    moved = torch.roll(picture, (3, 2), dims=(1, 2))
    turned = picture.flip(1, 2)
    magnitude = torch.fft.rfft2(picture, norm="ortho").abs()
    for other in (moved, turned):
        torch.testing.assert_close(torch.fft.rfft2(other, norm="ortho").abs(), magnitude)


def test_a_sound_of_magnitudes_has_nearly_these(tones: NDArray[np.float32]) -> None:
    magnitude = MAGNITUDES.forward(tones)
    assert magnitude.shape == (len(tones), 512, 17)
    found = np.abs(np.fft.rfft2(MAGNITUDES.decibels(magnitude) - FLOOR_DB, norm="ortho"))
    convergence = -ratio_db(magnitude, found)
    print(f"\nmagnitudes of {len(tones)} tones: spectral convergence {convergence:.1f} dB")
    assert convergence < -25
    audio = MAGNITUDES.inverse(magnitude)
    assert np.abs(audio).max() <= 1
    assert np.sqrt(np.square(audio).mean()) > 0.01


def test_more_projections_come_nearer(tones: NDArray[np.float32]) -> None:
    magnitude = torch.from_numpy(MAGNITUDES.forward(tones[:4]))
    distances = [
        (torch.fft.rfft2(retrieve(magnitude, PICTURE.shape, n), norm="ortho").abs() - magnitude)
        .norm()
        .item()
        for n in (1, 4, 16)
    ]
    assert distances[0] > distances[1] > distances[2]


@pytest.mark.parametrize("view", [VIEW, MAGNITUDES], ids=["phase", "magnitudes"])
def test_silence_is_zero_and_stays_silent(view: ModulationSpectrum) -> None:
    silence = np.zeros((2, T), dtype=np.float32)
    coefficients = view.forward(silence)
    assert (coefficients == 0).all()
    assert np.array_equal(view.inverse(coefficients), silence)


def test_without_phase_it_says_what_is_lost_and_takes_no_negative_number() -> None:
    assert "where in time and how high" in MAGNITUDES.loss
    assert "comes back to rounding" in VIEW.loss
    wild = np.array([[-1e30, 1e30]], dtype=np.float32)
    np.testing.assert_allclose(MAGNITUDES.clip(wild), [[0, MAGNITUDES.limit]], rtol=1e-6)
    negative = np.full((1, *MAGNITUDES.shape), -1.0, dtype=np.float32)
    assert np.array_equal(MAGNITUDES.inverse(negative), np.zeros((1, T), dtype=np.float32))


@settings(max_examples=20, deadline=None)
@given(num_samples=st.integers(1, 3000), phase=st.booleans())
def test_sounds_of_any_length_keep_it(num_samples: int, phase: bool) -> None:
    view = ModulationSpectrum(RATE, num_samples, phase)
    audio = np.random.default_rng(0).uniform(-1, 1, (1, num_samples)).astype(np.float32)
    coefficients = view.forward(audio)
    assert coefficients.shape == (1, *view.shape)
    assert np.abs(coefficients).max() <= view.limit
    again = view.inverse(coefficients)
    assert again.shape == audio.shape
    assert np.isfinite(again).all()


@pytest.mark.parametrize("phase", [True, False])
def test_the_analysis_has_the_gradient_of_finite_differences(phase: bool) -> None:
    view = ModulationSpectrum(RATE, 300, phase)
    generator = torch.Generator().manual_seed(0)
    audio = torch.rand(1, 300, generator=generator, dtype=torch.float64, requires_grad=True)
    weights = torch.randn(view.shape, generator=generator, dtype=torch.float64)

    def weighted(sound: torch.Tensor) -> torch.Tensor:
        return (view.forward(sound) * weights).mean()

    assert torch.autograd.gradcheck(weighted, (audio,), rtol=1e-4)


def test_a_sound_does_not_depend_on_its_batch(tones: NDArray[np.float32]) -> None:
    for view in (VIEW, MAGNITUDES):
        together = view.forward(tones[:3])
        sounds = view.inverse(together)
        assert np.array_equal(sounds, np.concatenate([view.inverse(c[None]) for c in together]))


def test_malformed_arrays_are_refused() -> None:
    with pytest.raises(UsageError, match=r"coefficients has shape .* expected \(B, 512, 32\)"):
        VIEW.inverse(np.zeros((1, 512, 17), dtype=np.float32))
    with pytest.raises(ToySoundError, match="coefficients hold NaN"):
        VIEW.inverse(np.full((1, 512, 32), np.nan, dtype=np.float32))
    with pytest.raises(ToySoundError, match="audio holds NaN"):
        VIEW.forward(np.full((1, T), np.inf, dtype=np.float32))
    with pytest.raises(ValueError, match="num_samples"):
        ModulationSpectrum(RATE, 0)
