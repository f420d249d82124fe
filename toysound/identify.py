"""Are all cells different? The log-mel view and the distances between neighbours in it.

A factor that a spectrogram does not show cannot be learnt from a spectrogram, and two cells with
the same sound make every score wrong. The view used here is the one most models see, a mel
spectrogram in decibels, and the distance between two sounds is the root mean square difference of
their views in dB.

Conventions
-----------
view : float32, shape (n, 64, 64), mel bands x frames, dB re full scale, floor -80 dB
"""

import math
from collections.abc import Callable, Iterator
from functools import lru_cache

import numpy as np
import scipy.fft
from numpy.typing import NDArray

from toysound.factors import FactorSpace
from toysound.hashing import uniform

BANDS, FRAMES, FLOOR_DB = 64, 64, -80.0

#: Window of 64 ms at 16 kHz: resolves the partials of A2, 110 Hz apart.
_WINDOW_S = 0.064

#: All neighbours of a grid up to this size are compared, so many of a factor of a larger one.
ALL_PAIRS_UP_TO, SAMPLED_PAIRS = 30_000, 20_000

#: Sounds turned into views at a time, and pairs compared at a time.
_STRIDE, _PAIRS = 256, 1024

#: Pairs of each stride whose distance is computed exactly.
_COMPARED_AGAIN = 32

Audio = Callable[[NDArray[np.int64]], NDArray[np.float32]]


@lru_cache(maxsize=8)
def _mel_filters(sample_rate: int, size: int) -> NDArray[np.float32]:
    import librosa  # two seconds to import, needed only here

    filters = librosa.filters.mel(sr=sample_rate, n_fft=size, n_mels=BANDS, norm=None)
    return np.asarray(filters, dtype=np.float32)


def log_mel(audio: NDArray[np.float32], sample_rate: int) -> NDArray[np.float32]:
    """Return the log-mel view of each sound.

    Parameters
    ----------
    audio : shape (n, T), full scale 1
    sample_rate : Hz

    Returns
    -------
    ndarray, float32, shape (n, 64, 64)
        Mel bands (lowest first) x frames; dB relative to a full-scale sine, floor -80 dB.
    """
    size = int(2 ** np.ceil(np.log2(_WINDOW_S * sample_rate)))
    length = audio.shape[1]
    padded = np.pad(audio, ((0, 0), (size // 2, size // 2)))
    starts = np.rint(np.arange(FRAMES) * length / FRAMES).astype(int)
    window = np.hanning(size + 1)[:-1].astype(np.float32)
    window /= window.sum() / 2  # the peak bin of a full-scale sine is 1
    filters = _mel_filters(sample_rate, size)
    out = np.empty((len(audio), BANDS, FRAMES), dtype=np.float32)
    floor = np.float32(10 ** (FLOOR_DB / 10))
    for frame, start in enumerate(starts):
        spectrum = scipy.fft.rfft(padded[:, start : start + size] * window)
        power = np.square(spectrum.real) + np.square(spectrum.imag)
        out[:, :, frame] = 10 * np.log10(np.maximum(power @ filters.T, floor))
    return out


def distance_db(first: NDArray[np.float32], second: NDArray[np.float32]) -> NDArray[np.float64]:
    """Return the RMS difference in dB of views, shape (n,)."""
    difference = (first - second).reshape(len(first), -1)
    square = np.einsum("nd,nd->n", difference, difference, dtype=np.float64)
    return np.asarray(np.sqrt(square / difference.shape[1]))


def neighbour_pairs(
    space: FactorSpace, factor: int, most: int | None = None, seed: int = 0
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return pairs of cells that differ by one step of one factor and in nothing else.

    A circular factor also pairs its last value with its first, a categorical one every value with
    every other; a single value has no pair.

    Parameters
    ----------
    space : the factors
    factor : the number of one of them
    most : pairs returned at most: a sample, spread evenly over all; all by default
    seed : of the sample

    Returns
    -------
    first, second : int64, shape (p,) each
        Pairs on the same line of the grid follow one another.
    """
    size = space.sizes[factor]
    lower, upper = _steps(size, space.kinds[factor])
    lines = space.size // size
    total = lines * len(lower)
    if most is None or total <= most:
        numbers = np.arange(total)
    else:
        bounds = np.arange(most + 1) * total // most
        within = uniform(f"{space.names[factor]}/pairs/{seed}", np.arange(most)) * np.diff(bounds)
        numbers = bounds[:-1] + within.astype(np.int64)
    if not total:
        return np.empty(0, np.int64), np.empty(0, np.int64)
    line, step = np.divmod(numbers, len(lower))
    base = math.prod(space.sizes[factor + 1 :])
    origin = line // base * (base * size) + line % base
    return origin + lower[step] * base, origin + upper[step] * base


def _steps(size: int, kind: str) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return the pairs of levels that are one step apart."""
    levels = np.arange(size)
    if kind == "categorical":
        first, second = np.triu_indices(size, 1)
        return first.astype(np.int64), second.astype(np.int64)
    if kind == "circular" and size > 2:
        return levels, (levels + 1) % size
    return levels[:-1], levels[1:]


def views_of(audio: Audio, cells: NDArray[np.int64], sample_rate: int) -> NDArray[np.float32]:
    """Return the log-mel view of cells, each rendered once, shape (n, 64, 64)."""
    parts = [
        log_mel(audio(cells[at : at + _STRIDE]), sample_rate)
        for at in range(0, len(cells), _STRIDE)
    ]
    return np.concatenate(parts) if parts else np.empty((0, BANDS, FRAMES), np.float32)


def step_distances(
    audio: Audio,
    space: FactorSpace,
    sample_rate: int,
    views: NDArray[np.float32] | None = None,
    seed: int = 0,
) -> dict[str, NDArray[np.float64]]:
    """Return, for each factor, the distance in dB of pairs of one-step neighbours.

    All pairs of a grid of at most 30,000 cells, 20,000 pairs a factor of a larger one. A run of
    pairs is compared at a time and each view in it made once: memory is at most 64 MB of views and
    as much of audio.

    Parameters
    ----------
    audio : gives the sounds of cells
    space : the factors
    sample_rate : Hz
    views : of all cells, if they are at hand; nothing is rendered then
    seed : of the sample of pairs
    """
    most = None if space.size <= ALL_PAIRS_UP_TO else SAMPLED_PAIRS
    out = {}
    for number, name in enumerate(space.names):
        first, second = neighbour_pairs(space, number, most, seed)
        distances = np.empty(len(first))
        for at in range(0, len(first), _PAIRS):
            run = slice(at, at + _PAIRS)
            cells, where = np.unique([first[run], second[run]], return_inverse=True)
            seen = views_of(audio, cells, sample_rate) if views is None else views[cells]
            one, other = where.reshape(2, -1)
            distances[run] = distance_db(seen[one], seen[other])
        out[name] = distances
    return out


def closest_pair(views: NDArray[np.float32], stride: int = 512) -> tuple[float, tuple[int, int]]:
    """Return the smallest distance in dB between any two views, and which two.

    Squared distances come from inner products, which err by as much as two fine steps of a factor
    differ; the closest of each stride are therefore compared again, exactly.

    Parameters
    ----------
    views : shape (n, 64, 64), n >= 2
    stride : rows compared at a time; memory is 4 * n * stride bytes and a copy of the views
    """
    flat = views.reshape(len(views), -1)
    flat = flat - flat.mean(axis=0)
    norms = np.einsum("nd,nd->n", flat, flat)
    best, pair = np.inf, (0, 1)
    for start, rows in _strides(len(flat), stride):
        squared = norms[rows, None] + norms[None, start:] - 2 * flat[rows] @ flat[start:].T
        squared[np.tril_indices(len(squared), 0, squared.shape[1])] = np.inf
        count = min(_COMPARED_AGAIN, squared.size)
        nearest = np.argpartition(squared, count - 1, axis=None)[:count]
        one, other = start + np.stack(np.divmod(nearest, squared.shape[1]))
        exact = np.where(one < other, distance_db(views[one], views[other]), np.inf)
        if exact.min() < best:
            best = float(exact.min())
            pair = int(one[exact.argmin()]), int(other[exact.argmin()])
    return best, pair


def _strides(count: int, stride: int) -> Iterator[tuple[int, slice]]:
    for start in range(0, count, stride):
        yield start, slice(start, min(start + stride, count))
