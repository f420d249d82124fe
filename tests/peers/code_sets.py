"""Codes on which our metrics and other people's implementations are compared.

Five factors of 3, 6, 10, 12 and 16 levels drawn at random, and codes of ten latents that know them
in different ways. Nothing but NumPy's ``default_rng`` is used, whose stream is stable between
versions, so every environment sees the same numbers.
"""

import numpy as np
from numpy.typing import NDArray

SIZES = (3, 6, 10, 12, 16)

KINDS = (
    "perfect",
    "rotated",
    "noise",
    "partial",
    "mixed",
    "warped",
    "entangled",
    "all_rotated",
)


def make(kind: str, rows: int, seed: int = 0) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Return classes (rows, 5) int64 and codes (rows, 10) float64.

    perfect : five latents are the factors, five are noise
    rotated : the five are turned among themselves
    noise : nothing is known
    partial : three factors are known; two latents are scaled copies of noise latents
    mixed : noisy factors, turned in pairs by 22.5 degrees
    warped : the factors through a steep odd function
    entangled : a saturating random mixture of all factors in every latent
    all_rotated : factors and noise turned together
    """
    rng = np.random.default_rng(seed)
    classes = np.stack([rng.integers(size, size=rows) for size in SIZES], axis=1)
    known = (classes - classes.mean(0)) / classes.std(0)
    noise = rng.standard_normal((rows, 5))
    turn5 = np.linalg.qr(rng.standard_normal((5, 5)))[0]
    turn10 = np.linalg.qr(rng.standard_normal((10, 10)))[0]
    if kind == "perfect":
        codes = np.hstack([known, noise])
    elif kind == "rotated":
        codes = np.hstack([known @ turn5, noise])
    elif kind == "noise":
        codes = rng.standard_normal((rows, 10))
    elif kind == "partial":
        codes = np.hstack([known[:, :3], noise, noise[:, :2] * 0.5])
    elif kind == "mixed":
        codes = np.hstack([known + 0.3 * rng.standard_normal((rows, 5)), noise])
        cos, sin = np.cos(np.pi / 8), np.sin(np.pi / 8)
        for first in (0, 2):
            pair = [first, first + 1]
            codes[:, pair] = codes[:, pair] @ np.array([[cos, -sin], [sin, cos]])
    elif kind == "warped":
        codes = np.hstack([np.sinh(1.2 * known) + 0.05 * rng.standard_normal((rows, 5)), noise])
    elif kind == "entangled":
        weights = rng.standard_normal((5, 10))
        codes = np.tanh(known @ weights * 0.6) + 0.1 * rng.standard_normal((rows, 10))
    elif kind == "all_rotated":
        codes = np.hstack([known, 0.3 * noise]) @ turn10
    else:
        raise ValueError(f"unknown kind {kind}; known are {', '.join(KINDS)}")
    return classes.astype(np.int64), codes
