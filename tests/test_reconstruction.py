"""The table of measures of reconstruction as a whole, and those that the spectrum alone decides."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sound_examples import RATE, SAMPLES, SILENCE, Audio, measured, noise, note, square, tone

from benchmark.metrics.reconstruction import (
    COLUMNS,
    SET_METRICS,
    SOUND_METRICS,
    Sounds,
    compare,
    net,
)
from benchmark.metrics.reconstruction.coefficients import root_mean_square_db
from benchmark.metrics.reconstruction.level import rms_db
from benchmark.metrics.reconstruction.log_spectral_distance import log_spectrum
from benchmark.metrics.reconstruction.spectrum import RESOLUTIONS, full_scale_peak, magnitude
from toysound.errors import ToySoundError

#: What is best: every error 0, and the largest ratio.
BEST = {"si_sdr": 100.0}


def lsd(reference: Audio, estimate: Audio) -> float:
    return measured("log_spectral_distance", reference, estimate)


def convergence(reference: Audio, estimate: Audio) -> float:
    return measured("spectral_convergence", reference, estimate)


# --- the table


@pytest.mark.parametrize("sound", [tone(220), noise(0), square(), note(330, 0.1, 0.1), SILENCE])
def test_equal_sounds_have_no_error(sound: Audio) -> None:
    for name, values in compare(sound, sound, RATE).items():
        known = values[np.isfinite(values)]
        assert np.array_equal(known, np.full(len(known), BEST.get(name, 0.0))), name


def test_every_registered_column_is_returned_with_one_number_a_sound() -> None:
    sounds = np.concatenate([tone(220), tone(330), noise(1)])
    found = compare(sounds, sounds[::-1], RATE)
    assert set(found) == {o.column for m in SOUND_METRICS.values() for o in m.outputs}
    assert set(found) | {"rmse_db"} == {column.column for column in COLUMNS}
    assert all(values.shape == (3,) and values.dtype == np.float64 for values in found.values())


def test_columns_of_sounds_and_sets_are_named_once() -> None:
    names = [column.column for column in COLUMNS]
    names += [o.column for metric in SET_METRICS.values() for o in metric.outputs]
    assert len(set(names)) == len(names)


def test_a_sound_is_compared_alike_alone_and_in_a_batch() -> None:
    first = np.concatenate([tone(220), tone(247), note(300, 0.2, 0.1)])
    second = np.concatenate([tone(221), noise(3), note(310, 0.1, 0.2)])
    batch = compare(first, second, RATE)
    for row in range(3):
        alone = compare(first[row : row + 1], second[row : row + 1], RATE)
        for name in batch:
            assert batch[name][row] == pytest.approx(alone[name][0], rel=1e-6, nan_ok=True), name


def test_many_sounds_are_compared_in_parts_and_put_together() -> None:
    sounds = np.tile(np.concatenate([tone(220), noise(1), SILENCE]), (30, 1))
    shifted = np.tile(np.concatenate([tone(233), tone(220), noise(1)]), (30, 1))
    whole, three = compare(sounds, shifted, RATE), compare(sounds[:3], shifted[:3], RATE)
    for name, values in whole.items():
        assert np.array_equal(values, np.tile(three[name], 30), equal_nan=True), name


def test_no_sounds_have_no_numbers() -> None:
    none = np.zeros((0, SAMPLES), dtype=np.float32)
    found = compare(none, none, RATE)
    assert set(found) | {"rmse_db"} == {column.column for column in COLUMNS}
    assert all(values.shape == (0,) for values in found.values())


@pytest.mark.parametrize("samples", [1, 63, 255, 1023, 2399])
def test_clips_shorter_than_the_windows_are_compared(samples: int) -> None:
    first, second = (x[:, :samples] for x in (noise(4), square()))
    found = compare(first, second, RATE)
    assert found["log_spectral_distance"][0] > 1
    assert found["mel_distance"][0] > 1
    assert found["mrstft_linear"][0] > 0
    assert np.isnan(found["loudness_error"][0])


@pytest.mark.parametrize("other", [tone(220), noise(5), square()])
def test_silence_asks_no_question_of_pitch_time_or_waveform(other: Audio) -> None:
    found = compare(SILENCE, other, RATE)
    undefined = {name for name, values in found.items() if np.isnan(values[0])}
    assert undefined == {
        "spectral_convergence",
        "si_sdr",
        "loudness_error",
        "f0_error",
        "f0_gross_errors",
        "onset_error",
        "attack_error",
    }
    assert all(found[name][0] > 0 for name in set(found) - undefined)


def test_a_silent_reconstruction_is_the_worst_of_pitch_time_and_waveform() -> None:
    found = compare(note(220, 0.1, 0.3), SILENCE, RATE)
    assert found["f0_error"][0] == 2400
    assert found["f0_gross_errors"][0] == 100
    assert found["onset_error"][0] == 500
    assert found["attack_error"][0] == 500
    assert found["si_sdr"][0] == -100
    assert found["spectral_convergence"][0] == pytest.approx(1.0)


@pytest.mark.parametrize("shape", [(8000,), (1, 100), (1, 0)])
def test_shapes_must_agree(shape: tuple[int, ...]) -> None:
    odd = np.zeros(shape, dtype=np.float32)
    with pytest.raises(ValueError, match="must both be"):
        compare(odd, odd if shape != (1, 100) else tone(220), RATE)


# --- what a model loses beyond its representation


def test_net_is_a_loss_whatever_the_direction() -> None:
    assert net(5.0, 2.0, higher_is_better=False) == 3.0
    assert net(5.0, 20.0, higher_is_better=True) == 15.0
    assert net(2.0, 2.0, higher_is_better=True) == 0.0


@pytest.mark.parametrize("column", ["log_spectral_distance", "mel_distance", "mrstft_log"])
def test_net_never_exceeds_the_distance_between_model_and_round_trip(column: str) -> None:
    sound, kept, played = tone(220), tone(220) + noise(1, 0.01), tone(233) + noise(2, 0.05)
    value, ceiling = measured(column, sound, played), measured(column, sound, kept)
    assert 0 < net(value, ceiling, higher_is_better=False) <= measured(column, kept, played)


# --- the short-time spectrum


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


@pytest.mark.parametrize("sizes", [*RESOLUTIONS, (1024, 256, 1024)])
def test_magnitudes_are_those_of_a_plain_transform(sizes: tuple[int, int, int]) -> None:
    n_fft, hop, window = sizes
    sound = noise(9)
    padded = np.pad(sound[0].astype(np.float64), (window // 2, window))
    at = 7 * hop
    frame = padded[at : at + window] * np.hanning(window + 1)[:-1]
    expected = np.abs(np.fft.rfft(frame, n_fft))
    found = magnitude(sound, n_fft, hop, window)
    assert found.shape == (1, 1 + SAMPLES // hop, 1 + n_fft // 2)
    assert found[0, 7] == pytest.approx(expected, rel=1e-4, abs=1e-5)


def test_a_spectrum_is_taken_once_and_cannot_be_spoiled() -> None:
    sounds = Sounds(tone(220), RATE)
    first = sounds.magnitude(1024, 256)
    assert sounds.magnitude(1024, 256, 1024) is first
    assert sounds.magnitude(1024, 120, 600) is not first
    with pytest.raises(ValueError, match="read-only"):
        first[0] = 0
    assert len(sounds) == 1
    assert sounds.duration_s == 0.5


# --- log-spectral distance, spectral convergence, level


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
    assert measured("level_error", tone(220), estimate) == pytest.approx(abs(gain_db), abs=1e-3)


def test_level_of_a_square_wave_is_its_amplitude_and_silence_is_minus_100() -> None:
    assert rms_db(0.5 * square())[0] == pytest.approx(20 * np.log10(0.5))
    assert rms_db(SILENCE)[0] == -100.0


# --- a model's own view


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
