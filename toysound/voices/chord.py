"""The voice ``chord``: several harmonic tones at once, in equal temperament.

*Interval* adds one note above the root, *chord* names a set of them; a chord's notes are played at
equal power. Four oscillators are always there, silent where a chord has fewer notes, so that every
chord is the same graph.
"""

from collections.abc import Sequence

import numpy as np

from toysound.engine import Engine, Signal
from toysound.scales import midi_to_hz
from toysound.voices import parts, spectrum
from toysound.voices.parts import Values
from toysound.voices.tone import tone_table

#: Chords by their number: semitones above the root.
CHORDS: dict[str, tuple[float, ...]] = {
    "root": (0,),
    "fifth": (0, 7),
    "major": (0, 4, 7),
    "minor": (0, 3, 7),
    "diminished": (0, 3, 6),
    "augmented": (0, 4, 8),
    "suspended": (0, 5, 7),
    "dominant seventh": (0, 4, 7, 10),
    "major seventh": (0, 4, 7, 11),
    "minor seventh": (0, 3, 7, 10),
}

MOST_NOTES = 4


def chord(engine: Engine, values: Values, num_samples: int) -> Signal:
    """Build the graph for a batch.

    Parameters
    ----------
    values : ``pitch`` of the root (MIDI), ``interval`` (semitones), ``chord`` (number in
        :data:`CHORDS`), ``brightness``, ``partials`` and the tremolo, shape (n,) each
    num_samples : length of the clip
    """
    notes = [
        _notes(list(CHORDS.values())[int(c)], float(i))
        for c, i in zip(values["chord"], values["interval"], strict=True)
    ]
    source: Signal | None = None
    for number in range(MOST_NOTES):
        heard = np.array([number < len(own) for own in notes])
        above = np.array([own[number] if number < len(own) else 0.0 for own in notes])
        frequency_hz = midi_to_hz(values["pitch"] + above)
        tables = [
            tone_table(min(int(most), spectrum.highest_partial(float(hz))), float(tilt))
            for hz, tilt, most in zip(
                frequency_hz, values["brightness"], values["partials"], strict=True
            )
        ]
        # Different phases: notes an octave apart would otherwise cancel or double partials.
        wave = engine.oscillator(tables, frequency_hz, phase=number / MOST_NOTES)
        note = engine.scale(wave, heard.astype(np.float64))
        source = note if source is None else source + note
    assert source is not None
    return source * parts.tremolo(engine, values)


def _notes(chord_semitones: Sequence[float], interval: float) -> list[float]:
    """Return the distinct notes of a chord and an interval above its root, ascending."""
    return sorted({*chord_semitones, interval})[:MOST_NOTES]
