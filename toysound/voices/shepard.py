"""The voice ``shepard``: a tone with a chroma but no height.

Partials an octave apart under a bell-shaped envelope that stays where it is (Shepard, "Circularity
in judgments of relative pitch", JASA 36, 1964): moving all of them up by an octave gives the same
sound again, so that *chroma* is circular. *Register* is where the bell stands, and is independent
of chroma.

*Waveform* says what is heard in each octave: the note alone, with its twelfth (third partial), or
with its seventeenth (fifth partial); all of them repeat at the octave.
"""

from functools import lru_cache

import numpy as np

from toysound.engine import Engine, Signal, Wavetable
from toysound.scales import hz_to_midi, midi_to_hz, round_significant
from toysound.voices import parts, spectrum
from toysound.voices.parts import Values

#: Lowest partial of chroma 0: C1. All partials are whole multiples of it within one period.
LOWEST_MIDI = 24.0

#: Waveforms by their number: the odd partials that are repeated in every octave.
WAVEFORMS: dict[str, tuple[int, ...]] = {
    "octaves": (1,),
    "twelfths": (1, 3),
    "seventeenths": (1, 5),
}

#: Standard deviation of the bell in semitones.
WIDTH = 9.0

#: Points of a table; partials reach number 220, which wants a finer table than a tone does.
TABLE_SIZE = 32768


@lru_cache(maxsize=128)
def shepard_table(chroma: float, register: float, waveform: int) -> Wavetable:
    """Return one period of a Shepard tone.

    Parameters
    ----------
    chroma : semitones above C, in [0, 12)
    register : centre of the bell, MIDI note number
    waveform : number in :data:`WAVEFORMS`
    """
    lowest_hz = float(midi_to_hz(LOWEST_MIDI + chroma))
    odd = list(WAVEFORMS.values())[waveform]
    octaves = 2 ** np.arange(10)
    numbers = np.unique(np.outer(odd, octaves))
    numbers = numbers[numbers * lowest_hz <= spectrum.HIGHEST_PARTIAL_HZ]
    distance = (hz_to_midi(numbers * lowest_hz) - register) / WIDTH
    amplitudes = round_significant(np.exp(-0.5 * distance * distance))
    key = (-2.0, chroma, register, float(waveform))
    return spectrum.period(key, numbers, amplitudes, TABLE_SIZE)


def shepard(engine: Engine, values: Values, num_samples: int) -> Signal:
    """Build the graph for a batch.

    Parameters
    ----------
    values : ``chroma`` (semitones), ``register`` (MIDI), ``waveform``, ``phase`` and the
        tremolo, shape (n,) each
    num_samples : length of the clip
    """
    tables = [
        shepard_table(float(chroma), float(register), int(waveform))
        for chroma, register, waveform in zip(
            values["chroma"], values["register"], values["waveform"], strict=True
        )
    ]
    source = engine.oscillator(tables, midi_to_hz(LOWEST_MIDI + values["chroma"]), values["phase"])
    return source * parts.tremolo(engine, values)
