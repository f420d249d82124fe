"""The skew-geometric Jensen-Shannon divergence between posterior and prior, in closed form.

The arithmetic mean of two Gaussian densities is no Gaussian, but their geometric mean is, once it
is normalised. With the skew a in [0, 1] and the inverted weights of Deasy et al.,

    g_a ~ q^a p^(1 - a),    1 / v_a = a / variance + (1 - a),    m_a = v_a a mean / variance
    GJS_a  = (1 - a) KL(q || g_a) + a KL(p || g_a)
    dual_a = (1 - a) KL(g_a || q) + a KL(g_a || p)

====== ======================= =======================
a      GJS_a                   dual_a
====== ======================= =======================
-> 0   KL(q || p)              KL(p || q)
-> 1   KL(p || q)              KL(q || p)
====== ======================= =======================

So the skew leads from one Kullback-Leibler divergence to the other, and in between both terms see a
Gaussian that lies between q and p. Each of its four terms has only one unknown, w = variance / v_a
= a + (1 - a) variance, which is 1 at the prior:

    KL(q || g_a) = (w - 1 - ln w + (1 - a)^2 variance mean^2 / w) / 2
    KL(p || g_a) = (u - 1 - ln u + a^2 mean^2 / (variance w)) / 2,    u = w / variance
    KL(g_a || q) = (1/w - 1 + ln w + (1 - a)^2 variance mean^2 / w^2) / 2
    KL(g_a || p) = (1/u - 1 + ln u + a^2 mean^2 / w^2) / 2

At weight 1 it is a bound only at the ends that are KL(q || p): in between it is below, for equal
widths by the factor (1 - a)^3 + a^3. And unlike the arithmetic one it has no upper limit: it goes
on pulling however far a posterior is.

:func:`geometric_jensen_shannon_per_dimension` takes a tensor as the skew too, so that a model can
learn it.

Reference
---------
J. Deasy, N. Simidjievski and P. Lio, "Constraining variational inference with geometric
Jensen-Shannon divergence", NeurIPS 2020. F. Nielsen, "On the Jensen-Shannon symmetrization of
distances relying on abstract means", Entropy 21, 2019.
"""

from collections.abc import Mapping
from typing import Annotated, Any

import torch
from pydantic import Field

from baselines.divergences.blend import log_blend
from baselines.divergences.registry import NEVER, Divergence


def geometric_jensen_shannon_per_dimension(
    mean: torch.Tensor, log_variance: torch.Tensor, skew: float | torch.Tensor, dual: bool
) -> torch.Tensor:
    """Return the divergence of each latent dimension from N(0, 1), nats, shape (B, D).

    Parameters
    ----------
    mean, log_variance : shape (B, D)
    skew : a in [0, 1]; a tensor of shape (), (D,) or (B, D) may be learned
    dual : of the dual divergence
    """
    w_less_1 = (1 - skew) * torch.expm1(log_variance)
    u_less_1 = skew * torch.expm1(-log_variance)
    w = skew + (1 - skew) * torch.exp(log_variance)
    u = 1 - skew + skew * torch.exp(-log_variance)
    log_w, log_u = log_blend(skew, log_variance), log_blend(1 - skew, -log_variance)
    of_posterior = (1 - skew) * mean * torch.exp(log_variance / 2)
    of_prior = skew * mean
    if dual:
        # 1 / w - 1 and 1 / u - 1, without the difference of two numbers near 1.
        posterior = log_w - w_less_1 / w + (of_posterior / w).square()
        prior = log_u - u_less_1 / u + (of_prior / w).square()
    else:
        posterior = w_less_1 - log_w + of_posterior.square() / w
        prior = u_less_1 - log_u + (of_prior * torch.exp(-log_variance / 2)).square() / w
    return ((1 - skew) * posterior + skew * prior) / 2


def geometric_jensen_shannon(
    mean: torch.Tensor,
    log_variance: torch.Tensor,
    *,
    latent: torch.Tensor | None = None,
    seed: int = 0,
    skew: Annotated[float, Field(ge=0, le=1)] = 0.5,
    dual: bool = False,
) -> torch.Tensor:
    """Return the skew-geometric JS divergence of q(z|x) and N(0, I), nats, shape (B,).

    Parameters
    ----------
    mean, log_variance : shape (B, D)
    latent, seed : not used; the closed form needs no samples
    skew : a in [0, 1]; 0 is KL(q || p) and 1 KL(p || q), or the other way round for the dual
    dual : of the dual divergence, in which the geometric mean is the first argument
    """
    return geometric_jensen_shannon_per_dimension(mean, log_variance, skew, dual).sum(dim=1)


def _least_weight(options: Mapping[str, Any]) -> float:
    return 1.0 if options["skew"] == (1 if options["dual"] else 0) else NEVER


GEOMETRIC_JENSEN_SHANNON = Divergence(
    name="geometric_jensen_shannon",
    function=geometric_jensen_shannon,
    formula="(1-a) KL(q || g_a) + a KL(p || g_a), g_a ~ q^a p^(1-a); dual: KL(g_a || q), "
    "KL(g_a || p)",
    estimator="closed form",
    reference="Deasy, Simidjievski and Lio 2020",
    behaviour=(
        "between the two KL divergences: with a larger skew posteriors stay wider and means nearer "
        "to 0; the dual at small skews likewise"
    ),
    least_weight=_least_weight,
)
