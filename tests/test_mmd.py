"""The maximum mean discrepancy: by its definition, unbiased, and what it sees."""

import itertools
import math

import pytest
import torch
from posterior_examples import draws, gaussians, mean_and_error

from baselines.divergences.drawing import standard_normal
from baselines.divergences.mmd import SCALES, Kernel, mmd


def by_definition(x: torch.Tensor, y: torch.Tensor, kernel: Kernel, scales: list[float]) -> float:
    """Return the U-statistic as two loops over pairs."""

    def k(first: torch.Tensor, second: torch.Tensor) -> float:
        squared = float((first - second).square().sum())
        lengths = [2 * x.shape[1] * s for s in scales]
        if kernel == "imq":
            return sum(c / (c + squared) for c in lengths)
        return sum(math.exp(-squared / c) for c in lengths)

    count = len(x)
    pairs = list(itertools.permutations(range(count), 2))
    within = sum(k(x[i], x[j]) + k(y[i], y[j]) for i, j in pairs) / len(pairs)
    across = sum(k(a, b) for a in x for b in y) / count**2
    return within - 2 * across


def gaussian_mmd(mean: torch.Tensor, log_variance: torch.Tensor, scale: float) -> float:
    """Return MMD^2 of a diagonal Gaussian from the prior under one Gaussian kernel, closed form."""
    length = 2 * mean.shape[0] * scale

    def expected(squared_shift: torch.Tensor, variance: torch.Tensor) -> float:
        total = length + 2 * variance  # of the difference of two draws, and of the kernel
        factors = (length / total).sqrt() * torch.exp(-squared_shift / total)
        return float(factors.prod())

    variance, none = log_variance.exp(), torch.zeros_like(mean)
    own = expected(none, 2 * variance) + expected(none, torch.full_like(mean, 2.0))
    return own - 2 * expected(mean.square(), variance + 1)


@pytest.mark.parametrize("kernel", ["imq", "rbf"])
@pytest.mark.parametrize("scales", [[1.0], list(SCALES)])
def test_it_is_its_definition(kernel: Kernel, scales: list[float]) -> None:
    mean, log_variance = gaussians(7, 3)
    latent = draws((7, 3), seed=1)
    prior = standard_normal((7, 3), latent, 4, "prior of mmd")
    ours = mmd(mean, log_variance, latent=latent, seed=4, kernel=kernel, scales=scales)
    assert ours.item() == pytest.approx(by_definition(latent, prior, kernel, scales))


@pytest.mark.parametrize(("shift", "log_variance"), [(0.0, 0.0), (0.7, 0.0), (0.0, -2.0)])
def test_it_is_unbiased(shift: float, log_variance: float) -> None:
    mean = torch.full((8, 3), shift, dtype=torch.float64)
    widths = torch.full_like(mean, log_variance)
    estimates = torch.stack(
        [mmd(mean, widths, seed=seed, kernel="rbf", scales=[0.5]) for seed in range(2000)]
    )
    found, error = mean_and_error(estimates)
    assert error < 0.003
    assert abs(found - gaussian_mmd(mean[0], widths[0], 0.5)) < 5 * error


def test_it_sees_the_aggregate_and_not_the_single_sound() -> None:
    latent = draws((500, 2))
    points = torch.full_like(latent, -20.0)  # posteriors that are points, spread like the prior
    assert abs(mmd(latent, points)) < 0.02
    assert mmd(torch.zeros_like(latent), points) > 0.5


@pytest.mark.parametrize("kernel", ["imq", "rbf"])
def test_it_is_bounded_by_two_for_each_scale(kernel: Kernel) -> None:
    far = torch.full((10, 2), 1e6)
    value = mmd(far, torch.full_like(far, -30.0), kernel=kernel).item()
    assert value < 2 * len(SCALES)
    assert value > len(SCALES)


def test_a_far_batch_is_pulled_in_by_the_heavy_tails_only() -> None:
    pull = {}
    kernels: tuple[Kernel, ...] = ("imq", "rbf")
    for kernel in kernels:
        mean = torch.full((50, 2), 40.0, dtype=torch.float64, requires_grad=True)
        value = mmd(mean, torch.zeros(50, 2).double(), kernel=kernel, scales=[1.0])
        (gradient,) = torch.autograd.grad(value, mean)
        pull[kernel] = gradient.sum().item()
    assert pull["imq"] > 1e-4
    assert abs(pull["rbf"]) < 1e-15
