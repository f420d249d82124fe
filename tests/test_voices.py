"""The voices: each plays what its parameters say, and refuses what it is not made for."""

from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray

from toysound import stages
from toysound.scales import midi_to_hz
from toysound.voices import VOICES
from toysound.voices.breath import low_pass_coefficients
from toysound.voices.chord import CHORDS
from toysound.voices.shepard import LOWEST_MIDI, shepard_table
from toysound.voices.string import MOST_PARTIALS

RATE, SIZE = 16000, 8000


def values_of(voice: str, **given: float) -> dict[str, NDArray[np.float64]]:
    defaults = {name: p.default for name, p in VOICES[voice].all_parameters.items()}
    assert set(given) <= set(defaults)
    return {name: np.array([value]) for name, value in {**defaults, **given}.items()}


def source(voice: str, size: int = SIZE, **given: float) -> NDArray[np.float64]:
    (audio,) = stages.sources(VOICES[voice], values_of(voice, **given), size, RATE)
    return audio.astype(float)


def amplitude_db(audio: NDArray[np.float64], hz: float) -> float:
    """Return the amplitude of a sine of some frequency within a sound, by least squares."""
    window = np.hanning(len(audio))
    basis = np.exp(-2j * np.pi * hz * np.arange(len(audio)) / RATE)
    return float(20 * np.log10(2 * abs(np.sum(window * audio * basis)) / window.sum() + 1e-12))


def test_tone_has_the_partials_of_its_spectrum() -> None:
    audio = source("tone", pitch=57.0, brightness=-6.0, odd_even=-10.0, partials=6)
    levels = [amplitude_db(audio, 220.0 * k) for k in range(1, 8)]
    expected = [-6 * np.log2(k) - 10 * (k % 2 == 0) for k in range(1, 7)]
    np.testing.assert_allclose(np.array(levels[:6]) - levels[0], expected, atol=0.05)
    assert levels[6] < levels[0] - 80


def test_tone_with_a_filter_falls_above_its_cutoff() -> None:
    open_, closed = (
        source("tone", pitch=45.0, brightness=0.0, cutoff=cutoff, resonance=4.0)
        for cutoff in (96.0, 36.0)
    )
    gain = [amplitude_db(closed, 110.0 * k) - amplitude_db(open_, 110.0 * k) for k in (1, 8, 32)]
    assert gain[1] - gain[0] == pytest.approx(12.1, abs=0.3)  # q = 4 at the cutoff, 880 Hz
    assert gain[2] - gain[0] == pytest.approx(-23.5, abs=0.3)  # two octaves above it


def test_noise_lies_below_the_tone_by_its_ratio() -> None:
    clean = source("tone")
    for ratio_db in (0.0, 20.0):
        noise = source("tone", noisiness=ratio_db) - clean
        assert 20 * np.log10(clean.std() / noise.std()) == pytest.approx(ratio_db, abs=0.1)
    again, other = (source("tone", noisiness=0.0, noise_seed=seed) - clean for seed in (0.0, 1.0))
    assert abs(np.corrcoef(again, other)[0, 1]) < 0.05


def instantaneous_semitones(audio: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the pitch of a sine at every sample, MIDI, from the phase of its analytic signal."""
    spectrum = np.fft.fft(audio)
    spectrum[len(audio) // 2 :] = 0
    phase = np.unwrap(np.angle(np.fft.ifft(spectrum)))
    hz = np.maximum(np.gradient(phase) * RATE / (2 * np.pi), 1)  # it is wild at the ends
    return np.asarray(69 + 12 * np.log2(hz / 440))


def test_glide_is_in_semitones_a_second_and_keeps_the_mean() -> None:
    pitch = instantaneous_semitones(source("tone", partials=1, glide=24.0))
    middle = slice(800, -800)
    slope, at_start = np.polyfit(np.arange(SIZE)[middle] / RATE, pitch[middle], 1)
    assert slope == pytest.approx(24, abs=0.1)
    assert at_start + slope * 0.25 == pytest.approx(57, abs=0.02)


def test_a_glide_keeps_the_mean_of_a_shorter_sound() -> None:
    pitch = instantaneous_semitones(source("tone", partials=1, glide=-24.0, duration=0.2))
    assert pitch[1600] == pytest.approx(57, abs=0.05)  # at 0.1 s


def test_vibrato_swings_as_far_and_as_fast_as_it_says() -> None:
    pitch = instantaneous_semitones(source("tone", partials=1, vibrato=100.0, vibrato_rate=8.0))
    cents = 100 * (pitch[1000:-1000] - 57)
    assert cents.max() == pytest.approx(100, abs=3)
    assert cents.min() == pytest.approx(-100, abs=8)  # the swing is linear in Hz
    spectrum = np.abs(np.fft.rfft(cents[:6000] - cents[:6000].mean()))
    assert np.argmax(spectrum) * RATE / 6000 == pytest.approx(8, abs=RATE / 6000)


def test_fm_has_bessel_side_bands() -> None:
    """J0..J3 of index 1.5 and ratio 3: at the carrier and at 4, 7 and 10 times it."""
    audio = source("fm", pitch=57.0, fm_ratio=3.0, fm_index=1.5)
    bessel = {1: 0.5118, 4: 0.5579, 7: 0.2321, 10: 0.0610}
    for number, expected in bessel.items():
        assert amplitude_db(audio, 220.0 * number) == pytest.approx(
            20 * np.log10(expected), abs=0.05
        )


def test_breath_is_white_below_its_cutoff_and_falls_above() -> None:
    audio = source("breath", SIZE, pitch=57.0, cutoff=24.0, resonance=0.7)
    power = np.abs(np.fft.rfft(audio)) ** 2
    low, high = power[200:400].mean(), power[1700:1800].mean()  # 400 to 800 and 3.5 kHz, of 880 Hz
    assert 10 * np.log10(low / high) > 40
    assert len(low_pass_coefficients(880.0, 0.7, RATE)) == 6


def test_string_partials_are_stretched() -> None:
    stiffness = 1e-3
    audio = source("string", pitch=45.0, brightness=-3.0, inharmonicity=-3.0)
    for k in (1, 5, 10):
        hz = 110.0 * k * np.sqrt(1 + stiffness * k * k)
        assert amplitude_db(audio, hz) > amplitude_db(audio, 1.02 * hz + 10) + 40
    fewer = source("string", pitch=45.0, inharmonicity=-3.0, partials=3.0)
    assert amplitude_db(fewer, 110.0 * 4 * np.sqrt(1 + 16e-3)) < -60
    assert MOST_PARTIALS == 20


@pytest.mark.parametrize("waveform", [0, 1, 2])
def test_chroma_is_circular(waveform: int) -> None:
    """An octave up is the same spectrum: what enters below and leaves above is inaudible."""
    base = float(midi_to_hz(LOWEST_MIDI))
    low, high = (
        np.abs(np.fft.rfft(shepard_table(chroma, 69.0, waveform).samples)) for chroma in (0.0, 12.0)
    )
    numbers = np.flatnonzero(high > 1e-6 * high.max())
    numbers = numbers[numbers * 2 * base < 7000]
    np.testing.assert_allclose(low[2 * numbers] / low.max(), high[numbers] / high.max(), atol=2e-3)


def test_register_moves_the_bell_and_not_the_notes() -> None:
    for register in (60.0, 84.0):
        spectrum = np.abs(np.fft.rfft(shepard_table(0.0, register, 0).samples))
        strongest = np.argmax(spectrum) * float(midi_to_hz(LOWEST_MIDI))
        assert strongest == pytest.approx(float(midi_to_hz(register)))


@pytest.mark.parametrize("name", CHORDS)
def test_a_chord_has_its_notes_at_equal_power(name: str) -> None:
    audio = source("chord", chord=float(list(CHORDS).index(name)), pitch=57.0, partials=1)
    levels = [amplitude_db(audio, float(midi_to_hz(57 + note))) for note in CHORDS[name]]
    assert max(levels) - min(levels) < 0.3
    assert amplitude_db(audio, float(midi_to_hz(57 + 2))) < levels[0] - 20


def test_an_echo_is_heard_again_6_db_down() -> None:
    dry = np.zeros((2, SIZE), np.float32)
    dry[:, 0] = 1
    room = {"echo": np.array([0.1, 0.0]), "reverberation": np.array([0.0, 0.0])}
    wet = stages.in_room(dry, room, SIZE, RATE)
    assert np.flatnonzero(wet[0]).tolist() == [0, 1600]
    assert wet[0, 1600] == 0.5
    np.testing.assert_array_equal(wet[1], dry[1])


@pytest.mark.parametrize("reverberation_s", [0.2, 0.8, 2.0])
def test_reverberation_falls_by_60_db_in_its_time(reverberation_s: float) -> None:
    """The slope of Schroeder's backward integral, between -5 and -25 dB (T20 of ISO 3382)."""
    size = 4 * SIZE
    dry = np.zeros((1, size), np.float32)
    dry[:, 0] = 1
    room = {"echo": np.array([0.0]), "reverberation": np.array([reverberation_s])}
    tail = stages.in_room(dry, room, size, RATE)[0, 1:].astype(float)
    left = 10 * np.log10(np.cumsum(tail[::-1] ** 2)[::-1] / np.sum(tail**2) + 1e-12)
    first, last = np.argmax(left < -5), np.argmax(left < -25)
    assert 3 * (last - first) / RATE == pytest.approx(reverberation_s, rel=0.15)


@pytest.mark.parametrize("voice", VOICES)
def test_defaults_sound(voice: str) -> None:
    values = values_of(voice)
    VOICES[voice].check(values)
    assert 0.05 < source(voice).std() < 3


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("pitch", 109.0, "takes pitch between 21 and 108, got values from 109 to 109"),
        ("brightness", 6.1, "takes brightness between -24 and 6"),
        ("attack", 0.0, "takes attack between"),
        ("tremolo", np.nan, "takes tremolo between"),
        ("attack", None, "needs a value for 'attack'"),
    ],
)
def test_illegal_values_are_refused(name: str, value: float | None, message: str) -> None:
    values = values_of("tone")
    if value is None:
        del values[name]
    else:
        values[name] = np.array([value])
    with pytest.raises(ValueError, match=message):
        VOICES["tone"].check(values)


def test_a_voice_is_a_value() -> None:
    assert replace(VOICES["tone"]) == VOICES["tone"]
