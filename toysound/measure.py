"""Descriptors: what can be measured of a sound without knowing its label.

They serve three ends: columns of the published datasets, the check that every label is true, and
the errors of a reconstruction in units people know. All are pure functions of a batch of audio.
Here are those of the spectrum of the sustained part: fundamental, level, centroid, harmonics to
noise; :mod:`toysound.loudness` and :mod:`toysound.envelopes` have those of the whole clip.

Conventions
-----------
audio : float, shape (n, T), full scale 1
windows_s : (start, stop) of the sustained part in seconds, for all sounds or for each, shape (n, 2)
A descriptor that is not defined for a sound (the pitch of silence) is NaN.

References
----------
P. Boersma, "Accurate short-term analysis of the fundamental frequency and the harmonics-to-noise
ratio of a sampled sound", IFA Proceedings 17, 1993.
G. Peeters, "A large set of audio features for sound description", IRCAM, 2004 (centroid).
"""

from collections.abc import Iterator, Mapping
from functools import lru_cache

import numpy as np
import scipy.fft
from numpy.typing import ArrayLike, NDArray

from toysound import envelopes, loudness
from toysound.scales import amplitude_to_db

Floats = NDArray[np.float64]

#: Range in which a fundamental is looked for, Hz.
LOWEST_HZ, HIGHEST_HZ = 50.0, 4000.0

#: How much a period must beat one an octave shorter by, in units of normalised autocorrelation
#: (Boersma 1993).
_OCTAVE_COST = 0.01

#: Normalised autocorrelation below which a sound has no pitch.
_VOICED = 0.5

#: Silence, for the purpose of pitch: RMS below -90 dB re full scale.
_SILENCE = 10.0 ** (-90 / 20)

#: Most samples of the sustained part that enter a spectrum: 3.9 Hz per bin at 16 kHz.
_LONGEST_SPECTRUM = 4096

#: Least length of a sustained part in samples: shorter ones have no spectrum to speak of.
_SHORTEST_PART = 64

#: Harmonics-to-noise ratios are cut off here: what a window of a quarter of a second can tell.
_HIGHEST_HNR_DB = 60.0

#: Harmonics-to-noise ratio below which a rise cannot be compared with later periods.
_PERIODIC_DB = 25.0

#: Every descriptor by the name of its column, with its unit, and what it is.
DESCRIPTORS: Mapping[str, str] = {
    "measured_f0_hz": "fundamental frequency of the sustained part, Hz (autocorrelation)",
    "measured_level_db": "RMS level of the sustained part, dB re full scale",
    "measured_loudness_lufs": "integrated loudness of the clip, LUFS (ITU-R BS.1770); clips of "
    "0.4 s or more",
    "measured_a_weighted_db": "A-weighted RMS level of the clip, dB re full scale",
    "measured_centroid_hz": "amplitude-weighted mean frequency of the sustained part, Hz",
    "measured_hnr_db": "harmonics-to-noise ratio of the sustained part, dB (Boersma 1993)",
    "measured_onset_s": "time at which the envelope first passes -30 dB re its peak, s",
    "measured_attack_s": "time from silence to full level, s; sounds with a period and a plateau",
    "measured_duration_s": "effective duration: time above 40 % of the envelope's peak, s",
}


def describe(
    audio: NDArray[np.float32], sample_rate: int, windows_s: ArrayLike
) -> Mapping[str, Floats]:
    """Measure every descriptor of each sound.

    Parameters
    ----------
    audio : shape (n, T)
    sample_rate : Hz
    windows_s : the sustained part, shape (2,) or (n, 2)

    Returns
    -------
    mapping
        Each name of :data:`DESCRIPTORS`, in order, to an array of shape (n,).

    Raises
    ------
    ValueError
        If a window does not lie within the clips, or is shorter than 64 samples.
    """
    f0, level, centroid, hnr = (np.full(len(audio), np.nan) for _ in range(4))
    for rows, part in _parts(audio, sample_rate, windows_s):
        spectrum = _power_spectrum(part)
        f0[rows] = _fundamental(spectrum, sample_rate)
        level[rows] = level_db(part, sample_rate)
        centroid[rows] = _centroid(spectrum, sample_rate)
        hnr[rows] = _harmonics_to_noise(spectrum, sample_rate, f0[rows])
    onset, duration = envelopes.course(audio, sample_rate)
    periodic = np.where(hnr >= _PERIODIC_DB, f0, np.nan)
    return {
        "measured_f0_hz": f0,
        "measured_level_db": level,
        "measured_loudness_lufs": loudness.loudness_lufs(audio, sample_rate),
        "measured_a_weighted_db": loudness.a_weighted_db(audio, sample_rate),
        "measured_centroid_hz": centroid,
        "measured_hnr_db": hnr,
        "measured_onset_s": onset,
        "measured_attack_s": envelopes.attack_s(audio, sample_rate, windows_s, periodic, onset),
        "measured_duration_s": duration,
    }


def level_db(
    audio: NDArray[np.float32], sample_rate: int, windows_s: ArrayLike | None = None
) -> Floats:
    """Return the RMS level over a part of each sound (all of it by default), dB re full scale."""
    out = np.empty(len(audio))
    everything: Iterator[tuple[NDArray[np.intp], NDArray[np.float32]]]
    everything = iter([(np.arange(len(audio)), audio)])
    for rows, part in everything if windows_s is None else _parts(audio, sample_rate, windows_s):
        power = np.einsum("nt,nt->n", part, part, dtype=np.float64) / part.shape[1]
        out[rows] = amplitude_to_db(np.sqrt(power))
    return out


def centroid_hz(audio: NDArray[np.float32], sample_rate: int, windows_s: ArrayLike) -> Floats:
    """Return the amplitude-weighted mean frequency of the sustained part (Peeters 2004)."""
    out = np.empty(len(audio))
    for rows, part in _parts(audio, sample_rate, windows_s):
        out[rows] = _centroid(_power_spectrum(part), sample_rate)
    return out


def fundamental_hz(audio: NDArray[np.float32], sample_rate: int, windows_s: ArrayLike) -> Floats:
    """Return the fundamental frequency of the sustained part of each sound.

    Boersma's (1993) autocorrelation, divided by that of the window, finds the period; the strongest
    of the partials it implies then refines it by a parabola through its log-magnitude peak.

    Parameters
    ----------
    audio : shape (n, T)
    sample_rate : Hz
    windows_s : the sustained part, at least three periods of the lowest pitch

    Returns
    -------
    ndarray, float64, shape (n,)
        Hz; NaN for a sound that is silent or has no period.
    """
    out = np.empty(len(audio))
    for rows, part in _parts(audio, sample_rate, windows_s):
        out[rows] = _fundamental(_power_spectrum(part), sample_rate)
    return out


def harmonics_to_noise_db(
    audio: NDArray[np.float32], sample_rate: int, windows_s: ArrayLike
) -> Floats:
    """Return the harmonics-to-noise ratio of the sustained part of each sound (Boersma 1993).

    The normalised autocorrelation r at the period is the share of the power that repeats itself:
    ``10 log10(r / (1 - r))``.

    Returns
    -------
    ndarray, float64, shape (n,)
        dB, at most 60; NaN for a sound without pitch. A pitch that moves counts as noise.
    """
    out = np.empty(len(audio))
    for rows, part in _parts(audio, sample_rate, windows_s):
        spectrum = _power_spectrum(part)
        out[rows] = _harmonics_to_noise(spectrum, sample_rate, _fundamental(spectrum, sample_rate))
    return out


def repetition(
    audio: NDArray[np.float32], sample_rate: int, windows_s: ArrayLike, frequency_hz: Floats
) -> Floats:
    """Return how much each sound repeats itself at the period of a frequency, shape (n,).

    It is the normalised autocorrelation, in [-1, 1]: 1 at a period of the sound; at half a period,
    the power of the even partials less that of the odd ones.

    Parameters
    ----------
    audio : shape (n, T)
    sample_rate : Hz
    windows_s : the sustained part
    frequency_hz : shape (n,)
    """
    out = np.empty(len(audio))
    for rows, part in _parts(audio, sample_rate, windows_s):
        out[rows] = _repetition(_power_spectrum(part), sample_rate, frequency_hz[rows])
    return out


def _parts(
    audio: NDArray[np.float32], sample_rate: int, windows_s: ArrayLike
) -> Iterator[tuple[NDArray[np.intp], NDArray[np.float32]]]:
    """Yield the sounds whose sustained parts are equally long, and these parts.

    Yields
    ------
    rows, shape (m,), and their parts, shape (m, t)

    Raises
    ------
    ValueError
        If a window does not lie within the clips, or is shorter than 64 samples.
    """
    windows = np.broadcast_to(np.asarray(windows_s, dtype=np.float64), (len(audio), 2))
    starts, stops = np.rint(windows * sample_rate).astype(np.int64).T
    lengths = stops - starts
    if (lengths < _SHORTEST_PART).any() or (starts < 0).any() or (stops > audio.shape[1]).any():
        raise ValueError(
            f"the sustained part must be at least {_SHORTEST_PART} samples within the clip of "
            f"{audio.shape[1]}"
        )
    for length in np.unique(lengths):
        rows = np.flatnonzero(lengths == length)
        if (starts[rows] == starts[rows[0]]).all() and len(rows) == len(audio):
            yield rows, audio[:, starts[0] : stops[0]]
        else:
            yield rows, audio[rows[:, None], starts[rows, None] + np.arange(length)]


def _centroid(power: NDArray[np.float32], sample_rate: int) -> Floats:
    magnitude = np.sqrt(power)
    bin_hz = sample_rate / 2 / (power.shape[1] - 1)
    frequencies = (bin_hz * np.arange(magnitude.shape[1])).astype(magnitude.dtype)
    total = magnitude.sum(axis=1)
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.where(total > 0, magnitude @ frequencies / total, np.nan).astype(np.float64)


def _fundamental(power: NDArray[np.float32], sample_rate: int) -> Floats:
    coarse = sample_rate / _period(power, sample_rate)
    return _refine(coarse, power, sample_rate / 2 / (power.shape[1] - 1))


def _harmonics_to_noise(power: NDArray[np.float32], sample_rate: int, f0_hz: Floats) -> Floats:
    """Return the ratio of periodic to other power, dB."""
    out = np.full(len(power), np.nan)
    rows = np.flatnonzero(np.isfinite(f0_hz))
    r = _repetition(power[rows], sample_rate, f0_hz[rows])
    r = np.where(r > 1, 1 / r, r)
    with np.errstate(invalid="ignore", divide="ignore"):
        out[rows] = np.minimum(10 * np.log10(r / (1 - r)), _HIGHEST_HNR_DB)
    return out


def _repetition(power: NDArray[np.float32], sample_rate: int, frequency_hz: Floats) -> Floats:
    """Return the normalised autocorrelation at the period of a frequency, NaN for silence.

    The inverse transform of the power spectrum, taken at the very period instead of at whole
    samples, is the autocorrelation interpolated without error: a parabola through whole samples
    would make bright sounds noisy.
    """
    size = 2 * (power.shape[1] - 1)
    turns = np.outer(sample_rate / frequency_hz / size, np.arange(power.shape[1]))
    turns -= np.rint(turns)
    cosines = np.cos((2 * np.pi * turns).astype(np.float32))
    cosines[:, [0, -1]] /= 2  # the other bins stand for two
    window = _window_spectrum(size // 2)
    window_r = cosines @ window / (window.sum() - (window[0] + window[-1]) / 2)
    with np.errstate(invalid="ignore", divide="ignore"):
        r = np.einsum("nf,nf->n", power, cosines, dtype=np.float64)
        return np.asarray(r / power.sum(axis=1, dtype=np.float64) / window_r)


def _power_spectrum(part: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the Hann-windowed power spectrum of the middle of each sustained part, (n, t).

    The part is freed from its constant, which is not heard, and padded to twice its length, so that
    the inverse transform is its linear autocorrelation. The last bin is at half the sample rate.
    """
    length = 2 * (min(part.shape[1], _LONGEST_SPECTRUM) // 2)
    start = (part.shape[1] - length) // 2
    window = np.hanning(length + 1)[:-1].astype(np.float32)
    segment = part[:, start : start + length].astype(np.float32)
    segment = segment - (segment @ window / window.sum())[:, None]
    spectrum = scipy.fft.rfft(segment * window, 2 * length)
    return np.asarray(spectrum.real**2 + spectrum.imag**2)


@lru_cache(maxsize=64)
def _window_spectrum(length: int) -> Floats:
    """Return the power spectrum of the window of a part of this length, as above."""
    spectrum = scipy.fft.rfft(np.hanning(length + 1)[:-1], 2 * length)
    return np.asarray(spectrum.real**2 + spectrum.imag**2)


def _period(power: NDArray[np.float32], sample_rate: int) -> Floats:
    """Return the period of each sound in samples, NaN where there is none.

    The autocorrelation is taken at half samples: between whole ones, the peak of a bright sound is
    so narrow that a multiple of its period may seem to fit better. A sound without a constant part
    correlates negatively with itself somewhere within a period; peaks before that are noise.
    """
    size = 2 * (power.shape[1] - 1)
    length = size // 2
    shortest = 2 * max(2, int(sample_rate / HIGHEST_HZ))
    longest = 2 * min(int(sample_rate / LOWEST_HZ) + 2, length // 2)
    window_lags = scipy.fft.irfft(_window_spectrum(length), 2 * size)[: longest + 1]
    lags = scipy.fft.irfft(power, 2 * size)[:, : longest + 1].astype(np.float64)
    energy = lags[:, :1].copy()
    silent = energy[:, 0] <= length / 2 * _SILENCE**2
    with np.errstate(invalid="ignore", divide="ignore"):
        lags *= window_lags[0] / window_lags / energy
    left, here, right = lags[:, shortest - 1 : -2], lags[:, shortest:-1], lags[:, shortest + 1 :]
    curve = left - 2 * here + right
    peaks = (here >= left) & (here > right) & (curve < 0)
    peaks &= np.logical_or.accumulate(lags < 0, axis=1)[:, shortest:-1]
    with np.errstate(invalid="ignore", divide="ignore"):
        offset = np.where(peaks, 0.5 * (left - right) / curve, 0.0)
        height = here - 0.25 * (left - right) * offset
    positions = (np.arange(shortest, longest)[None, :] + offset) / 2
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
