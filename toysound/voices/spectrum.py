"""Spectra: the amplitudes of the partials of a note, and tables that hold one period of them.

A steady harmonic sound is one period, repeated. Everything that shapes it without changing it in
time, a spectral tilt, a waveform, a filter, a vowel, is a weight on each partial, so it is applied
to the amplitudes before the period is drawn: exact, free of aliasing, and the same to the last bit
on every CPU, because the filters below need only square roots and rational arithmetic.

Partials carry Schroeder's phases (IEEE Trans. Inf. Theory 16, 1970), which keep the crest factor of
a flat harmonic sound near that of a sine: without them the bright sounds would have to be rendered
far more quietly than the dark ones to avoid clipping.

References
----------
D. Klatt, "Software for a cascade/parallel formant synthesizer", JASA 67, 1980 (formants).
G. Peterson and H. Barney, "Control methods used in a study of the vowels", JASA 24, 1952 (the
formants of a man's vowels).
"""

import math
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from toysound.engine import Wavetable
from toysound.scales import db_to_amplitude, round_significant

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

#: No partial lies above this; 0.8 kHz below the Nyquist frequency of 16 kHz audio leaves room for
#: the side bands of envelopes and modulations.
HIGHEST_PARTIAL_HZ = 7200.0

#: Points of a table, a power of two. With cubic interpolation the images of the 65th partial of A2
#: stay below -90 dB.
TABLE_SIZE = 8192

#: Waveforms by their number; ``flat`` has all partials alike and leaves the spectrum to the tilt.
WAVEFORMS = ("flat", "sine", "triangle", "square", "sawtooth", "pulse")

#: Vowels by their number; ``none`` is no formant at all. F1, F2, F3 in Hz (Peterson and Barney).
VOWELS: dict[str, tuple[float, ...]] = {
    "none": (),
    "heed": (270.0, 2290.0, 3010.0),
    "head": (530.0, 1840.0, 2480.0),
    "had": (660.0, 1720.0, 2410.0),
    "hod": (730.0, 1090.0, 2440.0),
    "hawed": (570.0, 840.0, 2410.0),
    "who'd": (300.0, 870.0, 2240.0),
    "heard": (490.0, 1350.0, 1690.0),
}

#: Bandwidths of the three formants in Hz (Klatt 1980, typical).
_BANDWIDTHS_HZ = (60.0, 90.0, 150.0)


@lru_cache(maxsize=4)
def _sine(size: int) -> Floats:
    """One period of a sine in ``size`` points."""
    return round_significant([math.sin(2 * math.pi * i / size) for i in range(size)])


SINE = Wavetable((-1.0,), _sine(TABLE_SIZE))


def tilt(numbers: Integers, db_per_octave: float) -> Floats:
    """Return the amplitude of each partial under a spectral tilt; partial 1 has 1."""
    return db_to_amplitude(db_per_octave * round_significant(np.log2(numbers)))


def waveform(numbers: Integers, which: int) -> Floats:
    """Return the amplitude of each partial of a waveform, one of :data:`WAVEFORMS`."""
    n = numbers.astype(np.float64)
    odd = (numbers % 2).astype(np.float64)
    if which == 0:
        return np.ones(len(n))
    if which == 1:
        return np.where(numbers == 1, 1.0, 0.0)
    # A pulse that is high a quarter of the time: |sin(pi n / 4)| / n.
    pulse = np.array([0.0, math.sqrt(0.5), 1.0, math.sqrt(0.5)])[numbers % 4] / n
    return np.asarray((odd / (n * n), odd / n, 1.0 / n, pulse)[which - 2])


def low_pass(frequency_hz: Floats, cutoff_hz: float, q: float) -> Floats:
    """Return the gain of a resonant low-pass with two poles at some frequencies.

    ``|H| = 1 / sqrt((1 - r^2)^2 + (r / q)^2)`` with ``r = f / cutoff``: 12 dB per octave above the
    cutoff, gain ``q`` at it.
    """
    r = frequency_hz / cutoff_hz
    return np.asarray(1.0 / np.sqrt((1.0 - r * r) ** 2 + (r / q) ** 2))


def formants(frequency_hz: Floats, vowel: str) -> Floats:
    """Return the gain of the vocal tract for a vowel: its three resonances in cascade."""
    gain = np.ones(len(frequency_hz))
    for centre, bandwidth in zip(VOWELS[vowel], _BANDWIDTHS_HZ, strict=False):
        gain = gain * low_pass(frequency_hz, centre, centre / bandwidth)
    return gain


def odd_even(numbers: Integers, even_db: float) -> Floats:
    """Return a gain for each partial: ``even_db`` for the even ones, 1 for the odd."""
    return np.where(numbers % 2 == 0, db_to_amplitude(even_db), 1.0)


def highest_partial(frequency_hz: float) -> int:
    """Return the number of the highest partial of a note, at least 1."""
    return max(1, int(HIGHEST_PARTIAL_HZ / frequency_hz))


def period(
    key: tuple[float, ...],
    numbers: Integers,
    amplitudes: Floats,
    size: int = TABLE_SIZE,
) -> Wavetable:
    """Return one period of a sum of partials, scaled to unit root mean square.

    The table is built from one table of a single sine, read at multiples of its index, so that the
    only transcendental function is that one sine, rounded (see :mod:`toysound.scales`); what is
    done with it are sums, products and one square root, which no CPU rounds differently.

    Parameters
    ----------
    key : what decides the samples
    numbers : partials, at least 1, ascending
    amplitudes : of each, not all 0
    size : points of the table, a power of two
    """
    count = int(numbers[-1])
    # Schroeder's phase of partial k, -pi k (k - 1) / n, as a whole number of table points.
    shifts = np.rint(-size * numbers * (numbers - 1) / (2 * count)).astype(np.int64)
    points = np.arange(size // 2)
    samples = np.zeros(size)
    for number, amplitude, shift in zip(
        numbers.tolist(), amplitudes.tolist(), shifts.tolist(), strict=True
    ):
        if amplitude:
            # Partial ``odd * 2**k`` repeats itself 2**k times, and its second halves are its first
            # ones with the other sign: only one half of one repetition has to be looked up.
            repeats = number & -number
            half = size // (2 * repeats)
            wave = amplitude * _sine(size)[(number * points[:half] + shift) & (size - 1)]
            halves = samples.reshape(repeats, 2, half)
            halves[:, 0] += wave
            halves[:, 1] -= wave
    samples /= math.sqrt(math.fsum(a * a / 2 for a in amplitudes))
    samples.flags.writeable = False
    return Wavetable(key, samples)
