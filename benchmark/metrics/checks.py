"""What every metric asks of the arrays that it is given, each in a sentence.

A metric of one model gets codes of shape (n, d), one of agreement between models (models, n, d);
what is asked of the numbers in them is the same.
"""

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from toysound.errors import ToySoundError

Floats = NDArray[np.float64]

FEWEST_ROWS = 6

#: Squares of larger numbers, summed over sounds, overflow.
_LARGEST = 1e100

#: Largest log-variance: its exponential is still a number, and its mean over sounds too.
_LARGEST_LOG = 600.0


def as_array(name: str, given: ArrayLike) -> NDArray[Any]:
    """Return an array.

    Raises
    ------
    ToySoundError
        If it is rows of different lengths; ``name`` is how the message calls it.
    """
    try:
        return np.asarray(given)
    except ValueError:
        raise ToySoundError(f"{name} must be one array, got rows of different lengths") from None


def is_numeric(array: NDArray[Any]) -> bool:
    """Return whether an array holds real numbers, which truth values are not."""
    return array.dtype.kind in "fiu"


def finite_codes(array: NDArray[Any]) -> Floats:
    """Return codes, shape (..., n, d), as float64.

    Raises
    ------
    ToySoundError
        If there are fewer than 6 sounds, or a number is not finite or too large to be squared.
    """
    rows = array.shape[-2]
    if rows < FEWEST_ROWS:
        raise ToySoundError(f"codes have {rows} rows; at least {FEWEST_ROWS} are needed")
    codes = array.astype(np.float64)
    if not np.isfinite(codes).all():
        raise ToySoundError(f"codes hold {int((~np.isfinite(codes)).sum())} values not finite")
    if np.abs(codes).max() > _LARGEST:
        raise ToySoundError(f"codes reach {np.abs(codes).max():.0e}; above 1e100 squares overflow")
    return codes


def finite_log_variance(given: ArrayLike, shape: tuple[int, ...]) -> Floats:
    """Return log-variances of codes of some shape as float64.

    Raises
    ------
    ToySoundError
        If they are no numbers, of another shape, not finite, or too large for a logarithm.
    """
    array = as_array("log_variance", given)
    if not is_numeric(array):
        raise ToySoundError(
            f"log_variance must be numbers of the codes' shape {shape}, got {array.dtype} "
            f"{array.shape}"
        )
    array = array.astype(np.float64)
    if array.shape != shape or not np.isfinite(array).all():
        raise ToySoundError(
            f"log_variance must be finite and of the codes' shape {shape}, got {array.shape}"
        )
    if array.max() > _LARGEST_LOG:
        raise ToySoundError(
            f"log_variance reaches {array.max():.3g}; above {_LARGEST_LOG:g} its exponential "
            "overflows (is it a variance, and not its logarithm?)"
        )
    return array
