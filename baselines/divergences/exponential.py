"""Exponentials of divergences, finite in float32.

A chi-square divergence is the exponential of a Renyi divergence. Twenty nats of the one are half a
billion of the other, and ninety overflow.
"""

import torch

#: Exponent beyond which the exponential goes on as its tangent.
LARGEST_EXPONENT = 20.0


def tangent_expm1(x: torch.Tensor) -> torch.Tensor:
    """Return exp(x) - 1, and beyond x = 20 the tangent there: e^20 (x - 19) - 1.

    It is continuous with its derivative, convex, and nowhere above exp(x) - 1 nor below x.
    """
    inside = x.clamp(max=LARGEST_EXPONENT)
    return torch.expm1(inside) + torch.exp(inside) * (x - inside)
