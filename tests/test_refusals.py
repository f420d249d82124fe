"""Trainings that are refused or break: what was there stays, and what was good is kept."""

from pathlib import Path

import numpy as np
import pytest
import torch
from small_dataset import small_dataset
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from baselines import recipes
from baselines.checkpoint import load_model, load_tensors
from baselines.folder import AUDIO
from baselines.job import Job
from baselines.monitoring import Monitoring
from baselines.run import train
from baselines.training import Diverged, State
from toysound.dataset import load
from toysound.errors import ToySoundError

SMALL = [
    "network.width=16", "network.depth=1", "latent_dim=3", "training.batch_size=16",
    "training.epochs=2", "stem.components=8",
]  # fmt: skip
PLAYED = [
    "audio.representation.name=log_magnitude", "audio.stem.name=principal",
    "audio.stem.components=8", "audio.network.name=mlp", "audio.network.width=16",
    "audio.network.depth=1", "audio.likelihood.name=gaussian", "audio.training.epochs=4",
    "audio.training.learning_rate=0.01", "audio.training.patience=9",
    "audio.training.batch_size=16",
]  # fmt: skip


def everything(folder: Path) -> dict[str, bytes]:
    return {str(p.relative_to(folder)): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


@pytest.mark.parametrize(
    ("name", "changes", "said"),
    [
        ("ada-gvae", [], "pairs of sounds share some factors"),
        ("mmd-vae", ["training.batch_size=2"], "leave a batch of one"),
        ("vae", ["likelihood.minimum_scale=900.0", "likelihood.initial_scale=990.0"], "vary by"),
        ("vae", ['likelihood={name="bernoulli"}'], "a density of numbers from 0 to 1"),
    ],
)
def test_a_forced_training_that_is_refused_leaves_the_folder_as_it_was(
    name: str, changes: list[str], said: str, tmp_path: Path
) -> None:
    dataset = load("mono/pitch")
    train(recipes.load("vae", SMALL), dataset, tmp_path)
    before = everything(tmp_path)
    with pytest.raises(ToySoundError, match=said):
        train(recipes.load(name, changes), dataset, tmp_path, force=True)
    assert everything(tmp_path) == before


@pytest.mark.parametrize(
    ("likelihood", "numbers"),
    [
        ("bernoulli", "0 to 1"),
        ("continuous_bernoulli", "0 to 1"),
        ("gamma", "0 to inf"),
        ("categorical", "0 to 255"),
        ("discretised_logistic_mixture", "-1 to 1"),
        ("von_mises", "-3.14159 to 3.14159"),
    ],
)
def test_a_density_of_other_numbers_is_refused(
    likelihood: str, numbers: str, tmp_path: Path
) -> None:
    recipe = recipes.load("vae", [*SMALL, f'likelihood={{name="{likelihood}"}}'])
    with pytest.raises(ToySoundError, match=f"from {numbers}, and coefficients of 'log_magn") as e:
        train(recipe, small_dataset(), tmp_path)
    assert "--set likelihood.name=gaussian suits them" in str(e.value)
    assert everything(tmp_path) == {}


@pytest.mark.parametrize(("view", "likelihood"), [("mu_law", "categorical"), ("raw", "laplace")])
def test_a_density_of_these_numbers_is_taken(view: str, likelihood: str, tmp_path: Path) -> None:
    changes = [f"representation.name={view}", f'likelihood={{name="{likelihood}"}}']
    train(recipes.load("vae", [*SMALL, *changes, "training.epochs=1"]), small_dataset(), tmp_path)
    assert load_model(tmp_path / "model.safetensors")


def test_a_recipe_that_somebody_wrote_is_not_overwritten(tmp_path: Path) -> None:
    mine = '# mine\nextends = "vae"\nname = "mine"\n'
    (tmp_path / "recipe.toml").write_text(mine)
    recipe = recipes.load(str(tmp_path / "recipe.toml"), SMALL)
    with pytest.raises(ToySoundError, match=r"recipe.toml' is not the recipe of this training"):
        train(recipe, small_dataset(), tmp_path)
    assert everything(tmp_path) == {"recipe.toml": mine.encode()}
    train(recipe, small_dataset(), tmp_path, force=True)
    assert recipes.load(str(tmp_path / "recipe.toml")) == recipe


def test_the_epoch_before_a_divergence_is_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The last checkpoint is from before the first epoch: those since are done again."""
    recipe = recipes.load("vae", [*SMALL, "training.epochs=5"])
    watchers = Job._watchers

    def poisoned(self: Job, *args: object) -> object:
        def poison(state: State) -> None:
            if len(state.history) == 3:
                with torch.no_grad():
                    next(state.model.parameters()).fill_(float("nan"))

        return [*watchers(self, *args), poison]  # type: ignore[arg-type]

    with monkeypatch.context() as patch:
        patch.setattr(Job, "_watchers", poisoned)
        with pytest.raises(Diverged, match=r"at step \d+; the checkpoint after epoch 3 is kept"):
            train(recipe, small_dataset(), tmp_path / "broken", checkpoint_every_s=1e9)
    tensors, _ = load_tensors(tmp_path / "broken" / "checkpoint.safetensors")
    assert all(torch.isfinite(tensor.double()).all() for tensor in tensors.values())
    train(recipe, small_dataset(), tmp_path / "broken")  # without the poison it goes on
    train(recipe, small_dataset(), tmp_path / "whole")
    models = [tmp_path / name / "model.safetensors" for name in ("broken", "whole")]
    assert models[0].read_bytes() == models[1].read_bytes()


def test_scalars_of_a_part_that_was_done_are_not_lost(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    recipe, keep = recipes.load("vae", [*SMALL, *PLAYED]), Job.checkpoint
    watched = Monitoring(tensorboard=True)

    def stop(self: Job, state: State, part: str) -> None:
        keep(self, state, part)
        if part == AUDIO and len(state.history) == 2:
            raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(Job, "checkpoint", stop)
        with pytest.raises(KeyboardInterrupt):
            train(recipe, small_dataset(), tmp_path, checkpoint_every_s=0, monitoring=watched)
    train(recipe, small_dataset(), tmp_path, monitoring=watched)
    for folder, epochs in (("tensorboard", 2), ("audio-tensorboard", 4)):
        events = EventAccumulator(str(tmp_path / folder))
        events.Reload()
        assert [e.step for e in events.Scalars("objective")] == list(range(1, epochs + 1))


def test_sounds_of_another_training_go_with_force(tmp_path: Path) -> None:
    recipe = recipes.load("vae", [*SMALL, "training.epochs=1"])
    train(recipe, small_dataset(), tmp_path, monitoring=Monitoring(samples=3))
    train(recipe, small_dataset(), tmp_path, force=True, monitoring=Monitoring(samples=1))
    assert len(list((tmp_path / "samples" / "originals").iterdir())) == 1


def test_a_finished_training_cannot_be_watched_and_says_so(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    recipe = recipes.load("vae", [*SMALL, "training.epochs=1"])
    train(recipe, small_dataset(), tmp_path)
    assert capsys.readouterr().err == ""
    train(recipe, small_dataset(), tmp_path, monitoring=Monitoring(samples=3))
    assert "the training was finished before" in capsys.readouterr().err
    assert not (tmp_path / "samples").exists()


def test_many_sounds_are_played_in_blocks_and_are_the_same(tmp_path: Path) -> None:
    recipe = recipes.load("vae", [*SMALL, "training.epochs=1"])
    for count in (2, 70):
        train(recipe, small_dataset(), tmp_path / str(count), monitoring=Monitoring(samples=count))
    one, other = (tmp_path / n / "samples/epoch-001/prior-2.wav" for n in ("2", "70"))
    assert len(list(other.parent.glob("prior-*.wav"))) == 70
    lengths = {np.frombuffer(path.read_bytes()[44:], dtype="<i2").size for path in (one, other)}
    assert lengths == {small_dataset().num_samples}
