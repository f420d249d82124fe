"""Multi-resolution STFT distance: magnitudes compared as a training loss compares them.

Neural vocoders are trained on the difference of short-time magnitudes at three window lengths, and
papers report it. It comes in two halves, kept apart here because they hear different things:

* the *linear* distance is the mean absolute difference of the magnitudes, so loud partials decide;
* the *log* distance is the mean absolute difference of their logarithms, so every bin counts alike,
  however faint.

Conventions
-----------
Both follow the papers and the library auraloss: magnitudes are not normalised (a full-scale sine
has a peak of 150, 300 and 60 at the three resolutions), means are over bins and frames, and the
three resolutions are averaged. Powers below 1e-8 count as 1e-8. The logarithm is given in decibels,
8.686 times the natural one of a loss. The papers mirror the sound at its ends; here it is silent
there, as it is.

Known failure: the floor of the log distance lies 116 to 130 dB below a full-scale sine, lower than
the rounding noise of 16 bit, so that in silent stretches it compares rounding noise. The
log-spectral distance has a floor that a listener would agree with.

References
----------
R. Yamamoto, E. Song and J.-M. Kim, "Parallel WaveGAN", ICASSP 2020.
C. Steinmetz and J. Reiss, "auraloss: Audio focused loss functions in PyTorch", DMRN+15, 2020.
"""

from collections.abc import Mapping

import numpy as np

from benchmark.metrics.reconstruction.registry import Audio, Floats, SoundColumn, SoundMetric
from benchmark.metrics.reconstruction.sounds import Sounds
from benchmark.metrics.reconstruction.spectrum import RESOLUTIONS

#: Smallest magnitude that is told from silence.
SMALLEST = 1e-4


def mrstft(reference: Sounds, estimate: Sounds) -> Mapping[str, Floats]:
    """Return both distances of each pair of sounds, mean over three resolutions.

    Parameters
    ----------
    reference, estimate : n sounds each; the resolutions are in samples and do not depend on the
        sample rate

    Returns
    -------
    dict
        ``mrstft_linear``: magnitude >= 0, and ``mrstft_log``: dB >= 0, shape (n,) each. Both are
        metrics in the mathematical sense on the magnitudes above the floor.
    """
    linear, log = [], []
    for sizes in RESOLUTIONS:
        true, played = (
            np.maximum(sounds.magnitude(*sizes), np.float32(SMALLEST))
            for sounds in (reference, estimate)
        )
        linear.append(_mean_difference(true, played))
        np.log10(true, out=true)
        np.log10(played, out=played)
        log.append(20 * _mean_difference(true, played))
    return {"mrstft_linear": np.mean(linear, axis=0), "mrstft_log": np.mean(log, axis=0)}


def _mean_difference(first: Audio, second: Audio) -> Floats:
    difference = first - second
    np.abs(difference, out=difference)
    return np.asarray(difference.mean(axis=(1, 2), dtype=np.float64))


MRSTFT = SoundMetric(
    name="mrstft",
    function=mrstft,
    outputs=(
        SoundColumn(
            key="mrstft_linear",
            column="mrstft_linear",
            label="MR-STFT",
            description="Mean absolute difference of STFT magnitudes, mean over three window "
            "lengths; not normalised, as in the training loss of vocoders. 0 is identical; loud "
            "partials decide.",
            higher_is_better=False,
        ),
        SoundColumn(
            key="mrstft_log",
            column="mrstft_log",
            label="log MR-STFT",
            description="Mean absolute difference of log STFT magnitudes, mean over three window "
            "lengths, floor about -120 dB re full scale: 8.686 times the training loss of "
            "vocoders. 0 is identical; it hears the faintest noise.",
            higher_is_better=False,
            unit="dB",
        ),
    ),
    reference="Yamamoto et al. 2020, Steinmetz and Reiss 2020",
)
