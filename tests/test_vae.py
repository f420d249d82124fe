"""The auto-encoder: its objective against models whose evidence is known exactly."""

import math

import numpy as np
import pytest
import scipy.stats
import torch
from torch import nn

from baselines import recipes
from baselines.checkpoint import untrained_vae
from baselines.principal import Principal, principal_components
from baselines.recipes import VaeRecipe
from baselines.vae import VAE, Features, Stem

DIMS, SIZE, LATENT = 12, 5, 2


def small_recipe() -> VaeRecipe:
    changes = ["network.width=8", "network.depth=1", f"latent_dim={LATENT}", "stem.components=5"]
    recipe = recipes.load("vae", changes)
    assert isinstance(recipe, VaeRecipe)
    return recipe


def some_data(count: int = 40) -> torch.Tensor:
    generator = torch.Generator().manual_seed(0)
    mixing = torch.randn(DIMS, DIMS, generator=generator)
    return 3 * torch.randn(count, DIMS, generator=generator) @ mixing - 20


def components() -> Principal:
    return principal_components(some_data(), SIZE)


@pytest.fixture
def model() -> VAE:
    return untrained_vae(small_recipe(), components(), seed=0)


class ExactPosterior(nn.Module):
    """The encoder that knows the posterior of a linear decoder: Bayes' rule for Gaussians."""

    def __init__(self, model: VAE, weight: torch.Tensor, scale: float) -> None:
        super().__init__()
        loading = weight * model.stem.scale[:, None]  # columns are orthogonal
        self.precision = 1 + (loading**2).sum(dim=0) / scale**2
        self.gain = loading / scale**2 / self.precision
        self.stem = model.stem

    def forward(self, scaled: torch.Tensor) -> torch.Tensor:
        mean = (scaled * self.stem.scale) @ self.gain
        log_variance = -self.precision.log().expand_as(mean) + 6  # the model subtracts 6
        return torch.cat([mean, log_variance], dim=1)


@pytest.fixture
def linear() -> tuple[VAE, np.ndarray]:
    """A model with a linear decoder and its exact posterior, and the covariance of its evidence."""
    model = untrained_vae(small_recipe(), components(), seed=0)
    scale = 3.0  # the initial scale of the recipe
    weight = torch.zeros(SIZE, LATENT)
    weight[0, 0], weight[1, 1] = 0.8, 0.5
    decoder = nn.Linear(LATENT, SIZE, bias=False)
    decoder.weight.data = weight
    model.decoder, model.encoder = decoder, ExactPosterior(model, weight, scale)
    loading = (model.stem.basis.T @ (weight * model.stem.scale[:, None])).double().numpy()
    return model, loading @ loading.T + scale**2 * np.eye(DIMS)


def test_with_the_exact_posterior_the_elbo_is_the_evidence(
    linear: tuple[VAE, np.ndarray],
) -> None:
    model, covariance = linear
    data = some_data()
    exact = scipy.stats.multivariate_normal(model.stem.mean.numpy(), covariance).logpdf(data)
    noise = torch.randn(4000, len(data), LATENT, generator=torch.Generator().manual_seed(0))
    with torch.no_grad():
        features = model.stem.project(data)
        terms = [model.terms(features, row) for row in noise]
        elbo = torch.stack([t.log_likelihood - t.divergence for t in terms]).mean(dim=0)
        estimate = model.log_likelihood(data)
    np.testing.assert_allclose(elbo, exact, atol=0.1)
    np.testing.assert_allclose(estimate, exact, atol=2e-3)


def test_with_another_posterior_the_elbo_is_below_the_evidence(
    linear: tuple[VAE, np.ndarray],
) -> None:
    model, covariance = linear
    data = some_data()
    exact = scipy.stats.multivariate_normal(model.stem.mean.numpy(), covariance).logpdf(data)
    assert isinstance(model.encoder, ExactPosterior)
    model.encoder.gain = 0.5 * model.encoder.gain
    noise = torch.randn(500, len(data), LATENT, generator=torch.Generator().manual_seed(0))
    with torch.no_grad():
        terms = [model.terms(model.stem.project(data), row) for row in noise]
        elbo = torch.stack([t.log_likelihood - t.divergence for t in terms]).mean(dim=0).numpy()
        weighted = model.log_likelihood(data).numpy()
    assert (elbo < exact).all()
    assert (weighted.mean() > elbo.mean()) & (weighted.mean() < exact.mean() + 0.05)


def test_the_likelihood_is_that_of_all_coefficients(model: VAE) -> None:
    data = some_data(6)
    noise = torch.zeros(6, LATENT)
    with torch.no_grad():
        decoded = model.decode(model.encode(data)[0])
        terms = model.terms(model.stem.project(data), noise)
    scale = model.likelihood.log_scale.exp().item()  # type: ignore[operator]
    expected = scipy.stats.norm.logpdf(data, decoded, scale).sum(axis=1)
    np.testing.assert_allclose(terms.log_likelihood, expected, rtol=1e-4)


def test_the_divergence_is_the_closed_form_of_the_posterior(model: VAE) -> None:
    features = model.stem.project(some_data(6))
    mean, log_variance = model.posterior(features)
    expected = (mean**2 + log_variance.exp() - 1 - log_variance).sum(dim=1) / 2
    torch.testing.assert_close(model.terms(features, torch.zeros(6, LATENT)).divergence, expected)


def test_the_sample_is_reparametrised(model: VAE) -> None:
    features = model.stem.project(some_data(6))
    total = model.terms(features, torch.ones(6, LATENT)).log_likelihood.sum()
    total.backward()  # type: ignore[no-untyped-call]
    for name, parameter in model.named_parameters():
        assert parameter.grad is not None, name
        assert parameter.grad.abs().sum() > 0, name


def test_the_stem_keeps_the_energy() -> None:
    data = some_data()
    stem = Stem(components(), smallest_scale=0.1)
    coordinates, outside = stem.project(data)
    total = (data - stem.mean).square().sum(dim=1)
    torch.testing.assert_close(coordinates.square().sum(dim=1) + outside, total, rtol=1e-4, atol=0)
    again = stem.project(stem.expand(coordinates))
    torch.testing.assert_close(again.coordinates, coordinates, rtol=1e-3, atol=1e-3)
    assert again.outside.max() < 1e-3


def test_no_scale_is_below_its_fraction_of_the_largest() -> None:
    stem = Stem(components(), smallest_scale=0.9)
    assert stem.scale.min() == pytest.approx(0.9 * stem.scale.max().item())


def test_data_that_do_not_vary_stay_finite() -> None:
    constant = torch.full((4, DIMS), -80.0)
    model = untrained_vae(small_recipe(), principal_components(constant.clone(), SIZE), seed=0)
    terms = model.terms(model.stem.project(constant), torch.zeros(4, LATENT))
    assert torch.isfinite(terms.log_likelihood).all()
    torch.testing.assert_close(model.decode(torch.zeros(1, LATENT)), constant[:1])


def test_a_wild_log_variance_stays_finite(model: VAE) -> None:
    wild = Features(torch.full((2, SIZE), 1e12), torch.zeros(2))
    with torch.no_grad():
        _, log_variance = model.posterior(wild)
    assert log_variance.abs().max() <= 30
    assert math.isfinite(log_variance.exp().sum())


def test_the_seed_decides_the_weights_and_nothing_else_is_touched() -> None:
    before = torch.random.get_rng_state()
    first, again, other = (untrained_vae(small_recipe(), components(), s) for s in (1, 1, 2))
    assert torch.equal(torch.random.get_rng_state(), before)
    assert all(
        torch.equal(a, b) for a, b in zip(first.parameters(), again.parameters(), strict=True)
    )
    assert not torch.equal(next(first.parameters()), next(other.parameters()))


def test_an_estimate_does_not_depend_on_the_batch(model: VAE) -> None:
    data = some_data(8)
    with torch.no_grad():
        together = model.log_likelihood(data)
        alone = torch.cat([model.log_likelihood(row[None]) for row in data])
        torch.testing.assert_close(together, alone)
        assert torch.equal(together, model.log_likelihood(data))
