"""Make a sound whose bands hold given powers: the inverse of mel and cochlear views.

A bank of weights W adds the power of the bins of a short-time spectrum up to a few bands. Many
spectra S have the same bands m = W S, and the phase is gone as well. The inverse guesses twice:

1. *Powers*. Non-negative least squares would put all power of a band into as few bins as it can.
   Multiplicative updates, S <- S (W^T (m / W S) / W^T 1)^p, lessen the Kullback-Leibler divergence
   of m from W S instead: Richardson-Lucy deconvolution, Lee and Seung's update for a known
   dictionary, expectation-maximisation for Poisson counts. Powers stay positive by themselves, and
   stopping early regularises: the start is smooth, and detail grows slowly. The exponent p is 1 in
   the references; 1.5 is over-relaxation and saves about every other update.
2. *Phase*. Phase-gradient heap integration (:mod:`baselines.representations.pghi`), then a few
   projections (:mod:`baselines.representations.griffin_lim`).

Known failure: two partials within one band come out as one blur, and a noise between partials as
part of them. What the bank has blurred is not known any more.

References
----------
W. H. Richardson, "Bayesian-based iterative method of image restoration", J. Opt. Soc. Am. 62(1),
1972.
D. D. Lee and H. S. Seung, "Algorithms for non-negative matrix factorization", NIPS 2000.
"""

import math

import numpy as np
from numpy.typing import NDArray

from baselines.representations.griffin_lim import refine
from baselines.representations.pghi import integrate_phase
from baselines.representations.stft import ShortTimeFourier

Floats = NDArray[np.float32]

#: Bins more than 80 dB below the loudest one of a sound count as silent.
_SILENT = 1e-4

#: Keeps divisions by a power of 0 finite.
_TINY = np.float32(1e-20)


def bin_powers(weights: Floats, powers: Floats, updates: int) -> Floats:
    """Return powers of the bins that add up to nearly these powers of the bands.

    Parameters
    ----------
    weights : of each bin in each band, non-negative, shape (bands, bins)
    powers : of the bands, non-negative, shape (bands, frames)
    updates : how many; 0 spreads each band evenly over what it sees

    Returns
    -------
    ndarray, float32, shape (bins, frames)
        Non-negative; 0 in bins that no band sees.
    """
    seen = weights.sum(axis=0)
    share = np.divide(weights, seen, out=np.zeros_like(weights), where=seen > _TINY).T.copy()
    found: Floats = share @ (powers / np.maximum(weights.sum(axis=1, keepdims=True), _TINY))
    for _ in range(updates):
        gain = share @ (powers / np.maximum(weights @ found, _TINY))
        found *= gain * np.sqrt(gain)
    return found


def sound_of_powers(transform: ShortTimeFourier, powers: Floats, iterations: int) -> Floats:
    """Return a sound whose spectrum has nearly these powers.

    Parameters
    ----------
    transform : of a sound of T samples
    powers : wanted, at least one of them positive, shape (n_fft // 2 + 1, frames)
    iterations : projections after the phase integration

    Returns
    -------
    ndarray, float32, shape (T,)
    """
    magnitude = np.sqrt(powers.T)
    floor = float(magnitude.max()) * _SILENT
    log_magnitude = np.log(np.maximum(magnitude, floor), dtype=np.float64)
    phase = integrate_phase(
        log_magnitude, math.log(floor) + 1e-6, transform.n_fft, transform.hop_length
    )
    return refine(transform, magnitude, phase.astype(np.float32), floor, iterations)
