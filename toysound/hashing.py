"""Numbers drawn from integers: the same on every machine, in any order, for all versions of NumPy.

Splits, samples of large grids and nuisances need draws that belong to a cell and not to a run. A
counter-based generator gives them: the hash of a salt and a number, splitmix64 (Steele, Lea and
Flood, "Fast splittable pseudorandom number generators", OOPSLA 2014). It uses integer arithmetic
alone, so that no bit depends on a CPU.
"""

import hashlib

import numpy as np
from numpy.typing import ArrayLike, NDArray


def hash64(salt: str, numbers: ArrayLike) -> NDArray[np.uint64]:
    """Hash non-negative integers to 64 bits, same shape.

    Parameters
    ----------
    salt : draws under different salts are independent
    numbers : integers
    """
    start = np.uint64(int.from_bytes(hashlib.sha256(salt.encode()).digest()[:8], "little"))
    with np.errstate(over="ignore"):
        z = start + np.asarray(numbers).astype(np.uint64) * np.uint64(0x9E3779B97F4A7C15)
        z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return np.asarray(z ^ (z >> np.uint64(31)))


def uniform(salt: str, numbers: ArrayLike) -> NDArray[np.float64]:
    """Draw a number in [0, 1) for each integer, same shape: the top 53 bits of the hash."""
    return np.asarray((hash64(salt, numbers) >> np.uint64(11)) * 2.0**-53)
