"""Numbers that a training keeps within limits, and that find their way back.

``clamp`` has no gradient beyond its limits: a scale that a large step once brought below its least
value is the least value for good, whatever the sounds say later. Here the gradient that would lead
back passes, and only that which leads further away does not. Within the limits the two are one.
"""

import math
from typing import Any

import torch


class _Bounded(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, x: torch.Tensor, low: float, high: float) -> torch.Tensor:
        ctx.save_for_backward(x)
        ctx.limits = low, high
        return x.clamp(low, high)

    @staticmethod
    def backward(ctx: Any, *gradients: torch.Tensor) -> tuple[torch.Tensor, None, None]:
        (x,), (low, high), (gradient,) = ctx.saved_tensors, ctx.limits, gradients
        away = ((x < low) & (gradient > 0)) | ((x > high) & (gradient < 0))
        return gradient.masked_fill(away, 0), None, None


def bounded(x: torch.Tensor, low: float = -math.inf, high: float = math.inf) -> torch.Tensor:
    """Return numbers clamped to [low, high].

    Parameters
    ----------
    x : of any shape. Its gradient is that of something that is *made small*, as in a training:
        beyond the limits it is kept where a step against it leads back
    low, high : the limits
    """
    if bool(((x >= low) & (x <= high)).all()):  # nearly always, and a clamp costs half as much
        return x.clamp(low, high)
    result: torch.Tensor = _Bounded.apply(x, low, high)  # type: ignore[no-untyped-call]
    return result
