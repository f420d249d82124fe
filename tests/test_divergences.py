"""Divergences: closed forms against Monte Carlo, laws, and what is refused."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from baselines import divergences
from baselines.divergences import DIVERGENCES
from baselines.divergences.kl import kl_per_dimension
from toysound.errors import UsageError

floats = st.floats(-3, 3)


def gaussians(count: int, dims: int, seed: int = 0) -> tuple[torch.Tensor, torch.Tensor]:
    generator = torch.Generator().manual_seed(seed)
    mean, log_variance = torch.randn(2, count, dims, generator=generator, dtype=torch.float64)
    return mean, log_variance


def test_the_closed_form_of_kl_is_its_monte_carlo_mean() -> None:
    mean, log_variance = gaussians(4, 3)
    count = 200_000
    noise = torch.randn(count, 4, 3, generator=torch.Generator().manual_seed(1)).double()
    latent = mean + torch.exp(log_variance / 2) * noise
    log_ratio = (latent.square() - noise.square() - log_variance).sum(dim=2) / 2
    error = log_ratio.std(dim=0) / count**0.5
    closed = divergences.compute("kl", mean, log_variance)
    assert ((log_ratio.mean(dim=0) - closed).abs() < 5 * error).all()


def test_kl_of_a_shifted_unit_gaussian_is_half_its_squared_shift() -> None:
    mean = torch.tensor([[3.0, 4.0]])
    assert divergences.compute("kl", mean, torch.zeros(1, 2)).item() == pytest.approx(12.5)


def test_kl_is_the_sum_over_dimensions() -> None:
    mean, log_variance = gaussians(5, 4)
    whole = divergences.compute("kl", mean, log_variance)
    torch.testing.assert_close(kl_per_dimension(mean, log_variance).sum(dim=1), whole)


@pytest.mark.parametrize("name", divergences.names())
@given(mean=floats, log_variance=floats)
def test_no_divergence_is_negative(name: str, mean: float, log_variance: float) -> None:
    value = divergences.compute(
        name,
        torch.full((8, 2), mean, dtype=torch.float64),
        torch.full((8, 2), log_variance, dtype=torch.float64),
    )
    assert (value >= -1e-12).all()  # but for rounding


@pytest.mark.parametrize("name", divergences.names())
def test_the_prior_itself_is_at_distance_zero(name: str) -> None:
    assert not divergences.compute(name, torch.zeros(8, 3), torch.zeros(8, 3)).any()


@pytest.mark.parametrize("name", divergences.names())
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_every_divergence_keeps_shape_dtype_and_gradient(name: str, dtype: torch.dtype) -> None:
    mean, log_variance = (t.to(dtype).requires_grad_() for t in gaussians(8, 3))
    value = divergences.compute(name, mean, log_variance)
    assert value.dtype == dtype
    assert value.shape in ((8,), ())
    value.sum().backward()  # type: ignore[no-untyped-call]
    assert mean.grad is not None
    assert torch.isfinite(mean.grad).all()


@pytest.mark.parametrize("name", divergences.names())
def test_every_gradient_is_that_of_finite_differences(name: str) -> None:
    mean, log_variance = (t.requires_grad_() for t in gaussians(4, 2))
    assert torch.autograd.gradcheck(
        lambda m, v: divergences.compute(name, m, v), (mean, log_variance)
    )


@pytest.mark.parametrize("name", divergences.names())
def test_every_divergence_says_what_it_is(name: str) -> None:
    entry = DIVERGENCES[name]
    assert entry.name == name
    assert entry.formula
    assert entry.reference


def test_an_empty_batch_has_no_divergence() -> None:
    assert divergences.compute("kl", torch.zeros(0, 3), torch.zeros(0, 3)).shape == (0,)


def test_what_is_unknown_is_named() -> None:
    zeros = torch.zeros(2, 3)
    with pytest.raises(UsageError, match="divergence 'kll' is unknown; did you mean 'kl'"):
        divergences.compute("kll", zeros, zeros)
    with pytest.raises(UsageError, match="divergence 'kl' has no option 'alpha'"):
        divergences.compute("kl", zeros, zeros, alpha=2.0)
    with pytest.raises(UsageError, match="divergence 'kl' has no option 'latents'"):
        divergences.compute("kl", zeros, zeros, latents=2.0)


@pytest.mark.parametrize("shapes", [((2, 3), (3, 2)), ((3,), (3,))])
def test_shapes_that_are_no_posteriors_are_refused(
    shapes: tuple[tuple[int, ...], tuple[int, ...]],
) -> None:
    with pytest.raises(ValueError, match=r"shape \(B, D\)"):
        divergences.compute("kl", torch.zeros(shapes[0]), torch.zeros(shapes[1]))
