"""Priors with a variance of their own: the same model, told in units of the prior."""

import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from posterior_examples import draws, gaussians, law, log_density, log_variances, means, one
from scipy.integrate import quad

from baselines.divergences.kl import kl, kl_per_dimension
from baselines.priors import PRIORS, Ard, Prior, relevance


def ard(*log_variance: float) -> Ard:
    prior = Ard(len(log_variance)).double()
    with torch.no_grad():
        prior.log_variance.copy_(torch.tensor(log_variance, dtype=torch.float64))
    return prior


def test_the_standard_prior_changes_nothing() -> None:
    posterior = gaussians(4, 3)
    prior = Prior(3)
    assert prior.standardised(*posterior) == posterior
    assert prior.stretched(posterior[0]) is posterior[0]
    assert not list(prior.parameters())


@pytest.mark.parametrize("name", PRIORS)
def test_every_prior_starts_as_the_standard_one(name: str) -> None:
    mean, log_variance = gaussians(4, 3)
    prior = PRIORS[name](3).double()
    torch.testing.assert_close(prior.standardised(mean, log_variance), (mean, log_variance))
    torch.testing.assert_close(prior.stretched(mean), mean)


@law
@given(means, log_variances, st.floats(-5, 5))
def test_the_divergence_in_units_of_the_prior_is_that_from_the_prior(
    mean: float, log_variance: float, spread: float
) -> None:
    deviation = math.exp(log_variance / 2)

    def integrand(e: float) -> float:
        z = mean + deviation * e
        log_q = -(e**2 + log_variance) / 2
        log_p = -(z**2 * math.exp(-spread) + spread) / 2
        return math.exp(-(e**2) / 2) * (log_q - log_p) / math.sqrt(2 * math.pi)

    found = ard(spread).standardised(*one(mean, log_variance))
    expected = quad(integrand, -12, 12, epsabs=1e-12, limit=200)[0]
    assert kl(*found).item() == pytest.approx(expected, rel=1e-8, abs=1e-9)


@law
@given(st.lists(st.floats(-6, 6), min_size=3, max_size=3), st.integers(0, 99))
def test_the_weight_of_a_sample_does_not_depend_on_the_unit(spread: list[float], seed: int) -> None:
    mean, log_variance = gaussians(8, 3, seed)
    noise = draws((8, 3), seed)
    z = mean + torch.exp(log_variance / 2) * noise
    prior = ard(*spread)
    own_mean, own_log_variance = prior.standardised(mean, log_variance)
    u = own_mean + torch.exp(own_log_variance / 2) * noise
    torch.testing.assert_close(prior.stretched(u), z)
    ratio = log_density(z, 0.0, prior.log_variance) - log_density(z, mean, log_variance)
    own = log_density(u) - log_density(u, own_mean, own_log_variance)
    torch.testing.assert_close(own, ratio)


def test_the_best_variance_is_the_second_moment_of_the_codes() -> None:
    mean, log_variance = gaussians(200, 3)
    mean = mean * torch.tensor([0.1, 1.0, 7.0])
    best = (mean.square() + torch.exp(log_variance)).mean(dim=0)
    prior = ard(*best.log().tolist())
    divergence = kl(*prior.standardised(mean, log_variance)).mean()
    (slope,) = torch.autograd.grad(divergence, prior.log_variance)
    torch.testing.assert_close(slope, torch.zeros(3).double(), atol=1e-7, rtol=0)
    gain = (best - 1 - best.log()).sum() / 2
    torch.testing.assert_close(kl(mean, log_variance).mean() - divergence, gain)


def test_a_dimension_that_says_nothing_leaves_its_variance_alone() -> None:
    prior = ard(0.7)
    nothing = torch.zeros(5, 1).double(), prior.log_variance.detach().expand(5, 1)
    divergence = kl_per_dimension(*prior.standardised(*nothing)).mean()
    (slope,) = torch.autograd.grad(divergence, prior.log_variance)
    assert divergence.item() == pytest.approx(0, abs=1e-15)
    assert slope.item() == pytest.approx(0, abs=1e-15)


def test_relevance_is_the_share_of_variance_that_is_known() -> None:
    shares = torch.tensor([0.0, 0.25, 0.9, 1.0]).double()
    log_variance = torch.log1p(-shares).expand(6, 4)
    torch.testing.assert_close(relevance(log_variance), shares)
    mixed = torch.tensor([[0.0], [math.log(0.5)]]).double()
    assert relevance(mixed).item() == pytest.approx(0.25)


@law
@given(st.lists(st.floats(-40, 40), min_size=1, max_size=6))
def test_relevance_is_a_share(log_variance: list[float]) -> None:
    found = relevance(torch.tensor(log_variance).double()[:, None])
    assert 0 <= found.item() <= 1


def test_a_posterior_wider_than_the_prior_tells_nothing() -> None:
    assert relevance(torch.full((3, 2), 2.0)).tolist() == [0.0, 0.0]
