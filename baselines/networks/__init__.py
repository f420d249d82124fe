"""Networks that a baseline's encoder and decoder are made of, by name."""

from collections.abc import Callable
from typing import Any

from torch import nn

from baselines.networks.mlp import mlp
from toysound.errors import unknown_name

#: Name -> a function of (num_inputs, num_outputs, **options).
NETWORKS: dict[str, Callable[..., nn.Module]] = {"mlp": mlp}


def names() -> list[str]:
    """Return the names of all networks."""
    return sorted(NETWORKS)


def build(name: str, num_inputs: int, num_outputs: int, **options: Any) -> nn.Module:
    """Return a network from (B, num_inputs) to (B, num_outputs), freshly initialised.

    Its weights are drawn from torch's global random generator; seed it before.

    Raises
    ------
    UsageError
        If there is no network of that name.
    """
    if name not in NETWORKS:
        raise unknown_name("network", name, NETWORKS)
    return NETWORKS[name](num_inputs, num_outputs, **options)
