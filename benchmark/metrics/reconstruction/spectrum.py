"""The short-time spectrum that the measures of reconstruction share.

Frames are centred on multiples of the hop, from sample 0 on, and what lies outside of the sound is
silence, so that an attack at the very start and a release at the very end are seen in full.
"""

import numpy as np
import scipy.fft
from numpy.typing import NDArray

Audio = NDArray[np.float32]


def magnitude(audio: Audio, n_fft: int, hop: int, window: int | None = None) -> Audio:
    """Return the magnitudes of the short-time Fourier transform, Hann window.

    Parameters
    ----------
    audio : shape (n, T)
    n_fft : transform length in samples
    hop : distance between frames in samples
    window : window length in samples, at most ``n_fft``; ``n_fft`` by default

    Returns
    -------
    ndarray, float32, shape (n, 1 + T // hop, 1 + n_fft // 2)
        Not normalised: a sine of amplitude 1 has a peak of half the sum of the window.
    """
    length = window or n_fft
    shape = hann(length).astype(np.float32)
    padded = np.pad(audio.astype(np.float32), ((0, 0), (length // 2, length)))
    frames = np.lib.stride_tricks.sliding_window_view(padded, length, axis=1)
    frames = frames[:, : audio.shape[1] + 1 : hop]
    spectrum = scipy.fft.rfft(frames * shape, n=n_fft, axis=-1)
    return np.asarray(np.abs(spectrum), dtype=np.float32)


def full_scale_peak(window: int) -> float:
    """Return the peak magnitude of a full-scale sine under a Hann window of this length."""
    return float(hann(window).sum()) / 2


def hann(length: int) -> NDArray[np.float64]:
    """Return the periodic Hann window, as spectral analysis wants it."""
    return np.hanning(length + 1)[:-1]
