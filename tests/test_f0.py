"""Pitch errors of sounds whose pitch is known, and of what the catalog's labels say."""

import numpy as np
import pytest
from sound_examples import RATE, SILENCE, Audio, measured, noise, note, tone

import toysound
from benchmark.metrics.reconstruction.f0 import fundamental_within
from benchmark.metrics.reconstruction.stretch import loudest_stretch
from toysound.scales import hz_to_midi


def cents(reference: Audio, estimate: Audio) -> float:
    return measured("f0_error", reference, estimate)


def gross(reference: Audio, estimate: Audio) -> float:
    return measured("f0_gross_errors", reference, estimate)


@pytest.mark.parametrize("hz", [110.0, 220.0, 392.0, 880.0])
@pytest.mark.parametrize("shift", [-40.0, 3.0, 30.0, 100.0, 700.0])
def test_f0_error_of_a_shift_is_the_shift(hz: float, shift: float) -> None:
    assert cents(tone(hz), tone(hz * 2 ** (shift / 1200))) == pytest.approx(abs(shift), abs=1.0)


@pytest.mark.parametrize("start_s", [0.0, 0.11, 0.4])
@pytest.mark.parametrize("length_s", [0.06, 0.1])
def test_a_short_note_is_measured_where_it_sounds(start_s: float, length_s: float) -> None:
    true, played = note(330, start_s, length_s), note(330 * 2 ** (50 / 1200), start_s, length_s)
    assert cents(true, played) == pytest.approx(50, abs=2)


def test_the_pitch_is_asked_for_at_the_time_of_the_reference() -> None:
    early, late = note(330, 0.0, 0.1), note(330, 0.3, 0.1)
    assert cents(early, late) == 2400
    assert cents(early, early + note(440, 0.3, 0.1)) == pytest.approx(0, abs=1)


def test_an_octave_counts_as_an_octave_and_as_a_wrong_note() -> None:
    assert cents(tone(220), tone(440)) == pytest.approx(1200, abs=1)
    assert gross(tone(220), tone(440)) == 100.0
    assert gross(tone(220), tone(220.5)) == 0.0


def test_errors_are_clipped_at_two_octaves() -> None:
    assert cents(tone(110), tone(1320)) == 2400.0


@pytest.mark.parametrize("estimate", [SILENCE, noise(5)])
def test_losing_the_pitch_is_the_largest_error(estimate: Audio) -> None:
    assert cents(tone(220), estimate) == 2400.0
    assert gross(tone(220), estimate) == 100.0


@pytest.mark.parametrize("reference", [SILENCE, noise(6)])
def test_a_sound_without_pitch_asks_no_question(reference: Audio) -> None:
    assert np.isnan(cents(reference, tone(220)))
    assert np.isnan(gross(reference, tone(220)))


def test_f0_is_found_under_noise_of_a_poor_reconstruction() -> None:
    assert cents(tone(220), tone(220) + noise(7, 0.05)) < 5


@pytest.mark.parametrize(
    ("name", "share"),
    [("tones", 1.0), ("timbre", 0.99), ("gesture", 1.0), ("mono/duration", 1.0)],
)
def test_the_pitch_found_in_the_catalog_is_that_of_the_label(name: str, share: float) -> None:
    dataset = toysound.load(name)
    cells = np.arange(0, len(dataset), max(1, len(dataset) // 150))
    values = dict(zip(dataset.space.names, dataset.values(cells).T, strict=True))
    steady = values.get("glide", np.zeros(len(cells))) == 0
    audio = dataset.audio(cells)[steady]
    found = hz_to_midi(fundamental_within(audio, RATE, loudest_stretch(audio, RATE)))
    label = values["pitch"][steady] if "pitch" in values else np.full(len(audio), 57.0)
    assert np.mean(np.abs(found - label) < 0.1) >= share


def test_the_note_found_in_small_sprites_is_that_of_the_label() -> None:
    # Low twelfths and seventeenths share no fundamental above 50 Hz, and truly have no one note.
    dataset = toysound.load("sprites/small")
    cells = np.arange(0, len(dataset), 37)
    audio, values = dataset.audio(cells), dataset.values(cells)
    names = dataset.space.names
    found = hz_to_midi(fundamental_within(audio, RATE, loudest_stretch(audio, RATE)))
    semitones = (found - values[:, names.index("chroma")] + 6) % 12 - 6
    agree = np.abs(semitones) < 0.1
    assert agree.mean() > 0.9
    clear = (values[:, names.index("waveform")] == 0) & (values[:, names.index("register")] > 60)
    assert agree[clear].all()
