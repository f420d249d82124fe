"""Random draws: by seed and name, independent of each other and of the caller's."""

import torch
from posterior_examples import draws, gaussians

from baselines.divergences.drawing import posterior_samples, standard_normal

LIKE = torch.zeros(())


def test_seed_and_name_decide() -> None:
    first = standard_normal((100, 3), LIKE, 1, "prior")
    torch.manual_seed(5)
    assert torch.equal(standard_normal((100, 3), LIKE, 1, "prior"), first)
    assert not torch.equal(standard_normal((100, 3), LIKE, 2, "prior"), first)
    assert not torch.equal(standard_normal((100, 3), LIKE, 1, "posterior"), first)


def test_the_caller_with_the_same_seed_draws_other_numbers() -> None:
    ours = standard_normal((10_000,), LIKE.double(), 0, "prior")
    theirs = draws((10_000,), seed=0)
    assert abs(torch.corrcoef(torch.stack([ours, theirs]))[0, 1]) < 0.05


def test_every_precision_sees_the_same_numbers() -> None:
    double = standard_normal((100,), LIKE.double(), 0, "prior")
    assert double.dtype == torch.float64
    assert torch.equal(standard_normal((100,), LIKE, 0, "prior"), double.float())


def test_they_are_standard_normal() -> None:
    values = standard_normal((200_000,), LIKE.double(), 0, "prior")
    assert abs(values.mean()) < 5 / 200_000**0.5
    assert abs(values.var() - 1) < 5 * (2 / 200_000) ** 0.5


def test_samples_are_those_given_or_reparametrised() -> None:
    mean, log_variance = (t.requires_grad_() for t in gaussians(50_000, 1))
    given = torch.zeros_like(mean)
    assert posterior_samples(mean, log_variance, given, 0) is given
    samples = posterior_samples(mean, log_variance, None, 0)
    noise = (samples - mean) / torch.exp(log_variance / 2)
    assert abs(noise.detach().std() - 1) < 0.02
    (slope,) = torch.autograd.grad(samples.sum(), mean)
    assert torch.equal(slope, torch.ones_like(slope))
