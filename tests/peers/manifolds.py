"""Points on manifolds whose dimension is known.

Nothing but NumPy's ``default_rng`` is used, whose stream is stable between versions, so every
environment sees the same numbers but for the last digits of a sine.
"""

import numpy as np
from numpy.typing import NDArray

KINDS = ("cube", "ball", "sphere", "gaussian", "swiss_roll")


def make(kind: str, dimension: int, rows: int, seed: int = 0) -> NDArray[np.float64]:
    """Return points (rows, columns) of a manifold of this dimension, at least 1.

    cube : even over a cube, turned in two further dimensions
    ball : even over a ball, likewise
    sphere : even over the surface of a ball of one dimension more
    gaussian : a standard normal cloud, which has no edge
    swiss_roll : a rolled-up sheet, straight along all its dimensions but the first
    """
    rng = np.random.default_rng([seed, dimension])
    if kind == "cube":
        return _turned(rng.random((rows, dimension)), rng)
    if kind == "ball":
        radius = rng.random((rows, 1)) ** (1 / dimension)
        return _turned(radius * _directions(rows, dimension, rng), rng)
    if kind == "sphere":
        return _directions(rows, dimension + 1, rng)
    if kind == "gaussian":
        return _turned(rng.standard_normal((rows, dimension)), rng)
    if kind == "swiss_roll":
        angle = 1.5 * np.pi * (1 + 2 * rng.random((rows, 1)))
        straight = 20 * rng.random((rows, dimension - 1))
        return np.hstack([angle * np.cos(angle), angle * np.sin(angle), straight])
    raise ValueError(f"unknown kind {kind}; known are {', '.join(KINDS)}")


def _directions(rows: int, columns: int, rng: np.random.Generator) -> NDArray[np.float64]:
    points: NDArray[np.float64] = rng.standard_normal((rows, columns))
    return np.asarray(points / np.sqrt(np.square(points).sum(axis=1, keepdims=True)))


def _turned(points: NDArray[np.float64], rng: np.random.Generator) -> NDArray[np.float64]:
    columns = points.shape[1] + 2
    turn = np.linalg.qr(rng.standard_normal((columns, columns)))[0]
    return np.asarray(points @ turn[: points.shape[1]])


def copied_causes(rows: int, seed: int = 0) -> NDArray[np.float64]:
    """Return ten latents: four causes of sizes 10, 5, 2 and 1, in 3, 3, 2 and 2 noisy copies."""
    rng = np.random.default_rng(seed)
    sizes = np.repeat([10.0, 5.0, 2.0, 1.0], [3, 3, 2, 2])
    causes = np.repeat(rng.standard_normal((rows, 4)), [3, 3, 2, 2], axis=1)
    return sizes * (causes + 0.1 * rng.standard_normal((rows, 10)))
