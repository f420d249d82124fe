"""The contract of every recipe: it trains, is kept, goes on, says finite things, and is heard."""

import math
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from small_dataset import small_dataset

from baselines import recipes
from baselines.checkpoint import load_model
from baselines.divergences import DIVERGENCES
from baselines.folder import CODES, Summary
from baselines.posteriors import POSTERIORS
from baselines.recipes import Recipe, VaeRecipe
from baselines.run import _check_batches, train
from baselines.training import _batches
from toysound.errors import ToySoundError

#: Options that make a network of each kind small.
SMALL_NETWORKS = {
    "mlp": {"width": 8, "depth": 1},
    "conv": {"channels": 4},
    "recurrent": {"width": 8},
}

every_recipe = pytest.mark.parametrize("name", recipes.names())


def small(name: str, **training: int) -> Recipe:
    """A recipe of the package with small networks and few epochs; all else is as it is."""
    recipe = recipes.load(name)
    changes = ["latent_dim=3"]
    if isinstance(recipe, VaeRecipe):
        tables = {"": recipe} | ({"audio.": recipe.audio} if recipe.audio else {})
        for head, table in tables.items():
            options = SMALL_NETWORKS[table.network.name]
            changes += [f"{head}network.{key}={value}" for key, value in options.items()]
            if table.stem.name == "principal":
                changes.append(f"{head}stem.components=8")
            settings = {"epochs": 2, "batch_size": 16} | training
            changes += [f"{head}training.{key}={value}" for key, value in settings.items()]
    return recipes.load(name, changes)


def run(name: str, out: Path, **training: int) -> Summary:
    return train(small(name, **training), small_dataset(), out)[0]


@every_recipe
def test_it_trains_to_a_model_that_says_finite_things(name: str, tmp_path: Path) -> None:
    summary = run(name, tmp_path)
    recipe = recipes.load(name)
    assert summary.recipe == name
    assert math.isfinite(summary.validation_nats)
    assert 0 < summary.validation_rmse < 60
    model = load_model(tmp_path)
    assert (model.name, model.citation) == (name, recipe.citation)
    audio = small_dataset().audio(np.arange(3))
    mean, log_variance = model.encode(audio)
    assert np.isfinite(mean).all()
    assert len(np.unique(mean[:, 0])) == 3  # sounds are told apart
    if isinstance(recipe, VaeRecipe):
        has_variance = POSTERIORS[recipe.posterior.name].sampled
    else:
        has_variance = recipe.model == "ppca"
    assert (log_variance is not None) == has_variance
    played = model.decode(mean)
    assert played.shape == audio.shape
    assert np.isfinite(played).all()
    assert np.isfinite(model.prior_sample(2)).all()
    if model.latent_model.has_density:
        assert np.isfinite(model.log_likelihood(audio)).all()
    learnt = isinstance(recipe, VaeRecipe) and recipe.prior is not None
    assert (summary.relevance is not None) == learnt
    if summary.relevance is not None:
        assert len(summary.relevance) == 3
        assert all(0 < share < 1 for share in summary.relevance)


class Stopped(Exception):
    """What stands for a machine that is switched off."""


@pytest.mark.parametrize("name", ["factor-vae", "ard-vae", "annealed-vae", "beta-tcvae"])
def test_stopped_it_goes_on_to_the_same_bytes(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run(name, tmp_path / "whole", epochs=3)
    from baselines.job import Job

    written = Job.checkpoint

    def stop(job: Job, state: object, part: str = CODES) -> None:
        written(job, state, part)  # type: ignore[arg-type]
        if len(state.history) == 2:  # type: ignore[attr-defined]
            raise Stopped

    with monkeypatch.context() as patch:
        patch.setattr(Job, "checkpoint", stop)
        with pytest.raises(Stopped):
            train(
                small(name, epochs=3), small_dataset(), tmp_path / "stopped", checkpoint_every_s=0
            )
    assert not (tmp_path / "stopped" / "model.safetensors").exists()
    run(name, tmp_path / "stopped", epochs=3)
    for file in ("model.safetensors", "history.csv"):
        whole, again = (tmp_path / folder / file for folder in ("whole", "stopped"))
        assert whole.read_bytes() == again.read_bytes()


def test_a_folder_of_a_recipe_with_more_tables_is_refused(tmp_path: Path) -> None:
    run("vae", tmp_path, epochs=1)
    text = recipes.to_toml(small("vae", epochs=1))
    more = recipes.parse(f'{text}\n[prior]\nname = "ard"\n', "mine")
    with pytest.raises(ToySoundError, match=r"holds a training without \[prior\]; choose"):
        train(more, small_dataset(), tmp_path)
    train(more, small_dataset(), tmp_path / "more")
    with pytest.raises(ToySoundError, match=r"holds a training with \[prior\]; choose"):
        run("vae", tmp_path / "more", epochs=1)


@given(count=st.integers(2, 200), size=st.integers(2, 60))
def test_a_batch_of_one_is_refused_before_there_is_one(count: int, size: int) -> None:
    recipe = recipes.load("mmd-vae", [f"training.batch_size={size}"])
    assert isinstance(recipe, VaeRecipe)
    batches = _batches(count, size, torch.Generator().manual_seed(0))
    if min(len(batch) for batch in batches) < 2:
        with pytest.raises(ToySoundError, match=f"batch_size={size + 1} leaves none"):
            _check_batches(recipe, count, 10)
        larger = _batches(count, size + 1, torch.Generator().manual_seed(0))
        assert min(len(batch) for batch in larger) >= 2
    else:
        _check_batches(recipe, count, 10)


@pytest.mark.parametrize(("training", "validation"), [(1, 5), (5, 1)])
def test_a_single_sound_cannot_be_compared(training: int, validation: int) -> None:
    recipe = recipes.load("mmd-vae")
    assert isinstance(recipe, VaeRecipe)
    with pytest.raises(ToySoundError, match="both must be at least 2"):
        _check_batches(recipe, training, validation)


@pytest.mark.parametrize("name", [n for n, entry in DIVERGENCES.items() if entry.needs_batch])
def test_batches_of_one_are_refused_when_the_recipe_is_read(name: str) -> None:
    changes = [f"divergence.name={name}", "training.batch_size=1"]
    with pytest.raises(ToySoundError, match=rf"'vae': divergence '{name}' .* must be at least 2"):
        recipes.load("vae", changes)
    assert recipes.load("vae", ["training.batch_size=1"])
