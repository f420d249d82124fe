"""Normalisation: fitted in one pass, invertible, and accounted for in nats."""

import itertools
import math

import numpy as np
import pytest
import scipy.stats
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from baselines.representations.normalisation import SMALLEST_SCALE, Normaliser
from toysound.errors import ToySoundError, UsageError


def data(n: int = 50, size: int = 12, seed: int = 0) -> torch.Tensor:
    generator = torch.Generator().manual_seed(seed)
    spread = torch.linspace(1, 8, size)
    return torch.randn(n, size, generator=generator) * spread + 10 * spread


def test_each_coefficient_gets_mean_0_and_deviation_1() -> None:
    rows = data()
    normalised = Normaliser.fit([rows])(rows)
    torch.testing.assert_close(normalised.mean(0), torch.zeros(12), rtol=0, atol=1e-5)
    torch.testing.assert_close(normalised.std(0, correction=0), torch.ones(12))


def test_a_band_shares_its_mean_and_scale() -> None:
    rows = data()
    normaliser = Normaliser.fit([rows], bands=3)
    runs = rows.reshape(50, 3, 4)
    mean = runs.mean(dim=(0, 2)).repeat_interleave(4)
    torch.testing.assert_close(normaliser.mean, mean)
    deviation = (rows - mean).reshape(50, 3, 4).square().mean(dim=(0, 2)).sqrt()
    torch.testing.assert_close(normaliser.scale, deviation.repeat_interleave(4))
    assert len(set(Normaliser.fit([rows], bands=1).scale.tolist())) == 1


@settings(max_examples=30, deadline=None)
@given(cuts=st.lists(st.integers(0, 50), max_size=6), bands=st.sampled_from([None, 1, 4]))
def test_how_sounds_come_in_blocks_does_not_matter(cuts: list[int], bands: int | None) -> None:
    rows = data()
    edges = [0, *sorted(cuts), 50]
    blocks = (rows[a:b] for a, b in itertools.pairwise(edges))
    found, whole = Normaliser.fit(blocks, bands), Normaliser.fit([rows], bands)
    torch.testing.assert_close(found.mean, whole.mean)
    torch.testing.assert_close(found.scale, whole.scale)


def test_a_large_mean_costs_no_digits() -> None:
    rows = data().double() / 8 + 1e7
    found = Normaliser.fit(rows[i : i + 7] for i in range(0, 50, 7))
    expected = np.maximum(rows.numpy().std(0), SMALLEST_SCALE * rows.numpy().std(0).max())
    np.testing.assert_allclose(found.scale.numpy(), expected, rtol=1e-5)


def test_no_scale_is_below_two_percent_of_the_largest() -> None:
    rows = data()
    rows[:, 3] = -80.0
    rows[:, 5] *= 1e-6
    scale = Normaliser.fit([rows]).scale
    smallest = SMALLEST_SCALE * scale.max()
    torch.testing.assert_close(scale[[3, 5]], torch.stack([smallest, smallest]))
    assert (Normaliser.fit([rows], smallest_scale=1.0).scale == scale.max()).all()


def test_sounds_that_are_all_alike_are_only_shifted() -> None:
    normaliser = Normaliser.fit([torch.full((3, 4), -80.0)])
    assert torch.equal(normaliser.scale, torch.ones(4))
    assert torch.equal(normaliser(torch.full((1, 4), -80.0)), torch.zeros(1, 4))
    assert normaliser.log_determinant() == 0


@settings(deadline=None)
@given(seed=st.integers(0, 100), bands=st.sampled_from([None, 2, 6]))
def test_the_inverse_undoes_it(seed: int, bands: int | None) -> None:
    normaliser = Normaliser.fit([data(seed=seed)], bands)
    unseen = data(seed=seed + 1000).double()
    again = normaliser.inverse(normaliser(unseen))
    torch.testing.assert_close(again, unseen, rtol=1e-13, atol=1e-13)
    single = unseen.float().numpy()
    back = normaliser.inverse(normaliser(single))
    assert isinstance(back, np.ndarray)
    assert back.dtype == np.float32
    assert np.linalg.norm(back - single) < 1e-6 * np.linalg.norm(single)  # 120 dB


def test_the_determinant_is_that_of_the_matrix() -> None:
    normaliser = Normaliser.fit([data()], bands=3).double()
    rows = torch.eye(12, dtype=torch.float64)
    matrix = normaliser(rows) - normaliser(torch.zeros_like(rows))
    expected = torch.linalg.slogdet(matrix).logabsdet.item()
    assert normaliser.log_determinant() == pytest.approx(expected, rel=1e-10)


def test_a_density_of_normalised_coefficients_becomes_one_of_coefficients() -> None:
    rows = data()
    normaliser = Normaliser.fit([rows])
    normalised = normaliser(rows).numpy()
    own = scipy.stats.norm(normaliser.mean.numpy(), normaliser.scale.numpy())
    nats = scipy.stats.norm.logpdf(normalised).sum(1) + normaliser.log_determinant()
    np.testing.assert_allclose(nats, own.logpdf(rows.numpy()).sum(1), rtol=1e-5)


def test_it_goes_through_a_file() -> None:
    normaliser = Normaliser.fit([data()])
    tensors = normaliser.state_dict()
    assert sorted(tensors) == ["mean", "scale"]
    again = Normaliser.from_state_dict(tensors)
    assert torch.equal(again(data()), normaliser(data()))


def test_it_has_the_gradient_of_a_division() -> None:
    normaliser = Normaliser.fit([data()])
    rows = data().requires_grad_()
    (gradient,) = torch.autograd.grad(normaliser(rows).sum(), rows)
    torch.testing.assert_close(gradient, (1 / normaliser.scale).expand(50, -1))


@pytest.mark.parametrize("blocks", [[], [torch.zeros(0, 4)]])
def test_no_sounds_are_refused(blocks: list[torch.Tensor]) -> None:
    with pytest.raises(ToySoundError, match="there are no training sounds"):
        Normaliser.fit(blocks)


def test_malformed_blocks_are_refused() -> None:
    with pytest.raises(ToySoundError, match="NaN or infinity"):
        Normaliser.fit([torch.full((2, 3), math.nan)])
    with pytest.raises(UsageError, match=r"a block has shape \(2, 4\); expected \(B, 3\)"):
        Normaliser.fit([torch.zeros(2, 3), torch.zeros(2, 4)])
    with pytest.raises(UsageError, match="12 coefficients cannot be cut into 5 equal bands"):
        Normaliser.fit([data()], bands=5)
    with pytest.raises(ValueError, match="smallest_scale"):
        Normaliser.fit([data()], smallest_scale=0.0)
    with pytest.raises(UsageError, match=r"coefficients has shape .* expected \(B, 12\)"):
        Normaliser.fit([data()])(torch.zeros(2, 13))


def test_numbers_that_make_no_normaliser_are_refused() -> None:
    with pytest.raises(ValueError, match="two rows of one length"):
        Normaliser(torch.zeros(3), torch.ones(4))
    with pytest.raises(ValueError, match="scales positive"):
        Normaliser(torch.zeros(3), torch.tensor([1.0, 0.0, 1.0]))
