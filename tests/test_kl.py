"""The Kullback-Leibler divergence: against sampling, torch's own, and by hand."""

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

from baselines.divergences.kl import kl, kl_per_dimension


def test_the_closed_form_is_its_monte_carlo_mean() -> None:
    mean, log_variance = gaussians(4, 3)
    z = mean + torch.exp(log_variance / 2) * draws((200_000, 4, 3))
    sampled, error = mean_and_error(log_density(z, mean, log_variance) - log_density(z))
    assert (error < 0.01).all()
    assert ((sampled - kl(mean, log_variance)).abs() < 5 * error).all()


@law
@given(means, log_variances)
def test_it_is_that_of_torch(mean: float, log_variance: float) -> None:
    ours = kl(*one(mean, log_variance)).item()
    location, log_scale = one(mean, log_variance / 2)
    posterior = torch.distributions.Normal(location, log_scale.exp())
    prior = torch.distributions.Normal(torch.zeros_like(location), torch.ones_like(location))
    theirs = torch.distributions.kl_divergence(posterior, prior).item()
    assert ours == pytest.approx(theirs, abs=1e-12)


def test_a_shifted_unit_gaussian_costs_half_its_squared_shift() -> None:
    assert kl(torch.tensor([[3.0, 4.0]]), torch.zeros(1, 2)).item() == pytest.approx(12.5)


def test_it_is_the_sum_over_dimensions() -> None:
    mean, log_variance = gaussians(5, 4)
    parts = kl_per_dimension(mean, log_variance)
    assert parts.shape == (5, 4)
    torch.testing.assert_close(parts.sum(dim=1), kl(mean, log_variance))


def test_near_the_prior_no_digit_is_lost() -> None:
    value = kl(torch.zeros(1, 1), torch.full((1, 1), 1e-3))
    assert value.item() == pytest.approx(1e-6 / 4, rel=1e-3)  # l^2 / 4 for a small log-variance l
