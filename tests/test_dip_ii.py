"""DIP-VAE II: by its definition, and what it makes of dimensions that say nothing."""

import numpy as np
import pytest
import torch
from posterior_examples import draws, gaussians

from baselines.divergences.dip_i import dip_i
from baselines.divergences.dip_ii import dip_ii
from baselines.divergences.kl import kl


def test_it_is_its_definition() -> None:
    mean, log_variance = gaussians(50, 4)
    matrix = np.cov(mean.T, bias=True) + np.diag(np.exp(log_variance.numpy()).mean(axis=0))
    others = matrix - np.diag(np.diag(matrix))
    expected = float(kl(mean, log_variance).mean()) + 10 * float((others**2).sum())
    expected += 5 * float(((np.diag(matrix) - 1) ** 2).sum())
    assert dip_ii(mean, log_variance, lambda_d=5.0).item() == pytest.approx(expected)


def test_its_covariance_is_that_of_samples() -> None:
    # With the KL divergence taken off, the penalty is that of DIP I on many samples of z.
    mean, log_variance = gaussians(20, 3)
    mean, log_variance = mean.repeat(20_000, 1), log_variance.repeat(20_000, 1)
    z = mean + torch.exp(log_variance / 2) * draws(tuple(mean.shape), seed=1)
    ours = dip_ii(mean, log_variance) - kl(mean, log_variance).mean()
    sampled = dip_i(z, log_variance, lambda_d=10.0) - kl(z, log_variance).mean()
    assert ours.item() == pytest.approx(sampled.item(), rel=0.03)


def test_the_prior_costs_nothing() -> None:
    assert dip_ii(torch.zeros(8, 3), torch.zeros(8, 3)).item() == 0


def test_without_noise_it_is_the_first_variant() -> None:
    mean = gaussians(50, 4)[0]
    log_variance = torch.full_like(mean, -60.0)
    ours = dip_ii(mean, log_variance, lambda_d=100.0)
    torch.testing.assert_close(ours, dip_i(mean, log_variance))
