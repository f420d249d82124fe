"""KL(p || q): the other direction, and the change of places that gives it."""

import pytest
import torch
from hypothesis import given
from posterior_examples import (
    draws,
    gaussians,
    law,
    log_density,
    log_variances,
    mean_and_error,
    means,
    one,
)

from baselines.divergences.kl import kl
from baselines.divergences.reverse_kl import reverse_kl, swapped


def test_the_closed_form_is_its_monte_carlo_mean() -> None:
    mean, log_variance = gaussians(4, 3)
    z = draws((200_000, 4, 3))
    sampled, error = mean_and_error(log_density(z) - log_density(z, mean, log_variance))
    assert (error < 0.05).all()
    assert ((sampled - reverse_kl(mean, log_variance)).abs() < 5 * error).all()


@law
@given(means, log_variances)
def test_it_is_that_of_torch(mean: float, log_variance: float) -> None:
    location, log_scale = one(mean, log_variance / 2)
    posterior = torch.distributions.Normal(location, log_scale.exp())
    prior = torch.distributions.Normal(torch.zeros_like(location), torch.ones_like(location))
    theirs = torch.distributions.kl_divergence(prior, posterior).item()
    assert reverse_kl(*one(mean, log_variance)).item() == pytest.approx(theirs, rel=1e-12)


@law
@given(means, log_variances)
def test_places_changed_twice_are_the_same(mean: float, log_variance: float) -> None:
    there, back = swapped(*swapped(*one(mean, log_variance)))
    torch.testing.assert_close(there, one(mean, log_variance)[0])
    torch.testing.assert_close(back, one(mean, log_variance)[1])


def test_a_narrow_posterior_costs_its_inverse_variance() -> None:
    mean, log_variance = one(0.0, -9.0)
    assert reverse_kl(mean, log_variance).item() > 4000  # e^9 / 2
    assert kl(mean, log_variance).item() < 4.1  # 9 / 2
