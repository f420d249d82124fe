"""Measures of reconstruction: how close is what a model plays to what it was given?

Each is in units that people know (dB, cents, %), compares sounds one by one, and is an entry of
:data:`SOUND_METRICS`; adding one is writing its module and one entry here. None of them compares
waveforms sample by sample: a model that makes up the phase, as most do, sounds right and would
score like noise.
"""

import numpy as np

from benchmark.metrics.reconstruction.coefficients import RMSE_DB
from benchmark.metrics.reconstruction.f0 import F0_ERROR
from benchmark.metrics.reconstruction.level import LEVEL_ERROR
from benchmark.metrics.reconstruction.log_spectral_distance import LOG_SPECTRAL_DISTANCE
from benchmark.metrics.reconstruction.registry import Audio, Floats, SoundColumn, SoundMetric
from benchmark.metrics.reconstruction.spectral_convergence import SPECTRAL_CONVERGENCE

__all__ = [
    "COLUMNS",
    "RMSE_DB",
    "SOUND_METRICS",
    "Audio",
    "Floats",
    "SoundColumn",
    "SoundMetric",
    "compare",
]

#: Every measure of reconstruction on audio, in the order in which they are shown.
SOUND_METRICS: dict[str, SoundMetric] = {
    metric.name: metric
    for metric in (LOG_SPECTRAL_DISTANCE, SPECTRAL_CONVERGENCE, LEVEL_ERROR, F0_ERROR)
}

#: Every column of the family ``reconstruction``.
COLUMNS: tuple[SoundColumn, ...] = (
    *(output for metric in SOUND_METRICS.values() for output in metric.outputs),
    RMSE_DB,
)


def compare(reference: Audio, estimate: Audio, sample_rate: int) -> dict[str, Floats]:
    """Return every column for each pair of sounds.

    Parameters
    ----------
    reference, estimate : float32, shape (n, T)
    sample_rate : Hz

    Returns
    -------
    dict
        Column to values of shape (n,); NaN where a measure is not defined.

    Raises
    ------
    ValueError
        If the shapes differ or are not (n, T).
    """
    if reference.ndim != 2 or reference.shape != estimate.shape:
        raise ValueError(
            f"reference and estimate must both be (n, T), got {reference.shape} and "
            f"{estimate.shape}"
        )
    columns: dict[str, Floats] = {}
    for metric in SOUND_METRICS.values():
        values = metric.function(reference, estimate, sample_rate)
        for output in metric.outputs:
            columns[output.column] = np.asarray(values[output.key], dtype=np.float64)
    return columns
