"""Error in a model's own view of sound, before anything is made audible.

A model that works on a spectrogram in decibels can say what it *meant* to play, and so separate the
error of its code from that of turning magnitudes into sound. The error is the root mean square over
all bins and sounds. Its view is its own, so two models are comparable here only if they share it.
"""

import numpy as np
from numpy.typing import NDArray

from benchmark.metrics.reconstruction.registry import Floats, SoundColumn
from toysound.errors import ToySoundError

FLOOR_DB = -80.0


def root_mean_square_db(reference: NDArray[np.float32], estimate: NDArray[np.float32]) -> Floats:
    """Return the root mean square over the coefficients of each sound of the difference in dB.

    Parameters
    ----------
    reference, estimate : dB, shape (n, ...); below -80 counts as -80

    Returns
    -------
    ndarray, float64, shape (n,)

    Raises
    ------
    ToySoundError
        If the shapes differ.
    """
    if reference.shape != estimate.shape:
        raise ToySoundError(
            f"coefficients have shape {reference.shape} and decoded ones {estimate.shape}; "
            "they must be equal"
        )
    floor = np.float32(FLOOR_DB)
    difference = np.maximum(reference, floor) - np.maximum(estimate, floor)
    flat = difference.reshape(len(difference), -1)
    total = np.einsum("ni,ni->n", flat, flat, dtype=np.float64)
    return np.asarray(np.sqrt(total / flat.shape[1]), dtype=np.float64)


RMSE_DB = SoundColumn(
    key="rmse_db",
    column="rmse_db",
    label="RMSE",
    description="Root mean square error over all bins and sounds in the model's own view of "
    "sound (for most a log-magnitude spectrogram), floor -80 dB; comparable between models that "
    "share the view.",
    higher_is_better=False,
    unit="dB",
    summary="root_mean",
)
