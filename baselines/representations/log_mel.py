"""Log-mel spectrogram in decibels: what most models hear, and what it costs to hear it again.

The mel scale spaces bands as the ear's pitch does: evenly below 1 kHz, by a constant ratio above.
The power of a short-time spectrum is added up under one triangle per band, so that 513 bins become
128, and turned into decibels re full scale with a floor at -80 dB.

The view is small and smooth, hence its popularity, and its inverse is weak: above 1 kHz several
bins share a band, so partials lose their exact frequency, and the phase is gone. The inverse
guesses both (:mod:`baselines.representations.band_powers`). On 500 test sounds of ``tones`` the
round trip is left with a log-spectral distance of 3.9 dB with 128 bands and 6.3 with 64, where the
log-magnitude spectrogram has 0.3 dB (``toysound ceilings tones``). No model on this view sounds
better than that.

Conventions
-----------
* Triangles have peak 1 (no area normalisation), on Slaney's mel scale from 0 Hz to the Nyquist
  frequency, as in the view by which ToySound tells its cells apart.
* Window 1024, hop 256, frames centred on multiples of the hop; 0 dB is the power of the peak bin of
  a full-scale sine, which a band around a sine shows to within 2 dB.

References
----------
S. S. Stevens, J. Volkmann and E. B. Newman, "A scale for the measurement of the psychological
magnitude pitch", J. Acoust. Soc. Am. 8, 1937.
M. Slaney, "Auditory toolbox", technical report 1998-010, Interval Research, 1998 (this scale).
"""

import math
from functools import lru_cache

import numpy as np
import torch
from numpy.typing import NDArray
from pydantic import NonNegativeInt, PositiveInt

from baselines.representations.auditory_scales import hz_to_mel, mel_to_hz
from baselines.representations.band_powers import bin_powers, sound_of_powers
from baselines.representations.base import MagnitudeView
from baselines.representations.protocol import Array
from baselines.representations.stft import ShortTimeFourier
from toysound.errors import UsageError

N_FFT, HOP_LENGTH = 1024, 256
FLOOR_DB = -80.0

#: No frame of a sound in [-1, 1] holds more, by Parseval: N sum w^2 = 6 times the peak's power.
CEILING_DB = 10 * math.log10(6)

#: A coefficient this near to the floor counts as cut off by it, dB.
_AT_FLOOR_DB = 0.5


class LogMel(MagnitudeView):
    """Mel bands in dB re a full-scale sine, floored at -80, and an approximate inverse.

    Parameters
    ----------
    sample_rate : Hz; window and hop are in samples and do not depend on it
    num_samples : length T of every sound
    bands : number of mel bands, at most the 512 bins between which they lie
    updates : of the powers of the bins in the inverse
    iterations : projections of the inverse

    Attributes
    ----------
    shape : (bands, 1 + T // 256)

    Raises
    ------
    UsageError
        If the bands are none, or more than the bins.
    ValueError
        If the rate or the length is not positive.
    """

    name = "log_mel"
    loss = (
        "the phase, and within a band the place of its partials: the inverse guesses both, and "
        "frequencies above 1 kHz blur"
    )

    def __init__(
        self,
        sample_rate: int,
        num_samples: int,
        bands: PositiveInt = 128,
        updates: NonNegativeInt = 30,
        iterations: NonNegativeInt = 8,
    ) -> None:
        super().__init__(sample_rate, num_samples)
        if not 1 <= bands <= N_FFT // 2:
            raise UsageError(f"bands must be between 1 and {N_FFT // 2}, got {bands}")
        self.updates = updates
        self.iterations = iterations
        self._transform = ShortTimeFourier(N_FFT, HOP_LENGTH, num_samples)
        self.shape = (bands, self._transform.num_frames)
        self._weights = mel_filters(sample_rate, bands)

    def clip(self, coefficients: Array) -> Array:
        """Return the nearest coefficients in the range of sounds in [-1, 1]: [-80, 7.8] dB."""
        return coefficients.clip(FLOOR_DB, CEILING_DB)

    def _analyse(self, audio: torch.Tensor) -> torch.Tensor:
        spectrum = self._transform.analyse(audio) / self._transform.full_scale_peak
        power = spectrum.real.square() + spectrum.imag.square()
        bands = power @ torch.from_numpy(self._weights).to(audio).T
        return 10 * torch.log10(bands.clamp(min=10 ** (FLOOR_DB / 10))).transpose(1, 2)

    def _sound(self, coefficients: NDArray[np.float32]) -> NDArray[np.float32]:
        decibels = self.clip(coefficients)
        audible = decibels > FLOOR_DB + _AT_FLOOR_DB
        if not audible.any():
            return np.zeros(self.num_samples, dtype=np.float32)
        bands = np.where(audible, 10 ** (decibels / 10), 0).astype(np.float32)
        bands *= np.float32(self._transform.full_scale_peak**2)
        powers = bin_powers(self._weights, bands, self.updates)
        return np.clip(sound_of_powers(self._transform, powers, self.iterations), -1.0, 1.0)


@lru_cache(maxsize=8)
def mel_filters(sample_rate: int, bands: int) -> NDArray[np.float32]:
    """Return triangles of peak 1 on Slaney's mel scale, shape (bands, 513).

    A band so narrow that no bin lies within is given the bin nearest to its centre: no band is
    always empty, whatever the sample rate.
    """
    corners = mel_to_hz(np.linspace(0, hz_to_mel(np.array(sample_rate / 2)), bands + 2))
    frequencies = np.linspace(0, sample_rate / 2, N_FFT // 2 + 1)
    low, centre, high = corners[:-2, None], corners[1:-1, None], corners[2:, None]
    rising, falling = (frequencies - low) / (centre - low), (high - frequencies) / (high - centre)
    weights = np.maximum(0, np.minimum(rising, falling))
    empty = np.flatnonzero(weights.max(axis=1) == 0)
    nearest = np.abs(frequencies - centre[empty]).argmin(axis=1)
    weights[empty, nearest] = 1
    return weights.astype(np.float32)
