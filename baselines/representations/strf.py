"""Spectro-temporal receptive fields: a rate-scale filter bank on the log-magnitude spectrogram.

Neurons of the auditory cortex answer to ripples of the spectrum that move: of a certain *scale*
(ripples along frequency, cycles per kHz), a certain *rate* (along time, Hz) and one direction, up
or down. Chi, Ru and Shamma made a model of it, a two-dimensional wavelet transform of an auditory
spectrogram: each filter is a band of scales times a band of rates. Unlike the modulation spectrum,
which knows which ripples there are, it also knows when, and at which frequencies.

Their filters overlap a lot and keep every pixel; sixty of them make a picture of 16,384 pixels into
a million numbers. Here the bank is a tight frame with few more numbers than pixels.

Design
------
Scales and rates are each cut into bands by octave-spaced edges. Across an edge b, from b (1 - o) to
b (1 + o), the lower band weighs cos(pi r / 2) and the upper one sin(pi r / 2), with r running from
0 to 1: the squares sum to 1 everywhere. A filter is a product of a scale band and a rate band. The
Fourier transform of a real picture is known from one half of its plane, so filters keep one half,
doubled in energy, and their coefficients are complex: rates above 0 move down, below 0 up. The
lowest scale has no direction and one half of all rates; the lowest rate one half of all scales; the
lowest of both is a real, blurred picture.

Each filter has only as many coefficients as its band has Fourier coefficients, in each direction
(the *painless* condition of frame theory: none folds onto another). Hence, with orthonormal
transforms throughout, the bank is a tight frame with bound 1, exact, and its transpose is the
inverse that projects onto pictures.

The redundancy is what the edges overlap: with o = 1/8 and six edges of scales and two of rates,
20,459 coefficients for 512 x 32 pixels, 1.25 of each; with o = 1/3, Meyer's wavelets, in which no
band has a flat top, 27,211. The price of narrow edges is that filters ring longer, beyond the few
ripples of a receptive field.

Conventions
-----------
* The picture is ``log_magnitude`` plus 80 dB, silence is 0. Its frequency axis is linear (the
  original's is logarithmic, in octaves): that one is exactly invertible.
* The coefficients of a sound are one flat vector, filter after filter: scales from low to high,
  within these rates from low to high, within these down, then up. Of each filter the real parts,
  then the imaginary parts, each along frequency, then time. :attr:`Strf.fields` says where.
* Each band is moved so that its centre lies at 0: a steady ripple has steady coefficients.
* The picture is taken as one period in both directions.

Few filters answer to a sound at a time and place: what ten principal components leave of ``tones``
has 0.75 nats a coefficient more under a Laplace density than under a normal one. Hence a Laplace
likelihood.

References
----------
T. Chi, P. Ru and S. A. Shamma, "Multiresolution spectrotemporal analysis of complex sounds", J.
Acoust. Soc. Am. 118(2), 2005.
N. C. Singh and F. E. Theunissen, "Modulation spectra of natural sounds and ethological theories of
auditory processing", J. Acoust. Soc. Am. 114(6), 2003 (scales in cycles per kHz).
I. Daubechies, A. Grossmann and Y. Meyer, "Painless nonorthogonal expansions", J. Math. Phys. 27,
1986.
"""

import math
from functools import lru_cache
from typing import Annotated, Literal, NamedTuple

import numpy as np
import pydantic
import torch
from numpy.typing import NDArray
from pydantic import NonNegativeInt, PositiveFloat

from baselines.representations.base import MagnitudeView
from baselines.representations.log_magnitude import (
    CEILING_DB,
    FLOOR_DB,
    HOP_LENGTH,
    ITERATIONS,
    LogMagnitude,
)
from baselines.representations.protocol import Array
from toysound.errors import UsageError

#: Half-width of the widest edges an octave apart that do not meet.
WIDEST_OVERLAP = 1 / 3

Direction = Literal["down", "up", "both"]


class Field(NamedTuple):
    """One filter.

    Attributes
    ----------
    scales : lowest and highest scale it sees, cycles per kHz
    rates : lowest and highest rate, Hz
    direction : ``"down"`` or ``"up"``; ``"both"`` at the lowest scale or rate
    size : of its coefficients along frequency and time
    complex : whether it has imaginary parts
    start, stop : where it lies in the vector of all coefficients
    """

    scales: tuple[float, float]
    rates: tuple[float, float]
    direction: Direction
    size: tuple[int, int]
    complex: bool
    start: int
    stop: int


#: How many edges an axis has; no spectrogram has room for more octaves.
Edges = Annotated[int, pydantic.Field(gt=0, le=32)]


class Strf(MagnitudeView):
    """Rate-scale filter bank on a decibel spectrogram, a tight frame.

    Parameters
    ----------
    sample_rate : Hz
    num_samples : length T of every sound
    lowest_scale : lowest edge of scales, cycles per kHz
    scales : how many edges, an octave apart
    lowest_rate_hz : lowest edge of rates
    rates : how many edges, an octave apart
    overlap : o, half-width of an edge relative to where it is
    iterations : projections that find the phase of the sound, as in ``log_magnitude``

    Edges above the highest scale or rate of the spectrogram cut nothing.

    Attributes
    ----------
    shape : (P,)
    fields : the filters in the order of their coefficients
    likelihood : ``"laplace"``
    redundancy : coefficients per pixel of the spectrogram
    limit : no coefficient of a sound is larger, dB

    Raises
    ------
    UsageError
        If an edge or their number is not positive, or edges would meet: the squares of filters sum
        to 1 only with an overlap above 0 and at most 1/3.
    ValueError
        If the rate or the length is not positive.
    """

    name = "strf"
    likelihood = "laplace"
    loss = f"{LogMagnitude.loss}; the spectrogram itself comes back to rounding"

    def __init__(
        self,
        sample_rate: int,
        num_samples: int,
        lowest_scale: PositiveFloat = 0.25,
        scales: Edges = 6,
        lowest_rate_hz: PositiveFloat = 4.0,
        rates: Edges = 2,
        overlap: PositiveFloat = 0.125,
        iterations: NonNegativeInt = ITERATIONS,
    ) -> None:
        super().__init__(sample_rate, num_samples)
        if not (lowest_scale > 0 and lowest_rate_hz > 0 and 0 < scales <= 32 and 0 < rates <= 32):
            raise UsageError(
                "edges of scales and rates must be positive and their numbers from 1 to 32, got "
                f"{scales} from {lowest_scale} cycles per kHz and {rates} from {lowest_rate_hz} Hz"
            )
        if not 0 < overlap <= WIDEST_OVERLAP:
            raise UsageError(
                f"overlap must be above 0 and at most 1/3, got {overlap}: edges an octave apart "
                "would meet, and the squares of the filters would not sum to 1"
            )
        self._view = LogMagnitude(sample_rate, num_samples, iterations)
        self._picture: tuple[int, int] = (self._view.shape[0], self._view.shape[1])
        bins, frames = self._picture
        steps = 2000 / sample_rate, sample_rate / HOP_LENGTH / frames
        edges = (
            tuple(lowest_scale * 2.0**n / steps[0] for n in range(scales)),
            tuple(lowest_rate_hz * 2.0**n / steps[1] for n in range(rates)),
        )
        bank = receptive_fields(self._picture, edges, overlap)
        self.fields = tuple(_field(part, steps) for part in bank.parts)
        self.shape = (self.fields[-1].stop,)
        self.redundancy = self.shape[0] / (bins * frames)
        self.limit = (CEILING_DB - FLOOR_DB) * math.sqrt(bins * frames)
        self._places = torch.from_numpy(bank.places)
        self._gains = torch.from_numpy(bank.gains)

    def clip(self, coefficients: Array) -> Array:
        """Return coefficients of any shape, each cut off at ``limit`` on either side."""
        return coefficients.clip(-self.limit, self.limit)

    def decibels(self, coefficients: Array) -> Array:
        """Return spectrograms as ``log_magnitude`` gives them, (B, 512, frames), not clipped.

        The exact inverse of the filter bank.

        Parameters
        ----------
        coefficients : shape (B, P)
        """
        if not isinstance(coefficients, torch.Tensor):
            rows = torch.from_numpy(np.ascontiguousarray(coefficients))
            tensor: torch.Tensor = self.decibels(rows)
            return np.asarray(tensor.numpy())
        batch = len(coefficients)
        bands = []
        for field in self.fields:
            own = coefficients[:, field.start : field.stop].reshape(batch, -1, *field.size)
            band = torch.complex(own[:, 0], own[:, 1]) if field.complex else own[:, 0]
            bands.append(torch.fft.fft2(band, norm="ortho").flatten(1))
        cut = torch.cat(bands, dim=1) * self._gains.to(coefficients)
        spectrum = cut.new_zeros((batch, math.prod(self._picture)))
        spectrum = spectrum.index_add(1, self._places.to(cut.device), cut)
        picture: torch.Tensor = torch.fft.ifft2(
            spectrum.reshape(batch, *self._picture), norm="ortho"
        )
        return picture.real + FLOOR_DB

    def _analyse(self, audio: torch.Tensor) -> torch.Tensor:
        picture = self._view.forward(audio) - FLOOR_DB
        spectrum = torch.fft.fft2(picture, norm="ortho").flatten(1)
        cut = spectrum[:, self._places.to(audio.device)] * self._gains.to(audio)
        coefficients, place = [], 0
        for field in self.fields:
            pixels = math.prod(field.size)
            block = cut[:, place : place + pixels].reshape(len(audio), *field.size)
            band = torch.fft.ifft2(block, norm="ortho").flatten(1)
            coefficients.append(band.real)
            if field.complex:
                coefficients.append(band.imag)
            place += pixels
        return torch.cat(coefficients, dim=1)

    def _sound(self, coefficients: NDArray[np.float32]) -> NDArray[np.float32]:
        sound: NDArray[np.float32] = self._view.inverse(self.decibels(coefficients[None]))[0]
        return sound


class Band(NamedTuple):
    """A band of one axis.

    Attributes
    ----------
    steps : that it sees, from 0 or above up to half the length
    gains : at all steps from 0 to half the length
    """

    steps: NDArray[np.int64]
    gains: NDArray[np.float64]


class _Half(NamedTuple):
    """Consecutive steps of the Fourier transform, scales by rates, seen by one filter."""

    direction: Direction
    rows: NDArray[np.int64]
    columns: NDArray[np.int64]


class _Part(NamedTuple):
    """A filter, and where its coefficients start."""

    half: _Half
    size: tuple[int, int]
    complex: bool
    start: int


class _Bank(NamedTuple):
    """All filters.

    Attributes
    ----------
    parts : one a filter
    places : in the flattened spectrum, of what each filter sees, one filter after the other
    gains : there
    """

    parts: tuple[_Part, ...]
    places: NDArray[np.int64]
    gains: NDArray[np.float64]


@lru_cache(maxsize=8)
def receptive_fields(
    size: tuple[int, int], edges: tuple[tuple[float, ...], tuple[float, ...]], overlap: float
) -> _Bank:
    """Return the filters for pictures of a size.

    Parameters
    ----------
    size : of the picture, bins and frames
    edges : of scales and of rates, in steps of the Fourier transform
    overlap : half-width of an edge relative to where it is
    """
    rows, columns = (
        partition(length, cuts, overlap) for length, cuts in zip(size, edges, strict=True)
    )
    parts: list[_Part] = []
    places: list[NDArray[np.int64]] = []
    gains: list[NDArray[np.float64]] = []
    start = 0
    for j, scale in enumerate(rows):
        for i, rate in enumerate(columns):
            halves = _halves(scale, rate, (j == 0, i == 0), size)
            share = _share(halves, size)
            for half in halves:
                row, column = half.rows, half.columns
                order = np.ix_(_from_centre(row), _from_centre(column))
                place = (row % size[0])[:, None] * size[1] + column % size[1]
                gain = np.outer(scale.gains[np.abs(row)], rate.gains[np.abs(column)])
                places.append(place[order].ravel())
                gains.append((gain * share.ravel()[place])[order].ravel())
                is_complex = i > 0 or j > 0
                parts.append(_Part(half, (len(row), len(column)), is_complex, start))
                start += place.size * (2 if is_complex else 1)
    return _Bank(tuple(parts), np.concatenate(places), np.concatenate(gains))


def _halves(
    scale: Band, rate: Band, lowest: tuple[bool, bool], size: tuple[int, int]
) -> list[_Half]:
    """Return the parts of the plane in which a scale band and a rate band are looked at.

    Parameters
    ----------
    scale, rate : the bands
    lowest : whether they are the lowest ones
    size : of the picture
    """
    if any(lowest):
        row, column = (
            _both_signs(band, length) if is_lowest else band.steps
            for band, length, is_lowest in zip((scale, rate), size, lowest, strict=True)
        )
        return [_Half("both", row, column)]
    # A step at half the length is its own mirror image: only one direction has it.
    row, column = (
        band.steps[2 * band.steps < length]
        for band, length in zip((scale, rate), size, strict=True)
    )
    halves = [_Half("down", scale.steps, rate.steps), _Half("up", row, -column[::-1])]
    return [half for half in halves if len(half.rows) and len(half.columns)]


def _share(halves: list[_Half], size: tuple[int, int]) -> NDArray[np.float64]:
    """Return the gains with which halves of the plane hold the energy of all of it.

    The square root of 2 where a step is seen and its mirror image is not, 1 where both are.
    """
    seen = np.zeros(size)
    for half in halves:
        seen[np.ix_(half.rows % size[0], half.columns % size[1])] += 1
    mirrored = np.roll(seen[::-1, ::-1], (1, 1), axis=(0, 1))
    return np.asarray(np.sqrt(2 / np.maximum(seen + mirrored, 1)))


def partition(length: int, edges: tuple[float, ...], overlap: float) -> list[Band]:
    """Return bands whose squared gains sum to 1 at every step from 0 to half the length.

    Bands that see no step are left out; the first one always sees step 0.

    Parameters
    ----------
    length : of the Fourier transform
    edges : in steps, rising by at least an octave
    overlap : half-width of an edge relative to where it is, at most 1/3
    """
    steps = np.arange(length // 2 + 1)
    above = [
        np.pi / 2 * np.clip((steps / edge - (1 - overlap)) / (2 * overlap), 0, 1) for edge in edges
    ]
    bands = []
    for n in range(len(edges) + 1):
        rising = np.sin(above[n - 1]) if n > 0 else np.ones(len(steps))
        falling = np.cos(above[n]) if n < len(edges) else np.ones(len(steps))
        gains = rising * falling
        seen = np.flatnonzero(gains > 1e-12)
        if len(seen):
            bands.append(Band(seen, gains))
    return bands


def _both_signs(band: Band, length: int) -> NDArray[np.int64]:
    """Return the steps of a lowest band and their mirror images, each once."""
    highest = int(band.steps[-1])
    return np.arange(-min(highest, (length - 1) // 2), highest + 1)


def _from_centre(steps: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return the order of consecutive steps in a transform whose step 0 is their centre.

    That of a lowest band is 0, so that its coefficients are real.
    """
    centre = 0 if steps[0] <= 0 <= steps[-1] else int(steps[len(steps) // 2])
    return np.asarray(np.argsort((steps - centre) % len(steps)))


def _field(part: _Part, steps: tuple[float, float]) -> Field:
    """Return a filter in cycles per kHz and Hz, given those of one step."""
    (lowest_scale, highest_scale), (lowest_rate, highest_rate) = (
        (float(seen.min()) * step, float(seen.max()) * step)
        for seen, step in zip(
            (np.abs(part.half.rows), np.abs(part.half.columns)), steps, strict=True
        )
    )
    return Field(
        scales=(lowest_scale, highest_scale),
        rates=(lowest_rate, highest_rate),
        direction=part.half.direction,
        size=part.size,
        complex=part.complex,
        start=part.start,
        stop=part.start + math.prod(part.size) * (2 if part.complex else 1),
    )
