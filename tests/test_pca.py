"""Principal components: the subspace, and PCA as a model."""

import math
from pathlib import Path

import numpy as np
import pytest
import scipy.stats
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from small_dataset import small_dataset

from baselines import recipes
from baselines.pca import PCA, ProbabilisticPCA
from baselines.principal import principal_components
from baselines.run import train
from toysound.errors import ToySoundError


def slowly_decaying(rows: int, size: int) -> torch.Tensor:
    """Data whose components fall as slowly as those of spectrograms: the trap of few rounds."""
    rng = np.random.default_rng(0)
    left = np.linalg.qr(rng.normal(size=(rows, rows)))[0]
    right = np.linalg.qr(rng.normal(size=(size, rows)))[0]
    data = (left * np.arange(1, rows + 1) ** -0.5) @ right.T
    return torch.tensor(100 * data, dtype=torch.float32)


def residual(singular: np.ndarray, count: int, entries: int) -> float:
    return float(np.sqrt((singular[count:] ** 2).sum() / entries))


@pytest.mark.parametrize("count", [5, 40, 120])
def test_the_residual_is_that_of_the_exact_decomposition(count: int) -> None:
    data = slowly_decaying(300, 500)
    exact = np.linalg.svd((data - data.mean(dim=0)).double().numpy(), compute_uv=False)
    principal = principal_components(data.clone(), count)
    best = residual(exact, count, data.numel())
    assert principal.residual_deviation == pytest.approx(best, rel=0.01)
    centred = data - principal.mean
    rest = centred - centred @ principal.basis.T @ principal.basis
    assert float(rest.square().mean().sqrt()) == pytest.approx(best, rel=0.01)


@settings(max_examples=30, deadline=None)
@given(
    rows=st.integers(1, 12),
    size=st.integers(1, 12),
    count=st.integers(1, 15),
    seed=st.integers(0, 1000),
)
def test_components_are_orthonormal_and_explain_small_data(
    rows: int, size: int, count: int, seed: int
) -> None:
    data = torch.randn(rows, size, generator=torch.Generator().manual_seed(seed))
    exact = np.linalg.svd((data - data.mean(dim=0)).double().numpy(), compute_uv=False)
    principal = principal_components(data.clone(), count)
    kept = min(count, rows, size)
    assert principal.basis.shape == (kept, size)
    torch.testing.assert_close(
        principal.basis @ principal.basis.T, torch.eye(kept), atol=1e-4, rtol=0
    )
    np.testing.assert_allclose(
        principal.deviation.numpy(), exact[:kept] / np.sqrt(rows), atol=1e-3 * (1 + exact[0])
    )


def test_components_do_not_depend_on_the_seed_but_for_rounding() -> None:
    data = slowly_decaying(60, 80)
    first, second = (principal_components(data.clone(), 3, seed) for seed in (0, 1))
    torch.testing.assert_close(first.basis, second.basis, atol=2e-3, rtol=0)
    again = principal_components(data.clone(), 3, 0)
    assert torch.equal(first.basis, again.basis)


def test_data_that_do_not_vary_have_components_of_deviation_zero() -> None:
    principal = principal_components(torch.ones(4, 6), 2)
    assert torch.equal(principal.mean, torch.ones(6))
    assert principal.deviation.abs().max() < 1e-5
    assert principal.residual_deviation == 0


@pytest.mark.parametrize(("data", "count"), [((0, 3), 1), ((3, 3), 0), ((3,), 1)])
def test_what_has_no_components_is_refused(data: tuple[int, ...], count: int) -> None:
    with pytest.raises(ValueError, match="need rows and at least one component"):
        principal_components(torch.zeros(data), count)


@pytest.fixture
def data() -> torch.Tensor:
    generator = torch.Generator().manual_seed(0)
    return torch.randn(200, 6, generator=generator) @ torch.randn(6, 6, generator=generator) + 3


def test_codes_are_standardised_and_uncorrelated(data: torch.Tensor) -> None:
    codes, log_variance = PCA(principal_components(data.clone(), 3)).encode(data)
    assert log_variance is None
    torch.testing.assert_close(codes.T @ codes / len(data), torch.eye(3), atol=1e-3, rtol=0)


def test_all_components_give_everything_back(data: torch.Tensor) -> None:
    model = PCA(principal_components(data.clone(), 6))
    torch.testing.assert_close(model.decode(model.encode(data)[0]), data, atol=1e-3, rtol=0)


def test_decoding_projects(data: torch.Tensor) -> None:
    model = PCA(principal_components(data.clone(), 3))
    once = model.decode(model.encode(data)[0])
    torch.testing.assert_close(model.decode(model.encode(once)[0]), once, atol=1e-3, rtol=0)


def test_the_likelihood_is_that_of_a_gaussian_with_two_kinds_of_variance(
    data: torch.Tensor,
) -> None:
    model = PCA(principal_components(data.clone(), 3))
    basis = model.basis.double().numpy()
    noise = float(model.residual_deviation) ** 2
    along = model.deviation.double().numpy() ** 2 - noise
    covariance = basis.T @ np.diag(along) @ basis + noise * np.eye(6)
    expected = scipy.stats.multivariate_normal(model.mean.numpy(), covariance).logpdf(data.numpy())
    np.testing.assert_allclose(model.log_likelihood(data).numpy(), expected, atol=1e-3)


def test_the_fitted_variances_have_the_highest_likelihood(data: torch.Tensor) -> None:
    model = PCA(principal_components(data.clone(), 3))
    best = model.log_likelihood(data).mean()
    for factor in (0.9, 1.1):
        for name in ("deviation", "residual_deviation"):
            other = PCA(principal_components(data.clone(), 3))
            getattr(other, name).mul_(factor)
            assert other.log_likelihood(data).mean() < best


def test_the_bound_of_the_probabilistic_model_is_the_likelihood(data: torch.Tensor) -> None:
    model = ProbabilisticPCA(principal_components(data.clone(), 3)).double()
    x = data[:5].double()
    mean, log_variance = model.encode(x)
    variance, noise = log_variance.exp(), model.residual_deviation.square()
    columns = model.decode(torch.eye(3).double()) - model.mean
    left = (x - model.decode(mean)).square().sum(dim=1)
    left = left + (columns.square().sum(dim=1) * variance).sum(dim=1)
    log_likelihood = -left / (2 * noise) - 3 * torch.log(2 * math.pi * noise)
    kl = (mean.square() + variance - log_variance - 1).sum(dim=1) / 2
    torch.testing.assert_close(log_likelihood - kl, model.log_likelihood(x), atol=1e-6, rtol=1e-9)


def test_the_posterior_is_the_textbooks(data: torch.Tensor) -> None:
    model = ProbabilisticPCA(principal_components(data.clone(), 3)).double()
    weights = (model.decode(torch.eye(3).double()) - model.mean).T  # P x D
    noise = model.residual_deviation.square()
    inverse = torch.linalg.inv(weights.T @ weights + noise * torch.eye(3))
    x = data[:7].double()
    mean, log_variance = model.encode(x)
    expected = (x - model.mean) @ weights @ inverse
    close = {"atol": 1e-5, "rtol": 1e-5}  # components are orthonormal to single precision
    torch.testing.assert_close(mean, expected, **close)
    torch.testing.assert_close(log_variance[0].exp(), noise * inverse.diag(), **close)


def test_nothing_left_over_makes_it_plain(data: torch.Tensor) -> None:
    plain, model = (kind(principal_components(data.clone(), 6)) for kind in (PCA, ProbabilisticPCA))
    mean, log_variance = model.encode(data)
    assert log_variance is not None
    torch.testing.assert_close(mean, plain.encode(data)[0], atol=1e-3, rtol=1e-3)
    torch.testing.assert_close(model.decode(mean), data, atol=1e-3, rtol=0)
    assert (log_variance < math.log(1e-3)).all()


def test_more_components_than_sounds_are_refused(tmp_path: Path) -> None:
    dataset = small_dataset()
    sounds = len(dataset.split("train"))
    with pytest.raises(ToySoundError, match=f"200 principal components .* has {sounds};"):
        train(recipes.load("pca", ["latent_dim=200"]), dataset, tmp_path)
    most = recipes.load("pca", [f"latent_dim={sounds - 2}"])
    summary, _ = train(most, dataset, tmp_path / "most")
    assert abs(summary.validation_nats) < 1e7
