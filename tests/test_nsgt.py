"""The painless nonstationary Gabor transform: exact, tight, and on its scale."""

import math
import re

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from baselines.representations.nsgt import Cqt, Nsgt, hz_to_octaves
from toysound.errors import UsageError

RATE, T = 16000, 8000
SCALES = ("cqt", "erb", "mel")


def noise(num_samples: int = T, seed: int = 0) -> torch.Tensor:
    generator = torch.Generator().manual_seed(seed)
    return 2 * torch.rand(1, num_samples, generator=generator, dtype=torch.float64) - 1


def sine(frequency_hz: float, num_samples: int = T) -> torch.Tensor:
    seconds = torch.arange(num_samples, dtype=torch.float64) / RATE
    return torch.sin(2 * torch.pi * frequency_hz * seconds)[None]


def magnitude(view: Nsgt, audio: torch.Tensor) -> torch.Tensor:
    coefficients = view.forward(audio)[0]
    return torch.hypot(coefficients[0], coefficients[1])


@pytest.mark.parametrize("scale", SCALES)
def test_the_round_trip_is_exact_to_250_db(scale: str) -> None:
    view = Nsgt(RATE, T, scale)
    audio = noise()
    error = view.inverse(view.forward(audio)) - audio
    assert 10 * torch.log10(audio.square().sum() / error.square().sum()) > 250


@settings(max_examples=30, deadline=None)
@given(
    num_samples=st.integers(1, 2000),
    scale=st.sampled_from(SCALES),
    bands=st.integers(2, 100),
    more=st.integers(0, 9),
)
def test_any_painless_frame_is_exact_and_tight(
    num_samples: int, scale: str, bands: int, more: int
) -> None:
    least = Nsgt(RATE, num_samples, scale, bands).shape[2]
    view = Nsgt(RATE, num_samples, scale, bands, frames=least + more)
    audio = noise(num_samples, num_samples)
    coefficients = view.forward(audio)
    torch.testing.assert_close(view.inverse(coefficients), audio, rtol=0, atol=1e-12)
    torch.testing.assert_close(coefficients.square().sum(), audio.square().sum())


def test_too_few_frames_say_the_painless_condition() -> None:
    with pytest.raises(UsageError, match="too few for a painless frame") as refusal:
        Nsgt(RATE, T, frames=100)
    found = re.search(r"has (\d+) bins", str(refusal.value))
    assert found is not None
    least = int(found[1])
    assert Nsgt(RATE, T, frames=least).shape == (2, 64, least)  # the condition is sharp
    with pytest.raises(UsageError, match="painless"):
        Nsgt(RATE, T, frames=least - 1)


def test_centres_are_equally_spaced_on_the_erb_scale() -> None:
    centres = Nsgt(RATE, T, "erb", 64).centres_hz
    numbers = 21.4 * np.log10(1 + 0.00437 * centres)
    steps = np.diff(numbers)
    assert centres[0] == 0
    assert centres[-1] == RATE / 2
    np.testing.assert_allclose(steps, steps.mean(), rtol=2e-3)  # interpolated between bins


def test_bands_of_the_constant_q_scale_have_one_ratio_above_the_lowest_frequency() -> None:
    view = Cqt(RATE, T, bins_per_octave=24)
    above = view.centres_hz[view.centres_hz > 200]
    steps = np.diff(np.log2(above))
    np.testing.assert_allclose(steps, steps.mean(), rtol=0.02)
    assert 1 / steps.mean() == pytest.approx(24, abs=0.2)
    below = view.centres_hz[view.centres_hz < 90]
    np.testing.assert_allclose(np.diff(below), np.diff(below).mean(), rtol=0.02)


def test_octaves_go_on_as_a_line_below_the_lowest_frequency() -> None:
    octaves = hz_to_octaves(np.array([0.0, 50.0, 100.0, 200.0, 1600.0]), 100.0)
    slope = 1 / math.log(2)
    np.testing.assert_allclose(octaves, [-slope, -slope / 2, 0, 1, 4])


@pytest.mark.parametrize("band", [10, 40, 62])
def test_a_steady_sine_at_a_centre_stands_still_in_its_band(band: int) -> None:
    view = Nsgt(RATE, T)
    frequency = round(view.centres_hz[band] * T / RATE) * RATE / T  # a whole number of periods
    found = magnitude(view, sine(frequency))
    assert int(found.square().sum(1).argmax()) == band
    expected = math.sqrt(T / (2 * view.shape[2]))
    np.testing.assert_allclose(found[band], expected, rtol=0.02)
    assert found[[k for k in range(64) if abs(k - band) > 1]].max() < 1e-9
    coefficients = view.forward(sine(frequency))[0, :, band]
    phase = np.unwrap(np.arctan2(coefficients[1].numpy(), coefficients[0].numpy()))
    assert abs(phase[-1] - phase[0]) < 2 * np.pi * 1.01  # at most one bin off the centre


@pytest.mark.parametrize("place", [0.25, 0.5, 0.9])
def test_a_click_is_where_it_is(place: float) -> None:
    view = Nsgt(RATE, T)
    click = torch.zeros(1, T, dtype=torch.float64)
    click[0, round(place * T)] = 1
    loudest = magnitude(view, click)[30:].argmax(dim=1)
    np.testing.assert_allclose(loudest / view.shape[2], place, atol=1 / view.shape[2])


@pytest.mark.parametrize(
    ("view", "most"), [(Nsgt(RATE, T), 7.5), (Nsgt(RATE, T, "mel"), 6.5), (Cqt(RATE, T), 10.5)]
)
def test_redundancy_is_what_is_said(view: Nsgt, most: float) -> None:
    assert most - 1 < math.prod(view.shape) / T < most


def test_no_sound_exceeds_the_limit() -> None:
    view = Nsgt(RATE, 500, "erb", 20)
    matrix = view.forward(torch.eye(500, dtype=torch.float64))
    atoms = torch.hypot(matrix[:, 0], matrix[:, 1])
    assert atoms.sum(0).max().item() == pytest.approx(view.limit)


def test_the_inverse_is_differentiable() -> None:
    view = Nsgt(RATE, 31, "mel", 5)
    wild = torch.randn(1, *view.shape, generator=torch.Generator().manual_seed(0)).double()
    assert torch.autograd.gradcheck(view.inverse, (wild.requires_grad_(),))


def test_bad_options_are_refused() -> None:
    with pytest.raises(UsageError, match="scale 'bark' is unknown; known are: cqt, erb, mel"):
        Nsgt(RATE, T, "bark")
    with pytest.raises(UsageError, match="bands must be at least 2"):
        Nsgt(RATE, T, bands=1)
    with pytest.raises(UsageError, match="bins_per_octave"):
        Cqt(RATE, T, bins_per_octave=0)
    for lowest_hz in (0.0, 1e-300, RATE / 2):
        with pytest.raises(
            UsageError, match="must be at least 1 Hz and below the Nyquist frequency"
        ):
            Cqt(RATE, T, lowest_hz=lowest_hz)
        with pytest.raises(
            UsageError, match="must be at least 1 Hz and below the Nyquist frequency"
        ):
            Nsgt(RATE, T, "cqt", lowest_hz=lowest_hz)
