"""Descriptors: right on sounds whose answer is known, and true to every label of the datasets."""

import numpy as np
import pytest
from numpy.typing import NDArray

from toysound.catalog import get_spec
from toysound.envelopes import attack_s
from toysound.measure import (
    DESCRIPTORS,
    centroid_hz,
    describe,
    fundamental_hz,
    harmonics_to_noise_db,
    level_db,
    repetition,
)
from toysound.rendering import parameters_of, render_samples, sustained_part, to_float
from toysound.scales import midi_to_hz

TONES = get_spec("tones")
RATE = TONES.sample_rate
WINDOW_S = (0.2, 0.49)  # after the longest attack of tones, before the release
TIME_S = np.arange(8000) / RATE

#: Two periods of the tremolo: late enough for every attack to have ended.
TWO_SWINGS = 2 * RATE // 8


def sines(*frequencies: float, amplitude: float = 0.5) -> NDArray[np.float32]:
    hz = np.array(frequencies)[:, None]
    return (amplitude * np.sin(2 * np.pi * hz * TIME_S)).astype(np.float32)


# --- known sounds


def test_fundamental_of_sines() -> None:
    hz = np.array([55.0, 110.0, 441.3, 997.0, 3900.0])
    cents = 1200 * np.log2(fundamental_hz(sines(*hz), RATE, WINDOW_S) / hz)
    assert np.abs(cents).max() < 1


def test_fundamental_that_is_missing_from_the_spectrum() -> None:
    audio = sines(400.0) + sines(600.0) + sines(800.0)
    assert fundamental_hz(audio, RATE, WINDOW_S)[0] == pytest.approx(200, rel=1e-3)


def test_silence_and_noise_have_no_pitch() -> None:
    noise = np.random.default_rng(0).normal(size=(4, 8000)).astype(np.float32) * 0.1
    for audio in (np.zeros((2, 8000), np.float32), noise, sines(440.0, amplitude=1e-6)):
        assert np.isnan(fundamental_hz(audio, RATE, WINDOW_S)).all()
        assert np.isnan(harmonics_to_noise_db(audio, RATE, WINDOW_S)).all()
        assert np.isnan(describe(audio, RATE, WINDOW_S)["measured_attack_s"]).all()


def test_level_and_centroid_of_a_sine() -> None:
    audio = sines(1000.0, amplitude=1.0)
    assert level_db(audio, RATE)[0] == pytest.approx(-3.0103, abs=1e-3)
    assert level_db(audio, RATE, WINDOW_S)[0] == pytest.approx(-3.0103, abs=1e-3)
    assert level_db(sines(1000.0, amplitude=0.1), RATE)[0] == pytest.approx(-23.0103, abs=1e-3)
    assert centroid_hz(audio, RATE, WINDOW_S)[0] == pytest.approx(1000, rel=2e-3)
    two = sines(1000.0) + sines(3000.0)
    assert centroid_hz(two, RATE, WINDOW_S)[0] == pytest.approx(2000, rel=2e-3)


def test_level_and_centroid_of_silence() -> None:
    silence = np.zeros((1, 8000), np.float32)
    assert level_db(silence, RATE)[0] == -np.inf
    assert np.isnan(centroid_hz(silence, RATE, WINDOW_S)[0])


@pytest.mark.parametrize("hz", [110.0, 183.7, 440.0, 1234.5])
def test_pitch_of_a_bright_sound_is_no_multiple_of_its_period(hz: float) -> None:
    """Up to 7 kHz, the peaks of the autocorrelation are narrower than a sample."""
    partials = range(1, int(7000 / hz) + 1)
    audio = 0.05 * sum(sines(k * hz) for k in partials)
    measured = fundamental_hz(audio.astype(np.float32), RATE, WINDOW_S)[0]
    assert measured == pytest.approx(hz, rel=1e-3)


def test_pitch_of_a_sound_whose_third_partial_prevails() -> None:
    audio = sines(588.0) + 0.1 * (sines(196.0) + sines(392.0))
    assert fundamental_hz(audio.astype(np.float32), RATE, WINDOW_S)[0] == pytest.approx(
        196, rel=1e-3
    )


@pytest.mark.parametrize("snr_db", [3.0, 10.0, 20.0, 30.0, 40.0])
def test_harmonics_to_noise_ratio_is_the_ratio(snr_db: float) -> None:
    tone = sines(221.7) + 0.5 * sines(443.4) + 0.3 * sines(3 * 221.7)
    noise = np.random.default_rng(0).normal(size=(20, 8000))
    noise *= np.sqrt(np.mean(np.square(tone))) * 10 ** (-snr_db / 20)
    measured = harmonics_to_noise_db((tone + noise).astype(np.float32), RATE, WINDOW_S)
    assert measured.mean() == pytest.approx(snr_db, abs=0.7)


def test_harmonics_to_noise_ratio_of_clean_sounds() -> None:
    for audio in (sines(110.0), sines(1000.3), sum(sines(250.0 * k) / k for k in range(1, 25))):
        clean = harmonics_to_noise_db(np.asarray(audio, np.float32), RATE, WINDOW_S)[0]
        assert 45 < clean <= 60


def test_repetition_at_half_a_period_is_even_less_odd() -> None:
    audio = (sines(200.0) + np.sqrt(3) * sines(400.0)).astype(np.float32)  # powers 1 and 3
    hz = np.array([200.0])
    assert repetition(audio, RATE, WINDOW_S, hz)[0] == pytest.approx(1, abs=1e-4)
    assert repetition(audio, RATE, WINDOW_S, 2 * hz)[0] == pytest.approx(0.5, abs=1e-3)


def test_a_constant_is_not_heard() -> None:
    audio = sines(330.0, amplitude=0.1)
    for measure in (fundamental_hz, centroid_hz, harmonics_to_noise_db):
        shifted = measure(audio + np.float32(0.3), RATE, WINDOW_S)
        np.testing.assert_allclose(shifted, measure(audio, RATE, WINDOW_S), rtol=1e-3)


def test_each_sound_has_its_own_window() -> None:
    """Two notes one after the other: what is measured is what the window shows."""
    both = np.where(TIME_S < 0.25, sines(440.0), 0.5 * sines(660.0)).astype(np.float32)
    windows = np.array([[0.01, 0.24], [0.27, 0.5], [0.01, 0.2]])
    audio = np.repeat(both, 3, axis=0)
    np.testing.assert_allclose(fundamental_hz(audio, RATE, windows), [440, 660, 440], rtol=1e-3)
    levels = level_db(audio, RATE, windows)
    np.testing.assert_allclose(levels, [-9.03, -15.05, -9.03], atol=0.05)
    for name, column in describe(audio, RATE, windows).items():
        alone = [describe(both, RATE, window)[name][0] for window in windows]
        np.testing.assert_allclose(column, alone, rtol=1e-5, err_msg=name)


@pytest.mark.parametrize("window", [(0.2, 0.2), (0.3, 0.2), (-0.1, 0.2), (0.2, 0.6), (0.2, 0.203)])
def test_a_window_that_is_none(window: tuple[float, float]) -> None:
    with pytest.raises(ValueError, match="must be at least 64 samples within the clip of 8000"):
        describe(sines(440.0), RATE, window)


def test_describe_gives_every_descriptor_whatever_the_batch() -> None:
    audio = to_float(render_samples(TONES, np.arange(0, 5760, 41)))  # 141 sounds
    together = describe(audio, RATE, WINDOW_S)
    assert list(together) == list(DESCRIPTORS)
    for name, column in together.items():
        assert column.shape == (141,)
        assert column.dtype == np.float64
        alone = [float(describe(audio[i : i + 1], RATE, WINDOW_S)[name][0]) for i in range(10)]
        np.testing.assert_allclose(column[:10], alone, rtol=1e-6)
    assert all(column.shape == (0,) for column in describe(audio[:0], RATE, WINDOW_S).values())


# --- labels


def test_pitch_labels_are_true_within_a_cent(
    tones: NDArray[np.int16], capsys: pytest.CaptureFixture[str]
) -> None:
    hz = midi_to_hz(parameters_of(TONES, np.arange(len(tones)))["pitch"])
    parts = np.array_split(to_float(tones), 20)
    measured = np.concatenate([fundamental_hz(part, RATE, WINDOW_S) for part in parts])
    cents = 1200 * np.log2(measured / hz)
    worst = np.abs(cents).max()
    with capsys.disabled():
        print(f"\npitch of tones: measured within {worst:.2f} cents")
    assert worst < 1


def test_pitch_labels_of_the_fine_grid() -> None:
    spec = get_spec("mono/pitch")
    cells = np.arange(64)
    hz = midi_to_hz(parameters_of(spec, cells)["pitch"])
    audio, windows = to_float(render_samples(spec, cells)), sustained_part(spec, cells)
    measured = fundamental_hz(audio, RATE, windows)
    assert np.abs(1200 * np.log2(measured / hz)).max() < 1


def test_level_labels_are_true_within_a_tenth_of_a_decibel(tones: NDArray[np.int16]) -> None:
    labels = parameters_of(TONES, np.arange(len(tones)))["level"]
    assert np.abs(level_db(to_float(tones), RATE, WINDOW_S) - labels).max() < 0.1


def test_centroid_rises_with_brightness(tones: NDArray[np.int16]) -> None:
    parts = np.array_split(to_float(tones), 20)
    centroid = np.concatenate([centroid_hz(part, RATE, WINDOW_S) for part in parts])
    rise = np.diff(centroid.reshape(TONES.space.sizes), axis=2)
    assert (rise > 0).all()
    spec = get_spec("mono/brightness")
    fine = centroid_hz(to_float(render_samples(spec, np.arange(64))), RATE, WINDOW_S)
    assert (np.diff(fine) > 0).all()


def test_attack_labels_are_true_within_4_ms(
    tones: NDArray[np.int16], capsys: pytest.CaptureFixture[str]
) -> None:
    values = parameters_of(TONES, np.arange(len(tones)))
    steady = values["tremolo"] == 0
    f0 = midi_to_hz(values["pitch"][steady])
    measured = attack_s(to_float(tones[steady]), RATE, WINDOW_S, f0)
    worst = np.abs(measured - values["attack"][steady]).max()
    with capsys.disabled():
        print(f"\nattack of tones without tremolo: measured within {1000 * worst:.1f} ms")
    assert worst < 0.004


def rms_envelope(audio: NDArray[np.float32], hz: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the RMS over exactly one period of each sound around every sample."""
    out = np.empty(audio.shape)
    edges = np.arange(audio.shape[1] + 1)
    for row, period in enumerate(RATE / hz):
        total = np.concatenate([[0], np.cumsum(np.square(audio[row], dtype=np.float64))])
        early, late = (np.interp(edges[:-1] + side * period / 2, edges, total) for side in (-1, 1))
        out[row] = np.sqrt((late - early) / period)
    return out


def test_attack_labels_under_tremolo(
    tones: NDArray[np.int16], capsys: pytest.CaptureFixture[str]
) -> None:
    """The envelope divided by itself two tremolo periods later is the ramp of the attack alone.

    Its slope, a least-squares line through where it lies between 0.15 and 0.85, is 1 / attack.
    """
    values = parameters_of(TONES, np.arange(len(tones)))
    cells = np.flatnonzero((values["tremolo"] > 0) & (values["level"] == -18))
    envelope = rms_envelope(to_float(tones[cells]), midi_to_hz(values["pitch"][cells]))
    ramps = (envelope[:, :-TWO_SWINGS] / envelope[:, TWO_SWINGS:])[:, : round(0.21 * RATE)]
    error_s = np.empty(len(cells))
    for row, (ramp, attack) in enumerate(zip(ramps, values["attack"][cells], strict=True)):
        first, last = (int(np.argmax(ramp >= level)) for level in (0.15, 0.85))
        slope = np.polyfit(TIME_S[first:last], ramp[first:last], 1)[0]
        error_s[row] = 1 / slope - attack
    worst_s = np.abs(error_s).max()
    with capsys.disabled():
        print(f"\nattack of tones under tremolo: measured within {1000 * worst_s:.1f} ms")
    assert worst_s < 0.004


def test_tremolo_labels(tones: NDArray[np.int16], capsys: pytest.CaptureFixture[str]) -> None:
    """Crest and trough of the sustained envelope are 1 + depth and 1 - depth."""
    values = parameters_of(TONES, np.arange(len(tones)))
    cells = np.flatnonzero((values["level"] == -18) & (values["attack"] == 0.008))
    envelope = rms_envelope(to_float(tones[cells]), midi_to_hz(values["pitch"][cells]))
    part = envelope[:, round(0.21 * RATE) : round(0.47 * RATE)]
    crest, trough = part.max(axis=1), part.min(axis=1)
    measured = (crest - trough) / (crest + trough)
    worst = np.abs(measured - values["tremolo"][cells]).max()
    with capsys.disabled():
        print(f"\ntremolo depth: measured within {worst:.3f}")
    assert worst < 0.03
