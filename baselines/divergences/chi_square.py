"""Pearson's chi-square divergence of the posterior from the prior, in closed form.

    chi2(q || p) = E_p[(q / p - 1)^2] = exp(R_2(q || p)) - 1

with Renyi's divergence R_2. It is nowhere below KL(q || p), so the objective is a lower bound of
ln p(x): a loose one, exponentially so.

It exists where every variance is below 2. And it grows too fast to be trained on as it stands: at
KL of 20 nats, an ordinary value, it is above e^20. So by default it is extended: the variances
above 1.99 as for Renyi's divergence, and the exponential by its tangent beyond e^20. Where that is
at work it is a multiple of R_2, of 5e8 nats for a nat.

The chi-square divergence that is of use in variational inference is another one: from q(z|x) to the
true posterior. It gives an *upper* bound of ln p(x), whose gap to the evidence lower bound says how
wrong the posterior is: :func:`baselines.importance.cubo_gap`. Watch it rather than train on it.

References
----------
K. Pearson, Philosophical Magazine 50, 1900.
A. B. Dieng et al., "Variational inference via chi upper bound minimization", NIPS 2017.
"""

import torch

from baselines.divergences.alpha import too_far
from baselines.divergences.exponential import LARGEST_EXPONENT, tangent_expm1
from baselines.divergences.registry import Divergence
from baselines.divergences.renyi import Outside, renyi_per_dimension


def chi_square(
    mean: torch.Tensor,
    log_variance: torch.Tensor,
    *,
    latent: torch.Tensor | None = None,
    seed: int = 0,
    outside: Outside = "extend",
) -> torch.Tensor:
    """Return chi2(q(z|x) || N(0, I)) in closed form, shape (B,).

    Parameters
    ----------
    mean, log_variance : shape (B, D)
    latent, seed : not used; the closed form needs no samples
    outside : where a variance is not below 2 or the value beyond e^20, ``"extend"`` or ``"refuse"``

    Raises
    ------
    ToySoundError
        If the divergence is infinite, or beyond e^20, and to be refused; the sentence says the
        range.
    """
    exponent = renyi_per_dimension(mean, log_variance, 2.0, outside).sum(dim=1)
    if outside == "refuse" and (exponent > LARGEST_EXPONENT).any():
        raise too_far("chi_square", float(exponent.detach().max()))
    return tangent_expm1(exponent)


CHI_SQUARE = Divergence(
    name="chi_square",
    function=chi_square,
    formula="exp(R_2) - 1 with Renyi's divergence R_2",
    estimator="closed form",
    reference="Pearson 1900; Dieng et al. 2017",
    behaviour=(
        "the few sounds furthest from the prior decide every step; codes are packed into a ball of "
        "the prior's size and q(z) has no tails"
    ),
    least_weight=1.0,
)
