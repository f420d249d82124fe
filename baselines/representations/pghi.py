"""Phase from magnitude by phase-gradient heap integration (PGHI).

A magnitude spectrogram taken with a Gaussian window determines its phase: the derivatives of the
phase are derivatives of the log-magnitude. With s(n, m) = ln |X(n, m)| at frame n and bin m, hop a,
transform length M and the window's time-frequency ratio g,

* along time, per frame:      d phase / dn = (a M / g) ds/dm + 2 pi a m / M
* along frequency, per bin:   d phase / dm = -(g / (a M)) ds/dn

for a phase referred to the frame's *centre*. A Hann window is near enough to a Gaussian one with
g = 0.25645 M^2. The gradient is integrated outwards from the loudest bin, always from the loudest
bin reached so far (a heap), because the formulas are exact where there is energy and worthless
where there is none. What is not connected to the loudest bin by audible bins starts anew at phase 0
from its own loudest bin.

There are no iterations: half a second of sound takes a little under a millisecond.

References
----------
Z. Prusa, P. Balazs and P. L. Sondergaard, "A noniterative method for reconstruction of phase from
STFT magnitude", IEEE/ACM Trans. Audio, Speech and Language Processing 25(5), 2017.
"""

from collections.abc import Callable
from typing import Any, TypeVar, cast

import numba
import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

#: Time-frequency ratio of the Gaussian nearest to a Hann window, in units of its length squared.
HANN_RATIO = 0.25645

_F = TypeVar("_F", bound=Callable[..., Any])


def _compiled(function: _F) -> _F:
    """Compile with numba; the machine code is kept on disk, so only the first process waits."""
    return cast(_F, numba.njit(cache=True)(function))


def integrate_phase(log_magnitude: Floats, threshold: float, n_fft: int, hop_length: int) -> Floats:
    """Return a phase for a magnitude spectrogram.

    Parameters
    ----------
    log_magnitude : natural logarithm of the magnitudes, shape (frames, bins), at least two bins;
        bins from 0 Hz upwards, the highest ones may be missing
    threshold : bins that are not above it are taken as silent; their phase means nothing
    n_fft : length of the Hann window and of the transform, in samples
    hop_length : distance between frames in samples

    Returns
    -------
    ndarray, float64, shape (frames, bins)
        Radians in [0, 2 pi), referred to the start of each frame as an FFT gives it.
    """
    ratio = HANN_RATIO * n_fft * n_fft
    along_time, along_frequency = _phase_gradient(log_magnitude, n_fft, hop_length, ratio)
    loudest_first = np.argsort(-log_magnitude.ravel(), kind="stable")
    phase = _integrate(log_magnitude, along_time, along_frequency, loudest_first, threshold)
    phase[:, 1::2] += np.pi  # from the centre of the frame to its start: pi per bin
    return np.remainder(phase, 2 * np.pi)


@_compiled
def _phase_gradient(s: Floats, n_fft: int, hop_length: int, ratio: float) -> tuple[Floats, Floats]:
    """Return the phase's derivative per frame and per bin, central differences, radians."""
    frames, bins = s.shape
    along_time = np.empty((frames, bins))
    along_frequency = np.empty((frames, bins))
    scale = hop_length * n_fft / ratio
    for n in range(frames):
        before, after = max(n - 1, 0), min(n + 1, frames - 1)
        span = max(after - before, 1)
        for m in range(bins):
            if m == 0:
                slope = 0.0  # the spectrum of a real sound is even about 0 Hz
            elif m == bins - 1:
                slope = s[n, m] - s[n, m - 1]
            else:
                slope = (s[n, m + 1] - s[n, m - 1]) / 2
            along_time[n, m] = scale * slope + 2 * np.pi * hop_length * m / n_fft
            along_frequency[n, m] = -(s[after, m] - s[before, m]) / (span * scale)
    return along_time, along_frequency


@_compiled
def _integrate(
    s: Floats,
    along_time: Floats,
    along_frequency: Floats,
    loudest_first: NDArray[np.int64],
    threshold: float,
) -> Floats:
    """Integrate the gradient from the loudest bins outwards, trapezoidal rule."""
    frames, bins = s.shape
    phase = np.zeros((frames, bins))
    reached = s <= threshold  # silent bins are never entered
    keys = np.empty(frames * bins)
    cells = np.empty(frames * bins, np.int64)
    for start in loudest_first:
        n, m = start // bins, start % bins
        if s[n, m] <= threshold:
            break
        if reached[n, m]:
            continue
        reached[n, m] = True
        size = _push(keys, cells, 0, s[n, m], start)
        while size > 0:
            cell = cells[0]
            size = _pop(keys, cells, size)
            n, m = cell // bins, cell % bins
            for dn, dm in ((1, 0), (-1, 0), (0, 1), (0, -1)):
                k, j = n + dn, m + dm
                if k < 0 or k >= frames or j < 0 or j >= bins or reached[k, j]:
                    continue
                step = dn * (along_time[n, m] + along_time[k, j])
                step += dm * (along_frequency[n, m] + along_frequency[k, j])
                phase[k, j] = phase[n, m] + step / 2
                reached[k, j] = True
                size = _push(keys, cells, size, s[k, j], k * bins + j)
    return phase


@_compiled
def _push(keys: Floats, cells: NDArray[np.int64], size: int, key: float, cell: int) -> int:
    """Put a cell on a binary heap with the largest key on top; return the new size."""
    place = size
    while place > 0:
        parent = (place - 1) >> 1
        if keys[parent] >= key:
            break
        keys[place], cells[place] = keys[parent], cells[parent]
        place = parent
    keys[place], cells[place] = key, cell
    return size + 1


@_compiled
def _pop(keys: Floats, cells: NDArray[np.int64], size: int) -> int:
    """Take the top off the heap; return the new size."""
    size -= 1
    key, cell = keys[size], cells[size]
    place = 0
    while True:
        child = 2 * place + 1
        if child >= size:
            break
        if child + 1 < size and keys[child + 1] > keys[child]:
            child += 1
        if keys[child] <= key:
            break
        keys[place], cells[place] = keys[child], cells[child]
        place = child
    keys[place], cells[place] = key, cell
    return size
