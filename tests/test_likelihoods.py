"""Likelihoods: normalised densities, in nats, of all coefficients."""

import math

import numpy as np
import pytest
import scipy.integrate
import scipy.stats
import torch
from hypothesis import given
from hypothesis import strategies as st

from baselines import likelihoods
from baselines.likelihoods.gaussian import Gaussian
from baselines.likelihoods.laplace import Laplace
from toysound.errors import UsageError


@pytest.mark.parametrize("name", likelihoods.names())
@pytest.mark.parametrize("decoded", [-1.0, 0.0, 2.5])
def test_every_likelihood_integrates_to_one(name: str, decoded: float) -> None:
    likelihood = likelihoods.get(name, 1)
    answer = torch.tensor([[decoded]], dtype=torch.float64)

    def density(x: float) -> float:
        target = torch.tensor([[x]], dtype=torch.float64)
        return math.exp(likelihood.log_prob(target, answer).item())

    assert scipy.integrate.quad(density, -40, 40, points=[decoded])[0] == pytest.approx(1, abs=1e-6)


@pytest.mark.parametrize("name", likelihoods.names())
def test_nats_are_summed_over_coefficients(name: str) -> None:
    generator = torch.Generator().manual_seed(0)
    target, decoded = torch.randn(2, 5, 7, generator=generator)
    whole = likelihoods.get(name, 7).log_prob(target, decoded)
    assert whole.shape == (5,)
    each = likelihoods.get(name, 1)
    parts = sum(each.log_prob(target[:, i : i + 1], decoded[:, i : i + 1]) for i in range(7))
    torch.testing.assert_close(whole, parts)


@given(scale=st.floats(0.1, 10), x=st.floats(-20, 20), mean=st.floats(-20, 20))
def test_the_gaussian_is_that_of_the_textbook(scale: float, x: float, mean: float) -> None:
    found = Gaussian(1, initial_scale=scale).log_prob(torch.tensor([[x]]), torch.tensor([[mean]]))
    expected = scipy.stats.norm.logpdf(x, mean, scale)
    assert found.item() == pytest.approx(expected, rel=1e-4, abs=1e-3)


@given(scale=st.floats(0.1, 10), x=st.floats(-20, 20), mean=st.floats(-20, 20))
def test_the_laplace_is_that_of_the_textbook(scale: float, x: float, mean: float) -> None:
    found = Laplace(1, initial_scale=scale).log_prob(torch.tensor([[x]]), torch.tensor([[mean]]))
    expected = scipy.stats.laplace.logpdf(x, mean, scale)
    assert found.item() == pytest.approx(expected, rel=1e-4, abs=1e-3)


def test_the_laplace_needs_every_coefficient() -> None:
    rows = torch.zeros(2, 3)
    with pytest.raises(UsageError, match="use the likelihood 'gaussian'"):
        Laplace(3).log_prob(rows, rows, torch.ones(2))


@pytest.mark.parametrize("scales", [(0.0, 1e-3), (1e-4, 1e-3), (1.0, 0.0)])
def test_scales_of_the_laplace_are_positive(scales: tuple[float, float]) -> None:
    with pytest.raises(ValueError, match="scales must be positive"):
        Laplace(3, *scales)
    with pytest.raises(ValueError, match="at least 1"):
        Laplace(0)


def test_a_subspace_and_what_is_outside_of_it_give_the_whole_density() -> None:
    rng = np.random.default_rng(0)
    basis = np.linalg.qr(rng.normal(size=(20, 4)))[0].T
    target = rng.normal(size=(6, 20))
    inside = rng.normal(size=(6, 4))
    likelihood = Gaussian(20, initial_scale=0.7)
    whole = likelihood.log_prob(torch.tensor(target), torch.tensor(inside @ basis))
    coordinates = target @ basis.T
    outside = ((target - coordinates @ basis) ** 2).sum(axis=1)
    parts = likelihood.log_prob(
        torch.tensor(coordinates), torch.tensor(inside), torch.tensor(outside)
    )
    torch.testing.assert_close(whole, parts)


def test_the_learned_scale_settles_at_the_root_mean_square_error() -> None:
    generator = torch.Generator().manual_seed(0)
    target = 2.5 * torch.randn(50, 40, generator=generator)
    likelihood = Gaussian(40, initial_scale=1.0)
    optimizer = torch.optim.Adam(likelihood.parameters(), lr=0.05)
    for _ in range(200):
        optimizer.zero_grad()
        loss = -likelihood.log_prob(target, torch.zeros_like(target)).mean() / 40
        loss.backward()  # type: ignore[no-untyped-call]
        optimizer.step()
    rms = target.square().mean().sqrt().item()
    assert likelihood.log_scale.exp().item() == pytest.approx(rms, rel=1e-3)


def test_the_scale_has_a_minimum() -> None:
    likelihood = Gaussian(3, initial_scale=1.0, minimum_scale=0.5)
    with torch.no_grad():
        next(likelihood.parameters()).fill_(-50.0)
    assert likelihood.log_scale.exp().item() == pytest.approx(0.5)
    assert torch.isfinite(likelihood.log_prob(torch.ones(1, 3), torch.zeros(1, 3))).all()


@pytest.mark.parametrize(
    "arguments",
    [{"num_dims": 0}, {"num_dims": 1, "initial_scale": 0.0}, {"num_dims": 1, "minimum_scale": 2.0}],
)
def test_what_makes_no_density_is_refused(arguments: dict[str, float]) -> None:
    with pytest.raises(ValueError, match=r"num_dims|scales must be positive"):
        Gaussian(**arguments)  # type: ignore[arg-type]


def test_an_unknown_likelihood_is_named() -> None:
    with pytest.raises(UsageError, match="did you mean 'gaussian'"):
        likelihoods.get("gausian", 3)
