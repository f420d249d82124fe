"""Pairs of sounds that share factors, and what is trained on them."""

from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from small_dataset import small_dataset

from baselines import recipes
from baselines.checkpoint import load_model, untrained_vae
from baselines.decoder import Features
from baselines.pairs import PairedFeatures, PairedVAE, _shared, partners
from baselines.recipes import VaeRecipe
from baselines.run import train
from baselines.stem import identity_of
from baselines.vae import Step
from toysound.errors import ToySoundError
from toysound.factors import Factor, FactorSpace
from toysound.scales import linear_steps

QUICK = [
    "training.epochs=2", "training.patience=2", "stem.components=8", "network.width=16",
    "latent_dim=3", "audio.training.epochs=1", "audio.stem.components=8", "audio.network.width=16",
    "training.batch_size=16",
]  # fmt: skip


def grid(*sizes: int) -> FactorSpace:
    return FactorSpace(
        [Factor(f"f{i}", linear_steps(0, 1, size), "") for i, size in enumerate(sizes)]
    )


@settings(max_examples=25, deadline=None)
@given(sizes=st.lists(st.integers(2, 5), min_size=2, max_size=4), seed=st.integers(0, 1000))
def test_partners_share_a_factor_at_least(sizes: list[int], seed: int) -> None:
    space = grid(*sizes)
    rng = np.random.default_rng(seed)
    cells = np.sort(rng.choice(space.size, size=space.size // 2 + 1, replace=False))
    met = partners(space, cells, 4, rng)
    assert met.shape == (len(cells), 4)
    own, other = space.classes_of(cells)[:, None], space.classes_of(cells[met])
    assert (own == other).any(axis=2).all()


def test_most_partners_differ_and_any_factor_may() -> None:
    space = grid(6, 5, 4)
    cells = np.arange(space.size)
    met = partners(space, cells, 8, np.random.default_rng(0))
    differs = space.classes_of(cells)[:, None] != space.classes_of(cells[met])
    assert differs.any(axis=2).mean() > 0.8
    assert (differs.mean(axis=(0, 1)) > 0.3).all()


def test_a_sound_that_nothing_shares_with_is_its_own_partner() -> None:
    space = grid(3, 3)
    met = partners(space, np.array([0, 4, 8]), 2, np.random.default_rng(0))  # a diagonal
    assert np.array_equal(met, [[0, 0], [1, 1], [2, 2]])


def test_a_single_factor_is_refused() -> None:
    with pytest.raises(ToySoundError, match="has only 1; take one with two or more"):
        partners(grid(5), np.arange(5), 2, np.random.default_rng(0))


def test_dimensions_that_hardly_differ_are_shared() -> None:
    flat = torch.zeros(1, 3)
    shared = _shared((torch.tensor([[0.0, 0.1, 3.0]]), flat), (flat, flat))
    assert shared.tolist() == [[True, True, False]]


def paired(count: int = 12) -> tuple[PairedVAE, PairedFeatures]:
    changes = ["latent_dim=3", "network.width=8", "audio.network.width=8"]
    recipe = recipes.load("ada-gvae", changes)
    assert isinstance(recipe, VaeRecipe)
    model = untrained_vae(recipe, identity_of(6), 0)
    assert isinstance(model, PairedVAE)
    sounds = model.features(torch.randn(count, 6, generator=torch.Generator().manual_seed(0)))
    met = torch.arange(count)[:, None].expand(count, 2)
    return model, PairedFeatures(sounds, met, sounds)


def test_a_sound_paired_with_itself_is_trained_as_if_alone() -> None:
    model, features = paired()
    noise = torch.zeros(12, 1, 3)
    ours = model.terms(features, noise, Step(seed=1))
    alone = model.terms(features.sounds, noise, Step(seed=1))
    torch.testing.assert_close(ours.divergence, alone.divergence)


def test_what_a_pair_shares_is_given_one_posterior() -> None:
    model, features = paired()
    crossed = features._replace(partners=torch.arange(12).flip(0)[:, None])
    terms = model.terms(crossed, torch.zeros(12, 1, 3), Step(seed=1))
    assert terms.posterior is not None
    mean = terms.posterior[0]
    same = torch.isclose(mean, mean.flip(0), atol=1e-6)
    assert same.any(dim=1).all()
    assert not same.all()


def test_which_partner_is_met_is_decided_by_the_step() -> None:
    model, features = paired()
    both = torch.stack((torch.arange(12), torch.arange(12).flip(0)), dim=1)
    features = features._replace(partners=both)
    noise = torch.zeros(12, 1, 3)
    first, again, other = (
        model.terms(features, noise, Step(seed=seed)).divergence for seed in (1, 1, 2)
    )
    assert torch.equal(first, again)
    assert not torch.equal(first, other)


def test_rows_keep_their_partners() -> None:
    _, features = paired()
    rows = features.rows(torch.tensor([3, 5]))
    assert rows.num_sounds == 2
    assert isinstance(rows.everything, Features)
    met = rows.met(torch.Generator().manual_seed(0))
    torch.testing.assert_close(met.coordinates, features.sounds.coordinates[[3, 5]])


def test_it_trains_and_comes_back(tmp_path: Path) -> None:
    summary, _ = train(recipes.load("ada-gvae", QUICK), small_dataset(), tmp_path)
    assert summary.epochs == 2
    assert load_model(tmp_path).latent_dim == 3


def test_points_cannot_be_compared() -> None:
    changes = [*QUICK, "posterior.name=point", "divergence.weight=0.0"]
    with pytest.raises(ToySoundError, match="has no variance to compare"):
        recipes.load("ada-gvae", changes)
