"""What a factor reader hears of a sound: descriptors that go on smoothly between the levels.

Problem
-------
A decoder plays sounds between the cells of the grid, and what lies between two levels should be
read in between. A picture of the sound does not do that: a partial that moves by two semitones
leaves one mel band and enters another, and nothing in either says that it passed through the
middle; a tremolo of another rate is in step with the first at its beginning and out of step at its
end. So the pictures are blurred, and beside them stand numbers that follow a factor all the way:

========= ======= ==================================================================================
block     numbers what it follows
========= ======= ==================================================================================
picture   512     the log-mel view, blurred and thinned to 16 bands x 32 frames: all, coarsely
embedding 117     the descriptors of :mod:`benchmark.metrics.reconstruction.embedding`: timbre,
                  periodicity, course, rise, fluctuation
scalars   16      fundamental, its strength and that of its octave, centroid, level; onset, climb,
                  duration, end; slope, depth and mean rate of the courses of level and pitch
courses   48      how strongly these two courses swing at 12 rates from 2 to 20 Hz, in absolute
                  terms and re their depth: tremolo and vibrato, whatever their phase
chroma    16      first two Fourier coefficients of the spectrum around the octave, in four ranges
                  of frequency: pitch class, as an angle that turns once and twice per octave
========= ======= ==================================================================================

Conventions
-----------
audio : float32, shape (n, T), full scale 1; any sample rate
unit : every number is divided by a fixed unit (12 dB, half an octave, ...) and by the root of the
    number of numbers in its block. The units are not fitted to a dataset: a number that hardly
    varies over the grid would be blown up and then say wild things off the grid.

Two Fourier coefficients and no more: on a grid of whole tones the sixth is the same for all sounds,
and off the grid it is not, so that a reader that trusted it would be led astray.

Known failure: in a chord, and in deep noise, the fundamental jumps; the pictures remain.

References
----------
G. Peeters, "A large set of audio features for sound description", IRCAM, 2004.
"""

from functools import lru_cache

import numpy as np
import scipy.fft
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter1d

from benchmark.metrics.reconstruction.embedding import BANDS, BEFORE_HALF_S, LAGS_S, PARTS, SWING_HZ
from benchmark.metrics.reconstruction.embedding import describe as describe_embedding
from benchmark.metrics.reconstruction.registry import Audio, Floats
from benchmark.metrics.reconstruction.stretch import loudest_stretch
from toysound import envelopes, measure
from toysound.identify import log_mel
from toysound.scales import hz_to_midi

#: Sounds described at a time, in samples.
_SAMPLES_AT_ONCE = 128 * 8000

#: Window of the courses of level and pitch in seconds, and hops per window.
_WINDOW_S, _HOPS = 0.032, 4

#: Lowest frequency that counts for the course of the pitch, Hz.
_LOWEST_HZ = 60.0

#: Frequencies re the peak of a frame below which they are no part of its pitch: -40 dB.
_FAINT = 0.01

#: A course is heard where the level is at most so far below its highest; what is within 12 dB of
#: it counts alike.
_HEARD_DB, _ALIKE_DB = 25.0, 12.0

RATES_HZ = np.geomspace(2.0, 20.0, 12)

#: Centres of the ranges in which pitch class is looked for, and their width in octaves.
_CHROMA_HZ = (200.0, 450.0, 1000.0, 2200.0)
_CHROMA_WIDTH = 0.5
_CHROMA_TURNS = (1, 2)

_DB, _A4_HZ = 12.0, 440.0

#: Units of the scalars, in their order in :func:`_scalars`.
_SCALAR_UNITS = (6, 0.5, 0.5, 0.3, 1, 6, 0.05, 0.3, 0.5, 0.05, 20, 1, 3, 0.05, 0.3, 0.3)

#: Numbers of a sound.
DESCRIPTORS = (
    16 * 32
    + 2 * BANDS + len(LAGS_S) + PARTS + len(BEFORE_HALF_S) + len(SWING_HZ) - 1
    + len(_SCALAR_UNITS)
    + 4 * len(RATES_HZ)
    + 2 * len(_CHROMA_HZ) * len(_CHROMA_TURNS)
)  # fmt: skip


def listen(audio: Audio, sample_rate: int) -> Floats:
    """Return the descriptors of each sound.

    Parameters
    ----------
    audio : shape (n, T)
    sample_rate : Hz

    Returns
    -------
    ndarray, float64, shape (n, DESCRIPTORS)
        Finite; each row depends on its own sound alone.
    """
    out = np.empty((len(audio), DESCRIPTORS))
    stride = max(1, _SAMPLES_AT_ONCE // max(1, audio.shape[1]))
    for start in range(0, len(audio), stride):
        rows = slice(start, start + stride)
        out[rows] = _listen(audio[rows], sample_rate)
    return out


def _listen(audio: Audio, sample_rate: int) -> Floats:
    level_db, pitch_octaves, step_s = _courses(audio, sample_rate)
    peak = level_db.max(axis=1, keepdims=True)
    heard = np.minimum(10 ** (level_db / 20), 10 ** ((peak - _ALIKE_DB) / 20))
    heard *= level_db > peak - _HEARD_DB
    level = _swings(np.maximum(level_db, peak - 30.0), heard, step_s)
    pitch = _swings(pitch_octaves, heard, step_s)
    courses = [
        level.swing / 3.0,
        pitch.swing / 0.05,
        level.swing / (level.depth[:, None] + 0.1) / 0.5,
        pitch.swing / (pitch.depth[:, None] + 0.001) / 0.5,
    ]
    moving = [level.slope, pitch.slope, level.depth, pitch.depth, level.rate, pitch.rate]
    scalars = [*_scalars(audio, sample_rate), *moving]
    blocks = [
        _picture(audio, sample_rate) / _DB,
        *_embedding(audio, sample_rate),
        np.stack(scalars, axis=1) / np.array(_SCALAR_UNITS),
        np.concatenate(courses, axis=1),
        _chroma(audio, sample_rate) / 0.3,
    ]
    return np.concatenate([block / np.sqrt(block.shape[1]) for block in blocks], axis=1)


def _picture(audio: Audio, sample_rate: int) -> Floats:
    """Return the log-mel view, blurred over a band and a frame, 16 bands x 32 frames, dB."""
    view = log_mel(audio, sample_rate).astype(np.float64)
    blurred = gaussian_filter1d(gaussian_filter1d(view, 1.0, axis=1), 1.0, axis=2)[:, ::2, ::2]
    pairs = blurred.reshape(len(audio), 16, 2, 32)
    return np.asarray(pairs.mean(axis=2).reshape(len(audio), -1))


def _embedding(audio: Audio, sample_rate: int) -> list[Floats]:
    """Return the parts of the embedding's descriptors in their units."""
    described = describe_embedding(audio, sample_rate)
    sizes = (2 * BANDS, len(LAGS_S), PARTS, len(BEFORE_HALF_S))
    units = (_DB, 0.3, _DB, 8.0, 2.0)
    parts = np.split(described, np.cumsum(sizes), axis=1)
    return [part / unit for part, unit in zip(parts, units, strict=True)]


def _scalars(audio: Audio, sample_rate: int) -> list[Floats]:
    """Return the descriptors of the loudest stretch and of the envelope, shape (n,) each.

    What is not defined (the pitch of noise, the onset of silence) gets a fixed number.
    """
    windows_s = loudest_stretch(audio, sample_rate)
    f0, centroid, level = (np.full(len(audio), np.nan) for _ in range(3))
    repeated, octave = np.zeros(len(audio)), np.zeros(len(audio))
    there = np.flatnonzero(np.isfinite(windows_s).all(axis=1))
    if len(there):
        some, windows = audio[there], windows_s[there]
        f0[there] = measure.fundamental_hz(some, sample_rate, windows)
        centroid[there] = measure.centroid_hz(some, sample_rate, windows)
        level[there] = measure.level_db(some, sample_rate, windows)
    voiced = np.flatnonzero(np.isfinite(f0))
    if len(voiced):
        some, windows = audio[voiced], windows_s[voiced]
        repeated[voiced] = measure.repetition(some, sample_rate, windows, f0[voiced])
        octave[voiced] = measure.repetition(some, sample_rate, windows, 2 * f0[voiced])
    onset, duration = envelopes.course(audio, sample_rate)
    climb, end = envelopes.climb_s(audio, sample_rate), envelopes.end_s(audio, sample_rate)
    return [
        _known(hz_to_midi(f0), 60.0),
        np.isfinite(f0).astype(np.float64),
        _known(np.log2(np.maximum(centroid, 1.0)), 9.0),
        octave,
        np.log10(1.0 - np.clip(repeated, 0.0, 1.0) + 1e-4),
        np.maximum(_known(level, -90.0), -90.0),
        _known(onset, 0.0),
        np.log(_known(duration, 0.0) + 0.001),
        np.log(_known(climb, 0.0) + 0.002),
        _known(end, 0.0),
    ]


def _known(values: Floats, otherwise: float) -> Floats:
    return np.where(np.isfinite(values), values, otherwise)


def _courses(audio: Audio, sample_rate: int) -> tuple[Floats, Floats, float]:
    """Return level in dB and mean pitch of the spectrum in octaves over time, and the step in s.

    Shape (n, frames) each. A vibrato and a glide move all partials alike on a scale of octaves, and
    so their mean; a tremolo does not move it.
    """
    size = int(2 ** np.rint(np.log2(_WINDOW_S * sample_rate)))
    hop = size // _HOPS
    padded = np.pad(audio, ((0, 0), (size // 2, size // 2)))
    starts = np.arange(0, audio.shape[1], hop)
    window = np.hanning(size + 1)[:-1].astype(np.float32)
    hz = np.fft.rfftfreq(size, 1 / sample_rate)
    used = hz >= _LOWEST_HZ
    octaves = np.log2(hz[used] / _A4_HZ).astype(np.float32)
    level = np.empty((len(audio), len(starts)))
    pitch = np.empty((len(audio), len(starts)))
    for frame, start in enumerate(starts):
        magnitude = np.abs(scipy.fft.rfft(padded[:, start : start + size] * window)) / (size / 4)
        power = np.square(magnitude).sum(axis=1, dtype=np.float64)
        level[:, frame] = 10 * np.log10(power + 1e-9)
        faint = _FAINT * magnitude.max(axis=1, keepdims=True)
        strong = np.maximum(magnitude - faint, 0)[:, used]
        pitch[:, frame] = strong @ octaves / (strong.sum(axis=1) + 1e-9)
    return level, pitch, hop / sample_rate


class _Swings:
    """How a course moves: slope per second, depth, strength at each rate, mean log rate."""

    def __init__(self, slope: Floats, depth: Floats, swing: Floats) -> None:
        self.slope = slope
        self.depth = depth
        self.swing = swing
        power = np.square(swing)
        self.rate = power @ np.log(RATES_HZ) / (power.sum(axis=1) + 1e-12)


def _swings(course: Floats, weight: Floats, step_s: float) -> _Swings:
    """Return how a course moves about its line where it is heard.

    Parameters
    ----------
    course, weight : shape (n, frames)
    step_s : between frames
    """
    times = np.arange(course.shape[1]) * step_s
    share = weight / (weight.sum(axis=1, keepdims=True) + 1e-9)
    about = times - (share * times).sum(axis=1, keepdims=True)
    level = course - (share * course).sum(axis=1, keepdims=True)
    slope = (share * about * level).sum(axis=1) / ((share * about**2).sum(axis=1) + 1e-9)
    left = level - slope[:, None] * about
    turns = np.exp(-2j * np.pi * np.outer(times, RATES_HZ))
    swing = 2 * np.abs((share * left) @ turns)
    return _Swings(slope, np.sqrt((share * left**2).sum(axis=1)), swing)


def _chroma(audio: Audio, sample_rate: int) -> Floats:
    """Return Fourier coefficients of the spectrum around the octave, each at most 1 in size."""
    size = 2 * int(2 ** np.ceil(np.log2(max(audio.shape[1], 2))))
    used, basis, weights = _chroma_basis(size, sample_rate)
    magnitude = np.abs(scipy.fft.rfft(audio, size, axis=1)[:, used])
    total = magnitude.sum(axis=1, keepdims=True, dtype=np.float64)
    ranges = magnitude @ weights + 1e-3 * total + 1e-9
    return np.asarray(magnitude @ basis / np.repeat(ranges, 2 * len(_CHROMA_TURNS), axis=1))


@lru_cache(maxsize=8)
def _chroma_basis(
    size: int, sample_rate: int
) -> tuple[slice, NDArray[np.float32], NDArray[np.float32]]:
    """Return the bins that count, and the weights of coefficients and of ranges on them."""
    hz = np.fft.rfftfreq(size, 1 / sample_rate)
    first, last = np.searchsorted(hz, [_LOWEST_HZ, 4500.0])
    octaves = np.log2(hz[first:last] / _A4_HZ)
    weights = [
        np.exp(-0.5 * ((octaves - np.log2(centre / _A4_HZ)) / _CHROMA_WIDTH) ** 2)
        for centre in _CHROMA_HZ
    ]
    basis = [
        weight * turn(2 * np.pi * count * octaves)
        for weight in weights
        for turn in (np.cos, np.sin)
        for count in _CHROMA_TURNS
    ]
    return (
        slice(int(first), int(last)),
        np.stack(basis, axis=1).astype(np.float32),
        np.stack(weights, axis=1).astype(np.float32),
    )
