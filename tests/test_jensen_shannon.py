"""The Jensen-Shannon divergence: its estimate against quadrature, its range, its variance."""

import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from posterior_examples import gaussians, integral, law, log_density, log_variances, means, one
from scipy.spatial.distance import jensenshannon

from baselines.divergences.drawing import standard_normal
from baselines.divergences.jensen_shannon import jensen_shannon

seeds = st.integers(0, 1000)


def by_quadrature(mean: float, log_variance: float) -> float:
    def integrand(q: float, p: float) -> float:
        mixture = math.log((math.exp(q) + math.exp(p)) / 2) if max(q, p) > -700 else 0.0
        return (math.exp(q) * (q - mixture) + math.exp(p) * (p - mixture)) / 2

    return integral(mean, log_variance, integrand)


@pytest.mark.parametrize(
    ("mean", "log_variance"), [(0.5, 0.0), (0.0, -4.0), (2.0, -1.0), (-1.0, 1.5), (0.0, 2.0)]
)
def test_its_mean_is_the_integral(mean: float, log_variance: float) -> None:
    posterior = one(mean, log_variance)
    estimates = torch.cat(
        [jensen_shannon(*posterior, seed=seed, num_samples=2000) for seed in range(50)]
    )
    error = estimates.std().item() / 50**0.5
    assert error < 1e-3
    assert estimates.mean().item() == pytest.approx(
        by_quadrature(mean, log_variance), abs=5 * error
    )


def test_quadrature_is_scipy_s() -> None:
    z = torch.linspace(-12, 12, 20_001, dtype=torch.float64)[:, None]
    q, p = log_density(z, 1.0, -1.0).exp().numpy(), log_density(z).exp().numpy()
    assert by_quadrature(1.0, -1.0) == pytest.approx(jensenshannon(q, p) ** 2, abs=1e-9)


@law
@given(means, log_variances, seeds)
def test_it_is_between_0_and_ln_2(mean: float, log_variance: float, seed: int) -> None:
    posterior = one(mean, log_variance)
    value = jensen_shannon(*posterior, seed=seed, num_samples=1).item()
    assert -1e-12 <= value <= math.log(2) + 1e-12


def test_a_whole_sound_is_at_most_ln_2_and_its_dimensions_as_often() -> None:
    far = torch.full((1, 5), 30.0).double(), torch.full((1, 5), -10.0).double()
    assert jensen_shannon(*far).item() == pytest.approx(math.log(2))
    assert jensen_shannon(*far, per_dimension=True).item() == pytest.approx(5 * math.log(2))


def test_of_one_dimension_both_are_the_same() -> None:
    mean, log_variance = gaussians(10, 1)
    torch.testing.assert_close(
        jensen_shannon(mean, log_variance),
        jensen_shannon(mean, log_variance, per_dimension=True),
    )


@law
@given(means, log_variances)
def test_changing_places_changes_it_by_its_noise_only(mean: float, log_variance: float) -> None:
    here = one(mean, log_variance)
    there = one(mean * math.exp(-log_variance / 2), -log_variance)
    first, second = (jensen_shannon(*x, num_samples=4000).item() for x in (here, there))
    assert first == pytest.approx(second, abs=0.05)


def test_at_the_prior_it_is_exactly_0() -> None:
    for dtype in (torch.float32, torch.float64):
        assert not jensen_shannon(*torch.zeros(2, 5, 3, dtype=dtype)).any()


def test_it_varies_less_than_the_mean_of_log_ratios() -> None:
    posterior = one(0.5, -0.5)
    ours, plain = [], []
    for seed in range(200):
        ours.append(jensen_shannon(*posterior, seed=seed).item())
        noise = standard_normal((2, 16, 1), posterior[0], seed, "plain")
        halves = []
        for z, own in ((posterior[0] + math.exp(-0.25) * noise[0], 0), (noise[1], 1)):
            logs = torch.stack([log_density(z, *posterior), log_density(z)])
            mixture = torch.logsumexp(logs, dim=0) - math.log(2)
            halves.append((logs[own] - mixture).mean())
        plain.append(float(sum(halves) / 2))
    ours_spread, plain_spread = torch.tensor(ours).std(), torch.tensor(plain).std()
    assert ours_spread < 0.7 * plain_spread
    assert min(plain) < 0 <= min(ours)
