"""A cochlear view: wide filters on a logarithmic axis, and the level as a coordinate of its own.

A view decides over what a model disentangles. In a decibel spectrogram with narrow bins a step of
pitch moves every partial out of its bins: neighbours have nothing in common, and a change of level
points in nearly the same direction as a change of brightness. This view takes both causes away:

* *Level apart*. A sound is divided by the root mean square of its loudest 250 ms, and that level in
  decibels becomes one more coordinate. All other coordinates are then the same for a sound and its
  quieter copy.
* *Filters wider than the ear's*. Power is added up under Gaussians with a standard deviation of 0.6
  equivalent rectangular bandwidths, one and a half times as wide as the ear's filters, centred on
  128 frequencies with a constant ratio from 50 Hz to the Nyquist frequency. Neighbouring pitches
  overlap, so a small step is a small change.
* *A floor at -60 dB* below the level, where 0 dB is what a steady sine at a band's centre has.

On half of the training sounds of ``tones``, ten principal components of this view have a mutual
information gap of 0.41, those of ``log_magnitude`` 0.07.

Conventions
-----------
The coefficients of a sound are one flat vector: band after band, lowest first, with all frames of a
band together, then the level. A change of level by 1 dB would have changed each pixel above the
floor by 1 dB. Its coordinate is therefore weighted by the square root of their number, so that the
distance between a sound and its quieter copy is what it was: level is moved, not made smaller.
82 % of all pixels are above the floor in ``tones``, 99 % in ``timbre`` and 44 % in ``gesture``; a
constant of 75 %, which makes the weight 55.4 for 128 x 32 pixels, stands for all sounds, because a
weight that followed the data would make the errors of two models incomparable. The level is in dB
re a full-scale sine, at least -80.

This is a view for analysis, not of audio grade. The inverse narrows the filters down again as far
as that goes (:mod:`baselines.representations.band_powers`) and makes up a phase: the round trip is
left with a log-spectral distance of 8 dB on ``tones``, and sounds blurred where partials are closer
than the filters are wide. To hear a model of this view, train a decoder from its codes to
``log_magnitude``.

References
----------
B. R. Glasberg and B. C. J. Moore, "Derivation of auditory filter shapes from notched-noise data",
Hearing Research 47, 1990 (the bandwidths).
R. D. Patterson, "Auditory filter shapes derived with noise stimuli", J. Acoust. Soc. Am. 59, 1976
(Gaussian filters).
"""

import math
from functools import lru_cache

import numpy as np
import torch
from numpy.typing import NDArray
from pydantic import NegativeFloat, NonNegativeInt, PositiveFloat, PositiveInt

from baselines.representations.auditory_scales import erb_hz
from baselines.representations.band_powers import bin_powers, sound_of_powers
from baselines.representations.base import MagnitudeView
from baselines.representations.protocol import Array
from baselines.representations.stft import ShortTimeFourier
from toysound.errors import UsageError

#: The window is the power of two of samples that is nearest to this, four times the hop: 1024 and
#: 256 at 16 kHz. In seconds, because the widths of the filters are in Hz.
WINDOW_S = 0.064

#: Centre of the lowest band; of lower tones, the window holds no three periods.
LOWEST_HZ = 50.0

#: A sound's level is that of its loudest stretch of this length, as for short tones in hearing.
LEVEL_WINDOW_S = 0.25

#: Levels below are silence; full scale is what a square wave has.
LOWEST_LEVEL_DB, HIGHEST_LEVEL_DB = -80.0, 10 * math.log10(2)

#: The largest weight of every filter is at least this; less is a band that sees next to nothing.
_LEAST_SEEN = 0.1

#: Share of the pixels that are above the floor, mean over ``tones``, ``timbre`` and ``gesture``.
SHARE_ABOVE_FLOOR = 0.75

#: Power of the bins of a steady sine of root mean square 1, in squares of its peak bin at
#: amplitude 1: the square of sqrt(2), and the Hann window spreads 1 over 1/4 + 1 + 1/4.
_SINE_POWER = 3.0

#: A pixel this near to the floor counts as cut off by it, dB.
_AT_FLOOR_DB = 0.5


class Cochlear(MagnitudeView):
    """Wide bands in dB below the level, and the level; for analysis.

    Parameters
    ----------
    sample_rate : Hz, above 100
    num_samples : length T of every sound
    bands : on a logarithmic axis from 50 Hz to the Nyquist frequency, at least 2
    width_erb : standard deviation of the filters in equivalent rectangular bandwidths
    floor_db : of the pixels, below the level
    updates : of the powers of the bins in the inverse
    iterations : projections of the inverse; on this blurred view they improve nothing

    Attributes
    ----------
    shape : (bands x frames + 1,), with 1 + T // 256 frames at 16 kHz
    level_weight : of the last coordinate, per dB

    Raises
    ------
    UsageError
        If the lowest band, at 50 Hz, is not below the Nyquist frequency, there are fewer than two
        bands, or the filters are narrower than the bins or the floor is not negative.
    ValueError
        If the rate or the length is not positive.
    """

    name = "cochlear"
    loss = (
        "the phase and all detail finer than filters half as wide again as the ear's: a view for "
        "analysis, not of audio grade; pair it with a decoder to log_magnitude to hear it"
    )

    def __init__(
        self,
        sample_rate: int,
        num_samples: int,
        bands: PositiveInt = 128,
        width_erb: PositiveFloat = 0.6,
        floor_db: NegativeFloat = -60.0,
        updates: NonNegativeInt = 60,
        iterations: NonNegativeInt = 0,
    ) -> None:
        super().__init__(sample_rate, num_samples)
        if bands < 2 or width_erb <= 0 or floor_db >= 0:
            raise UsageError(
                f"there must be at least 2 bands of positive width and a floor below 0 dB, got "
                f"{bands}, {width_erb} and {floor_db}"
            )
        self.floor_db = floor_db
        self.updates = updates
        self.iterations = iterations
        n_fft = max(4, 2 ** round(math.log2(WINDOW_S * sample_rate)))
        self._transform = ShortTimeFourier(n_fft, n_fft // 4, num_samples)
        self._pixels = (bands, self._transform.num_frames)
        self.shape = (math.prod(self._pixels) + 1,)
        self._weights = gaussian_filters(sample_rate, n_fft, bands, width_erb)
        self._loudest = min(num_samples, max(1, round(LEVEL_WINDOW_S * sample_rate)))
        self.level_weight = math.sqrt(SHARE_ABOVE_FLOOR * math.prod(self._pixels))
        # By Parseval, with all energy of the level's window in one frame.
        frame_power = n_fft * self._loudest / self._transform.full_scale_peak**2
        self.ceiling_db = 10 * math.log10(frame_power / _SINE_POWER)

    def clip(self, coefficients: Array) -> Array:
        """Return the nearest coefficients in the range of sounds in [-1, 1], same shape.

        Pixels lie between the floor and what the level's window could hold in one frame, levels
        between -80 and 3 dB.
        """
        clipped = coefficients.clip(self.floor_db, self.ceiling_db)
        level = coefficients[:, -1:] / self.level_weight
        clipped[:, -1:] = level.clip(LOWEST_LEVEL_DB, HIGHEST_LEVEL_DB) * self.level_weight
        return clipped

    def _analyse(self, audio: torch.Tensor) -> torch.Tensor:
        silence = 10 ** (LOWEST_LEVEL_DB / 10) / 2
        level_power = self._loudest_power(audio).clamp(min=silence).to(audio.dtype)
        spectrum = self._transform.analyse(audio) / self._transform.full_scale_peak
        power = (spectrum.real.square() + spectrum.imag.square()) / _SINE_POWER
        power = power / level_power[:, None, None]
        bands = power @ torch.from_numpy(self._weights).to(audio).T
        pixels = 10 * torch.log10(bands.clamp(min=10 ** (self.floor_db / 10))).transpose(1, 2)
        level = 10 * torch.log10(2 * level_power) * self.level_weight
        return torch.cat((pixels.flatten(1), level[:, None]), dim=1)

    def _loudest_power(self, audio: torch.Tensor) -> torch.Tensor:
        """Return the mean square of the loudest 250 ms, float64, shape (B,)."""
        energy = torch.nn.functional.pad(audio.double().square().cumsum(dim=1), (1, 0))
        return (energy[:, self._loudest :] - energy[:, : -self._loudest]).amax(1) / self._loudest

    def _sound(self, coefficients: NDArray[np.float32]) -> NDArray[np.float32]:
        clipped = self.clip(coefficients[None])[0]
        decibels, level_db = clipped[:-1].reshape(self._pixels), clipped[-1] / self.level_weight
        audible = decibels > self.floor_db + _AT_FLOOR_DB
        if not audible.any() or level_db <= LOWEST_LEVEL_DB:
            return np.zeros(self.num_samples, dtype=np.float32)
        bands = np.where(audible, 10 ** (decibels / 10), 0).astype(np.float32)
        powers = bin_powers(self._weights, bands, self.updates)
        audio = sound_of_powers(self._transform, powers, self.iterations)
        made = float(self._loudest_power(torch.from_numpy(audio)[None]))
        wanted = 10 ** (float(level_db) / 10) / 2
        return np.asarray(np.clip(audio * np.float32(math.sqrt(wanted / made)), -1.0, 1.0))


@lru_cache(maxsize=8)
def gaussian_filters(
    sample_rate: int, n_fft: int, bands: int, width_erb: float
) -> NDArray[np.float32]:
    """Return Gaussian power weights of peak 1, shape (bands, n_fft // 2 + 1)."""
    nyquist = sample_rate / 2
    if nyquist <= LOWEST_HZ:
        raise UsageError(
            f"a sample rate of {sample_rate} Hz is too low for the cochlear view, whose lowest "
            f"band is at {LOWEST_HZ:.0f} Hz; it must be above {2 * LOWEST_HZ:.0f} Hz"
        )
    centres = np.geomspace(LOWEST_HZ, nyquist, bands)[:, None]
    frequencies = np.linspace(0, nyquist, n_fft // 2 + 1)
    distance = (frequencies - centres) / (width_erb * erb_hz(centres))
    weights = np.exp(-0.5 * distance**2)
    if weights.max(axis=1).min() < _LEAST_SEEN:
        raise UsageError(
            f"filters {width_erb} ERB wide fall between the bins of the spectrum, "
            f"{frequencies[1]:.1f} Hz apart; take a larger width_erb, such as 0.6"
        )
    return np.asarray(weights, dtype=np.float32)
