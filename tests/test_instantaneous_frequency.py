"""Levels and phase increments: what they are, what the inverse makes of them, and of errors."""

import math
from typing import Literal

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from baselines.representations.complex_stft import ComplexStft
from baselines.representations.instantaneous_frequency import PHASES, InstantaneousFrequency
from baselines.representations.log_magnitude import FLOOR_DB, LogMagnitude
from benchmark.metrics.reconstruction import compare
from toysound.errors import UsageError

RATE, T, HOP = 16000, 8000, 256
ANGLES = InstantaneousFrequency(RATE, T, "angle")
VECTORS = InstantaneousFrequency(RATE, T)
BOTH = pytest.mark.parametrize("view", [ANGLES, VECTORS], ids=PHASES[::-1])


def noise(num_samples: int = T, seed: int = 0, sounds: int = 1) -> torch.Tensor:
    generator = torch.Generator().manual_seed(seed)
    return 2 * torch.rand(sounds, num_samples, generator=generator, dtype=torch.float64) - 1


def sine(frequency_hz: float, phase: float = 0.0) -> torch.Tensor:
    time_s = torch.arange(T, dtype=torch.float64) / RATE
    return 0.5 * torch.sin(2 * torch.pi * frequency_hz * time_s + phase)[None]


def partials() -> torch.Tensor:
    return sum((0.6 / k * sine(331.7 * k, float(k)) for k in (1, 2, 3)), torch.zeros(1, T))


def ratio_db(reference: torch.Tensor, estimate: torch.Tensor) -> float:
    error = (reference - estimate).square().sum()
    return float(10 * torch.log10(reference.square().sum() / error))


def through(view: InstantaneousFrequency, audio: torch.Tensor) -> torch.Tensor:
    return view.inverse(view.forward(audio))


def test_planes_bins_and_frames() -> None:
    assert VECTORS.shape == (3, 513, 32)
    assert ANGLES.shape == (2, 513, 32)
    assert (VECTORS.unit, ANGLES.unit) == ("dB and vectors", "dB and rad")


@BOTH
def test_the_levels_are_those_of_the_view_without_phase(view: InstantaneousFrequency) -> None:
    audio = torch.cat((noise(), partials(), 1e-4 * noise()))
    expected = LogMagnitude(RATE, T).forward(audio)
    torch.testing.assert_close(view.forward(audio)[:, 0, :512], expected, rtol=0, atol=1e-9)


@settings(max_examples=25, deadline=None)
@given(frequency_hz=st.floats(200, 7000))
def test_a_steady_sine_turns_by_its_distance_from_the_bin(frequency_hz: float) -> None:
    coefficients = ANGLES.forward(sine(frequency_hz))[0, 1]
    nearest = round(frequency_hz * 1024 / RATE)
    for place in (nearest - 1, nearest, nearest + 1):
        expected = 2 * math.pi * (frequency_hz - place * RATE / 1024) * HOP / RATE
        found = coefficients[place, 3:-3] - expected  # frames that see no end of the sound
        # Nothing but the leakage of the negative frequency.
        assert torch.remainder(found + math.pi, 2 * math.pi).sub(math.pi).abs().max() < 5e-3


def test_the_first_frame_keeps_its_phase() -> None:
    audio = noise()
    real, imaginary = ComplexStft(RATE, T).forward(audio)[0, :, :, 0]
    torch.testing.assert_close(ANGLES.forward(audio)[0, 1, :, 0], torch.atan2(imaginary, real))


def test_vectors_are_cosine_and_sine_times_the_level_above_the_floor() -> None:
    audio = torch.cat((noise(), partials()))
    levels, angles = ANGLES.forward(audio).unbind(1)
    length = (levels + 80) / 80
    expected = torch.stack((levels, length * torch.cos(angles), length * torch.sin(angles)), 1)
    torch.testing.assert_close(VECTORS.forward(audio), expected, rtol=0, atol=1e-9)


def test_a_bin_without_energy_has_increment_0() -> None:
    for view in (ANGLES, VECTORS):
        coefficients = view.forward(partials())
        quiet = coefficients[:, 0] == FLOOR_DB
        assert 0.5 < quiet.double().mean() < 1
        for plane in coefficients.unbind(1)[1:]:
            assert (plane[quiet] == 0).all()


@BOTH
def test_the_phase_is_found_again_after_a_gap(view: InstantaneousFrequency) -> None:
    audio = partials()
    audio[:, 2000:6000] = 0  # seven frames see nothing but silence
    assert (view.forward(audio)[0, 0] == FLOOR_DB).all(dim=0).sum() >= 7
    again = through(view, audio)
    assert ratio_db(audio[:, :2000], again[:, :2000]) > 60
    assert ratio_db(audio[:, 6000:], again[:, 6000:]) > 60


@BOTH
def test_nothing_is_lost_but_what_is_below_the_floor(view: InstantaneousFrequency) -> None:
    """The round trip is that of the complex transform with its bins at the floor left out."""
    transform = ComplexStft(RATE, T)
    for audio in (noise(), partials(), sine(440.0), 0.01 * noise()):
        spectrum = transform.forward(audio)
        spectrum *= view.forward(audio)[:, :1] > FLOOR_DB
        torch.testing.assert_close(through(view, audio), transform.inverse(spectrum))


@BOTH
def test_the_round_trip_in_decibels(view: InstantaneousFrequency) -> None:
    assert ratio_db(noise(), through(view, noise())) > 250
    assert ratio_db(noise(), through(view, noise().float())) > 120
    assert ratio_db(partials(), through(view, partials())) == pytest.approx(71, abs=1)
    assert ratio_db(sine(437.3), through(view, sine(437.3))) == pytest.approx(70, abs=1)
    quiet = 0.1 * noise()  # noise has its energy in all bins: its quietest ones reach the floor
    assert ratio_db(quiet, through(view, quiet)) > 65


@BOTH
def test_silence_is_silence(view: InstantaneousFrequency) -> None:
    coefficients = view.forward(torch.zeros(1, T))
    assert (coefficients[:, 0] == FLOOR_DB).all()
    assert (coefficients[:, 1:] == 0).all()
    assert (view.inverse(coefficients) == 0).all()


@pytest.mark.parametrize(
    ("error_rad", "ratio", "distance_db"), [(0.01, 33, 0.15), (0.1, 13, 0.70), (0.3, 4, 1.85)]
)
def test_errors_of_increments_add_up(error_rad: float, ratio: float, distance_db: float) -> None:
    """The figures of the module's docstring."""
    audio = partials()
    coefficients = ANGLES.forward(audio).repeat(8, 1, 1, 1)
    generator = torch.Generator().manual_seed(0)
    shape = coefficients[:, 1].shape
    coefficients[:, 1] += error_rad * torch.randn(shape, generator=generator, dtype=torch.float64)
    played = ANGLES.inverse(coefficients)
    ratios = [ratio_db(audio[0], row) for row in played]
    assert np.mean(ratios) == pytest.approx(ratio, abs=1)
    columns = compare(audio.expand(8, -1).float().numpy(), played.float().numpy(), RATE)
    assert columns["log_spectral_distance"].mean() == pytest.approx(distance_db, rel=0.1)
    # The error grows along the sound: the first quarter is much nearer than the last.
    quarters = (slice(T // 4), slice(3 * T // 4, T))
    first, last = (
        np.mean([ratio_db(audio[0, part], row[part]) for row in played]) for part in quarters
    )
    assert first > last + 5


def test_the_same_error_everywhere_only_detunes() -> None:
    """0.2 rad a frame is a sine 2 Hz higher, not a broken one."""
    coefficients = ANGLES.forward(sine(1000.0))
    coefficients[:, 1, :, 1:] += 0.2
    shifted = sine(1000 + 0.2 * RATE / HOP / (2 * math.pi))
    middle = slice(1500, -1500)
    assert ratio_db(shifted[:, middle], ANGLES.inverse(coefficients)[:, middle]) > 40


@settings(max_examples=20, deadline=None)
@given(length=st.floats(1e-3, 1e3))
def test_only_the_direction_of_a_vector_is_played(length: float) -> None:
    coefficients = VECTORS.forward(partials())
    longer = coefficients.clone()
    longer[:, 1:] *= length
    torch.testing.assert_close(VECTORS.inverse(longer), VECTORS.inverse(coefficients))
    torch.testing.assert_close(VECTORS.clip(longer), coefficients)


def test_a_vector_without_a_direction_points_to_increment_0() -> None:
    levels = VECTORS.forward(noise())[:, :1]
    nowhere = torch.cat((levels, torch.zeros(1, 2, *levels.shape[2:])), dim=1)
    still = torch.cat((levels, torch.zeros_like(levels)), dim=1)
    torch.testing.assert_close(VECTORS.inverse(nowhere), ANGLES.inverse(still))


@BOTH
def test_increments_of_bins_at_the_floor_are_not_played(view: InstantaneousFrequency) -> None:
    coefficients = view.forward(partials())
    quiet = coefficients[:, :1] == FLOOR_DB
    changed = torch.where(quiet, torch.tensor([-90.0]), coefficients)
    torch.testing.assert_close(view.inverse(changed), view.inverse(coefficients))
    torch.testing.assert_close(view.clip(changed), coefficients)


@settings(max_examples=20, deadline=None)
@given(turns=st.integers(-1000, 1000))
def test_a_turn_more_is_the_same(turns: int) -> None:
    coefficients = ANGLES.forward(partials())
    turned = coefficients.clone()
    turned[:, 1] += 2 * math.pi * turns
    torch.testing.assert_close(ANGLES.inverse(turned), ANGLES.inverse(coefficients))
    wrapped = ANGLES.clip(turned)
    assert wrapped[:, 1].abs().max() < math.pi + 1e-6
    chord = torch.polar(torch.ones(()).double(), wrapped[:, 1] - coefficients[:, 1]) - 1
    assert chord.abs().max() < 1e-9


@BOTH
@pytest.mark.parametrize("num_samples", [1, 300, 2000])
def test_both_ways_are_differentiable(view: InstantaneousFrequency, num_samples: int) -> None:
    phase: Literal["vector", "angle"] = "angle" if view is ANGLES else "vector"
    small = InstantaneousFrequency(RATE, num_samples, phase)
    audio = noise(num_samples)
    coefficients = small.forward(audio)
    for function, place in ((small.forward, audio), (small.inverse, coefficients)):
        point = place.clone().requires_grad_()
        assert torch.autograd.gradcheck(function, (point,), fast_mode=True)


@BOTH
def test_gradients_at_silence_are_numbers(view: InstantaneousFrequency) -> None:
    audio = torch.zeros(1, T, requires_grad=True)
    coefficients = view.forward(audio)
    played = view.inverse(coefficients)
    nothing = torch.zeros(1, *view.shape, requires_grad=True)
    total = coefficients.sum() + played.sum() + view.inverse(nothing).sum()
    for gradient in torch.autograd.grad(total, (audio, nothing)):
        assert torch.isfinite(gradient).all()


@BOTH
def test_a_sound_does_not_depend_on_its_batch_to_the_last_bit(view: InstantaneousFrequency) -> None:
    coefficients = view.forward(noise(sounds=3).float())
    together = view.inverse(coefficients)
    alone = torch.cat([view.inverse(row[None]) for row in coefficients])
    assert torch.equal(together, alone)


def test_an_unknown_form_of_the_phase_is_named() -> None:
    with pytest.raises(UsageError, match="did you mean 'vector'"):
        InstantaneousFrequency(RATE, T, "vectors")  # type: ignore[arg-type]
