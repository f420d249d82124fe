"""Level error: is the reconstruction as loud as the sound?

The absolute difference of two RMS levels in decibels over the whole sound. A difference of 1 dB is
just heard. RMS and not a loudness model, because it is what the factor *level* of the datasets is;
:mod:`benchmark.metrics.reconstruction.loudness_error` has the loudness.
"""

from collections.abc import Mapping

import numpy as np

from benchmark.metrics.reconstruction.registry import Audio, Floats, SoundColumn, SoundMetric
from benchmark.metrics.reconstruction.sounds import Sounds

#: Silence counts as this level: a little below the rounding noise of 16-bit samples.
SILENCE_DB = -100.0


def rms_db(audio: Audio) -> Floats:
    """Return the RMS level over each whole sound in dB re full scale, at least -100, shape (n,)."""
    power = np.einsum("nt,nt->n", audio, audio, dtype=np.float64) / audio.shape[1]
    decibels = 10 * np.log10(np.maximum(power, 10 ** (SILENCE_DB / 10)))
    return np.asarray(decibels, dtype=np.float64)


def level_error(reference: Sounds, estimate: Sounds) -> Mapping[str, Floats]:
    """Return the level error of each pair of sounds.

    Parameters
    ----------
    reference, estimate : n sounds each

    Returns
    -------
    dict
        ``level_error``: dB >= 0, shape (n,).
    """
    return {"level_error": np.abs(rms_db(reference.audio) - rms_db(estimate.audio))}


LEVEL_ERROR = SoundMetric(
    name="level_error",
    function=level_error,
    outputs=(
        SoundColumn(
            key="level_error",
            column="level_error",
            label="Level error",
            description="Absolute difference of the RMS levels of sound and reconstruction, mean "
            "over sounds. 1 dB is just heard.",
            higher_is_better=False,
            unit="dB",
        ),
    ),
    reference="root mean square over the sound",
)
