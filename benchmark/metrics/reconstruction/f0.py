"""Fundamental frequency: does the reconstruction play the same note?

The fundamental of both sounds is measured over the same part of the clip and compared in cents
(hundredths of a semitone). The part is the loudest stretch of the reference
(:mod:`benchmark.metrics.reconstruction.stretch`), so that a short note in a long clip is measured
where it sounds, and the reconstruction is asked for the pitch at that time, not anywhere. Two
things go wrong with a plain mean of such differences, and both are settled here:

* A reconstruction may land an octave or more away, and one such error weighs like hundreds of fine
  ones. So the *median* says how well in tune the usual reconstruction is, and the share of *gross*
  errors, beyond 50 cents, says how many are another note (W. Chu and A. Alwan, ICASSP 2009, after
  L. R. Rabiner et al., IEEE Trans. ASSP 24, 1976).
* A reconstruction may have no pitch at all. Leaving it out would reward losing the pitch, so it
  counts as the largest error there is, two octaves, and as gross.

A sound that itself has no pitch asks no question and is left out; where most of them have none,
there is no value.
"""

from collections.abc import Mapping

import numpy as np

from benchmark.metrics.reconstruction.registry import Audio, Floats, SoundColumn, SoundMetric
from benchmark.metrics.reconstruction.sounds import Sounds
from benchmark.metrics.reconstruction.stretch import loudest_stretch
from toysound.measure import fundamental_hz

#: Errors are clipped to two octaves; a reconstruction without a pitch counts as that.
LARGEST_CENTS = 2400.0

#: Beyond a quarter tone it is another note.
GROSS_CENTS = 50.0


def f0_error(reference: Sounds, estimate: Sounds) -> Mapping[str, Floats]:
    """Return the error of the fundamental of each pair of sounds.

    Parameters
    ----------
    reference, estimate : n sounds each

    Returns
    -------
    dict
        ``f0_error``: cents between 0 and 2400, shape (n,); ``f0_gross_errors``: 100 where that is
        above 50 cents and 0 elsewhere, shape (n,). NaN where the reference has no pitch.
    """
    windows_s = loudest_stretch(reference.audio, reference.sample_rate)
    true, played = (
        fundamental_within(sounds.audio, sounds.sample_rate, windows_s)
        for sounds in (reference, estimate)
    )
    with np.errstate(invalid="ignore"):
        cents = np.minimum(np.abs(1200 * np.log2(played / true)), LARGEST_CENTS)
    cents = np.where(np.isnan(played), LARGEST_CENTS, cents)
    gross = np.where(cents > GROSS_CENTS, 100.0, 0.0)
    pitched = np.isfinite(true)
    return {
        "f0_error": np.where(pitched, cents, np.nan),
        "f0_gross_errors": np.where(pitched, gross, np.nan),
    }


def fundamental_within(audio: Audio, sample_rate: int, windows_s: Floats) -> Floats:
    """Return the fundamental of each sound within a window of its own.

    Parameters
    ----------
    audio : shape (n, T)
    sample_rate : Hz
    windows_s : start and stop in seconds, NaN for no window, shape (n, 2)

    Returns
    -------
    ndarray, float64, shape (n,)
        Hz; NaN where there is no window or no period in it.
    """
    out = np.full(len(audio), np.nan)
    rows = np.flatnonzero(np.isfinite(windows_s).all(axis=1))
    if len(rows):
        out[rows] = fundamental_hz(audio[rows], sample_rate, windows_s[rows])
    return out


_NO_PITCH = "the sounds of this dataset have no pitch"

F0_ERROR = SoundMetric(
    name="f0_error",
    function=f0_error,
    outputs=(
        SoundColumn(
            key="f0_error",
            column="f0_error",
            label="f0 error",
            description="How far the reconstruction is out of tune: absolute difference of the "
            "fundamentals, median over sounds. A semitone is 100 cents; no pitch counts as 2400.",
            higher_is_better=False,
            unit="cents",
            summary="median",
            undefined=_NO_PITCH,
        ),
        SoundColumn(
            key="f0_gross_errors",
            column="f0_gross_errors",
            label="Wrong notes",
            description="Share of reconstructions whose fundamental is more than 50 cents off or "
            "that have none: another note, another octave, or no note.",
            higher_is_better=False,
            unit="%",
            undefined=_NO_PITCH,
        ),
    ),
    reference="Rabiner et al. 1976, Chu and Alwan 2009",
)
