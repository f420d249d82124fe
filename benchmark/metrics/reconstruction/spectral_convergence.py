"""Multi-resolution spectral convergence: the share of the magnitude spectrum that is wrong.

Spectral convergence is the Frobenius norm of the difference of two magnitude spectrograms, divided
by that of the reference. It is linear, so it hears the loud partials where the log-spectral
distance hears everything. Three window lengths, averaged, see both onsets and close partials; they
are those of the loss that made the measure common. As in that paper it is reported as a ratio: 0 is
identical, 1 is what silence gets, and more is worse than silence.

References
----------
S. O. Arik, H. Jun and G. Diamos, "Fast spectrogram inversion using multi-head convolutional neural
networks", IEEE Signal Processing Letters 26, 2019 (the measure).
R. Yamamoto, E. Song and J.-M. Kim, "Parallel WaveGAN", ICASSP 2020 (the three resolutions).
"""

from collections.abc import Mapping

import numpy as np

from benchmark.metrics.reconstruction.registry import Audio, Floats, SoundColumn, SoundMetric
from benchmark.metrics.reconstruction.spectrum import magnitude

#: Transform length, hop and window length in samples (Yamamoto et al. 2020, table 1).
RESOLUTIONS = ((1024, 120, 600), (2048, 240, 1200), (512, 50, 240))


def spectral_convergence(
    reference: Audio, estimate: Audio, sample_rate: int
) -> Mapping[str, Floats]:
    """Return the spectral convergence of each pair of sounds, mean over three resolutions.

    Parameters
    ----------
    reference, estimate : shape (n, T)
    sample_rate : Hz; the resolutions are in samples and do not depend on it

    Returns
    -------
    dict
        ``spectral_convergence``: ratio >= 0, shape (n,); NaN for a silent reference.
    """
    ratios = [_convergence(reference, estimate, *sizes) for sizes in RESOLUTIONS]
    return {"spectral_convergence": np.mean(ratios, axis=0)}


def _convergence(reference: Audio, estimate: Audio, n_fft: int, hop: int, window: int) -> Floats:
    true = magnitude(reference, n_fft, hop, window)
    difference = true - magnitude(estimate, n_fft, hop, window)
    wrong, whole = (np.einsum("nfb,nfb->n", x, x, dtype=np.float64) for x in (difference, true))
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(whole > 0, np.sqrt(wrong / whole), np.nan)


SPECTRAL_CONVERGENCE = SoundMetric(
    name="spectral_convergence",
    function=spectral_convergence,
    outputs=(
        SoundColumn(
            key="spectral_convergence",
            column="spectral_convergence",
            label="Spectral conv.",
            description="The share of the magnitude spectrum that is wrong, mean over three "
            "window lengths. 0 is identical, 1 is what silence gets.",
            higher_is_better=False,
            undefined="the sounds are silent",
        ),
    ),
    reference="Arik et al. 2019, Yamamoto et al. 2020",
)
