"""Descriptors: right on sounds whose answer is known, and true to every label of the datasets."""

import numpy as np
import pytest
from numpy.typing import NDArray

from toysound.catalog import get_spec
from toysound.measure import attack_s, centroid_hz, describe, fundamental_hz, level_db
from toysound.rendering import parameters_of, render_samples, to_float
from toysound.scales import midi_to_hz

TONES = get_spec("tones")
RATE = TONES.sample_rate
WINDOW_S = TONES.level_window_s
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
        assert np.isnan(attack_s(audio, RATE, WINDOW_S)).all()


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


@pytest.mark.parametrize("true_attack_s", [0.0, 0.01, 0.1, 0.2])
def test_attack_of_a_sine(true_attack_s: float) -> None:
    rise = np.minimum(1, TIME_S / true_attack_s) if true_attack_s else 1
    measured = attack_s((sines(443.0) * rise).astype(np.float32), RATE, WINDOW_S)
    assert measured[0] == pytest.approx(true_attack_s, abs=0.002)


def test_attack_is_undefined_without_a_plateau() -> None:
    wavering = sines(440.0) * (1 + 0.5 * np.cos(2 * np.pi * 8 * TIME_S))
    assert np.isnan(attack_s(wavering.astype(np.float32), RATE, WINDOW_S)[0])


def test_attack_needs_time_before_the_sustained_part() -> None:
    assert np.isnan(attack_s(sines(440.0), RATE, (0.0, 0.49))[0])


def test_describe_gives_every_descriptor_whatever_the_batch() -> None:
    audio = to_float(render_samples(TONES, np.arange(0, 5760, 41)))  # 141 sounds
    together = describe(audio, RATE, WINDOW_S)
    assert list(together) == [
        "measured_f0_hz",
        "measured_level_db",
        "measured_centroid_hz",
        "measured_attack_s",
    ]
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
    measured = fundamental_hz(to_float(render_samples(spec, cells)), RATE, spec.level_window_s)
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
    measured = attack_s(to_float(tones[steady]), RATE, WINDOW_S)
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
