"""Densities of coefficients given a decoder's answer, by name, in nats.

A likelihood is what the decoder's error costs. Each is normalised over all coefficients of a sound
and summed over them, never averaged or rescaled: otherwise its weight against the divergence would
be arbitrary and an objective in nats would mean nothing.
"""

from collections.abc import Callable
from typing import Any

from baselines.likelihoods.bernoulli import Bernoulli
from baselines.likelihoods.categorical import Categorical
from baselines.likelihoods.continuous_bernoulli import ContinuousBernoulli
from baselines.likelihoods.discretised_logistic_mixture import DiscretisedLogisticMixture
from baselines.likelihoods.gamma import Gamma
from baselines.likelihoods.gaussian import Gaussian
from baselines.likelihoods.laplace import Laplace
from baselines.likelihoods.magnitude_and_phase import MagnitudeAndPhase
from baselines.likelihoods.protocol import Likelihood
from baselines.likelihoods.student_t import StudentT
from baselines.likelihoods.von_mises import VonMises
from toysound.errors import unknown_name

#: Name -> a function of (num_dims, **options).
LIKELIHOODS: dict[str, Callable[..., Likelihood]] = {
    "gaussian": Gaussian,
    "laplace": Laplace,
    "student_t": StudentT,
    "bernoulli": Bernoulli,
    "continuous_bernoulli": ContinuousBernoulli,
    "gamma": Gamma,
    "discretised_logistic_mixture": DiscretisedLogisticMixture,
    "categorical": Categorical,
    "von_mises": VonMises,
    "magnitude_and_phase": MagnitudeAndPhase,
}


def names() -> list[str]:
    """Return the names of all likelihoods."""
    return sorted(LIKELIHOODS)


def get(name: str, num_dims: int, **options: Any) -> Likelihood:
    """Return a likelihood for sounds of ``num_dims`` coefficients, with its learned parameters.

    Raises
    ------
    UsageError
        If there is no likelihood of that name.
    """
    if name not in LIKELIHOODS:
        raise unknown_name("likelihood", name, LIKELIHOODS)
    return LIKELIHOODS[name](num_dims, **options)
