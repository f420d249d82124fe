"""The voice ``tone``: a harmonic sound, its spectrum, its noise and its modulations.

A band-limited wavetable holds one period with all partials of the note. *Brightness* is its
spectral tilt: partial k has the amplitude ``k ** (tilt / 6.02)``, that is ``tilt`` dB for each
doubling of k. A *waveform*, a limit on the number of *partials*, a balance of *odd and even*
partials, a low-pass (*cutoff* in semitones above the note, *resonance* q) and a *vowel* weigh the
partials further. The oscillator's pitch may move (*glide*, *vibrato*), noise may be added
(*noisiness*), and a *tremolo* moves the loudness.
"""

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from toysound.engine import Engine, Signal, Wavetable
from toysound.scales import midi_to_hz
from toysound.voices import parts, spectrum
from toysound.voices.parts import Values

#: A cutoff from here on means no filter, semitones above the note.
OPEN_CUTOFF = 96.0


#: Tables kept, 64 KiB each: as many as ``timbre`` has, so that a shuffled epoch makes each once.
_KEPT = 1280


@lru_cache(maxsize=_KEPT)
def tone_table(
    num_partials: int,
    tilt_db_per_octave: float,
    waveform: int = 0,
    even_db: float = 0.0,
    fundamental_hz: float = 0.0,
    cutoff_hz: float = 0.0,
    q: float = 1.0,
    vowel: int = 0,
) -> Wavetable:
    """Return one period of a tone with partials 1..``num_partials``.

    Parameters
    ----------
    num_partials : at least 1
    tilt_db_per_octave : level of partial 2k relative to partial k
    waveform : number in :data:`~toysound.voices.spectrum.WAVEFORMS`
    even_db : level of the even partials
    fundamental_hz : of the note; asked for by the two that follow only
    cutoff_hz, q : of a low-pass; 0 for none
    vowel : number in :data:`~toysound.voices.spectrum.VOWELS`

    Returns
    -------
    Wavetable
        Scaled to unit root mean square.
    """
    key = (num_partials, tilt_db_per_octave, waveform, even_db, fundamental_hz, cutoff_hz, q, vowel)
    numbers = np.arange(1, num_partials + 1)
    amplitudes = spectrum.tilt(numbers, tilt_db_per_octave)
    amplitudes = amplitudes * spectrum.waveform(numbers, waveform)
    amplitudes = amplitudes * spectrum.odd_even(numbers, even_db)
    frequency_hz = np.asarray(numbers * fundamental_hz, dtype=np.float64)
    if cutoff_hz:
        amplitudes = amplitudes * spectrum.low_pass(frequency_hz, cutoff_hz, q)
    amplitudes = amplitudes * spectrum.formants(frequency_hz, list(spectrum.VOWELS)[vowel])
    return spectrum.period(tuple(float(k) for k in key), numbers, amplitudes)


def variants(values: Values) -> NDArray[np.int64]:
    """Return which graph each sound needs, shape (n,): how it moves, and bit 2 for noise."""
    return np.asarray(parts.motion(values) + 4 * parts.noisy(values), dtype=np.int64)


def tone(engine: Engine, values: Values, num_samples: int) -> Signal:
    """Build the graph for a batch of sounds of one variant.

    Parameters
    ----------
    values : one array of shape (n,) for each parameter of the voice
    num_samples : length of the clip
    """
    frequency_hz = midi_to_hz(values["pitch"])
    tables = _tables(values, frequency_hz, num_samples / engine.sample_rate)
    moving = parts.sweep(engine, values, num_samples)
    source = engine.oscillator(tables, frequency_hz, values["phase"], moving)
    if parts.noisy(values)[0]:
        source = parts.add_noise(engine, source, values, num_samples)
    return source * parts.tremolo(engine, values)


def _tables(
    values: Values, frequency_hz: NDArray[np.float64], duration_s: float
) -> list[Wavetable]:
    highest = frequency_hz * parts.highest_ratio(values, duration_s)
    cutoff_hz = midi_to_hz(values["pitch"] + values["cutoff"])
    tables = []
    for row, hz in enumerate(frequency_hz):
        is_open = values["cutoff"][row] >= OPEN_CUTOFF
        vowel = int(values["vowel"][row])
        tables.append(
            tone_table(
                min(int(values["partials"][row]), spectrum.highest_partial(float(highest[row]))),
                float(values["brightness"][row]),
                int(values["waveform"][row]),
                float(values["odd_even"][row]),
                0.0 if is_open and not vowel else float(hz),
                0.0 if is_open else float(cutoff_hz[row]),
                1.0 if is_open else float(values["resonance"][row]),
                vowel,
            )
        )
    return tables
