"""The KL spectrum: how many nats each latent carries.

The Kullback-Leibler divergence of the posterior q(z|x) from the standard normal prior, averaged
over the data, is the rate of each latent in nats. Sorted, it shows at a glance how many latents are
in use and how sharply the unused ones fall off. The headline counts those above 0.1 nat.

What is left out
----------------
Before every metric, and so before this one, latents whose *mean* is the same for every sound are
dropped (:mod:`benchmark.metrics`), whatever their variance. Most of them equal the prior and cost
nothing. But one that is stuck elsewhere, at another mean or at a variance that is not 1, costs the
same nats for every sound and tells the decoder nothing; these nats are in the model's training loss
and not in ``kl_total``, which is the rate of the latents that move. A latent that speaks by its
variance alone is left out likewise. :func:`unmoved_nats` gives what is left out, and a result whose
model has such latents says it in its notes.

Reference: D. P. Kingma, M. Welling, "Auto-encoding variational Bayes", ICLR 2014, appendix B.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmark.metrics.information import Floats, Integers
from benchmark.metrics.registry import Output, metric

#: A latent below this rate, in nats, does not count as used.
THRESHOLD = 0.1


def kl_spectrum(
    *, codes: Floats, log_variance: Floats, factors: Integers | None = None, seed: int = 0
) -> dict[str, float]:
    """Return the rate of every latent and the number above 0.1 nat.

    Parameters
    ----------
    codes : shape (n, d), posterior means, no constant latent
    log_variance : shape (n, d), ln of the posterior variances
    factors, seed : not used

    Returns
    -------
    dict
        ``kl_spectrum`` (number of latents above 0.1 nat), ``kl_total`` (nats), ``kl_1`` ...
        ``kl_d`` (nats, largest first), all of latents whose mean moves.
    """
    rate = _rate(codes, log_variance)
    ordered = np.sort(rate)[::-1]
    spectrum = {f"kl_{number}": float(nats) for number, nats in enumerate(ordered, start=1)}
    return {
        "kl_spectrum": float((rate > THRESHOLD).sum()),
        "kl_total": float(rate.sum()),
        **spectrum,
    }


def unmoved_nats(
    codes: NDArray[np.floating[Any]], log_variance: NDArray[np.floating[Any]]
) -> Floats:
    """Return the rate of the latents whose mean is the same for every sound, 0 for the others.

    Parameters
    ----------
    codes : shape (n, d), posterior means, of all latents
    log_variance : shape (n, d), ln of the posterior variances

    Returns
    -------
    ndarray
        Nats, shape (d,).
    """
    still = codes.max(axis=0) == codes.min(axis=0)
    with np.errstate(over="ignore"):  # of a variance that no number holds
        rate = _rate(codes.astype(np.float64), log_variance.astype(np.float64))
    return np.where(still, rate, 0.0)


def _rate(codes: Floats, log_variance: Floats) -> Floats:
    """Return the mean divergence of each latent from the standard normal prior, nats, (d,)."""
    rate: Floats = 0.5 * (codes**2 + np.exp(log_variance) - 1 - log_variance).mean(axis=0)
    return rate


KL_SPECTRUM = metric(
    {
        "positive_scale": "the divergence is from a prior of fixed scale",
        "shift": "the divergence is from a prior at the origin",
        "duplicate": "a copy costs its own nats",
    },
    name="kl_spectrum",
    family="dimension",
    function=kl_spectrum,
    outputs=(
        Output(
            "kl_spectrum",
            "kl_spectrum",
            "KL > 0.1",
            "Latents that carry more than 0.1 nat. The truth is the number of factors.",
            None,
        ),
        Output(
            "kl_total",
            "kl_total",
            "KL",
            "Rate: the divergence of the posterior from the prior, summed over the latents whose "
            "mean moves.",
            None,
            "nat",
        ),
    ),
    series=Output(
        "kl_",
        "kl_",
        "KL spectrum",
        "The rate of each latent, the largest first.",
        None,
        "nat",
    ),
    reference="Kingma and Welling, ICLR 2014",
    needs_factors=False,
    needs_log_variance=True,
)
