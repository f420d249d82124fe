"""Codes of a whole grid, and codes of several models, for the peers that need more than rows.

disentanglement_lib's BetaVAE and FactorVAE scores draw factors at random and ask for the codes of
sounds that have them, so every cell of a grid needs a code: :func:`one_of_each_cell`. Its UDR asks
several models for the codes of the same sounds: :func:`models`. Both begin with a code set of
``code_sets.py``; like it this needs NumPy alone.
"""

import numpy as np
from numpy.typing import NDArray

#: Rows of a code set among which every one of its 34,560 cells occurs.
ENOUGH_ROWS = 600_000

#: How the models of :func:`models` differ.
MODELS = ("same", "permuted", "noisy", "rotated", "strangers", "switched_off")

_SEEDS = 5


def one_of_each_cell(
    classes: NDArray[np.int64], codes: NDArray[np.float64]
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Return the first row of each cell, in the order of the grid, the last factor fastest."""
    sizes = classes.max(axis=0) + 1
    cells, rows = np.unique(np.ravel_multi_index(classes.T, sizes), return_index=True)
    if len(cells) != sizes.prod():
        raise ValueError(f"{len(cells)} of {sizes.prod()} cells occur; draw more rows")
    return classes[rows], codes[rows]


def models(
    kind: str, perfect: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return means and log-variances, (5, n, 10), of five models of one recipe.

    ``perfect`` is the code set of that name, shape (n, 10): five factors and five latents of noise.

    same : all alike
    permuted : in another order, sign and scale each
    noisy : in another order and sign each, with noise of its own on every latent
    rotated : the five factors turned among themselves, differently in each
    strangers : nothing in common
    switched_off : as noisy, with 0 to 4 of its latents of noise at the prior
    """
    if kind not in MODELS:
        raise ValueError(f"unknown kind {kind}; known are {', '.join(MODELS)}")
    rng = np.random.default_rng(0)
    means, log_variances = [], []
    for model in range(_SEEDS):
        codes = perfect.copy()
        log_variance = np.full(codes.shape, -4.0)
        if kind == "rotated":
            codes[:, :5] = codes[:, :5] @ np.linalg.qr(rng.standard_normal((5, 5)))[0]
        if kind == "strangers":
            codes = rng.standard_normal(codes.shape)
        if kind in ("noisy", "switched_off"):
            codes = codes + 0.3 * rng.standard_normal(codes.shape)
        if kind == "switched_off":
            codes[:, 10 - model :] *= 0.01
            log_variance[:, 10 - model :] = 0.0
        if kind != "same":
            order = rng.permutation(10)
            codes = (codes * rng.choice([-1.0, 1.0], size=10))[:, order]
            log_variance = log_variance[:, order]
        if kind == "permuted":
            codes = codes * rng.uniform(0.5, 2.0, size=10)
        means.append(codes)
        log_variances.append(log_variance)
    return np.array(means), np.array(log_variances)
