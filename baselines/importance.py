"""Bounds of ln p(x) from importance weights.

Draw K latents of the posterior q(z|x) and weigh each by how much more the model expects it:

    w_k = p(x, z_k) / q(z_k|x),    ln w_k = ln p(x|z_k) + ln p(z_k) - ln q(z_k|x)

The mean weight is an unbiased estimate of p(x), and what is made of the weights is a family with
one parameter, the order alpha (Li and Turner's variational Renyi bound):

    L_a = ln mean_k(w_k^(1 - a)) / (1 - a)

========== ===========================================================================
alpha      L_a
========== ===========================================================================
1          mean of ln w: the evidence lower bound (ELBO)
0          ln of the mean of w: the importance-weighted bound (IWAE)
-infinity  ln of the largest w: VR-max
-1         ln of the root mean square of w: the chi-square upper bound (CUBO)
========== ===========================================================================

It never rises with alpha. Over infinitely many samples it is ln p(x) - R_a(q(z|x) || p(z|x)) with
Renyi's divergence from the *true* posterior: a lower bound of ln p(x) for alpha > 0, ln p(x) itself
for 0, an upper bound below. Over K samples the expectation lies between that and the ELBO, so for
alpha >= 0 it is a lower bound for every K, and for alpha < 0 neither is sure. With K = 1 every
order is the ELBO.

This order has nothing to do with the one of the divergence ``renyi``, which is between q(z|x) and
the prior and takes the place of the KL term.

Conventions
-----------
log_weights : nats, shape (K, B): K samples for each of B sounds; -inf is a weight of 0
results : nats, shape (B,), differentiable

References
----------
Y. Burda, R. Grosse and R. Salakhutdinov, "Importance weighted autoencoders", ICLR 2016.
Y. Li and R. E. Turner, "Renyi divergence variational inference", NIPS 2016, theorems 1 and 2.
A. B. Dieng et al., "Variational inference via chi upper bound minimization", NIPS 2017.
A. Kong, "A note on importance sampling using standardized weights", Univ. Chicago TR 348, 1992.
"""

import math

import torch

from toysound.errors import UsageError


def elbo(log_weights: torch.Tensor) -> torch.Tensor:
    """Return the evidence lower bound, the mean of the log-weights, nats, shape (B,).

    Parameters
    ----------
    log_weights : shape (K, B)
    """
    return _checked(log_weights).mean(dim=0)


def iwae(log_weights: torch.Tensor) -> torch.Tensor:
    """Return the importance-weighted bound, ln of the mean weight, nats, shape (B,).

    Parameters
    ----------
    log_weights : shape (K, B)
    """
    return torch.logsumexp(_checked(log_weights), dim=0) - math.log(len(log_weights))


def renyi_bound(log_weights: torch.Tensor, alpha: float) -> torch.Tensor:
    """Return the variational Renyi bound L_alpha, nats, shape (B,).

    With c = 1 - alpha and the largest log-weight m (the smallest if c < 0), it is computed as
    ``m + ln(1 + mean(e^(c (ln w - m)) - 1)) / c``: no exponent is positive, and as c -> 0 the mean
    of ln w comes out by itself, without a limit to switch to.

    Parameters
    ----------
    log_weights : shape (K, B)
    alpha : any order; 1 is the ELBO, 0 IWAE, -inf VR-max, inf the smallest log-weight

    Raises
    ------
    UsageError
        If alpha is NaN.
    """
    weights = _checked(log_weights)
    if math.isnan(alpha):
        raise UsageError("alpha is the order of the Renyi bound, a number, -inf or inf, got nan")
    power = 1 - alpha
    if power == 0:
        return weights.mean(dim=0)
    base = weights.amax(dim=0) if power > 0 else weights.amin(dim=0)
    if abs(power) > torch.finfo(weights.dtype).max:
        return base
    # The terms of the base cancel in the gradient; a weight of 0 cannot be one.
    base = torch.where(torch.isfinite(base), base, torch.zeros_like(base)).detach()
    return base + torch.log1p(torch.expm1(power * (weights - base)).mean(dim=0)) / power


def cubo(log_weights: torch.Tensor, order: float = 2.0) -> torch.Tensor:
    """Return the chi upper bound, ln(mean w^n) / n, nats, shape (B,).

    An upper bound of ln p(x) over infinitely many samples. Over a few it is an estimate from below
    of that bound, and it varies much: the largest weight decides.

    Parameters
    ----------
    log_weights : shape (K, B)
    order : n, at least 1; 2 is the chi-square divergence, 1 IWAE

    Raises
    ------
    UsageError
        If the order is below 1.
    """
    if not 1 <= order < math.inf:
        raise UsageError(f"the order of the chi upper bound is a number from 1 on, got {order}")
    return renyi_bound(log_weights, 1 - order)


def cubo_gap(log_weights: torch.Tensor, order: float = 2.0) -> torch.Tensor:
    """Return by how much the chi upper bound exceeds the ELBO, nats, shape (B,); never negative.

    It is 0 where all weights are equal, that is where q(z|x) is the true posterior, and grows with
    the difference: a monitor of the posterior, not a quantity to train on.

    Parameters
    ----------
    log_weights : shape (K, B)
    order : of the upper bound, at least 1

    Raises
    ------
    UsageError
        If the order is below 1.
    """
    # Both move with the weights: taken from near 0 their difference loses no digits.
    base = _checked(log_weights).amax(dim=0)
    from_0 = log_weights - torch.where(torch.isfinite(base), base, torch.zeros_like(base))
    return (cubo(from_0, order) - elbo(from_0)).clamp(min=0)


def effective_sample_size(log_weights: torch.Tensor) -> torch.Tensor:
    """Return Kong's effective sample size, (sum w)^2 / sum w^2, in [1, K], shape (B,).

    How many equally weighted samples would vary as little. Near 1 a single weight decides, and no
    bound here is to be trusted.

    Parameters
    ----------
    log_weights : shape (K, B)
    """
    shares = torch.softmax(_checked(log_weights), dim=0)
    return 1 / shares.square().sum(dim=0)


def _checked(log_weights: torch.Tensor) -> torch.Tensor:
    if log_weights.ndim != 2 or len(log_weights) == 0:
        raise ValueError(
            "log_weights must have shape (K, B) with at least one sample, got "
            f"{tuple(log_weights.shape)}"
        )
    return log_weights
