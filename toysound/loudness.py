"""How loud a sound is to an ear: K-weighted loudness (LUFS) and A-weighted level (dB).

The ear hears little below 100 Hz and most around 3 kHz. Both measures weigh the frequencies first
and then take the power: *loudness* by the filters and the gate of ITU-R BS.1770, as broadcasters
do; the *A-weighted level* by the curve of IEC 61672-1, as sound level meters do. They describe
sounds; datasets are made equally loud by plain RMS, which every program computes alike.

Conventions
-----------
audio : float, shape (n, T), full scale 1

References
----------
ITU-R BS.1770-4, "Algorithms to measure audio programme loudness", 2015.
IEC 61672-1, "Electroacoustics - Sound level meters", 2013, annex E.
C. Steinmetz and J. Reiss, "pyloudnorm: a simple yet flexible loudness meter in Python", AES 150,
2021: the filters are its own; here a whole batch passes them at once.
"""

from functools import lru_cache

import numpy as np
import scipy.fft
import scipy.signal
from numpy.typing import NDArray

from toysound.scales import amplitude_to_db

Floats = NDArray[np.float64]

#: Gating blocks of 400 ms, one every 100 ms; below -70 LUFS, and 10 LU below the mean, they are
#: silence (BS.1770-4, annex 1).
_BLOCK_S, _STEP = 0.4, 0.25
_ABSOLUTE_GATE, _RELATIVE_GATE = -70.0, -10.0
_OFFSET = -0.691

#: Corner frequencies of the A curve in Hz, and its gain at 1 kHz without them in dB.
_A_HZ = (20.598997, 107.65265, 737.86223, 12194.217)
_A_OFFSET_DB = 2.0


def loudness_lufs(audio: NDArray[np.float32], sample_rate: int) -> Floats:
    """Return the integrated, gated loudness of each sound in LUFS (ITU-R BS.1770-4), shape (n,).

    NaN for clips shorter than one gating block of 0.4 s, and for sounds that the gate takes for
    silence.
    """
    num_samples = audio.shape[1]
    if num_samples < _BLOCK_S * sample_rate:
        return np.full(len(audio), np.nan)
    weighted = scipy.signal.sosfilt(_k_weighting(sample_rate), audio.astype(np.float64), axis=1)
    count = round((num_samples / sample_rate - _BLOCK_S) / (_BLOCK_S * _STEP)) + 1
    power = np.empty((len(audio), count))
    for block in range(count):
        first = int(_BLOCK_S * (block * _STEP) * sample_rate)
        last = int(_BLOCK_S * (block * _STEP + 1) * sample_rate)
        part = weighted[:, first:last]
        power[:, block] = np.einsum("nt,nt->n", part, part) / (_BLOCK_S * sample_rate)
    heard = _lufs(power) >= _ABSOLUTE_GATE
    gate = _lufs(_mean_where(power, heard)) + _RELATIVE_GATE
    return _lufs(_mean_where(power, heard & (_lufs(power) > gate[:, None])))


def a_weighted_db(audio: NDArray[np.float32], sample_rate: int) -> Floats:
    """Return the A-weighted RMS level of each whole clip in dB re full scale, shape (n,).

    A full-scale sine of 1 kHz has -3 dB. NaN for silence.
    """
    size = scipy.fft.next_fast_len(audio.shape[1], real=True)
    spectrum = scipy.fft.rfft(audio, size)
    power = np.square(spectrum.real) + np.square(spectrum.imag)
    weights = _a_weighting(size, sample_rate)
    energy = (power @ weights.astype(power.dtype)).astype(np.float64)
    level = amplitude_to_db(np.sqrt(energy / (size * audio.shape[1])))
    return np.where(np.isfinite(level), level, np.nan)


@lru_cache(maxsize=8)
def _k_weighting(sample_rate: int) -> Floats:
    """Return the second-order sections of the K-weighting, shape (2, 6)."""
    import pyloudnorm

    stages = pyloudnorm.Meter(sample_rate)._filters.values()
    return np.stack([np.concatenate([stage.b, stage.a]) for stage in stages]).astype(np.float64)


@lru_cache(maxsize=8)
def _a_weighting(size: int, sample_rate: int) -> Floats:
    """Return the power gain of the A curve at each bin of a real spectrum.

    Bins between zero and half the sample rate stand for two, their own and its mirror image.
    """
    square = np.square(scipy.fft.rfftfreq(size, 1 / sample_rate))
    first, second, third, fourth = np.square(_A_HZ)
    gain = fourth * square**2 / ((square + first) * (square + fourth))
    gain /= np.sqrt((square + second) * (square + third))
    weights = np.square(gain) * 10 ** (_A_OFFSET_DB / 10)
    weights[1 : (size + 1) // 2] *= 2
    return np.asarray(weights)


def _lufs(power: Floats) -> Floats:
    with np.errstate(divide="ignore"):
        return np.asarray(_OFFSET + 10 * np.log10(power))


def _mean_where(power: Floats, chosen: NDArray[np.bool_]) -> Floats:
    """Return the mean over the chosen blocks of each row, NaN where there is none."""
    with np.errstate(invalid="ignore"):
        return np.asarray(np.where(chosen, power, 0).sum(axis=1) / chosen.sum(axis=1))
