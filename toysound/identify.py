"""Are all cells different? The log-mel view and the distances between neighbours in it.

A factor that a spectrogram does not show cannot be learnt from a spectrogram, and two cells with
the same sound make every score wrong. The view used here is the one most models see, a mel
spectrogram in decibels, and the distance between two sounds is the root mean square difference of
their views in dB.

Conventions
-----------
view : float32, shape (n, 64, 64), mel bands x frames, dB re full scale, floor -80 dB
"""

from collections.abc import Callable, Iterator
from functools import lru_cache

import numpy as np
import scipy.fft
from numpy.typing import NDArray

from toysound.factors import FactorSpace

BANDS, FRAMES, FLOOR_DB = 64, 64, -80.0

#: Window of 64 ms at 16 kHz: resolves the partials of A2, 110 Hz apart.
_WINDOW_S = 0.064

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


def neighbour_pairs(space: FactorSpace, factor: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return all pairs of cells that differ by one step of one factor and in nothing else.

    A circular factor also pairs its last value with its first, a categorical one every value with
    every other.

    Parameters
    ----------
    space : the factors
    factor : the number of one of them
    """
    size = space.sizes[factor]
    classes = space.classes_of(np.arange(space.size))
    level = classes[:, factor]
    if space.kinds[factor] == "categorical":
        steps = list(range(1, size))
    else:
        steps = [1] if size > 1 else []
    firsts, seconds = [], []
    for step in steps:
        stays = level + step < size
        firsts.append(np.flatnonzero(stays))
        moved = classes[stays].copy()
        moved[:, factor] += step
        seconds.append(space.index_of(moved))
    if space.kinds[factor] == "circular" and size > 2:
        last = np.flatnonzero(level == size - 1)
        moved = classes[last].copy()
        moved[:, factor] = 0
        firsts.append(last)
        seconds.append(space.index_of(moved))
    if not firsts:
        return np.empty(0, np.int64), np.empty(0, np.int64)
    return np.concatenate(firsts).astype(np.int64), np.concatenate(seconds)


def step_distances(
    audio: Audio, space: FactorSpace, sample_rate: int, stride: int = 256
) -> dict[str, NDArray[np.float64]]:
    """Return, for each factor, the distance in dB of every pair of one-step neighbours.

    Parameters
    ----------
    audio : gives the sounds of cells
    space : the factors
    sample_rate : Hz
    stride : pairs compared at a time
    """
    out = {}
    for number, name in enumerate(space.names):
        first, second = neighbour_pairs(space, number)
        parts = [
            distance_db(
                log_mel(audio(first[at : at + stride]), sample_rate),
                log_mel(audio(second[at : at + stride]), sample_rate),
            )
            for at in range(0, len(first), stride)
        ]
        out[name] = np.concatenate(parts) if parts else np.empty(0)
    return out


def closest_pair(views: NDArray[np.float32], stride: int = 512) -> tuple[float, tuple[int, int]]:
    """Return the smallest distance in dB between any two views, and which two.

    Parameters
    ----------
    views : shape (n, 64, 64), n >= 2
    stride : rows compared at a time; memory is 4 * n * stride bytes
    """
    flat = views.reshape(len(views), -1)
    flat = flat - flat.mean(axis=0)
    norms = np.einsum("nd,nd->n", flat, flat)
    best, pair = np.inf, (0, 1)
    for start, rows in _strides(len(flat), stride):
        squared = norms[rows, None] + norms[None, start:] - 2 * flat[rows] @ flat[start:].T
        squared[np.arange(len(squared)), np.arange(len(squared))] = np.inf
        where = int(np.argmin(squared))
        row, column = divmod(where, squared.shape[1])
        exact = float(distance_db(views[start + row][None], views[start + column][None])[0])
        if exact < best:
            best, pair = exact, (start + row, start + column)
    return best, pair


def _strides(count: int, stride: int) -> Iterator[tuple[int, slice]]:
    for start in range(0, count, stride):
        yield start, slice(start, min(start + stride, count))
