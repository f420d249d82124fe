"""The beta-TCVAE: its parts add up, its densities are unbiased, and what its estimate is worth."""

import itertools
import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from posterior_examples import draws, gaussians, law, log_density, mean_and_error

from baselines.divergences import DIVERGENCES, compute
from baselines.divergences.beta_tc import aggregate_log_densities, beta_tc
from baselines.divergences.kl import kl
from toysound.errors import UsageError


def total_correlation(deviation: float, dims: int, dataset_size: int, seed: int = 0) -> float:
    """Return the estimate on 256 sounds with independent latents and a standard normal q(z)."""
    spread = (1 - deviation**2) ** 0.5
    mean = spread * draws((256, dims), seed)
    log_variance = torch.full_like(mean, 2 * math.log(deviation))
    samples = mean + deviation * draws((256, dims), seed + 1000)
    joint, product = aggregate_log_densities(mean, log_variance, samples, dataset_size)
    return (joint - product).mean().item()


def test_with_equal_weights_it_is_the_kl_divergence() -> None:
    posterior = gaussians(8, 3)
    torch.testing.assert_close(beta_tc(*posterior, beta=1.0), kl(*posterior).mean())
    thrice = beta_tc(*posterior, beta=3.0, alpha=3.0, gamma=3.0)
    torch.testing.assert_close(thrice, 3 * kl(*posterior).mean())


@law
@given(st.floats(0, 9), st.floats(0, 3), st.floats(0, 3))
def test_it_is_its_three_parts(beta: float, alpha: float, gamma: float) -> None:
    mean, log_variance = gaussians(8, 3)
    latent = draws((8, 3), seed=1)
    joint, product = aggregate_log_densities(mean, log_variance, latent, 100)
    correlation, dimension_wise = (joint - product).mean(), (product - log_density(latent)).mean()
    information = kl(mean, log_variance).mean() - correlation - dimension_wise
    parts = alpha * information + beta * correlation + gamma * dimension_wise
    ours = beta_tc(
        mean,
        log_variance,
        latent=latent,
        beta=beta,
        alpha=alpha,
        gamma=gamma,
        dataset_size=100,
    )
    torch.testing.assert_close(ours, parts)


def test_the_three_parts_of_one_sample_are_its_log_ratio() -> None:
    mean, log_variance = gaussians(64, 3)
    z = mean + torch.exp(log_variance / 2) * draws((500, 64, 3))
    sampled, error = mean_and_error((log_density(z, mean, log_variance) - log_density(z)).mean(1))
    assert abs(sampled - kl(mean, log_variance).mean()) < 5 * error


def test_where_the_batch_is_the_dataset_the_densities_are_exact() -> None:
    mean, log_variance = gaussians(6, 2)
    samples = draws((6, 2), seed=1)
    mixture = torch.distributions.MixtureSameFamily(
        torch.distributions.Categorical(torch.ones(6).double()),
        torch.distributions.Independent(
            torch.distributions.Normal(mean, torch.exp(log_variance / 2)), 1
        ),
    )
    for size in (0, 6):
        joint, product = aggregate_log_densities(mean, log_variance, samples, size)
        torch.testing.assert_close(joint, mixture.log_prob(samples))  # type: ignore[no-untyped-call]
        for_each = [
            aggregate_log_densities(mean[:, [i]], log_variance[:, [i]], samples[:, [i]])[0]
            for i in range(2)
        ]
        torch.testing.assert_close(product, sum(for_each))


@pytest.mark.parametrize("batch_size", [2, 3, 5])
def test_the_density_of_a_batch_is_unbiased(batch_size: int) -> None:
    mean, log_variance = gaussians(6, 2)
    samples = draws((6, 2), seed=1)
    exact = aggregate_log_densities(mean, log_variance, samples)[0][0].exp()
    found = []
    for others in itertools.combinations(range(1, 6), batch_size - 1):
        rows = [0, *others]
        joint, _ = aggregate_log_densities(mean[rows], log_variance[rows], samples[rows], 6)
        found.append(joint[0].exp())
    torch.testing.assert_close(torch.stack(found).mean(), exact)


@pytest.mark.parametrize("dataset_size", [0, 10_000])
def test_posteriors_that_say_nothing_have_no_total_correlation(dataset_size: int) -> None:
    mean = torch.zeros(64, 10, dtype=torch.float64)
    joint, product = aggregate_log_densities(mean, mean, draws((64, 10)), dataset_size)
    assert ((joint - product).abs() < 1e-9).all()
    assert abs(total_correlation(0.9, 5, dataset_size)) < 0.1


def test_correlated_latents_are_found() -> None:
    # z_1 = z_2 + noise: the total correlation of a Gaussian with correlation r is -ln(1 - r^2) / 2.
    shared = draws((1000, 1))
    mean = 0.8 * shared.expand(-1, 2)
    log_variance = torch.full_like(mean, math.log(0.36))
    samples = mean + 0.6 * draws((1000, 2), seed=1)
    joint, product = aggregate_log_densities(mean, log_variance, samples)
    expected = -math.log(1 - 0.64**2) / 2
    assert (joint - product).mean().item() == pytest.approx(expected, abs=0.05)


def test_narrow_posteriors_seem_dependent_where_they_are_not() -> None:
    # The known failure: independent latents, and nats of total correlation.
    found = [total_correlation(deviation, 10, 10_000) for deviation in (0.9, 0.3, 0.1)]
    assert abs(found[0]) < 0.5
    assert found[1] > 2
    assert found[2] > 10


def test_its_estimate_makes_no_bound() -> None:
    """Where q(z|x) is the true posterior the ELBO is ln p(x); the objective is above it."""
    deviation, found = 0.3, []
    for seed in range(20):
        mean = math.sqrt(1 - deviation**2) * draws((64, 5), seed)
        log_variance = torch.full_like(mean, 2 * math.log(deviation))
        options = {"seed": seed, "num_sounds": 10_000}
        excess = kl(mean, log_variance).mean() - compute("beta_tc", mean, log_variance, **options)
        found.append(float(excess))
    assert min(found) > 0
    assert sum(found) / len(found) > 4
    assert not DIVERGENCES["beta_tc"].is_bound


def test_more_total_correlation_costs_more_with_a_gradient_against_it() -> None:
    shared = draws((256, 1))
    mean = (0.8 * shared + torch.tensor([[0.1, -0.1]])).expand(-1, 2).clone().requires_grad_()
    log_variance = torch.full((256, 2), math.log(0.36), dtype=torch.float64)
    noise = 0.6 * draws((256, 2), seed=1)
    joint, product = aggregate_log_densities(mean, log_variance, mean + noise)
    (gradient,) = torch.autograd.grad((joint - product).mean(), mean)
    less = mean - 5 * gradient
    after = aggregate_log_densities(less, log_variance, less + noise)
    assert (after[0] - after[1]).mean() < (joint - product).mean()


def test_a_batch_larger_than_the_dataset_is_refused() -> None:
    with pytest.raises(UsageError, match="dataset_size is 5 and the batch holds 8 sounds"):
        beta_tc(*gaussians(8, 3), dataset_size=5)


def test_the_training_says_how_many_sounds_there_are_unless_the_recipe_does() -> None:
    mean, log_variance, latent = torch.randn(3, 6, 2, generator=torch.Generator().manual_seed(0))

    def value(**given: int) -> float:
        return float(compute("beta_tc", mean, log_variance, latent=latent, **given))

    assert value(num_sounds=100) == value(dataset_size=100) == value(num_sounds=7, dataset_size=100)
    assert value(num_sounds=100) != value()
