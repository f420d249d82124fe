"""Strided convolutions over bands and frames: what is alike is computed alike, wherever it is.

Each of ``depth`` layers makes the picture smaller by its stride and doubles the channels; a linear
layer reads the last, small picture as a whole, so that the place of a thing is not lost. The
decoder is the mirror: a linear layer, then transposed convolutions. A waveform is a picture with
one band, which makes the convolutions one-dimensional.

Along each axis a layer divides the size by ``stride``, or by less where fewer than 4 places would
be left, and not at all below 8 places. Its filters are twice as long as its stride. In the decoder
every place is therefore reached by the same number of taps, and the chequered pattern of transposed
convolutions whose taps overlap unevenly does not arise (Odena et al. 2016). Where the stride is 1
they are 3 long; on an axis of one place, 1.

Sizes come out exactly, whatever they are: a layer from n places with stride s gives ceil(n / s).
Zeros, which stand for the mean of the training sounds, are added on both ends; the decoder's layer
cuts the same places off again.

There is no normalisation: one over a picture would take its level away, which is a factor of a
sound, and one over a batch would let sounds depend on each other.

Known failure: a filter is the same at all frequencies, so that in a view with a linear frequency
axis a harmonic sound looks different at every pitch. What is alike under a shift of pitch needs a
logarithmic axis.

References
----------
Y. LeCun et al., "Gradient-based learning applied to document recognition", Proc. IEEE 86, 1998.
A. Odena, V. Dumoulin and C. Olah, "Deconvolution and checkerboard artifacts", Distill, 2016.
W. Shi et al., "Is the deconvolution layer the same as a convolutional layer?", arXiv 1609.07009.
A. Aitken et al., "Checkerboard artifact free sub-pixel convolution", arXiv 1707.02937.
"""

import math
from itertools import pairwise
from typing import NamedTuple

import torch
import torch.nn.functional as F
from pydantic import PositiveInt
from torch import nn

from baselines.networks.picture import Picture

#: Places that are left along an axis before it is no longer divided.
_FEWEST_PLACES = 4


class Axis(NamedTuple):
    """What one layer does along one axis.

    Attributes
    ----------
    size : places on the side of the sound
    smaller : places on the side of the latent
    stride : places of the first for one of the second
    kernel : places that a filter covers
    before, after : zeros added on either end, so that the filters cover every place
    """

    size: int
    smaller: int
    stride: int
    kernel: int
    before: int
    after: int

    @classmethod
    def of(cls, size: int, stride: int) -> "Axis":
        """Return what a layer does to an axis of this size, with this stride at most."""
        stride = max(min(stride, size // _FEWEST_PLACES), 1)
        kernel = 2 * stride if stride > 1 else min(size, 3)
        smaller = math.ceil(size / stride)
        added = max((smaller - 1) * stride + kernel - size, 0)
        return cls(size, smaller, stride, kernel, added // 2, added - added // 2)


class Layer(NamedTuple):
    """One layer between a picture and a smaller one.

    Attributes
    ----------
    large, small : both pictures
    bands, frames : both axes
    """

    large: Picture
    small: Picture
    bands: Axis
    frames: Axis

    @classmethod
    def of(cls, large: Picture, channels: int, stride: int) -> "Layer":
        """Return the layer from a picture to a smaller one of so many channels."""
        bands, frames = Axis.of(large.bands, stride), Axis.of(large.frames, stride)
        return cls(large, Picture(channels, bands.smaller, frames.smaller), bands, frames)

    @property
    def kernel(self) -> tuple[int, int]:
        """Places that a filter covers."""
        return self.bands.kernel, self.frames.kernel

    @property
    def stride(self) -> tuple[int, int]:
        """By what the layer divides both axes."""
        return self.bands.stride, self.frames.stride


def plan(picture: Picture, channels: int, depth: int, stride: int) -> list[Layer]:
    """Return the layers from a picture to the smallest one, which the decoder walks backwards."""
    layers: list[Layer] = []
    for number in range(depth):
        layers.append(Layer.of(picture, channels * 2**number, stride))
        picture = layers[-1].small
    return layers


class Smaller(nn.Module):
    """A strided convolution, from the larger picture of a layer to the smaller one."""

    def __init__(self, layer: Layer) -> None:
        super().__init__()
        self.padding = (
            layer.frames.before, layer.frames.after, layer.bands.before, layer.bands.after,
        )  # fmt: skip
        self.convolution = nn.Conv2d(
            layer.large.channels, layer.small.channels, layer.kernel, layer.stride
        )

    def forward(self, picture: torch.Tensor) -> torch.Tensor:
        """Return the smaller picture, (B, channels, bands, frames)."""
        smaller: torch.Tensor = self.convolution(F.pad(picture, self.padding))
        return smaller


class Larger(nn.Module):
    """A transposed convolution, from the smaller picture of a layer to the larger one.

    Every small place answers for a block of ``stride`` large places along each axis: a plain
    convolution over small places gives the places of a block as channels, and these are then laid
    out. It is the same map as a transposed convolution (Shi et al. 2016) and, to a picture of few
    channels, four times as fast on a processor. All places of a block start with the same weights,
    so that an untrained layer repeats places and draws no pattern (Aitken et al. 2017).

    Parameters
    ----------
    layer : between both pictures
    channels : of the larger one
    """

    def __init__(self, layer: Layer, channels: int) -> None:
        super().__init__()
        self.block = (channels, *layer.stride)
        self.places = tuple(
            slice(axis.before, axis.before + axis.size) for axis in (layer.bands, layer.frames)
        )
        covered = [axis.kernel // axis.stride for axis in (layer.bands, layer.frames)]
        self.convolution = nn.Conv2d(
            layer.small.channels,
            math.prod(self.block),
            (covered[0], covered[1]),
            padding=(covered[0] - 1, covered[1] - 1),
        )
        with torch.no_grad():
            for numbers in self.convolution.parameters():
                blocks = numbers.reshape(channels, -1, *numbers.shape[1:])
                numbers.copy_(blocks[:, :1].expand_as(blocks).reshape(numbers.shape))

    def forward(self, picture: torch.Tensor) -> torch.Tensor:
        """Return the larger picture, (B, channels, bands, frames)."""
        answers: torch.Tensor = self.convolution(picture)
        blocks = answers.reshape(len(picture), *self.block, *answers.shape[2:])
        larger = blocks.permute(0, 1, 4, 2, 5, 3).flatten(4, 5).flatten(2, 3)
        return larger[:, :, self.places[0], self.places[1]]


def encoder(
    shape: tuple[int, ...],
    num_outputs: int,
    *,
    channels: PositiveInt = 16,
    depth: PositiveInt = 3,
    stride: PositiveInt = 4,
) -> nn.Sequential:
    """Return a network from a flat picture, (B, prod(shape)), to (B, num_outputs).

    With the defaults it has 107,652 parameters from a view of (512, 32) to 20 numbers.

    Parameters
    ----------
    shape : of the view: (samples,), (bands, frames) or (channels, bands, frames)
    num_outputs : numbers it says of a sound
    channels : of the first layer; each further layer has twice as many
    depth : number of layers
    stride : by what each layer divides the size of each axis, at most

    Raises
    ------
    UsageError
        If the view is no picture.
    """
    picture = Picture.of(shape)
    layers = plan(picture, channels, depth, stride)
    smallest = layers[-1].small
    modules: list[nn.Module] = [nn.Unflatten(1, picture)]
    for layer in layers:
        modules += [Smaller(layer), nn.SiLU()]
    return nn.Sequential(*modules, nn.Flatten(), nn.Linear(smallest.size, num_outputs))


def decoder(
    num_inputs: int,
    shape: tuple[int, ...],
    outputs_per_dim: int,
    *,
    channels: PositiveInt = 16,
    depth: PositiveInt = 3,
    stride: PositiveInt = 4,
) -> nn.Sequential:
    """Return a network from (B, num_inputs) to (B, outputs_per_dim * prod(shape)).

    With the defaults it has 89,360 parameters from 10 latents to a view of (512, 32).

    Parameters
    ----------
    num_inputs : latent dimensions
    shape : of the view, as in the encoder
    outputs_per_dim : numbers it says of each coefficient, channels of the last picture
    channels, depth, stride : as in the encoder

    Raises
    ------
    UsageError
        If the view is no picture.
    """
    picture = Picture.of(shape)
    layers = plan(picture, channels, depth, stride)
    smallest = layers[-1].small
    modules: list[nn.Module] = [
        nn.Linear(num_inputs, smallest.size),
        nn.SiLU(),
        nn.Unflatten(1, smallest),
    ]
    for layer, next_layer in pairwise(reversed(layers)):
        modules += [Larger(layer, next_layer.small.channels), nn.SiLU()]
    last = Larger(layers[0], outputs_per_dim * picture.channels)
    return nn.Sequential(*modules, last, nn.Flatten())
