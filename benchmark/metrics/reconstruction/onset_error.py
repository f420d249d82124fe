"""Onset and attack: does the reconstruction start when the sound does, and as softly?

A spectrogram of long windows smears a start over its window, and a model that averages over sounds
blurs it; both are heard at once, and a spectral distance hardly shows them.

* The *onset* is when the envelope first passes -30 dB re its highest peak.
* The *attack* is the time from there until the envelope first passes 80 % of that peak.

Both are read from a peak envelope that is sharp to half a millisecond
(:mod:`toysound.envelopes`). Onsets 6 ms apart are told apart by a listener, and attacks that differ
by a quarter.

Conventions
-----------
Absolute differences in milliseconds. A silent reconstruction starts never: it counts as the length
of the clip. A silent sound asks no question.

Known failure: where the loudness wavers (a tremolo), the first peak may fall short of 80 % of the
highest by a hair, and the attack then seems to end a swing later. So the attack error is summarised
by the median. A noise before the sound that is less than 30 dB below it counts as its start, which
is also what is heard.

References
----------
G. Peeters, "A large set of audio features for sound description", IRCAM, 2004.
"""

from collections.abc import Callable, Mapping

import numpy as np

from benchmark.metrics.reconstruction.registry import Audio, Floats, SoundColumn, SoundMetric
from benchmark.metrics.reconstruction.sounds import Sounds
from toysound.envelopes import climb_s, onset_s


def onset_error(reference: Sounds, estimate: Sounds) -> Mapping[str, Floats]:
    """Return the error of the onset and of the attack of each pair of sounds.

    Parameters
    ----------
    reference, estimate : n sounds each

    Returns
    -------
    dict
        ``onset_error``, ``attack_error``: ms between 0 and the length of the clips, shape (n,)
        each; NaN for a silent reference.
    """
    return {
        "onset_error": _milliseconds(onset_s, reference, estimate),
        "attack_error": _milliseconds(climb_s, reference, estimate),
    }


def _milliseconds(
    measured: Callable[[Audio, int], Floats], reference: Sounds, estimate: Sounds
) -> Floats:
    true, played = (measured(sounds.audio, sounds.sample_rate) for sounds in (reference, estimate))
    apart = np.where(np.isnan(played), reference.duration_s, np.abs(played - true))
    return np.where(np.isnan(true), np.nan, 1000 * apart)


_SILENT = "the sounds are silent"

ONSET_ERROR = SoundMetric(
    name="onset_error",
    function=onset_error,
    outputs=(
        SoundColumn(
            key="onset_error",
            column="onset_error",
            label="Onset error",
            description="How much too early or late the reconstruction starts (-30 dB re its "
            "peak), mean over sounds. 6 ms are just heard; silence counts as the length of the "
            "clip.",
            higher_is_better=False,
            unit="ms",
            undefined=_SILENT,
        ),
        SoundColumn(
            key="attack_error",
            column="attack_error",
            label="Attack error",
            description="How much too short or long the rise of the reconstruction is, from its "
            "onset to 80 % of its peak; median over sounds.",
            higher_is_better=False,
            unit="ms",
            summary="median",
            undefined=_SILENT,
        ),
    ),
    reference="Peeters 2004",
)
