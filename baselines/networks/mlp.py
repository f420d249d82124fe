"""Multi-layer perceptron."""

from pydantic import PositiveInt
from torch import nn


def mlp(
    num_inputs: int, num_outputs: int, *, width: PositiveInt, depth: PositiveInt
) -> nn.Sequential:
    """Return ``depth`` hidden layers of ``width`` SiLU units and a linear layer on top.

    Parameters
    ----------
    num_inputs, num_outputs : sizes of both ends
    width : units of each hidden layer
    depth : number of hidden layers
    """
    layers: list[nn.Module] = []
    size = num_inputs
    for _ in range(depth):
        layers += [nn.Linear(size, width), nn.SiLU()]
        size = width
    return nn.Sequential(*layers, nn.Linear(size, num_outputs))
