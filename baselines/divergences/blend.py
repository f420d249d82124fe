"""The logarithm of a mean of a variance and 1.

It stands in every closed form between two Gaussians and their geometric mixture. Near the prior,
where the variance is near 1, ``ln(1 + small)`` keeps the digits; where both weight and variance are
tiny, ``1 + (nearly -1)`` has lost them and the mean itself must be taken.
"""

import torch


def log_blend(weight: float | torch.Tensor, log_variance: torch.Tensor) -> torch.Tensor:
    """Return ln(weight + (1 - weight) variance), precise at either end, with its gradient.

    Parameters
    ----------
    weight : in [0, 1]
    log_variance : any shape that ``weight`` broadcasts with
    """
    less_1 = (1 - weight) * torch.expm1(log_variance)
    blend = weight + (1 - weight) * torch.exp(log_variance)
    return torch.where(less_1 < -0.5, torch.log(blend), torch.log1p(less_1.clamp(min=-0.5)))
