"""Codes whose quality is known: what a score is measured against.

A number such as "DCI 0.4" says nothing until one knows what noise and what a perfect code get on
the same sounds with the same metric. The reference codes are made from the labels alone:

* ``perfect``: latent i is factor i (its class, standardised) and the others are switched off.
  Every metric should be at its ceiling.
* ``rotated``: the live latents of ``perfect``, turned by a random rotation. All information is
  there and nothing is in its place: explicitness and informativeness stay, disentanglement falls.
* ``warped``: every live latent of ``perfect`` through a steep odd function, sinh(1.2 z), and a
  little noise. Nothing is mixed: what falls needs a latent to be linear in its factor, or its
  levels to be evenly spaced.
* ``partial``: the first half of the factors as in ``perfect``, the rest unknown; the latents that
  are left know nothing. A metric should see that something is missing.
* ``noise``: standard normal numbers that know nothing. Every metric should be at its floor.
* ``dead``: a collapsed posterior, the prior for every sound. There is nothing to score.

Conventions
-----------
Latents that are on have a posterior variance of :data:`LIVE_VARIANCE`; latents that are off are the
prior: mean 0, log-variance 0. If there are more factors than latents, the first ones are coded.
"""

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from toysound.errors import unknown_name

Floats = NDArray[np.float64]

#: Posterior variance of a latent that is on: 0.1 in standard deviation, 1.8 nats at unit variance.
LIVE_VARIANCE = 0.01


def perfect(classes: Floats, latent_dim: int, rng: np.random.Generator) -> tuple[Floats, Floats]:
    """Latent i is factor i; the others are the prior."""
    rows, factors = classes.shape
    live = min(factors, latent_dim)
    mean = np.zeros((rows, latent_dim))
    log_variance = np.zeros((rows, latent_dim))
    spread = classes.std(axis=0)
    mean[:, :live] = ((classes - classes.mean(axis=0)) / np.where(spread > 0, spread, 1))[:, :live]
    log_variance[:, :live] = np.log(LIVE_VARIANCE)
    return mean, log_variance


def rotated(classes: Floats, latent_dim: int, rng: np.random.Generator) -> tuple[Floats, Floats]:
    """Turn the live latents of the perfect code by a rotation, uniform over all rotations.

    A single factor cannot be turned within its own latent, so at least two latents are mixed where
    there are two.
    """
    mean, log_variance = perfect(classes, latent_dim, rng)
    live = min(max(2, classes.shape[1]), latent_dim)
    basis, triangle = np.linalg.qr(rng.standard_normal((live, live)))
    mean[:, :live] = mean[:, :live] @ (basis * np.sign(np.diag(triangle)))
    log_variance[:, :live] = np.log(LIVE_VARIANCE)
    return mean, log_variance


def warped(classes: Floats, latent_dim: int, rng: np.random.Generator) -> tuple[Floats, Floats]:
    """Bend each live latent of the perfect code."""
    mean, log_variance = perfect(classes, latent_dim, rng)
    live = min(classes.shape[1], latent_dim)
    bent = np.sinh(1.2 * mean[:, :live])
    mean[:, :live] = bent + 0.05 * rng.standard_normal(bent.shape)
    return mean, log_variance


def partial(classes: Floats, latent_dim: int, rng: np.random.Generator) -> tuple[Floats, Floats]:
    """Code the first half of the factors, at least one; the other latents are noise."""
    mean, log_variance = noise(classes, latent_dim, rng)
    known = min(max(1, classes.shape[1] // 2), latent_dim)
    mean[:, :known] = perfect(classes, latent_dim, rng)[0][:, :known]
    return mean, log_variance


def noise(classes: Floats, latent_dim: int, rng: np.random.Generator) -> tuple[Floats, Floats]:
    """Numbers that know nothing of the sound."""
    shape = (len(classes), latent_dim)
    return rng.standard_normal(shape), np.full(shape, np.log(LIVE_VARIANCE))


def dead(classes: Floats, latent_dim: int, rng: np.random.Generator) -> tuple[Floats, Floats]:
    """Every sound gets the prior."""
    shape = (len(classes), latent_dim)
    return np.zeros(shape), np.zeros(shape)


_MAKERS: dict[str, Callable[[Floats, int, np.random.Generator], tuple[Floats, Floats]]] = {
    "perfect": perfect,
    "rotated": rotated,
    "warped": warped,
    "partial": partial,
    "noise": noise,
    "dead": dead,
}

NAMES = tuple(_MAKERS)


def make(
    name: str,
    classes: NDArray[np.int64],
    sizes: Sequence[int],
    seed: int = 0,
    latent_dim: int = 10,
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Return the reference codes of some sounds.

    Parameters
    ----------
    name : one of :data:`NAMES`
    classes : shape (n, k), levels of each factor
    sizes : number of levels of each factor, shape (k,)
    seed : of the rotation and the noise
    latent_dim : number d of latents

    Returns
    -------
    mean, log_variance : float32, shape (n, d)

    Raises
    ------
    UsageError
        If the name is unknown.
    ValueError
        If ``sizes`` does not fit ``classes``.
    """
    if name not in _MAKERS:
        raise unknown_name("reference code", name, NAMES)
    if classes.ndim != 2 or classes.shape[1] != len(sizes) or (classes >= np.asarray(sizes)).any():
        raise ValueError(f"classes {classes.shape} do not fit the sizes {tuple(sizes)}")
    mean, log_variance = _MAKERS[name](
        classes.astype(np.float64), latent_dim, np.random.default_rng(seed)
    )
    return mean.astype(np.float32), log_variance.astype(np.float32)
