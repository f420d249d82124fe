"""The voice ``tone``: a harmonic sound with an attack and a tremolo.

A band-limited wavetable holds one period with all partials of the note up to
:data:`HIGHEST_PARTIAL_HZ`. *Brightness* is its spectral tilt: partial k has the amplitude
``k ** (tilt / 6.02)``, that is ``tilt`` dB for each doubling of k. The oscillator is shaped by a
linear *attack*, a short release at the very end of the clip, and a *tremolo*.

Partials carry Schroeder's phases (IEEE Trans. Inf. Theory 16, 1970), which keep the crest factor of
a flat harmonic sound near that of a sine: without them the bright sounds would have to be rendered
far more quietly than the dark ones to avoid clipping.

The table is built from one table of a single sine, read at multiples of its index, so that the
only transcendental function is that one sine, rounded (see :mod:`toysound.scales`).
"""

import math
from collections.abc import Mapping
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from toysound.engine import Engine, Signal, Wavetable
from toysound.scales import db_to_amplitude, midi_to_hz, round_significant

#: No partial lies above this; 0.8 kHz below the Nyquist frequency of 16 kHz audio leaves room for
#: the side bands of the envelope and tremolo.
HIGHEST_PARTIAL_HZ = 7200.0

#: Points of the wavetable, a power of two. With cubic interpolation the images of the 65th partial
#: of A2 stay below -90 dB.
TABLE_SIZE = 8192

TREMOLO_RATE_HZ = 8.0
RELEASE_S = 0.010


@lru_cache(maxsize=1)
def _sine() -> NDArray[np.float64]:
    """One period of a sine in TABLE_SIZE points."""
    return round_significant([math.sin(2 * math.pi * i / TABLE_SIZE) for i in range(TABLE_SIZE)])


@lru_cache(maxsize=1024)
def harmonic_table(num_partials: int, tilt_db_per_octave: float) -> Wavetable:
    """Return one period of a tone with partials 1..``num_partials`` and a spectral tilt.

    Parameters
    ----------
    num_partials : at least 1
    tilt_db_per_octave : level of partial 2k relative to partial k

    Returns
    -------
    Wavetable
        Scaled to unit root mean square.
    """
    numbers = np.arange(1, num_partials + 1)
    octaves = round_significant(np.log2(numbers))
    amplitudes = db_to_amplitude(tilt_db_per_octave * octaves)
    # Schroeder's phase of partial k, -pi k (k - 1) / n, as a whole number of table points.
    shifts = np.rint(-TABLE_SIZE * numbers * (numbers - 1) / (2 * num_partials)).astype(np.int64)
    points = np.arange(TABLE_SIZE)
    period = np.zeros(TABLE_SIZE)
    for number, amplitude, shift in zip(numbers, amplitudes, shifts, strict=True):
        period += amplitude * _sine()[(number * points + shift) & (TABLE_SIZE - 1)]
    rms = math.sqrt(math.fsum(a * a / 2 for a in amplitudes))
    samples = round_significant(period / rms)
    samples.flags.writeable = False
    return Wavetable((float(num_partials), tilt_db_per_octave), samples)


def tone(engine: Engine, values: Mapping[str, NDArray[np.float64]], duration_s: float) -> Signal:
    """Build the graph for a batch.

    Parameters
    ----------
    values : one array of shape (n,) for each of ``pitch`` (MIDI note number), ``brightness``
        (dB/octave), ``attack`` (s) and ``tremolo`` (modulation index)
    duration_s : length of the clip
    """
    frequency_hz = midi_to_hz(values["pitch"])
    partials = np.floor(HIGHEST_PARTIAL_HZ / frequency_hz).astype(int)
    tables = [
        harmonic_table(int(n), float(tilt))
        for n, tilt in zip(partials, values["brightness"], strict=True)
    ]
    source = engine.wavetable_oscillator(tables, frequency_hz)
    envelope = engine.attack_release(values["attack"], RELEASE_S, duration_s)
    return source * envelope * engine.tremolo(TREMOLO_RATE_HZ, values["tremolo"])
