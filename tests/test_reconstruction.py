"""Measures of reconstruction on sounds whose distance is known on paper."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from benchmark.metrics.reconstruction import COLUMNS, SOUND_METRICS, compare
from benchmark.metrics.reconstruction.coefficients import root_mean_square_db
from benchmark.metrics.reconstruction.f0 import f0_error
from benchmark.metrics.reconstruction.level import level_error, rms_db
from benchmark.metrics.reconstruction.log_spectral_distance import (
    log_spectral_distance,
    log_spectrum,
)
from benchmark.metrics.reconstruction.spectral_convergence import spectral_convergence
from benchmark.metrics.reconstruction.spectrum import full_scale_peak, magnitude
from toysound.errors import ToySoundError

Audio = NDArray[np.float32]

RATE, SAMPLES = 16000, 8000


def tone(hz: float, amplitude: float = 0.5, partials: int = 6) -> Audio:
    """Return a harmonic tone, shape (1, T)."""
    t = np.arange(SAMPLES) / RATE
    wave = sum(np.sin(2 * np.pi * k * hz * t + k) / k for k in range(1, partials + 1))
    return np.asarray((amplitude * wave / np.abs(wave).max())[None], dtype=np.float32)


def noise(seed: int, amplitude: float = 0.3) -> Audio:
    rng = np.random.default_rng(seed)
    return (amplitude * rng.uniform(-1, 1, (1, SAMPLES))).astype(np.float32)


SILENCE = np.zeros((1, SAMPLES), dtype=np.float32)


def one(values: NDArray[np.float64]) -> float:
    (value,) = values
    return float(value)


def lsd(reference: Audio, estimate: Audio) -> float:
    return one(log_spectral_distance(reference, estimate, RATE)["log_spectral_distance"])


def convergence(reference: Audio, estimate: Audio) -> float:
    return one(spectral_convergence(reference, estimate, RATE)["spectral_convergence"])


def cents(reference: Audio, estimate: Audio) -> float:
    return one(f0_error(reference, estimate, RATE)["f0_error"])


@pytest.mark.parametrize("sound", [tone(220), noise(0)])
def test_equal_sounds_have_no_error(sound: Audio) -> None:
    for name, values in compare(sound, sound, RATE).items():
        known = values[np.isfinite(values)]
        assert np.array_equal(known, np.zeros(len(known))), name


def test_every_registered_column_is_returned_with_one_number_a_sound() -> None:
    sounds = np.concatenate([tone(220), tone(330), noise(1)])
    found = compare(sounds, sounds[::-1], RATE)
    assert set(found) == {o.column for m in SOUND_METRICS.values() for o in m.outputs}
    assert set(found) | {"rmse_db"} == {column.column for column in COLUMNS}
    assert all(values.shape == (3,) for values in found.values())


def test_a_sound_is_compared_alike_alone_and_in_a_batch() -> None:
    first, second = np.concatenate([tone(220), tone(247)]), np.concatenate([tone(221), noise(3)])
    batch = compare(first, second, RATE)
    for row in range(2):
        alone = compare(first[row : row + 1], second[row : row + 1], RATE)
        for name in batch:
            assert batch[name][row] == pytest.approx(alone[name][0], rel=1e-6)


def test_shapes_must_agree() -> None:
    with pytest.raises(ValueError, match="must both be"):
        compare(tone(220), tone(220)[:, :100], RATE)


def test_a_full_scale_sine_peaks_at_zero_decibels() -> None:
    hz = 32 * RATE / 1024
    sine = np.sin(2 * np.pi * hz * np.arange(SAMPLES) / RATE)[None].astype(np.float32)
    spectrum = log_spectrum(sine)
    assert spectrum.shape == (1, 1 + SAMPLES // 256, 513)
    assert spectrum[0, 10].argmax() == 32
    assert spectrum[0, 10].max() == pytest.approx(0.0, abs=1e-3)
    assert full_scale_peak(1024) == pytest.approx(256)


def test_the_floor_of_the_spectrum_is_minus_80() -> None:
    assert np.unique(log_spectrum(SILENCE)) == pytest.approx([-80.0])


def test_frames_are_centred_so_that_an_impulse_at_the_start_is_seen() -> None:
    impulse = SILENCE.copy()
    impulse[0, 0] = 1.0
    frames = magnitude(impulse, 1024, 256)
    assert frames[0, 0] == pytest.approx(np.ones(513), abs=1e-5)
    assert frames[0, 3].max() == 0


@given(st.floats(0.5, 20.0))
@settings(max_examples=20, deadline=None)
def test_lsd_of_a_gain_is_the_gain_where_nothing_touches_the_floor(gain_db: float) -> None:
    loud = noise(2, 0.9)
    assert lsd(loud, loud * np.float32(10 ** (-gain_db / 20))) == pytest.approx(gain_db, abs=0.02)


def test_lsd_is_symmetric_and_knows_no_phase_of_the_whole() -> None:
    a, b = tone(220), tone(233)
    assert lsd(a, b) == pytest.approx(lsd(b, a))
    assert lsd(a, -a) == pytest.approx(0.0, abs=1e-6)


def test_lsd_to_silence_is_the_mean_height_above_the_floor() -> None:
    height = log_spectrum(noise(4)).astype(np.float64) + 80
    expected = np.sqrt((height**2).mean(axis=2)).mean()
    assert lsd(noise(4), SILENCE) == pytest.approx(expected, rel=1e-6)


@given(st.floats(0.0, 2.0))
@settings(max_examples=20, deadline=None)
def test_spectral_convergence_of_a_gain_is_its_distance_from_one(gain: float) -> None:
    assert convergence(tone(220), tone(220) * np.float32(gain)) == pytest.approx(
        abs(1 - gain), abs=1e-3
    )


def test_spectral_convergence_is_one_for_silence_and_undefined_of_silence() -> None:
    assert convergence(tone(220), SILENCE) == pytest.approx(1.0)
    assert np.isnan(convergence(SILENCE, tone(220)))


@given(st.floats(-40.0, 5.0))
@settings(max_examples=20, deadline=None)
def test_level_error_of_a_gain_is_the_gain(gain_db: float) -> None:
    estimate = tone(220) * np.float32(10 ** (gain_db / 20))
    error = one(level_error(tone(220), estimate, RATE)["level_error"])
    assert error == pytest.approx(abs(gain_db), abs=1e-3)


def test_level_of_a_square_wave_is_its_amplitude_and_silence_is_minus_100() -> None:
    square = np.where(np.arange(SAMPLES) % 2, 0.5, -0.5)[None].astype(np.float32)
    assert rms_db(square)[0] == pytest.approx(20 * np.log10(0.5))
    assert rms_db(SILENCE)[0] == -100.0


@pytest.mark.parametrize("hz", [110.0, 220.0, 392.0, 880.0])
@pytest.mark.parametrize("shift", [-40.0, 3.0, 30.0, 100.0, 700.0])
def test_f0_error_of_a_shift_is_the_shift(hz: float, shift: float) -> None:
    assert cents(tone(hz), tone(hz * 2 ** (shift / 1200))) == pytest.approx(abs(shift), abs=1.0)


def test_an_octave_counts_as_an_octave_and_as_a_wrong_note() -> None:
    values = f0_error(tone(220), tone(440), RATE)
    assert one(values["f0_error"]) == pytest.approx(1200, abs=1)
    assert one(values["f0_gross_errors"]) == 100.0


def test_errors_are_clipped_at_two_octaves() -> None:
    assert cents(tone(110), tone(1320)) == 2400.0


@pytest.mark.parametrize("estimate", [SILENCE, noise(5)])
def test_losing_the_pitch_is_the_largest_error(estimate: Audio) -> None:
    values = f0_error(tone(220), estimate, RATE)
    assert one(values["f0_error"]) == 2400.0
    assert one(values["f0_gross_errors"]) == 100.0


@pytest.mark.parametrize("reference", [SILENCE, noise(6)])
def test_a_sound_without_pitch_asks_no_question(reference: Audio) -> None:
    values = f0_error(reference, tone(220), RATE)
    assert np.isnan(one(values["f0_error"]))
    assert np.isnan(one(values["f0_gross_errors"]))


def test_f0_is_found_under_noise_of_a_poor_reconstruction() -> None:
    assert cents(tone(220), tone(220) + noise(7, 0.05)) < 5


def test_coefficients_below_the_floor_are_equal() -> None:
    low, lower = np.full((2, 3, 4), -90, "f4"), np.full((2, 3, 4), -300, "f4")
    assert np.array_equal(root_mean_square_db(low, lower), [0, 0])


def test_coefficients_root_mean_square_by_hand() -> None:
    view = np.array([[[0.0, -10.0]], [[0.0, 0.0]]], dtype=np.float32)
    meant = np.array([[[3.0, -14.0]], [[0.0, -100.0]]], dtype=np.float32)
    expected = [np.sqrt((9 + 16) / 2), np.sqrt(6400 / 2)]
    assert root_mean_square_db(view, meant) == pytest.approx(expected)


def test_coefficients_of_another_shape_are_refused() -> None:
    with pytest.raises(ToySoundError, match="must be equal"):
        root_mean_square_db(np.zeros((2, 3), "f4"), np.zeros((2, 4), "f4"))
