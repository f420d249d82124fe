"""Measures of reconstruction: how close is what a model plays to what it was given?

Each is in units that people know (dB, LU, cents, ms, %) and is an entry of a table: those that
compare sounds one by one of :data:`SOUND_METRICS`, those that compare whole sets of
:data:`SET_METRICS`. Adding one is writing its module and one entry here. All but SI-SDR are deaf to
the phase of a partial: a model that makes up the phase, as most do, sounds right, and compared
sample by sample it would score like noise.
"""

import numpy as np

from benchmark.metrics.reconstruction.coefficients import RMSE_DB
from benchmark.metrics.reconstruction.f0 import F0_ERROR
from benchmark.metrics.reconstruction.frechet_distance import FRECHET_DISTANCE
from benchmark.metrics.reconstruction.level import LEVEL_ERROR
from benchmark.metrics.reconstruction.log_spectral_distance import LOG_SPECTRAL_DISTANCE
from benchmark.metrics.reconstruction.loudness_error import LOUDNESS_ERROR
from benchmark.metrics.reconstruction.mel_distance import MEL_DISTANCE
from benchmark.metrics.reconstruction.mrstft import MRSTFT
from benchmark.metrics.reconstruction.onset_error import ONSET_ERROR
from benchmark.metrics.reconstruction.registry import (
    Audio,
    Floats,
    SetColumn,
    SetMetric,
    SoundColumn,
    SoundMetric,
    net,
)
from benchmark.metrics.reconstruction.resampling import set_intervals
from benchmark.metrics.reconstruction.si_sdr import SI_SDR
from benchmark.metrics.reconstruction.sounds import Sounds
from benchmark.metrics.reconstruction.spectral_convergence import SPECTRAL_CONVERGENCE

__all__ = [
    "COLUMNS",
    "RMSE_DB",
    "SET_METRICS",
    "SOUND_METRICS",
    "Audio",
    "Floats",
    "SetColumn",
    "SetMetric",
    "SoundColumn",
    "SoundMetric",
    "Sounds",
    "compare",
    "net",
    "set_intervals",
]

#: Every measure of reconstruction on audio, sound by sound, in the order in which they are shown.
SOUND_METRICS: dict[str, SoundMetric] = {
    metric.name: metric
    for metric in (
        LOG_SPECTRAL_DISTANCE,
        MEL_DISTANCE,
        SPECTRAL_CONVERGENCE,
        MRSTFT,
        SI_SDR,
        LEVEL_ERROR,
        LOUDNESS_ERROR,
        F0_ERROR,
        ONSET_ERROR,
    )
}

#: Every column that has one number per sound.
COLUMNS: tuple[SoundColumn, ...] = (
    *(output for metric in SOUND_METRICS.values() for output in metric.outputs),
    RMSE_DB,
)

#: Every measure of reconstruction of a whole set of sounds.
SET_METRICS: dict[str, SetMetric] = {metric.name: metric for metric in (FRECHET_DISTANCE,)}

#: Samples compared at a time: their spectra take some 70 MB.
_SAMPLES_AT_ONCE = 64 * 8000


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
        If the shapes differ, are not (n, T), or the sounds have no samples.
    """
    if reference.ndim != 2 or reference.shape != estimate.shape or not reference.shape[1]:
        raise ValueError(
            f"reference and estimate must both be (n, T), got {reference.shape} and "
            f"{estimate.shape}"
        )
    count, samples = reference.shape
    columns = {
        output.column: np.empty(count) for m in SOUND_METRICS.values() for output in m.outputs
    }
    stride = max(1, _SAMPLES_AT_ONCE // samples)
    for start in range(0, count, stride):
        rows = slice(start, start + stride)
        true, played = (Sounds(audio[rows], sample_rate) for audio in (reference, estimate))
        for metric in SOUND_METRICS.values():
            values = metric.function(true, played)
            for output in metric.outputs:
                columns[output.column][rows] = values[output.key]
    return columns
