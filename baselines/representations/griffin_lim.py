"""Refine a phase by alternating projections: the fast Griffin-Lim algorithm.

A spectrogram made of given magnitudes and a guessed phase is the transform of no sound. Taking the
sound whose transform is nearest and giving its transform the wanted magnitudes again brings the two
together; going a little beyond each step (Perraudin's acceleration) does so several times faster.

Two things are known beyond the magnitudes and are used: a bin that was cut off at the floor may
have *any* magnitude up to the floor, so only what exceeds it is corrected; and bins that the view
left out (the Nyquist bin) are free.

References
----------
D. W. Griffin and J. S. Lim, "Signal estimation from modified short-time Fourier transform", IEEE
Trans. ASSP 32(2), 1984.
N. Perraudin, P. Balazs and P. L. Sondergaard, "A fast Griffin-Lim algorithm", WASPAA 2013.
"""

import numpy as np
from numpy.typing import NDArray

from baselines.representations.stft import ShortTimeFourier

#: How far to go beyond each projection; Perraudin's choice, stable in practice up to 1.
ACCELERATION = np.float32(0.99)

#: Keeps the division by a magnitude of 0 finite.
_TINY = np.float32(1e-20)


def refine(
    transform: ShortTimeFourier,
    magnitude: NDArray[np.float32],
    phase: NDArray[np.float32],
    floor: float,
    iterations: int,
) -> NDArray[np.float32]:
    """Return a sound whose transform has nearly these magnitudes.

    Parameters
    ----------
    transform : of a sound of T samples
    magnitude : wanted, shape (frames, bins); bins from 0 Hz upwards, the highest may be missing
    phase : to start from, radians, same shape
    floor : magnitudes up to this one mean "at most the floor"
    iterations : number of projections after the first synthesis; 0 uses the phase as it is

    Returns
    -------
    ndarray, float32, shape (T,)
    """
    bins = magnitude.shape[1]
    quiet = magnitude <= floor
    spectrum = np.zeros((transform.num_frames, transform.n_fft // 2 + 1), dtype=np.complex64)
    audible = np.where(quiet, np.float32(0), magnitude)
    spectrum.real[:, :bins] = audible * np.cos(phase)
    spectrum.imag[:, :bins] = audible * np.sin(phase)
    audio = transform.synthesise_one(spectrum)
    previous = None
    for _ in range(iterations):
        consistent = transform.analyse_one(audio)
        ahead = consistent
        if previous is not None:
            ahead = consistent + ACCELERATION * (consistent - previous)
        previous = consistent
        found = np.abs(ahead[:, :bins])
        wanted = np.where(quiet, np.minimum(found, magnitude), magnitude)
        target = ahead.copy()
        target[:, :bins] *= wanted / np.maximum(found, _TINY)
        audio = transform.synthesise_one(target)
    return audio
