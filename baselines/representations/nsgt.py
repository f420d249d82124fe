"""Nonstationary Gabor transform: constant-Q, mel and ERB views that lose nothing.

The ear resolves frequency finely where it is low and time finely where frequency is high; the
short-time Fourier transform has one resolution for all. A nonstationary Gabor transform takes a
band of its own width around each centre and lets each band run at its own pace, and is still
exactly invertible if it is *painless*: every band is narrow enough, in bins of the sound's own
spectrum, for the number of values it is given in time. The frame operator is then diagonal over
frequency and is inverted by a division, or, as here, is the identity by design.

Design
------
The centres are K points equally spaced on a scale u(f) from 0 Hz to the Nyquist frequency. Between
two centres, at the fraction r of the way, the lower band weighs cos(pi r / 2) and the upper one
sin(pi r / 2): the squares of all bands sum to 1 at every frequency. Each band is cut out of the
spectrum, moved so that its centre lies at 0 Hz (a steady partial then changes slowly), and
transformed back on M points with orthonormal transforms throughout. Hence

* painless condition: M is at least the number of bins of the widest band;
* a tight frame with bound 1: the squares of the coefficients sum to the squares of the samples, the
  transpose is an inverse, and it is the one that projects onto the sounds.

All bands have the same number M of frames, so that the coefficients fit a rectangle: narrow bands
are sampled more often than they need. That costs redundancy: 2 K M / T coefficients per sample, at
16 kHz about 7 for ERB bands, 6 for mel and 10 for constant-Q, whatever the number of bands
(twice as many are half as wide).

Scales
------
``erb``  equivalent rectangular bandwidths (Glasberg and Moore)
``mel``  Slaney's mel (both in :mod:`baselines.representations.auditory_scales`)
``cqt``  log2(f / f0) above a lowest frequency f0, and linear below, with the same slope at f0: the
         ratio of centre to bandwidth is constant above f0 and falls below, as it must, for a
         constant one would need infinitely many bands above 0 Hz

Conventions
-----------
* Coefficients are (2, K, M): real and imaginary part, bands from low to high, frames. Frame m is at
  sample m T / M. The bands at 0 Hz and at the Nyquist frequency have one side only.
* The sound is taken as one period: its end is next to its start, and a long atom at the start
  reaches into the end. Odd lengths are padded by one zero.
* A steady full-scale sine at a centre has the magnitude sqrt(T / 2 M) in its band.

A coefficient has no preferred sign; few are large: a Laplace density suits them better than a
normal one.

References
----------
P. Balazs, M. Doerfler, F. Jaillet, N. Holighaus and G. Velasco, "Theory, implementation and
applications of nonstationary Gabor frames", J. Comput. Appl. Math. 236(6), 2011.
G. A. Velasco, N. Holighaus, M. Doerfler and T. Grill, "Constructing an invertible constant-Q
transform with non-stationary Gabor frames", DAFx-11, 2011.
T. Necciari, N. Holighaus, P. Balazs, Z. Prusa, P. Majdak and O. Derrien, "Audlet filter banks: a
versatile analysis/synthesis framework using auditory frequency scales", Applied Sciences 8(1),
2018.
"""

import math
from collections.abc import Callable
from functools import lru_cache
from typing import Literal, NamedTuple

import numpy as np
import scipy.fft
import torch
from numpy.typing import NDArray
from pydantic import PositiveFloat, PositiveInt

from baselines.representations.auditory_scales import hz_to_erb_number, hz_to_mel
from baselines.representations.base import LinearView
from toysound.errors import UsageError, unknown_name

Scale = Literal["cqt", "mel", "erb"]
Floats = NDArray[np.float64]

#: Lowest frequency of the constant-Q scale, Hz: at 12 bands an octave its spacing there is 6 Hz,
#: three bins of the spectrum of half a second.
LOWEST_HZ = 100.0


class Nsgt(LinearView):
    """Painless nonstationary Gabor transform, a tight frame.

    Parameters
    ----------
    sample_rate : Hz
    num_samples : length T of every sound
    scale : on which the bands are equally spaced
    bands : K, at least 2
    frames : M, values of each band; ``"auto"`` takes the least that is painless, rounded up to a
        length with a fast Fourier transform
    lowest_hz : f0 of the constant-Q scale; the other scales do not read it

    Attributes
    ----------
    shape : (2, K, M), parts by bands by frames
    likelihood : ``"laplace"``

    Raises
    ------
    UsageError
        If there is no such scale, if there are fewer than two bands or fewer frames than the
        painless condition wants, or if ``lowest_hz`` is not below the Nyquist frequency.
    ValueError
        If the rate or the length is not positive.
    """

    name = "nsgt"
    unit = "full scale"
    likelihood = "laplace"
    tight = True

    def __init__(
        self,
        sample_rate: int,
        num_samples: int,
        scale: Scale = "erb",
        bands: PositiveInt = 64,
        frames: PositiveInt | Literal["auto"] = "auto",
        lowest_hz: PositiveFloat = LOWEST_HZ,
    ) -> None:
        super().__init__(sample_rate, num_samples)
        if scale not in _SCALES:
            raise unknown_name("scale", scale, _SCALES)
        if scale == "cqt":
            _check_lowest(lowest_hz, sample_rate)
        if bands < 2:
            raise UsageError(f"bands must be at least 2, got {bands}")
        self._length = num_samples + num_samples % 2
        bank = _filter_bank(scale, bands, sample_rate, self._length, lowest_hz)
        if frames == "auto":
            frames = int(scipy.fft.next_fast_len(bank.widest))
        elif frames < bank.widest:
            raise UsageError(
                f"{frames} frames are too few for a painless frame: the widest of {bands} {scale} "
                f"bands has {bank.widest} bins of the sound's spectrum, and frames must be at "
                "least as many; take more frames or more bands"
            )
        self.shape = (2, bands, frames)
        self.centres_hz = bank.centres_hz
        self._places = torch.from_numpy(bank.band * frames + bank.offset % frames)
        self._bins = torch.from_numpy(bank.bin)
        self._gains = torch.from_numpy(bank.gain)
        # The spectrum at positive frequencies, weighted to hold the energy of all.
        sides = np.full(self._length // 2 + 1, math.sqrt(2))
        sides[[0, -1]] = 1
        self._sides = torch.from_numpy(sides)
        self.limit = bank.largest / math.sqrt(frames)

    def _analyse(self, audio: torch.Tensor) -> torch.Tensor:
        spectrum = torch.fft.rfft(audio, n=self._length, norm="ortho") * self._sides.to(audio)
        _, bands, frames = self.shape
        cut = spectrum.new_zeros((len(audio), bands * frames))
        parts = spectrum[:, self._bins.to(audio.device)] * self._gains.to(audio)
        cut = cut.index_copy(1, self._places.to(audio.device), parts)
        coefficients = torch.fft.ifft(cut.reshape(len(audio), bands, frames), norm="ortho")
        return torch.stack((coefficients.real, coefficients.imag), dim=1)

    def _synthesise(self, coefficients: torch.Tensor) -> torch.Tensor:
        cut = torch.fft.fft(torch.complex(coefficients[:, 0], coefficients[:, 1]), norm="ortho")
        parts = cut.flatten(1)[:, self._places.to(cut.device)] * self._gains.to(coefficients)
        spectrum = parts.new_zeros((len(parts), self._length // 2 + 1))
        spectrum = spectrum.index_add(1, self._bins.to(cut.device), parts)
        sounds: torch.Tensor = torch.fft.irfft(
            spectrum / self._sides.to(coefficients), n=self._length, norm="ortho"
        )
        return sounds[:, : self.num_samples]


class Cqt(Nsgt):
    """Constant-Q transform with a low-frequency cap: :class:`Nsgt` on the scale ``cqt``.

    Parameters
    ----------
    sample_rate : Hz
    num_samples : length T of every sound
    bins_per_octave : bands per octave above ``lowest_hz``; met to half a band over the whole
        range, because the last centre is the Nyquist frequency
    frames : as in :class:`Nsgt`
    lowest_hz : below it the bands have one width

    Raises
    ------
    UsageError
        As :class:`Nsgt`, or if ``bins_per_octave`` is not positive.
    ValueError
        If the rate or the length is not positive.
    """

    name = "cqt"

    def __init__(
        self,
        sample_rate: int,
        num_samples: int,
        bins_per_octave: PositiveInt = 12,
        frames: PositiveInt | Literal["auto"] = "auto",
        lowest_hz: PositiveFloat = LOWEST_HZ,
    ) -> None:
        if sample_rate < 1:
            raise ValueError(f"sample_rate must be at least 1 Hz, got {sample_rate}")
        if bins_per_octave < 1:
            raise UsageError(f"bins_per_octave must be at least 1, got {bins_per_octave}")
        _check_lowest(lowest_hz, sample_rate)
        ends = hz_to_octaves(np.array([0.0, sample_rate / 2]), lowest_hz)
        bands = max(2, 1 + round(bins_per_octave * float(ends[1] - ends[0])))
        super().__init__(sample_rate, num_samples, "cqt", bands, frames, lowest_hz)


def hz_to_octaves(frequency_hz: Floats, lowest_hz: float = LOWEST_HZ) -> Floats:
    """Return octaves above the lowest frequency, and below it the line that goes on from there."""
    ratio = frequency_hz / lowest_hz
    return np.where(ratio > 1, np.log2(np.maximum(ratio, 1)), (ratio - 1) / math.log(2))


#: Name -> a function of frequencies in Hz and the lowest one of the constant-Q scale.
_SCALES: dict[str, Callable[[Floats, float], Floats]] = {
    "cqt": hz_to_octaves,
    "mel": lambda frequency_hz, _: hz_to_mel(frequency_hz),
    "erb": lambda frequency_hz, _: hz_to_erb_number(frequency_hz),
}


def _check_lowest(lowest_hz: float, sample_rate: int) -> None:
    if not 1 <= lowest_hz < sample_rate / 2:
        raise UsageError(
            f"lowest_hz is {lowest_hz}; it must be at least 1 Hz and below the Nyquist frequency, "
            f"{sample_rate / 2} Hz"
        )


class _Bank(NamedTuple):
    """All bands, one bin after the other; arrays of one length, some 2 T / 2 entries.

    Attributes
    ----------
    band, bin : which band sees which bin of the spectrum
    offset : of the bin from the one at the band's centre
    gain : in [0, 1]
    widest : number of bins of the widest band
    centres_hz : shape (K,)
    largest : what a band of one value could hold of a sound in [-1, 1]
    """

    band: NDArray[np.int64]
    bin: NDArray[np.int64]
    offset: NDArray[np.int64]
    gain: Floats
    widest: int
    centres_hz: Floats
    largest: float


@lru_cache(maxsize=8)
def _filter_bank(
    scale: Scale, bands: int, sample_rate: int, length: int, lowest_hz: float
) -> _Bank:
    """Return the bands for sounds of an even length."""
    frequencies = np.linspace(0, sample_rate / 2, length // 2 + 1)
    position = _SCALES[scale](frequencies, lowest_hz)
    position = (position - position[0]) * (bands - 1) / (position[-1] - position[0])
    lower = np.minimum(position.astype(np.int64), bands - 2)
    fraction = np.pi / 2 * (position - lower)
    everything = np.arange(len(frequencies))
    band = np.concatenate((lower, lower + 1))
    bins = np.concatenate((everything, everything))
    gain = np.concatenate((np.cos(fraction), np.sin(fraction)))
    seen = gain > 1e-12  # at a centre the sine is 0 up to rounding: that bin is no part of the band
    band, bins, gain = band[seen], bins[seen], gain[seen]
    centre_bin = np.searchsorted(position, np.arange(bands)).clip(max=len(frequencies) - 1)
    return _Bank(
        band=band,
        bin=bins,
        offset=bins - centre_bin[band],
        gain=gain,
        widest=int(np.bincount(band, minlength=bands).max()),
        centres_hz=np.interp(np.arange(bands), position, frequencies),
        largest=_largest(band, bins, gain, length),
    )


def _largest(band: NDArray[np.int64], bins: NDArray[np.int64], gain: Floats, length: int) -> float:
    """Return the largest sum of an atom's amplitudes, for bands of one frame."""
    sums = []
    for k in np.unique(band):
        spectrum = np.zeros(length, dtype=np.complex128)
        own = bins[band == k]
        inner = (own > 0) & (own < length // 2)
        spectrum[own] = gain[band == k] * np.where(inner, math.sqrt(2), 1)
        sums.append(float(np.abs(scipy.fft.ifft(spectrum)).sum()))
    return max(sums) * math.sqrt(length)
