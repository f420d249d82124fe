"""The auto-encoder: its objective against models whose evidence is known exactly."""

import math
from dataclasses import replace

import numpy as np
import pytest
import scipy.stats
import torch
from torch import nn

from baselines import likelihoods, recipes
from baselines.checkpoint import untrained_vae
from baselines.decoder import Features
from baselines.divergences.kl import kl
from baselines.principal import principal_components
from baselines.priors import Ard
from baselines.recipes import VaeRecipe
from baselines.representations.normalisation import Normaliser
from baselines.stem import STEMS, NormalisedStem, PrincipalStem, Stem, identity_of
from baselines.vae import VAE, Terms
from toysound.errors import ToySoundError

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


def components() -> Stem:
    return PrincipalStem(principal_components(some_data(), SIZE), smallest_scale=0.1)


@pytest.fixture
def model() -> VAE:
    return untrained_vae(small_recipe(), components(), seed=0)


class ExactPosterior(nn.Module):
    """The encoder that knows the posterior of a linear decoder: Bayes' rule for Gaussians."""

    def __init__(self, model: VAE, weight: torch.Tensor, scale: float) -> None:
        super().__init__()
        loading = weight * model.decoder.stem.scale[:, None]  # columns are orthogonal
        self.precision = 1 + (loading**2).sum(dim=0) / scale**2
        self.gain = loading / scale**2 / self.precision
        self.stem = model.decoder.stem

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
    model.decoder.network, model.encoder = decoder, ExactPosterior(model, weight, scale)
    loading = (
        (model.decoder.stem.basis.T @ (weight * model.decoder.stem.scale[:, None])).double().numpy()
    )
    return model, loading @ loading.T + scale**2 * np.eye(DIMS)


def test_with_the_exact_posterior_the_elbo_is_the_evidence(
    linear: tuple[VAE, np.ndarray],
) -> None:
    model, covariance = linear
    data = some_data()
    exact = scipy.stats.multivariate_normal(model.decoder.stem.mean.numpy(), covariance).logpdf(
        data
    )
    noise = torch.randn(4000, len(data), LATENT, generator=torch.Generator().manual_seed(0))
    with torch.no_grad():
        features = model.features(data)
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
    exact = scipy.stats.multivariate_normal(model.decoder.stem.mean.numpy(), covariance).logpdf(
        data
    )
    assert isinstance(model.encoder, ExactPosterior)
    model.encoder.gain = 0.5 * model.encoder.gain
    noise = torch.randn(500, len(data), LATENT, generator=torch.Generator().manual_seed(0))
    with torch.no_grad():
        terms = [model.terms(model.features(data), row) for row in noise]
        elbo = torch.stack([t.log_likelihood - t.divergence for t in terms]).mean(dim=0).numpy()
        weighted = model.log_likelihood(data).numpy()
    assert (elbo < exact).all()
    assert (weighted.mean() > elbo.mean()) & (weighted.mean() < exact.mean() + 0.05)


def stretched(spread: torch.Tensor) -> tuple[VAE, VAE]:
    """A model with a prior of this log-variance, and one that does the same in its own layers."""
    plain = small_recipe().model_dump()
    recipe = recipes.validate(plain | {"prior": {"name": "ard"}}, "test")
    assert isinstance(recipe, VaeRecipe)
    own, other = (untrained_vae(r, components(), seed=0) for r in (recipe, small_recipe()))
    with torch.no_grad():
        assert isinstance(own.prior, Ard)
        own.prior.log_variance.copy_(spread)
        first, last = other.decoder.network[0], other.encoder[-1]  # type: ignore[index]
        first.weight.mul_(torch.exp(spread / 2))
        scale = torch.cat((torch.exp(-spread / 2), torch.ones(LATENT)))
        last.weight.mul_(scale[:, None])
        last.bias.mul_(scale).sub_(torch.cat((torch.zeros(LATENT), spread)))
    return own, other


def test_a_learnt_prior_is_a_stretch_of_the_decoders_first_layer() -> None:
    """So everything that uses a prior uses this one: the objective, ln p, codes and samples."""
    own, other = stretched(torch.tensor([2.0, -1.5]))
    data = some_data(10)
    noise = torch.randn(10, 3, LATENT, generator=torch.Generator().manual_seed(1))
    with torch.no_grad():
        terms = [model.terms(model.features(data), noise) for model in (own, other)]
        likelihoods_ = [model.log_likelihood(data) for model in (own, other)]
        codes = [model.encode(data) for model in (own, other)]
        samples = [model.decode(noise[:, 0]) for model in (own, other)]
    torch.testing.assert_close(terms[0].log_likelihood, terms[1].log_likelihood)
    torch.testing.assert_close(terms[0].divergence, terms[1].divergence)
    torch.testing.assert_close(*likelihoods_)
    torch.testing.assert_close(*codes)
    torch.testing.assert_close(*samples)


def test_with_a_learnt_prior_the_evidence_is_that_of_a_wider_code(
    linear: tuple[VAE, np.ndarray],
) -> None:
    model, covariance = linear
    spread = torch.tensor([1.2, -0.8])
    noise = 3.0**2 * np.eye(DIMS)
    prior = Ard(LATENT)
    prior.log_variance.data = spread
    model.prior = prior
    assert isinstance(model.encoder, ExactPosterior)
    scale = model.decoder.stem.scale[:, None]
    weight = model.decoder.network.weight.data  # type: ignore[union-attr, operator]
    wide = ExactPosterior(model, weight * torch.exp(spread / 2), 3.0)
    wide.gain, wide.precision = (
        wide.gain * torch.exp(spread / 2),  # codes in units of z, not of the prior
        wide.precision * torch.exp(-spread),
    )
    model.encoder = wide
    loading = (model.decoder.stem.basis.T @ (weight * scale)).double().numpy()
    stretched_covariance = loading @ np.diag(np.exp(spread.numpy())) @ loading.T + noise
    assert not np.allclose(stretched_covariance, covariance)
    data = some_data()
    mean = model.decoder.stem.mean.numpy()
    exact = scipy.stats.multivariate_normal(mean, stretched_covariance).logpdf(data)
    with torch.no_grad():
        np.testing.assert_allclose(model.log_likelihood(data), exact, atol=2e-3)
        latents = torch.randn(20_000, LATENT, generator=torch.Generator().manual_seed(0))
        found = np.cov(model.decode(latents).double().numpy().T)
    np.testing.assert_allclose(found, stretched_covariance - noise, atol=0.03 * abs(found).max())


def test_the_likelihood_is_that_of_all_coefficients(model: VAE) -> None:
    data = some_data(6)
    noise = torch.zeros(6, LATENT)
    with torch.no_grad():
        decoded = model.decode(model.encode(data)[0])
        terms = model.terms(model.features(data), noise)
    scale = model.decoder.likelihood.log_scale.exp().item()  # type: ignore[operator]
    expected = scipy.stats.norm.logpdf(data, decoded, scale).sum(axis=1)
    np.testing.assert_allclose(terms.log_likelihood, expected, rtol=1e-4)


def test_the_divergence_is_the_closed_form_of_the_posterior(model: VAE) -> None:
    features = model.features(some_data(6))
    mean, log_variance = model.posterior(features)
    expected = (mean**2 + log_variance.exp() - 1 - log_variance).sum(dim=1) / 2
    torch.testing.assert_close(model.terms(features, torch.zeros(6, LATENT)).divergence, expected)


def test_the_sample_is_reparametrised(model: VAE) -> None:
    features = model.features(some_data(6))
    total = model.terms(features, torch.ones(6, LATENT)).log_likelihood.sum()
    total.backward()  # type: ignore[no-untyped-call]
    for name, parameter in model.named_parameters():
        assert parameter.grad is not None, name
        assert parameter.grad.abs().sum() > 0, name


def test_data_that_do_not_vary_stay_finite() -> None:
    constant = torch.full((4, DIMS), -80.0)
    stem = PrincipalStem(principal_components(constant.clone(), SIZE), smallest_scale=0.1)
    model = untrained_vae(small_recipe(), stem, seed=0)
    terms = model.terms(model.features(constant), torch.zeros(4, LATENT))
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
    weights, others = (next(model.encoder.parameters()) for model in (first, other))
    assert not torch.equal(weights, others)


def test_an_estimate_does_not_depend_on_the_batch(model: VAE) -> None:
    data = some_data(8)
    with torch.no_grad():
        together = model.log_likelihood(data)
        alone = torch.cat([model.log_likelihood(row[None]) for row in data])
        torch.testing.assert_close(together, alone)
        assert torch.equal(together, model.log_likelihood(data))


#: Options that make each likelihood fit the data of its view below.
LIKELIHOODS: dict[str, dict[str, object]] = {
    "gaussian": {},
    "laplace": {},
    "student_t": {"degrees": 1.5},
    "bernoulli": {},
    "continuous_bernoulli": {},
    "gamma": {"unit": "dB"},
    "discretised_logistic_mixture": {"levels": 64, "low": -60.0, "high": 20.0},
    "categorical": {"num_classes": 16},
    "von_mises": {},
    "magnitude_and_phase": {},
}


def target_of(name: str) -> torch.Tensor:
    """Return data that the likelihood can be of."""
    data = some_data(30)
    spread = torch.sigmoid((data + 20) / 10)
    match name:
        case "bernoulli":
            return (spread > 0.5).float()
        case "continuous_bernoulli":
            return spread
        case "categorical":
            return (spread * 15).round()
        case "von_mises":
            return 2 * (spread - 0.5) * math.pi
        case "magnitude_and_phase":
            levels, angles = data[:, : DIMS // 3], spread[:, -DIMS // 3 :]
            length = 1 + levels / 80
            return torch.cat((levels, length * torch.cos(angles), length * torch.sin(angles)), 1)
        case _:
            return data


def recipe_of(name: str, stem: str) -> VaeRecipe:
    plain = recipes.load("vae", ["network.width=8", "network.depth=1"]).model_dump()
    plain["latent_dim"] = LATENT
    plain["stem"] = {"name": stem} | ({"components": SIZE} if stem == "principal" else {})
    plain["likelihood"] = {"name": name} | LIKELIHOODS[name]
    recipe = recipes.validate(plain, "test")
    assert isinstance(recipe, VaeRecipe)
    return recipe


def model_of(name: str, stem: str) -> tuple[VAE, torch.Tensor]:
    data = target_of(name)
    ends: Stem
    if stem == "principal":
        ends = PrincipalStem(principal_components(data.clone(), SIZE), smallest_scale=0.1)
    elif stem == "normalised":
        ends = NormalisedStem(Normaliser.fit([data]))
    else:
        ends = identity_of(DIMS)
    return untrained_vae(recipe_of(name, stem), ends, seed=0), data


def test_every_likelihood_is_tried() -> None:
    assert set(LIKELIHOODS) == set(likelihoods.names())


EVERY_STEM = pytest.mark.parametrize("stem", list(STEMS))


@EVERY_STEM
@pytest.mark.parametrize("name", LIKELIHOODS)
def test_every_likelihood_has_an_objective_with_a_gradient(name: str, stem: str) -> None:
    model, data = model_of(name, stem)
    terms = model.terms(model.features(data), torch.ones(len(data), LATENT))
    assert terms.log_likelihood.shape == (len(data),)
    (terms.log_likelihood - terms.divergence).sum().backward()  # type: ignore[no-untyped-call]
    for parameter in (*model.encoder.parameters(), *model.decoder.parameters()):
        assert parameter.grad is not None
        assert torch.isfinite(parameter.grad).all()
        assert parameter.grad.abs().sum() > 0


@EVERY_STEM
@pytest.mark.parametrize("name", LIKELIHOODS)
def test_every_likelihood_learns(name: str, stem: str) -> None:
    model, data = model_of(name, stem)
    features = model.features(data)
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-2)
    objectives = []
    for step in range(60):
        noise = torch.randn(len(data), LATENT, generator=torch.Generator().manual_seed(step))
        terms = model.terms(features, noise)
        objective = (terms.log_likelihood - terms.divergence).mean()
        optimizer.zero_grad()
        (-objective).backward()
        optimizer.step()
        objectives.append(objective.item())
    assert np.mean(objectives[-5:]) > np.mean(objectives[:5]) + 0.3


@EVERY_STEM
@pytest.mark.parametrize("name", LIKELIHOODS)
def test_what_is_played_has_the_form_of_the_data(name: str, stem: str) -> None:
    model, data = model_of(name, stem)
    with torch.no_grad():
        played = model.decode(torch.zeros(3, LATENT))
        nats = model.log_likelihood(data)
    assert played.shape == (3, DIMS)
    assert torch.isfinite(played).all()
    assert nats.shape == (len(data),)
    assert torch.isfinite(nats).all()


@pytest.mark.parametrize("name", LIKELIHOODS)
def test_an_untrained_decoder_starts_near_the_mean_of_the_data(name: str) -> None:
    model, data = model_of(name, "principal")
    for layer in model.decoder.modules():
        if isinstance(layer, nn.Linear):
            nn.init.zeros_(layer.weight)
            nn.init.zeros_(layer.bias)
    with torch.no_grad():
        played = model.decode(torch.zeros(1, LATENT))[0]
    spread = (data - data.mean(dim=0)).abs().mean()
    assert (played - data.mean(dim=0)).abs().mean() < 0.5 * spread


def test_orthonormal_views_are_one_model_behind_principal_components() -> None:
    """What ``baselines.stem`` says: an isotropic likelihood does not see a rotation of the view."""
    generator = torch.Generator().manual_seed(3)
    rotation = torch.linalg.qr(torch.randn(DIMS, DIMS, generator=generator))[0]
    data = some_data()
    principal = principal_components(data.clone(), SIZE)
    mean, basis = principal.mean @ rotation, principal.basis @ rotation
    turned = replace(principal, mean=mean, basis=basis)
    nats = []
    for seen, components_ in ((data, principal), (data @ rotation, turned)):
        stem = PrincipalStem(components_, smallest_scale=0.1)
        model = untrained_vae(recipe_of("gaussian", "principal"), stem, seed=0)
        terms = model.terms(model.features(seen), torch.zeros(len(seen), LATENT))
        nats.append(terms.log_likelihood - terms.divergence)
    torch.testing.assert_close(nats[0], nats[1], rtol=1e-4, atol=1e-2)
    found = principal_components(data @ rotation, SIZE)  # as the data give it, up to signs
    torch.testing.assert_close(found.basis.abs(), basis.abs(), rtol=1e-3, atol=1e-3)


@pytest.mark.parametrize("alpha", [1.0, 0.5, 0.0, "max", -1.0, 2.0])
def test_one_sample_is_the_elbo_with_a_sampled_divergence_for_every_order(
    alpha: float | str,
) -> None:
    features, terms, model = bounded(alpha, samples=1)
    mean, log_variance = model.posterior(features)
    latent = mean + torch.exp(log_variance / 2)
    ratio = (1 + log_variance - latent.square()).sum(dim=1) / 2
    found = terms.log_likelihood - terms.divergence
    if alpha != 1:
        torch.testing.assert_close(found, terms.log_likelihood + ratio)
    else:
        torch.testing.assert_close(terms.divergence, kl(mean, log_variance))


def test_bounds_rise_as_the_order_falls() -> None:
    found = []
    for alpha in (2.0, 0.5, 0.0, "max"):
        _, terms, _ = bounded(alpha, samples=6)
        found.append((terms.log_likelihood - terms.divergence).mean().item())
    assert found == sorted(found)
    assert found[0] < found[-1]


def test_the_bound_of_order_0_is_what_estimates_the_evidence(
    linear: tuple[VAE, np.ndarray],
) -> None:
    model, covariance = linear
    model._alpha = 0.0
    data = some_data()
    mean = model.decoder.stem.mean.numpy()
    exact = scipy.stats.multivariate_normal(mean, covariance).logpdf(data)
    noise = torch.randn(len(data), 200, LATENT, generator=torch.Generator().manual_seed(0))
    with torch.no_grad():
        terms = model.terms(model.features(data), noise)
    np.testing.assert_allclose(terms.log_likelihood - terms.divergence, exact, atol=1e-2)


def bounded(alpha: float | str, samples: int) -> tuple[Features, Terms, VAE]:
    data = some_data(10)
    plain = recipe_of("gaussian", "principal").model_dump()
    plain["bound"] = {"alpha": alpha, "samples": samples}
    recipe = recipes.validate(plain, "test")
    assert isinstance(recipe, VaeRecipe)
    model = untrained_vae(recipe, components(), seed=0)
    noise = torch.randn(10, samples, LATENT, generator=torch.Generator().manual_seed(5))
    features = model.features(data)
    noise = torch.ones_like(noise) if samples == 1 else noise
    with torch.no_grad():
        return features, model.terms(features, noise), model


def test_a_point_says_no_variance_and_no_density() -> None:
    plain = recipe_of("gaussian", "principal").model_dump()
    plain["posterior"] = {"name": "point"}
    plain["divergence"]["weight"] = 0.0
    recipe = recipes.validate(plain, "test")
    assert isinstance(recipe, VaeRecipe)
    assert recipe.trains == "objective"
    model = untrained_vae(recipe, components(), seed=0)
    data = some_data()
    mean, log_variance = model.encode(data)
    assert log_variance is None
    assert not model.has_density
    features = model.features(data)
    wild = torch.full((len(data), 1, LATENT), 1e3)
    still = model.terms(features, torch.zeros_like(wild)).log_likelihood
    assert torch.equal(model.terms(features, wild).log_likelihood, still)  # nothing is sampled
    torch.testing.assert_close(model.decoder.answer(mean), model.terms(features, wild).answer)


@pytest.mark.parametrize(
    ("table", "sentence"),
    [
        ({"bound": {"alpha": 0.5}, "divergence": {"name": "mmd"}}, "takes the place of the div"),
        ({"bound": {"samples": 4}, "posterior": {"name": "point"}}, "has no samples to weigh"),
        ({"bound": {"samples": 0}}, "'bound.samples' is wrong"),
        ({"bound": {"alpha": "min"}}, "'bound.alpha"),
        ({"posterior": {"name": "gausian"}}, "posterior 'gausian' is unknown; did you mean"),
        ({"prior": {"name": "adr"}}, "prior 'adr' is unknown; did you mean 'ard'"),
        ({"prior": {"name": "ard"}, "posterior": {"name": "point"}}, "leave out prior 'ard'"),
    ],
)
def test_parts_that_do_not_fit_are_refused(table: dict[str, object], sentence: str) -> None:
    plain = recipe_of("gaussian", "principal").model_dump() | table
    with pytest.raises(ToySoundError, match=sentence):
        recipes.validate(plain, "test")
