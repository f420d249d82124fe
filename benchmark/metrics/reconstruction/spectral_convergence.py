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
from benchmark.metrics.reconstruction.sounds import Sounds
from benchmark.metrics.reconstruction.spectrum import RESOLUTIONS


def spectral_convergence(reference: Sounds, estimate: Sounds) -> Mapping[str, Floats]:
    """Return the spectral convergence of each pair of sounds, mean over three resolutions.

    Parameters
    ----------
    reference, estimate : n sounds each; the resolutions are in samples and do not depend on the
        sample rate

    Returns
    -------
    dict
        ``spectral_convergence``: ratio >= 0, shape (n,); NaN for a silent reference.
    """
    ratios = [_convergence(reference, estimate, *sizes) for sizes in RESOLUTIONS]
    return {"spectral_convergence": np.mean(ratios, axis=0)}


def _convergence(reference: Sounds, estimate: Sounds, n_fft: int, hop: int, window: int) -> Floats:
    true = reference.magnitude(n_fft, hop, window)
    difference = true - estimate.magnitude(n_fft, hop, window)
    wrong, whole = (_energy(x) for x in (difference, true))
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(whole > 0, np.sqrt(wrong / whole), np.nan)


def _energy(spectrum: Audio) -> Floats:
    """Return the sum of squares of each sound: within frames in float32, over them in float64."""
    frames = np.einsum("nfb,nfb->nf", spectrum, spectrum)
    return np.asarray(frames.sum(axis=1, dtype=np.float64))


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
