"""The distance of the Kullback-Leibler divergence from a capacity that is given.

    |mean KL(q(z|x) || p(z)) - C|

C nats are what the code of a sound may and must say, in the mean. A training starts with C = 0 and
raises it slowly: factors are taken up one after another, those that the likelihood gains most from
first. ``rise`` says over which share of the training; 0 leaves C as it is. Burgess's factor gamma
is the weight of the divergence in the recipe, some hundreds or a thousand, so that it all but fixes
the rate.

Below the capacity the objective *rewards* divergence, so it is no bound at any weight, but for
C = 0, which is the KL divergence. Report the evidence lower bound of such a model beside it.

With ``of="sound"`` every single sound has this capacity; the paper's formula may be read so, too.
That is another demand: sounds near the middle of the prior must then say as much as those far out,
and the code of a linear model all but vanishes to meet it (the table in docs/divergences.md shows
both).

Known failure: too small a final C costs reconstruction, too large a one fills dimensions with
noise; the right one is the information in the factors, which is not known beforehand.

Reference
---------
C. P. Burgess et al., "Understanding disentangling in beta-VAE", arXiv:1804.03599, 2018.
"""

from collections.abc import Mapping
from typing import Annotated, Any, Literal

import torch
from pydantic import Field, NonNegativeFloat

from baselines.divergences.kl import kl
from baselines.divergences.registry import NEVER, Divergence

#: A share of a training.
Share = Annotated[float, Field(ge=0, le=1)]


def capacity(
    mean: torch.Tensor,
    log_variance: torch.Tensor,
    *,
    latent: torch.Tensor | None = None,
    seed: int = 0,
    progress: float = 1.0,
    capacity: NonNegativeFloat = 25.0,
    rise: Share = 0.0,
    of: Literal["batch", "sound"] = "batch",
) -> torch.Tensor:
    """Return |mean KL - capacity|, nats, a scalar for the batch; or one for each sound, (B,).

    Parameters
    ----------
    mean, log_variance : shape (B, D)
    latent, seed : not used; the closed form needs no samples
    progress : share of the training that is done
    capacity : C in nats, at least 0, at the end
    rise : share of the training over which C rises from 0 to it in a line
    of : what has this capacity: the mean of the ``"batch"``, or each single ``"sound"``
    """
    divergence = kl(mean, log_variance)
    now = capacity * (progress / rise if progress < rise else 1.0)
    return ((divergence.mean() if of == "batch" else divergence) - now).abs()


def _least_weight(options: Mapping[str, Any]) -> float:
    return 1.0 if options["capacity"] == 0 else NEVER


CAPACITY = Divergence(
    name="capacity",
    function=capacity,
    formula="|mean_x KL(q(z|x) || p(z)) - C|",
    estimator="closed form, of the batch's mean",
    reference="Burgess et al. 2018",
    behaviour=(
        "holds the rate at C: codes can neither collapse nor grow, and q(z) is as far from the "
        "prior as that leaves room for"
    ),
    least_weight=_least_weight,
    per_sound=False,
)
