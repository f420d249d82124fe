"""Multi-layer perceptron: every number of a view is joined with every other.

It knows no neighbourhood, so it suits coordinates without an order, such as principal components,
as well as pictures. Each hidden layer is followed by its activation and nothing else: no
normalisation, no dropout, so that an answer does not depend on its batch.

With ``width`` w and ``depth`` d a network from m to n numbers has
(m + 1) w + (d - 1) (w + 1) w + (w + 1) n parameters.
"""

import math
from itertools import pairwise
from typing import Literal

from pydantic import PositiveInt
from torch import nn

#: Name -> activation of the hidden layers.
ACTIVATIONS: dict[str, type[nn.Module]] = {"silu": nn.SiLU, "relu": nn.ReLU, "tanh": nn.Tanh}

Activation = Literal["silu", "relu", "tanh"]


def encoder(
    shape: tuple[int, ...],
    num_outputs: int,
    *,
    width: PositiveInt,
    depth: PositiveInt,
    activation: Activation = "silu",
) -> nn.Sequential:
    """Return a network from a flat view, (B, prod(shape)), to (B, num_outputs).

    Parameters
    ----------
    shape : of the view, any
    num_outputs : numbers it says of a sound
    width : units of each hidden layer
    depth : number of hidden layers
    activation : of the hidden layers
    """
    return _layers(math.prod(shape), num_outputs, width, depth, activation)


def decoder(
    num_inputs: int,
    shape: tuple[int, ...],
    outputs_per_dim: int,
    *,
    width: PositiveInt,
    depth: PositiveInt,
    activation: Activation = "silu",
) -> nn.Sequential:
    """Return a network from (B, num_inputs) to (B, outputs_per_dim * prod(shape)).

    Parameters
    ----------
    num_inputs : latent dimensions
    shape : of the view, any
    outputs_per_dim : numbers it says of each coefficient
    width, depth, activation : as in the encoder
    """
    return _layers(num_inputs, outputs_per_dim * math.prod(shape), width, depth, activation)


def _layers(
    num_inputs: int, num_outputs: int, width: int, depth: int, activation: str
) -> nn.Sequential:
    sizes = [num_inputs, *[width] * depth]
    layers: list[nn.Module] = []
    for size, next_size in pairwise(sizes):
        layers += [nn.Linear(size, next_size), ACTIVATIONS[activation]()]
    return nn.Sequential(*layers, nn.Linear(width, num_outputs))
