"""Perceptual scales: the mappings between what one hears and what an oscillator is told.

Hearing is roughly logarithmic in frequency, amplitude and time, so the factors of a dataset are
spaced evenly in semitones, decibels and log seconds, and converted to physical units here.

Every number that reaches the synthesis engine passes :func:`round_significant`. Transcendental
functions differ in their last bit between mathematical libraries and between the instruction sets
of CPUs; rounding to 12 significant digits removes those bits long before they can decide a sample.
"""

import math

import numpy as np
from numpy.typing import ArrayLike, NDArray

#: MIDI note number and frequency of the tuning reference, A4 (ISO 16).
A4_MIDI, A4_HZ = 69.0, 440.0

#: The powers of ten that are doubles without error.
_TENS = np.array([float(10**k) for k in range(23)])

#: Where the decades begin, from 10**_LOWEST up.
_LOWEST = -12
_DECADES = np.array([float(f"1e{k}") for k in range(_LOWEST, 36)])


def round_significant(values: ArrayLike, digits: int = 12) -> NDArray[np.float64]:
    """Round to a number of significant decimal digits, exactly as decimal text would.

    A power of ten up to 10**22 is a double without error, so scaling by one, rounding to a whole
    number and scaling back err only where the scaled value lies within its own rounding error of a
    tie. Those values, and the very large and small ones, go through their decimal text, which is
    exact too but ten times slower. Only correctly rounded operations are used: a formula with
    ``log10`` would bring back the bits that this function is meant to remove.

    Parameters
    ----------
    values : any shape
    digits : 1 to 15
    """
    array = np.asarray(values, dtype=np.float64)
    size = np.abs(array.ravel())
    decade = np.searchsorted(_DECADES, size, side="right") - 1 + _LOWEST
    shift = digits - 1 - decade
    up, down = _TENS[np.clip(shift, 0, 22)], _TENS[np.clip(-shift, 0, 22)]
    with np.errstate(invalid="ignore", over="ignore"):
        scaled = size * up / down
        whole = np.rint(scaled)
        out = np.copysign(whole / up * down, array.ravel())
        near_tie = np.abs(scaled - whole) > 0.49
    outside = (size < _DECADES[0]) | (size >= _DECADES[-1]) | (np.abs(shift) > 22)
    slow = near_tie | outside | ~np.isfinite(size)
    for index in np.flatnonzero(slow & (size != 0)):
        out[index] = float(f"{array.ravel()[index]:.{digits - 1}e}")
    return np.asarray(out.reshape(array.shape))


def midi_to_hz(midi: ArrayLike) -> NDArray[np.float64]:
    """Return the frequency in Hz of MIDI note numbers, equal temperament, A4 = 440 Hz."""
    exponent = (np.asarray(midi, dtype=np.float64) - A4_MIDI) / 12.0
    return round_significant(A4_HZ * np.exp2(exponent))


def hz_to_midi(frequency_hz: ArrayLike) -> NDArray[np.float64]:
    """Return the MIDI note number (not rounded to semitones) of frequencies in Hz."""
    return np.asarray(A4_MIDI + 12.0 * np.log2(np.asarray(frequency_hz, dtype=np.float64) / A4_HZ))


def db_to_amplitude(level_db: ArrayLike) -> NDArray[np.float64]:
    """Return the amplitude ratio of a level in decibels: ``10 ** (dB / 20)``."""
    return round_significant(np.power(10.0, np.asarray(level_db, dtype=np.float64) / 20.0))


def amplitude_to_db(amplitude: ArrayLike, floor_db: float = -math.inf) -> NDArray[np.float64]:
    """Return the level in decibels of amplitude ratios, at least ``floor_db``."""
    floor = 10.0 ** (floor_db / 20.0)
    with np.errstate(divide="ignore"):
        return np.asarray(20.0 * np.log10(np.maximum(np.abs(amplitude), floor)))


def linear_steps(first: float, step: float, count: int) -> tuple[float, ...]:
    """Return ``count`` values from ``first`` in equal steps."""
    return tuple(float(v) for v in round_significant(first + step * np.arange(count)))


def log_steps(first: float, last: float, count: int) -> tuple[float, ...]:
    """Return ``count`` values from ``first`` to ``last`` in equal ratios, both ends included."""
    return tuple(float(v) for v in round_significant(np.geomspace(first, last, count)))
