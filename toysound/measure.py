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

#: Envelopes are taken every half millisecond, over stretches of 3 ms.
_BLOCK_S = 0.0005
_STRETCH = 6

#: Blocks, at least, over which the swing of a plateau is measured: 20 ms, rounded up to periods.
_SWING_BLOCKS = 40

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
    block = max(1, round(_BLOCK_S * sample_rate))
    out = np.full(len(audio), np.nan)
    pitched = np.flatnonzero(np.isfinite(f0))
    if start < _STRETCH * block:
        return out
    periods = sample_rate / f0[pitched]
    flat = _swing(audio[pitched, start:stop], periods, block) <= _PLATEAU
    latest = stop - _ATTACK_HIGH * start - _STRETCH * block
    rows, shifts = pitched[flat], _whole_periods(periods[flat], start, latest)
    for shift in np.unique(shifts):
        group = rows[shifts == shift]
        envelope = _envelope(audio[group], int(shift), start, stop, block)
        rise = _first_above(envelope, _ATTACK_HIGH) - _first_above(envelope, _ATTACK_LOW)
        out[group] = rise * block / (_ATTACK_HIGH - _ATTACK_LOW) / sample_rate
    return out


def _whole_periods(periods: Floats, earliest: float, latest: float) -> NDArray[np.int64]:
    """Return, for each period in samples, the shift that compares the rise with what follows.

    Of the whole numbers of periods between ``earliest`` and ``latest`` (or the first after
    ``earliest``) it is the one that lies closest to a whole number of samples.
    """
    out = np.empty(len(periods), dtype=np.int64)
    for row, period in enumerate(periods):
        first, last = np.ceil(earliest / period), np.floor(latest / period)
        shifts = period * np.arange(first, max(first, last) + 1)
        out[row] = round(float(shifts[np.argmin(np.abs(shifts - np.rint(shifts)))]))
    return out


def _envelope(audio: NDArray[np.float32], shift: int, start: int, stop: int, block: int) -> Floats:
    """Return the gain of the first ``start`` samples relative to the sound ``shift`` samples later.

    Parameters
    ----------
    audio : shape (n, T), sounds of the same period
    shift : a whole number of periods in samples
    start, stop : the sustained part in samples
    block : samples between the values

    Returns
    -------
    ndarray, float64, shape (n, m)
        Value i belongs to sample ``i * block`` and is taken over a stretch centred there, for as
        long as the later stretch stays within the sustained part.
    """
    half = _STRETCH // 2 * block
    length = min(start, stop - half - shift)
    early = np.pad(audio[:, : length + half], ((0, 0), (half, 0)))
    late = audio[:, shift - half : shift + length + half]
    together = _moving_sum(_block_sums(early, late, block), _STRETCH)
    return together / np.maximum(_moving_sum(_block_sums(late, late, block), _STRETCH), 1e-12)


def _swing(plateau: NDArray[np.float32], periods: Floats, block: int) -> Floats:
    """Return how far each envelope swings: highest / lowest RMS of a few periods, less 1.

    Parameters
    ----------
    plateau : shape (n, m)
    periods : in samples, shape (n,)
    block : samples in whose multiples the stretches are measured
    """
    energies = _block_sums(plateau, plateau, block)
    whole = periods * np.ceil(_SWING_BLOCKS * block / periods)
    lengths = np.minimum(np.rint(whole / block).astype(int), energies.shape[1])
    out = np.empty(len(plateau))
    for length in np.unique(lengths):
        rows = lengths == length
        energy = np.maximum(_moving_sum(energies[rows], int(length)), 1e-12)
        out[rows] = np.sqrt(energy.max(axis=1) / energy.min(axis=1)) - 1
    return out


def _block_sums(
    first: NDArray[np.float32], second: NDArray[np.float32], block: int
) -> NDArray[np.float32]:
    """Return the sum of products over every full block of each row, shape (n, blocks)."""
    count = first.shape[1] // block
    shape = (len(first), count, block)
    first, second = (x[:, : count * block].reshape(shape) for x in (first, second))
    return np.asarray(np.einsum("nbk,nbk->nb", first, second))


def _moving_sum(values: NDArray[np.float32], length: int) -> Floats:
    """Return the sum of every full stretch of ``length`` values of each row."""
    total = np.zeros((len(values), values.shape[1] + 1))
    np.cumsum(values, axis=1, dtype=np.float64, out=total[:, 1:])
    return np.asarray(total[:, length:] - total[:, :-length])


def _first_above(envelope: Floats, level: float) -> Floats:
    """Return the (fractional) sample at which each envelope first reaches a level, else 0."""
    index = np.argmax(envelope >= level, axis=1)
    rows = np.arange(len(envelope))
    below, above = envelope[rows, np.maximum(index - 1, 0)], envelope[rows, index]
    rise = np.where(index > 0, above - below, 1.0)
    return np.where(index > 0, index - 1 + (level - below) / rise, 0.0)


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
    window = np.hanning(length + 1)[:-1].astype(np.float32)
    segment = part[:, start : start + length].astype(np.float32)
    spectrum = scipy.fft.rfft(segment * window, 2 * length)
    return np.asarray(spectrum.real**2 + spectrum.imag**2)


def _period(power: NDArray[np.float32], sample_rate: int) -> Floats:
    """Return the period of each sound in samples, NaN where there is none."""
    size = 2 * (power.shape[1] - 1)
    length = size // 2
    window = np.hanning(length + 1)[:-1]
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
    rows = np.flatnonzero(np.isfinite(coarse))
    if not len(rows):
        return out
    last = power.shape[1] - 4
    bins = np.rint(coarse[rows, None] * np.arange(1, 9) / bin_hz).astype(int)
    heights = np.where(bins < last, power[rows[:, None], np.minimum(bins, last)], -np.inf)
    strongest = np.argmax(heights, axis=1)
    middle = bins[np.arange(len(rows)), strongest]
    reach = np.maximum(2, (0.01 * middle).astype(int))
    offsets = np.arange(-reach.max(), reach.max() + 1)
    near = np.clip(middle[:, None] + offsets, 1, power.shape[1] - 2)
    heights = np.where(np.abs(offsets) <= reach[:, None], power[rows[:, None], near], -np.inf)
    centre = near[np.arange(len(rows)), np.argmax(heights, axis=1)]
    logs = np.log(power[rows[:, None], centre[:, None] + [-1, 0, 1]].astype(np.float64) + 1e-30)
    slope, curve = logs[:, 0] - logs[:, 2], logs[:, 0] - 2 * logs[:, 1] + logs[:, 2]
    peaked = curve < 0
    offset = np.where(peaked, 0.5 * slope / np.where(peaked, curve, 1.0), 0.0)
    out[rows] = (centre + np.clip(offset, -1, 1)) * bin_hz / (strongest + 1)
    return out
