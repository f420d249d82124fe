"""Networks that a baseline's encoder and decoder are made of, by name.

An encoder goes from a view, (B, P), to what is said of each sound, (B, num_outputs); a decoder from
latents, (B, num_inputs), to what is said of each coefficient, (B, K * P): the first output of all
coefficients, then the second. Rows are flat, and a network is told the *shape* of the view, so that
it may know what is beside what; :mod:`baselines.networks.picture` says how a shape is read. P is
the product of the shape.

Encoder and decoder of an entry take the same options. No entry mixes the sounds of a batch. Weights
are drawn from torch's global random generator; seed it before.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

from torch import nn

from baselines.networks import convolutional, mlp, recurrent
from toysound.errors import unknown_name


class Network(NamedTuple):
    """An architecture.

    Attributes
    ----------
    encoder : a function of (shape, num_outputs, **options)
    decoder : a function of (num_inputs, shape, outputs_per_dim, **options)
    needs_picture : whether neighbours along the axes of the view must be neighbours in the sound
    """

    encoder: Callable[..., nn.Module]
    decoder: Callable[..., nn.Module]
    needs_picture: bool


#: Name -> architecture.
NETWORKS: dict[str, Network] = {
    "mlp": Network(mlp.encoder, mlp.decoder, needs_picture=False),
    "conv": Network(convolutional.encoder, convolutional.decoder, needs_picture=True),
    "recurrent": Network(recurrent.encoder, recurrent.decoder, needs_picture=True),
}


def names() -> list[str]:
    """Return the names of all networks."""
    return sorted(NETWORKS)


def encoder(name: str, shape: tuple[int, ...], num_outputs: int, **options: Any) -> nn.Module:
    """Return a network from flat views (B, prod(shape)) to (B, num_outputs).

    Raises
    ------
    UsageError
        If there is no network of that name, or it cannot read a view of that shape.
    """
    return _get(name).encoder(shape, num_outputs, **options)


def decoder(
    name: str, num_inputs: int, shape: tuple[int, ...], outputs_per_dim: int, **options: Any
) -> nn.Module:
    """Return a network from (B, num_inputs) to (B, outputs_per_dim * prod(shape)).

    Raises
    ------
    UsageError
        If there is no network of that name, or it cannot answer in that shape.
    """
    return _get(name).decoder(num_inputs, shape, outputs_per_dim, **options)


def _get(name: str) -> Network:
    if name not in NETWORKS:
        raise unknown_name("network", name, NETWORKS)
    return NETWORKS[name]
