"""Loudness error: is the reconstruction as loud to the ear as the sound?

Equal power is not equal loudness: the ear hardly hears 50 Hz and hears 3 kHz best. The integrated
loudness of ITU-R BS.1770 weighs the frequencies first; a difference of 1 LU (loudness unit) is a
change of level by 1 dB. A reconstruction that keeps its RMS level and loses its treble has no level
error and a loudness error.

Conventions
-----------
Both loudnesses are gated, as broadcasters measure them: blocks of 0.4 s below -70 LUFS are silence.
A sound that the gate takes for silence asks no question, and neither does a clip shorter than one
block. A reconstruction that the gate takes for silence counts as -70 LUFS.

References
----------
ITU-R BS.1770-4, "Algorithms to measure audio programme loudness", 2015.
"""

from collections.abc import Mapping

import numpy as np

from benchmark.metrics.reconstruction.registry import Floats, SoundColumn, SoundMetric
from benchmark.metrics.reconstruction.sounds import Sounds
from toysound.loudness import loudness_lufs

#: Loudness of the gate, below which there is silence.
GATE_LUFS = -70.0


def loudness_error(reference: Sounds, estimate: Sounds) -> Mapping[str, Floats]:
    """Return the loudness error of each pair of sounds.

    Parameters
    ----------
    reference, estimate : n sounds each

    Returns
    -------
    dict
        ``loudness_error``: LU >= 0, shape (n,); NaN for a reference below the gate and for clips
        shorter than 0.4 s.
    """
    true = loudness_lufs(reference.audio, reference.sample_rate)
    played = loudness_lufs(estimate.audio, estimate.sample_rate)
    return {"loudness_error": np.abs(true - np.where(np.isnan(played), GATE_LUFS, played))}


LOUDNESS_ERROR = SoundMetric(
    name="loudness_error",
    function=loudness_error,
    outputs=(
        SoundColumn(
            key="loudness_error",
            column="loudness_error",
            label="Loudness error",
            description="Absolute difference of the loudness of sound and reconstruction to the "
            "ear (ITU-R BS.1770), mean over sounds. A reconstruction that is not heard counts as "
            "-70 LUFS.",
            higher_is_better=False,
            unit="LU",
            undefined="the sounds are shorter than 0.4 s or not heard",
        ),
    ),
    reference="ITU-R BS.1770-4",
)
