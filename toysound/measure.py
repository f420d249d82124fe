"""Descriptors: what can be measured of a sound without knowing its label.

They serve three ends: columns of the published datasets, the check that every label is true, and
the errors of a reconstruction in units people know. All are pure functions of a batch of audio.

Conventions
-----------
audio : float, shape (n, T), full scale 1
window_s : (start, stop) of the sustained part in seconds
A descriptor that is not defined for a sound (the pitch of silence) is NaN.

References
----------
P. Boersma, "Accurate short-term analysis of the fundamental frequency", IFA Proceedings 17, 1993.
G. Peeters, "A large set of audio features for sound description", IRCAM, 2004 (centroid, attack).
"""

from collections.abc import Mapping

import numpy as np
import scipy.fft
import scipy.signal
from numpy.typing import NDArray

from toysound.scales import amplitude_to_db

Floats = NDArray[np.float64]

#: Range in which a fundamental is looked for, Hz.
LOWEST_HZ, HIGHEST_HZ = 50.0, 4000.0

#: How much a period must beat one an octave shorter by, in units of normalised autocorrelation.
_OCTAVE_COST = 0.05

#: Normalised autocorrelation below which a sound has no pitch.
_VOICED = 0.5

#: Silence, for the purpose of pitch and attack: RMS below -90 dB re full scale.
_SILENCE = 10.0 ** (-90 / 20)

#: Fractions of full level between which the attack is timed.
_ATTACK_LOW, _ATTACK_HIGH = 0.2, 0.8

#: Relative swing (highest / lowest - 1) of the sustained envelope above which it is no plateau that
#: an attack could lead to.
_PLATEAU = 0.2

#: Most samples of the sustained part that enter a spectrum: 3.9 Hz per bin at 16 kHz.
_LONGEST_SPECTRUM = 4096


def describe(
    audio: NDArray[np.float32], sample_rate: int, window_s: tuple[float, float]
) -> Mapping[str, Floats]:
    """Measure every descriptor of each sound.

    Parameters
    ----------
    audio : shape (n, T)
    sample_rate : Hz
    window_s : the sustained part

    Returns
    -------
    mapping
        Name (with its unit) to an array of shape (n,): ``measured_f0_hz``, ``measured_level_db``,
        ``measured_centroid_hz``, ``measured_attack_s``.
    """
    spectrum = _power_spectrum(audio, sample_rate, window_s)
    f0 = _fundamental(spectrum, sample_rate)
    return {
        "measured_f0_hz": f0,
        "measured_level_db": level_db(audio, sample_rate, window_s),
        "measured_centroid_hz": _centroid(spectrum, sample_rate),
        "measured_attack_s": attack_s(audio, sample_rate, window_s, f0),
    }


def level_db(
    audio: NDArray[np.float32], sample_rate: int, window_s: tuple[float, float] | None = None
) -> Floats:
    """Return the RMS level over a part of each sound (all of it by default), dB re full scale."""
    part = _part(audio, sample_rate, window_s) if window_s else audio
    power = np.einsum("nt,nt->n", part, part, dtype=np.float64) / part.shape[1]
    return amplitude_to_db(np.sqrt(power))


def centroid_hz(
    audio: NDArray[np.float32], sample_rate: int, window_s: tuple[float, float]
) -> Floats:
    """Return the amplitude-weighted mean frequency of the sustained part (Peeters 2004)."""
    return _centroid(_power_spectrum(audio, sample_rate, window_s), sample_rate)


def _centroid(power: NDArray[np.float32], sample_rate: int) -> Floats:
    magnitude = np.sqrt(power)
    bin_hz = sample_rate / 2 / (power.shape[1] - 1)
    frequencies = (bin_hz * np.arange(magnitude.shape[1])).astype(magnitude.dtype)
    total = magnitude.sum(axis=1)
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.where(total > 0, magnitude @ frequencies / total, np.nan).astype(np.float64)


def fundamental_hz(
    audio: NDArray[np.float32], sample_rate: int, window_s: tuple[float, float]
) -> Floats:
    """Return the fundamental frequency of the sustained part of each sound.

    Boersma's (1993) autocorrelation, divided by that of the window, finds the period; the strongest
    of the partials it implies then refines it by a parabola through its log-magnitude peak.

    Parameters
    ----------
    audio : shape (n, T)
    sample_rate : Hz
    window_s : the sustained part, at least three periods of the lowest pitch

    Returns
    -------
    ndarray, float64, shape (n,)
        Hz; NaN for a sound that is silent or has no period.
    """
    return _fundamental(_power_spectrum(audio, sample_rate, window_s), sample_rate)


def _fundamental(power: NDArray[np.float32], sample_rate: int) -> Floats:
    coarse = sample_rate / _period(power, sample_rate)
    return _refine(coarse, power, sample_rate / 2 / (power.shape[1] - 1))


def attack_s(
    audio: NDArray[np.float32],
    sample_rate: int,
    window_s: tuple[float, float],
    f0_hz: Floats | None = None,
) -> Floats:
    """Return the attack time of each sound: from silence to full level of a linear rise.

    The envelope is period-synchronous: each stretch of 3 ms of the rise is compared, by least
    squares, with the stretch a whole number of periods later, in the sustained part. It is thus 1
    at full level and does not ripple within a period. The times at which it first passes 20 % and
    80 % are extended to 0 and 100 %.

    Returns
    -------
    ndarray, float64, shape (n,)
        Seconds; NaN for sounds without pitch, and where the sustained part is no plateau: under a
        tremolo the rise and the modulation cannot be told apart from one envelope.
    """
    f0 = fundamental_hz(audio, sample_rate, window_s) if f0_hz is None else f0_hz
    start, stop = (round(t * sample_rate) for t in window_s)
    out = np.full(len(audio), np.nan)
    for row in np.flatnonzero(np.isfinite(f0)):
        period = sample_rate / f0[row]
        if _swing(audio[row, start:stop], round(period)) > _PLATEAU:
            continue
        envelope = synchronous_envelope(audio[row], period, start, stop, sample_rate)
        low = _first_above(envelope, _ATTACK_LOW)
        high = _first_above(envelope, _ATTACK_HIGH)
        out[row] = (high - low) / (_ATTACK_HIGH - _ATTACK_LOW) / sample_rate
    return out


def synchronous_envelope(
    signal: NDArray[np.float32], period: float, start: int, stop: int, sample_rate: int
) -> Floats:
    """Return the gain of the first ``start`` samples relative to the sound whole periods later.

    Parameters
    ----------
    signal : shape (T,)
    period : in samples, need not be whole
    start, stop : the sustained part in samples

    Returns
    -------
    ndarray, float64, shape (m,)
        One value per sample, each over a centred stretch of 3 ms, for as long as the later stretch
        stays within the sustained part.
    """
    half = round(0.0015 * sample_rate)
    shifts = period * np.arange(np.ceil(start / period), np.floor((start + stop) / 2 / period) + 1)
    shift = round(float(shifts[np.argmin(np.abs(shifts - np.rint(shifts)))]))
    length = min(start, stop - shift)
    early = np.concatenate([np.zeros(half), signal[: length + half].astype(np.float64)])
    late = signal[shift - half : shift + length + half].astype(np.float64)
    together = _moving_sum(early * late, 2 * half)
    return together / np.maximum(_moving_sum(late * late, 2 * half), 1e-12)


def _swing(plateau: NDArray[np.float32], period: int) -> float:
    """Return how far the envelope of a stretch swings: highest / lowest RMS of a period, less 1."""
    energy = np.maximum(_moving_sum(np.square(plateau, dtype=np.float64), period), 1e-12)
    return float(np.sqrt(energy.max() / energy.min()) - 1)


def _moving_sum(values: Floats, length: int) -> Floats:
    """Return the sum of every full stretch of ``length`` values."""
    total = np.concatenate([[0.0], np.cumsum(values)])
    return np.asarray(total[length:] - total[:-length])


def _first_above(envelope: Floats, level: float) -> float:
    """Return the (fractional) sample at which an envelope first reaches a level."""
    index = int(np.argmax(envelope >= level))
    if index == 0:
        return 0.0
    below, above = envelope[index - 1], envelope[index]
    return float(index - 1 + (level - below) / (above - below))


def _part(
    audio: NDArray[np.float32], sample_rate: int, window_s: tuple[float, float]
) -> NDArray[np.float32]:
    start, stop = (round(t * sample_rate) for t in window_s)
    return audio[:, start:stop]


def _power_spectrum(
    audio: NDArray[np.float32], sample_rate: int, window_s: tuple[float, float]
) -> NDArray[np.float32]:
    """Return the Hann-windowed power spectrum of the middle of the sustained part.

    The part is padded to twice its length, so that the inverse transform is its linear
    autocorrelation. The last bin is at half the sample rate.
    """
    part = _part(audio, sample_rate, window_s)
    length = 2 * (min(part.shape[1], _LONGEST_SPECTRUM) // 2)
    start = (part.shape[1] - length) // 2
    window = scipy.signal.windows.hann(length, sym=False).astype(np.float32)
    segment = part[:, start : start + length].astype(np.float32)
    spectrum = scipy.fft.rfft(segment * window, 2 * length)
    return np.asarray(spectrum.real**2 + spectrum.imag**2)


def _period(power: NDArray[np.float32], sample_rate: int) -> Floats:
    """Return the period of each sound in samples, NaN where there is none."""
    size = 2 * (power.shape[1] - 1)
    length = size // 2
    window = scipy.signal.windows.hann(length, sym=False)
    shortest = max(2, int(sample_rate / HIGHEST_HZ))
    longest = min(int(sample_rate / LOWEST_HZ) + 2, length // 2)
    window_lags = scipy.fft.irfft(np.abs(scipy.fft.rfft(window, size)) ** 2, size)[: longest + 1]
    lags = scipy.fft.irfft(power, size)[:, : longest + 1].astype(np.float64)
    energy = lags[:, :1].copy()
    silent = energy[:, 0] <= length * _SILENCE**2
    with np.errstate(invalid="ignore", divide="ignore"):
        lags *= window_lags[0] / window_lags / energy
    left, here, right = lags[:, shortest - 1 : -2], lags[:, shortest:-1], lags[:, shortest + 1 :]
    curve = left - 2 * here + right
    peaks = (here >= left) & (here > right) & (curve < 0)
    with np.errstate(invalid="ignore", divide="ignore"):
        offset = np.where(peaks, 0.5 * (left - right) / curve, 0.0)
        height = here - 0.25 * (left - right) * offset
    positions = np.arange(shortest, longest)[None, :] + offset
    score = np.where(peaks, height - _OCTAVE_COST * np.log2(positions), -np.inf)
    best = np.argmax(score, axis=1)
    rows = np.arange(len(power))
    voiced = ~silent & peaks[rows, best] & (height[rows, best] > _VOICED)
    return np.where(voiced, positions[rows, best], np.nan)


def _refine(coarse: Floats, power: NDArray[np.float32], bin_hz: float) -> Floats:
    """Sharpen fundamentals on the strongest of the first eight partials they imply."""
    out = np.full(len(coarse), np.nan)
    number = np.arange(1, 9)
    for row in np.flatnonzero(np.isfinite(coarse)):
        bins = np.rint(coarse[row] * number / bin_hz).astype(int)
        bins = bins[bins < power.shape[1] - 4]
        strongest = int(np.argmax(power[row, bins]))
        reach = max(2, int(0.01 * bins[strongest]))
        start = max(1, bins[strongest] - reach)
        centre = start + int(np.argmax(power[row, start : bins[strongest] + reach + 1]))
        a, b, c = np.log(power[row, centre - 1 : centre + 2].astype(np.float64) + 1e-30)
        offset = 0.5 * (a - c) / (a - 2 * b + c) if a - 2 * b + c < 0 else 0.0
        out[row] = (centre + np.clip(offset, -1, 1)) * bin_hz / (strongest + 1)
    return out
