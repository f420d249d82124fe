"""Gated recurrent units over frames: a sound is read, and told, in the order of time.

The bands of a frame, of all channels, are the features of one step. A waveform is first cut into
frames of ``frame_length`` samples, the last one filled up with zeros; the decoder cuts these off
again, so that sizes come out exactly.

The encoder looks at the features through one layer of units, reads them in both directions, and
says of a sound what both directions know at their end. The decoder is given the latent at every
step, starts from a state that is learnt, and a linear layer reads the bands of a frame from its
state: that the steps differ is the work of the state alone, which has to tell the time.

A gated recurrent unit with state h, input x and gates r, u (Cho et al. 2014, as in torch):

    r, u = sigmoid(W [x, h]),   n = tanh(W x + r (W h)),   h <- u h + (1 - u) n

Known failure: the steps follow each other, so that nothing is computed side by side: with some
thirty frames it is as fast as convolutions, with thousands of steps it is slow and forgets. Long
waveforms need long frames.

References
----------
K. Cho et al., "Learning phrase representations using RNN encoder-decoder for statistical machine
translation", EMNLP 2014.
M. Schuster and K. K. Paliwal, "Bidirectional recurrent neural networks", IEEE Trans. Signal
Processing 45, 1997.
"""

import math

import torch
import torch.nn.functional as F
from pydantic import PositiveInt
from torch import nn

from baselines.networks.picture import Picture


class Steps:
    """A view as a series of frames.

    Parameters
    ----------
    shape : of the view
    frame_length : samples of a frame, where the view is a waveform

    Attributes
    ----------
    number : of steps
    features : numbers of a step

    Raises
    ------
    UsageError
        If the view is no picture.
    """

    def __init__(self, shape: tuple[int, ...], frame_length: int) -> None:
        picture = Picture.of(shape)
        self._rows, self._size = picture.channels * picture.bands, picture.size
        self._is_waveform = len(shape) == 1
        self.number = picture.frames
        self.features = self._rows
        if self._is_waveform:
            self.number = math.ceil(picture.frames / frame_length)
            self.features = frame_length

    def of(self, flat: torch.Tensor) -> torch.Tensor:
        """Return flat views (B, P) as steps, (B, number, features)."""
        if self._is_waveform:
            padded = F.pad(flat, (0, self.number * self.features - self._size))
            return padded.reshape(len(flat), self.number, self.features)
        return flat.reshape(len(flat), self._rows, self.number).transpose(1, 2)

    def flat(self, steps: torch.Tensor) -> torch.Tensor:
        """Return flat views (B, K * P) of steps (B, number, K * features), K answers for each."""
        if self._is_waveform:
            per_dim = steps.shape[2] // self.features
            answers = steps.reshape(len(steps), self.number, per_dim, self.features)
            return answers.transpose(1, 2).flatten(2)[:, :, : self._size].flatten(1)
        return steps.transpose(1, 2).flatten(1)


class RecurrentEncoder(nn.Module):
    """From steps to what both directions know at their end."""

    def __init__(self, steps: Steps, num_outputs: int, width: int, depth: int) -> None:
        super().__init__()
        self.steps = steps
        self.features = nn.Linear(steps.features, width)
        self.recurrent = nn.GRU(width, width, depth, batch_first=True, bidirectional=True)
        self.outputs = nn.Linear(2 * width, num_outputs)

    def forward(self, flat: torch.Tensor) -> torch.Tensor:
        """Return (B, num_outputs) of flat views (B, P)."""
        _, states = self.recurrent(F.silu(self.features(self.steps.of(flat))))
        outputs: torch.Tensor = self.outputs(torch.cat([states[-2], states[-1]], dim=1))
        return outputs


class RecurrentDecoder(nn.Module):
    """From a latent, given at every step, to the features of each."""

    def __init__(
        self, num_inputs: int, steps: Steps, outputs_per_dim: int, width: int, depth: int
    ) -> None:
        super().__init__()
        self.steps = steps
        self.start = nn.Parameter(torch.zeros(depth * width))
        self.recurrent = nn.GRU(num_inputs, width, depth, batch_first=True)
        self.outputs = nn.Linear(width, outputs_per_dim * steps.features)

    def forward(self, latent: torch.Tensor) -> torch.Tensor:
        """Return flat views (B, K * P) of latents (B, num_inputs)."""
        start = self.start.reshape(self.recurrent.num_layers, 1, -1).expand(-1, len(latent), -1)
        driven = latent[:, None].expand(-1, self.steps.number, -1)
        states, _ = self.recurrent(driven, start.contiguous())
        return self.steps.flat(self.outputs(states))


def encoder(
    shape: tuple[int, ...],
    num_outputs: int,
    *,
    width: PositiveInt = 128,
    depth: PositiveInt = 1,
    frame_length: PositiveInt = 256,
) -> nn.Module:
    """Return a network from a flat view, (B, prod(shape)), to (B, num_outputs).

    With the defaults it has 268,948 parameters from a view of (512, 32) to 20 numbers, however many
    frames there are.

    Parameters
    ----------
    shape : of the view: (samples,), (bands, frames) or (channels, bands, frames)
    num_outputs : numbers it says of a sound
    width : units of each layer and direction
    depth : number of recurrent layers
    frame_length : samples of a frame where the view is a waveform; means nothing elsewhere

    Raises
    ------
    UsageError
        If the view is no picture.
    """
    return RecurrentEncoder(Steps(shape, frame_length), num_outputs, width, depth)


def decoder(
    num_inputs: int,
    shape: tuple[int, ...],
    outputs_per_dim: int,
    *,
    width: PositiveInt = 128,
    depth: PositiveInt = 1,
    frame_length: PositiveInt = 256,
) -> nn.Module:
    """Return a network from (B, num_inputs) to (B, outputs_per_dim * prod(shape)).

    With the defaults it has 119,936 parameters from 10 latents to a view of (512, 32).

    Parameters
    ----------
    num_inputs : latent dimensions
    shape : of the view, as in the encoder
    outputs_per_dim : numbers it says of each coefficient
    width, depth, frame_length : as in the encoder

    Raises
    ------
    UsageError
        If the view is no picture.
    """
    steps = Steps(shape, frame_length)
    return RecurrentDecoder(num_inputs, steps, outputs_per_dim, width, depth)
