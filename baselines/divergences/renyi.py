"""Renyi's divergence of order alpha between posterior and prior, in closed form.

    R_a(q || p) = ln E_p[(q / p)^a] / (a - 1)
                = sum_i (a mean_i^2 / s_i - ln(s_i / variance_i^(1 - a)) / (a - 1)) / 2
    s_i = a + (1 - a) variance_i

The order says how much the places count where q is much larger than p. It rises with a: to 0 at
a -> 0, to KL(q || p) at a -> 1, to the logarithm of the largest ratio at infinity. So with a >= 1
the objective is a lower bound of ln p(x), looser than the evidence lower bound; below it is none.

This is a regulariser in the place of KL(q || p). It is not the variational Renyi bound of Li and
Turner, which has an order too, but of the divergence of q(z|x) from the true posterior p(z|x): that
is :func:`baselines.importance.renyi_bound`.

Where it exists
---------------
Up to order 1 always. For a > 1 only where every variance is below a / (a - 1), that is s_i > 0
(order 2: below 2); beyond, the integral diverges. ``outside="refuse"`` says so in a sentence.
``outside="extend"`` is for training, which must survive a wide posterior in its first steps: below
s_i = 0.01 the functions ln s and 1 / s go on as their tangents, so that the value is finite, its
gradient is continuous and points back, and nothing changes where s_i >= 0.01. What is extended
still is nowhere below KL(q || p), so the objective stays a bound.

Numerics: with e = variance - 1 and y = (1 - a) e, s is 1 + y, and

    R_a = sum_i (e_i ln(1 + y_i) / y_i - ln variance_i + a mean_i^2 / (1 + y_i)) / 2

needs no limit but ln(1 + y) / y -> 1: at a = 1 it is the KL divergence, and near 1 it loses no
digits.

References
----------
A. Renyi, "On measures of entropy and information", 4th Berkeley Symposium, 1961.
M. Gil, F. Alajaji and T. Linder, "Renyi divergence measures for commonly used univariate continuous
distributions", Information Sciences 249, 2013.
T. van Erven and P. Harremoes, "Renyi divergence and Kullback-Leibler divergence", IEEE Trans. Inf.
Theory 60, 2014: it does not fall with the order.
"""

from collections.abc import Mapping
from typing import Any, Literal

import torch
from pydantic import PositiveFloat

from baselines.divergences.blend import log_blend
from baselines.divergences.registry import NEVER, Divergence
from toysound.errors import ToySoundError

#: What to do where a divergence is infinite: say so, or go on along the tangent.
Outside = Literal["refuse", "extend"]

#: Smallest s at which the closed form is used as it stands when it is to be extended.
SMALLEST_S = 0.01


def renyi_per_dimension(
    mean: torch.Tensor, log_variance: torch.Tensor, alpha: float, outside: Outside
) -> torch.Tensor:
    """Return R_alpha(q(z_i|x) || N(0, 1)) of each latent dimension, nats, shape (B, D).

    Parameters
    ----------
    mean, log_variance : shape (B, D)
    alpha : order, above 0
    outside : what to do where a variance is not below alpha / (alpha - 1)

    Raises
    ------
    ToySoundError
        If ``outside`` is ``"refuse"`` and a variance is too large.
    """
    excess = torch.expm1(log_variance)
    y = (1 - alpha) * excess
    if alpha > 1:
        log_s, inverse = _extended(y) if outside == "extend" else _strict(y, alpha, log_variance)
    else:
        log_s = log_blend(alpha, log_variance)
        inverse = 1 / (alpha + (1 - alpha) * torch.exp(log_variance))
    at_zero = y == 0
    slope = torch.where(at_zero, 1.0, log_s / torch.where(at_zero, 1.0, y))
    return (excess * slope - log_variance + alpha * mean.square() * inverse) / 2


def _strict(
    y: torch.Tensor, alpha: float, log_variance: torch.Tensor
) -> tuple[torch.Tensor, torch.Tensor]:
    """Return ln s and 1 / s for s = 1 + y, which must be positive."""
    if (y <= -1).any():
        largest = float(log_variance.detach().double().exp().max())
        raise ToySoundError(
            f"the divergence of order {alpha:g} from a standard normal is infinite: it exists for "
            f"variances below {alpha / (alpha - 1):.4g}, and the largest is {largest:.4g}; take an "
            f"order below {largest / (largest - 1):.4g}, or --set divergence.outside=extend, which "
            "goes on with finite values"
        )
    return torch.log1p(y), 1 / (1 + y)


def _extended(y: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Return ln s and 1 / s for s = 1 + y, below the smallest s their tangents."""
    inside = y.clamp(min=SMALLEST_S - 1)
    beyond = (y - inside) / (1 + inside)  # 0, or how far s is below its smallest, in units of it
    return torch.log1p(inside) + beyond, (1 - beyond) / (1 + inside)


def renyi(
    mean: torch.Tensor,
    log_variance: torch.Tensor,
    *,
    latent: torch.Tensor | None = None,
    seed: int = 0,
    alpha: PositiveFloat = 0.5,
    outside: Outside = "refuse",
) -> torch.Tensor:
    """Return R_alpha(q(z|x) || N(0, I)) in closed form, nats, shape (B,).

    Parameters
    ----------
    mean, log_variance : shape (B, D)
    latent, seed : not used; the closed form needs no samples
    alpha : order, above 0; 1 is the KL divergence
    outside : where alpha is above 1 and a variance not below alpha / (alpha - 1), ``"refuse"`` or
        ``"extend"``; see the top of this module

    Raises
    ------
    ToySoundError
        If the divergence is infinite and to be refused; the sentence says the range.
    """
    return renyi_per_dimension(mean, log_variance, alpha, outside).sum(dim=1)


def _least_weight(options: Mapping[str, Any]) -> float:
    return 1.0 if options["alpha"] >= 1 else NEVER


RENYI = Divergence(
    name="renyi",
    function=renyi,
    formula="sum_i (a mean_i^2 / s_i - ln(s_i / variance_i^(1-a)) / (a-1)) / 2, "
    "s_i = a + (1-a) variance_i",
    estimator="closed form",
    reference="Gil, Alajaji and Linder 2013",
    behaviour=(
        "below order 1 far means cost less, so codes spread and q(z) is wider than the prior; "
        "above, wide posteriors cost without limit and q(z) is tight"
    ),
    least_weight=_least_weight,
)
