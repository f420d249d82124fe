"""SI-SDR: how much of the waveform itself is kept, whatever its gain.

The reconstruction is split into the part that is a multiple of the reference and the rest; the
scale-invariant signal-to-distortion ratio is the power of the first over that of the second:

    alpha = <estimate, reference> / <reference, reference>
    SI-SDR = 10 log10(|alpha reference|^2 / |estimate - alpha reference|^2)

It compares waveforms sample by sample, so it is *meaningless for a model that makes up the phase*,
as those do that decode a magnitude spectrogram: a reconstruction that nobody can tell from the
original then scores like noise, below 0 dB. It is shown for models that work on samples or on a
complex spectrum, and as a warning where a model claims to.

Conventions
-----------
Both sounds are freed from their mean, which is not heard, as the definition assumes. The result is
kept within +-100 dB: beyond that it tells the rounding of a computer. A silent reconstruction of a
sound, and one orthogonal to it, get -100 dB. A silent reference asks no question.

References
----------
J. Le Roux, S. Wisdom, H. Erdogan and J. R. Hershey, "SDR - half-baked or well done?", ICASSP 2019.
"""

from collections.abc import Mapping

import numpy as np

from benchmark.metrics.reconstruction.registry import Audio, Floats, SoundColumn, SoundMetric
from benchmark.metrics.reconstruction.sounds import Sounds

#: Ratios are clipped to this many dB to each side.
LARGEST_DB = 100.0

#: Mean square below which a sound freed from its mean is silence: the rounding of float64.
_SILENCE = 1e-20


def si_sdr(reference: Sounds, estimate: Sounds) -> Mapping[str, Floats]:
    """Return the scale-invariant signal-to-distortion ratio of each pair of sounds.

    Parameters
    ----------
    reference, estimate : n sounds each

    Returns
    -------
    dict
        ``si_sdr``: dB in [-100, 100], higher is better, shape (n,); NaN for a reference that is
        silent or constant.
    """
    true, played = _centred(reference.audio), _centred(estimate.audio)
    energy, played_energy = (np.einsum("nt,nt->n", x, x) for x in (true, played))
    heard, answered = (power > _SILENCE * true.shape[1] for power in (energy, played_energy))
    product = np.einsum("nt,nt->n", played, true)
    alpha = product / np.where(heard, energy, 1.0)
    target = alpha[:, None] * true
    wanted = np.einsum("nt,nt->n", target, target)
    target -= played
    distortion = np.einsum("nt,nt->n", target, target)
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = np.where(answered, 10 * np.log10(wanted / distortion), -np.inf)
    return {"si_sdr": np.where(heard, np.clip(ratio, -LARGEST_DB, LARGEST_DB), np.nan)}


def _centred(audio: Audio) -> Floats:
    double = audio.astype(np.float64)
    return np.asarray(double - double.mean(axis=1, keepdims=True))


SI_SDR = SoundMetric(
    name="si_sdr",
    function=si_sdr,
    outputs=(
        SoundColumn(
            key="si_sdr",
            column="si_sdr",
            label="SI-SDR",
            description="Power of what is kept of the waveform re what is wrong, whatever the "
            "gain, within +-100 dB. Meaningless for models that make up the phase: theirs is below "
            "0 however well they sound.",
            higher_is_better=True,
            unit="dB",
            undefined="the sounds are silent",
        ),
    ),
    reference="Le Roux et al. 2019",
)
