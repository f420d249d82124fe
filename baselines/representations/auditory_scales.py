"""Frequency scales of hearing: mel and equivalent rectangular bandwidths.

Equal steps on such a scale are about equal distances along the basilar membrane (ERB numbers) or
equal differences of pitch between pure tones (mel). Both are nearly linear at low and nearly
logarithmic at high frequencies; they differ in where they bend.

References
----------
B. R. Glasberg and B. C. J. Moore, "Derivation of auditory filter shapes from notched-noise data",
Hearing Research 47, 1990: equations 3 and 4.
M. Slaney, "Auditory toolbox", technical report 1998-010, Interval Research, 1998: this mel scale,
which is librosa's default too.
"""

import math

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

#: Slaney's scale is linear up to 15 mel at 1 kHz; then 27 mel are a factor of 6.4.
_BEND_HZ, _BEND_MEL, _LOG_STEP = 1000.0, 15.0, math.log(6.4) / 27


def hz_to_mel(frequency_hz: Floats) -> Floats:
    """Return frequencies in mel, Slaney's scale: 0 at 0 Hz, 15 at 1 kHz."""
    above = _BEND_MEL + np.log(np.maximum(frequency_hz, _BEND_HZ) / _BEND_HZ) / _LOG_STEP
    return np.where(frequency_hz < _BEND_HZ, frequency_hz * (_BEND_MEL / _BEND_HZ), above)


def mel_to_hz(mel: Floats) -> Floats:
    """Return frequencies in Hz, the inverse of :func:`hz_to_mel`."""
    above = _BEND_HZ * np.exp(_LOG_STEP * np.maximum(mel - _BEND_MEL, 0))
    return np.where(mel < _BEND_MEL, mel * (_BEND_HZ / _BEND_MEL), above)


def hz_to_erb_number(frequency_hz: Floats) -> Floats:
    """Return how many equivalent rectangular bandwidths lie below frequencies in Hz."""
    return 21.4 * np.log10(1 + 4.37 * frequency_hz / 1000)


def erb_hz(frequency_hz: Floats) -> Floats:
    """Return the equivalent rectangular bandwidth of the ear's filter there, in Hz."""
    return 24.7 * (4.37 * frequency_hz / 1000 + 1)
