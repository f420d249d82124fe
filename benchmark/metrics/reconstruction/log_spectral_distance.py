"""Log-spectral distance: how far two spectra are apart in decibels, frame by frame.

Each frame of the short-time Fourier transform is turned into decibels re full scale and floored at
-80 dB; the root mean square of the difference over the bins of a frame, averaged over the frames,
is the distance of two sounds. The floor is relative to full scale and the same for all sounds, so
that quiet sounds are not judged by their rounding noise.

Known failure: every bin weighs the same, so a faint noise over many empty bins costs more than a
wrong partial. Half a decibel is not heard; 20 dB is another sound.

References
----------
A. H. Gray and J. D. Markel, "Distance measures for speech processing", IEEE Trans. ASSP 24, 1976.
"""

from collections.abc import Mapping

import numpy as np

from benchmark.metrics.reconstruction.registry import Audio, Floats, SoundColumn, SoundMetric
from benchmark.metrics.reconstruction.sounds import Sounds
from benchmark.metrics.reconstruction.spectrum import full_scale_peak, magnitude

N_FFT, HOP = 1024, 256
FLOOR_DB = -80.0


def log_spectrum(audio: Audio) -> Audio:
    """Return the spectrum in dB re a full-scale sine, at least -80, shape (n, frames, 513)."""
    return _decibels(magnitude(audio, N_FFT, HOP))


def log_spectral_distance(reference: Sounds, estimate: Sounds) -> Mapping[str, Floats]:
    """Return the distance of each pair of sounds.

    Parameters
    ----------
    reference, estimate : n sounds each; the distance is in frames and bins and does not depend on
        the sample rate

    Returns
    -------
    dict
        ``log_spectral_distance``: dB, shape (n,); 0 for equal sounds, at most 80 and more only
        above full scale.
    """
    true, played = (_decibels(sounds.magnitude(N_FFT, HOP)) for sounds in (reference, estimate))
    per_frame = np.sqrt(np.mean(np.square(true - played), axis=2, dtype=np.float64))
    return {"log_spectral_distance": per_frame.mean(axis=1)}


def _decibels(magnitudes: Audio) -> Audio:
    linear = magnitudes / np.float32(full_scale_peak(N_FFT))
    floor = np.float32(10 ** (FLOOR_DB / 20))
    return np.asarray(20 * np.log10(np.maximum(linear, floor)), dtype=np.float32)


LOG_SPECTRAL_DISTANCE = SoundMetric(
    name="log_spectral_distance",
    function=log_spectral_distance,
    outputs=(
        SoundColumn(
            key="log_spectral_distance",
            column="log_spectral_distance",
            label="LSD",
            description="How far the spectra of sound and reconstruction are apart: root mean "
            "square over bins, mean over frames, floor -80 dB, Hann 1024/256. 0 is identical.",
            higher_is_better=False,
            unit="dB",
        ),
    ),
    reference="Gray and Markel 1976",
)
