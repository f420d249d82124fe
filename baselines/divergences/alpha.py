"""Amari's alpha-divergence of the posterior from the prior, in closed form.

    A_a(q || p) = (E_p[(q / p)^a] - 1) / (a (a - 1))

Several conventions go by this name. This one is that of Cichocki and Amari (2010), in which the
limits are the two Kullback-Leibler divergences and a = 1/2 is symmetric:

====== =================================================================
a      A_a(q || p)
====== =================================================================
-> 1   KL(q || p)
1/2    2 * integral of (sqrt q - sqrt p)^2: four times squared Hellinger
-> 0   KL(p || q)
2      half the chi-square divergence of q from p
-1     half the chi-square divergence of p from q
====== =================================================================

Amari's own index is 2 a - 1; Minka's divergence with his index a is A_a too. It is Renyi's
divergence R_a on another scale,

    A_a = (exp((a - 1) R_a) - 1) / (a (a - 1)),

and swapping the arguments mirrors the order: A_a(q || p) = A_(1 - a)(p || q). So orders below 1/2
are computed from the other side, and no limit is taken at 0 or 1 but (e^x - 1) / x -> 1.

Between 0 and 1 it cannot exceed 1 / (a (1 - a)), 4 at a = 1/2: far from the prior it is flat and
its gradient vanishes, and with it the force that would bring a posterior back.

No bound comes of it at weight 1 but for a = 1. For a > 1, E_p[(q / p)^a] >= exp((a - 1) KL), so
a A_a >= KL: with a weight of at least a it is one.

Where it exists: for a in [0, 1] always; for a > 1 where every variance is below a / (a - 1), for
a < 0 where every variance is above it. ``outside`` is what happens elsewhere, as for Renyi's
divergence; with ``"extend"`` also the exponential goes on as its tangent beyond e^20.

References
----------
S. Amari, "Differential-geometrical methods in statistics", Springer, 1985.
A. Cichocki and S. Amari, "Families of alpha-, beta- and gamma-divergences", Entropy 12, 2010.
T. Minka, "Divergence measures and message passing", Microsoft Research MSR-TR-2005-173, 2005.
"""

from collections.abc import Mapping
from typing import Any

import torch

from baselines.divergences.exponential import LARGEST_EXPONENT, tangent_expm1
from baselines.divergences.registry import NEVER, Divergence
from baselines.divergences.renyi import Outside, renyi_per_dimension
from baselines.divergences.reverse_kl import swapped
from toysound.errors import ToySoundError

#: Share of the largest number there is, of which a batch of four billion can still be summed.
_SUMMABLE = 2.0**-32


def alpha(
    mean: torch.Tensor,
    log_variance: torch.Tensor,
    *,
    latent: torch.Tensor | None = None,
    seed: int = 0,
    alpha: float = 0.5,
    outside: Outside = "refuse",
) -> torch.Tensor:
    """Return A_alpha(q(z|x) || N(0, I)) in closed form, shape (B,).

    Parameters
    ----------
    mean, log_variance : shape (B, D)
    latent, seed : not used; the closed form needs no samples
    alpha : order, any number; 1 is KL(q || p), 0 is KL(p || q), 1/2 four times squared Hellinger
    outside : where the divergence is infinite, ``"refuse"`` or ``"extend"``

    Raises
    ------
    ToySoundError
        If the divergence is infinite, or beyond e^20, and to be refused; the sentence says the
        range.
    """
    asked = alpha
    if alpha < 0.5:
        alpha = 1 - alpha
        mean, log_variance = swapped(mean, log_variance)
    try:
        order = renyi_per_dimension(mean, log_variance, alpha, outside).sum(dim=1)
    except ToySoundError as error:
        raise ToySoundError(
            f"alpha={asked:g} asks for an integral that may not exist (between 0 and 1 it always "
            f"does): {error}"
        ) from None
    exponent = (alpha - 1) * order
    if outside == "refuse" and (exponent > LARGEST_EXPONENT).any():
        raise too_far("alpha", float(exponent.detach().max()))
    # (e^x - 1) / x, which along the tangent is constant long before x overflows.
    exponent = exponent.clamp(max=1e20)
    at_zero = exponent == 0
    safe = torch.where(at_zero, 1.0, exponent)
    ratio = torch.where(at_zero, 1.0, tangent_expm1(safe) / safe)
    # Where even the tangent overflows it stays where it is, with a gradient of 0.
    return (order * ratio / alpha).clamp(max=_SUMMABLE * torch.finfo(order.dtype).max)


def too_far(name: str, exponent: float) -> ToySoundError:
    """Make the error for a divergence that no training can use and float32 hardly hold."""
    return ToySoundError(
        f"the divergence '{name}' is e^{exponent:.4g} here; it is computed up to "
        f"e^{LARGEST_EXPONENT:g}; take --set divergence.outside=extend, which goes on linearly, or "
        "divergence 'renyi', which is its logarithm"
    )


def _least_weight(options: Mapping[str, Any]) -> float:
    order = float(options["alpha"])
    return order if order >= 1 else NEVER


ALPHA = Divergence(
    name="alpha",
    function=alpha,
    formula="(E_p[(q/p)^a] - 1) / (a (a-1))",
    estimator="closed form",
    reference="Cichocki and Amari 2010",
    behaviour=(
        "between 0 and 1 it saturates: sounds that gain enough leave the prior for good, the "
        "others are pulled in; above 1 it is exponential in the distance"
    ),
    least_weight=_least_weight,
)
