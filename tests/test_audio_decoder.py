"""The second decoder: codes of one view, heard in another."""

import csv
from pathlib import Path

import numpy as np
import pytest
import torch

from baselines import recipes
from baselines.audio_decoder import CodedFeatures
from baselines.checkpoint import load_model, untrained_audio
from baselines.decoder import Features
from baselines.folder import AUDIO, CHECKPOINT_FILE
from baselines.job import Job
from baselines.principal import principal_components
from baselines.recipes import Recipe
from baselines.run import train
from baselines.stem import PrincipalStem
from baselines.training import State
from toysound.dataset import Dataset, load
from toysound.errors import ToySoundError

AUDIO_TABLE = [
    "audio.representation.name=log_magnitude", "audio.stem.name=principal",
    "audio.stem.components=12", "audio.network.name=mlp", "audio.network.width=32",
    "audio.network.depth=1", "audio.likelihood.name=gaussian",
    "audio.likelihood.initial_scale=3.0", "audio.training.epochs=30",
    "audio.training.learning_rate=0.01", "audio.training.patience=30",
    "audio.training.batch_size=16",
]  # fmt: skip
SMALL = [
    "representation.name=cochlear", "network.width=16", "network.depth=1", "stem.components=8",
    "training.batch_size=16", "training.epochs=10", "latent_dim=3",
]  # fmt: skip


def recipe(name: str = "vae", *changes: str) -> Recipe:
    small = SMALL if name == "vae" else ["representation.name=cochlear", "latent_dim=3"]
    return recipes.load(name, [*small, *AUDIO_TABLE, *changes])


@pytest.fixture(scope="module")
def dataset() -> Dataset:
    return load("mono/level")


@pytest.fixture(scope="module")
def trained(dataset: Dataset, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("trained") / "played"
    summary, before = train(recipe(), dataset, out)
    assert not before
    assert (summary.epochs, summary.audio_epochs) == (10, 30)
    assert summary.rmse_unit == "dB"
    return out


def test_the_folder_holds_both_histories_and_no_checkpoint(trained: Path) -> None:
    names = {path.name for path in trained.iterdir()}
    assert names == {
        "model.safetensors", "recipe.toml", "history.csv", "audio-history.csv", "summary.json",
    }  # fmt: skip
    rows = list(csv.DictReader((trained / "audio-history.csv").open()))
    assert len(rows) == 30
    assert {row["divergence"] for row in rows} == {"0.0"}
    assert float(rows[-1]["unexplained"]) < float(rows[0]["unexplained"])


def test_it_encodes_in_one_view_and_plays_in_the_other(trained: Path, dataset: Dataset) -> None:
    model = load_model(trained)
    audio = dataset.audio(dataset.split("test"))
    mean, log_variance = model.encode(audio)
    assert mean.shape == (len(audio), 3)
    assert log_variance is not None
    assert model.coefficients(audio).shape == (len(audio), 512, 32)
    assert model.decode_coefficients(mean).shape == (len(audio), 512, 32)
    assert model.decode(mean).shape == audio.shape
    assert model.representation_name == "cochlear, played in log_magnitude"
    assert "cochlear" in model.likelihood_space
    assert np.isfinite(model.log_likelihood(audio)).all()
    # The round trip is that of the view that is heard, which is far better than the cochlear one.
    played = model.audio_representation
    np.testing.assert_array_equal(model.round_trip(audio), played.inverse(played.forward(audio)))


def test_the_codes_are_those_of_a_training_without_it(
    trained: Path, dataset: Dataset, tmp_path: Path
) -> None:
    train(recipes.load("vae", SMALL), dataset, tmp_path)
    audio = dataset.audio(dataset.split("test"))
    alone, together = load_model(tmp_path).encode(audio), load_model(trained).encode(audio)
    np.testing.assert_array_equal(alone[0], together[0])


def test_it_plays_its_training_sounds_better_than_their_mean(
    trained: Path, dataset: Dataset
) -> None:
    model = load_model(trained)
    audio = dataset.audio(dataset.split("train"))
    view = model.coefficients(audio)
    error = np.square(model.decode_coefficients(model.encode(audio)[0]) - view).mean()
    assert error < 0.8 * np.square(view - view.mean(axis=0)).mean()


def test_principal_components_can_be_played_too(dataset: Dataset, tmp_path: Path) -> None:
    summary, _ = train(recipe("pca"), dataset, tmp_path)
    assert (summary.epochs, summary.audio_epochs) == (0, 30)
    model = load_model(tmp_path)
    mean, log_variance = model.encode(dataset.audio(np.arange(3)))
    assert log_variance is None
    assert model.decode(mean).shape == (3, dataset.num_samples)


@pytest.mark.parametrize("stop", ["codes", "audio"])
def test_a_training_that_was_stopped_ends_with_the_same_bytes(
    stop: str, trained: Path, dataset: Dataset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Stopped(Exception):
        """What a machine does that goes away."""

    checkpoint = Job.checkpoint
    epochs = {"codes": 2, "audio": 7}[stop]

    def stopping(self: Job, state: State, part: str) -> None:
        checkpoint(self, state, part)
        if (part == AUDIO) == (stop == "audio") and len(state.history) == epochs:
            raise Stopped

    with monkeypatch.context() as patch:
        patch.setattr(Job, "checkpoint", stopping)
        with pytest.raises(Stopped):
            train(recipe(), dataset, tmp_path, checkpoint_every_s=0)
    assert (tmp_path / f"{AUDIO}{CHECKPOINT_FILE}").exists() == (stop == "audio")
    train(recipe(), dataset, tmp_path)
    model = "model.safetensors"
    assert (tmp_path / model).read_bytes() == (trained / model).read_bytes()


def test_the_noise_of_the_posterior_is_scaled() -> None:
    data = torch.randn(20, 9, generator=torch.Generator().manual_seed(0))
    stem = PrincipalStem(principal_components(data.clone(), 4), 0.1)
    coordinates, outside = stem.project(data)
    codes = torch.zeros(20, 3), torch.ones(20, 3)
    features = CodedFeatures(*codes, Features(coordinates, outside))
    noise = torch.randn(20, 1, 3, generator=torch.Generator().manual_seed(1))
    still, moved = (
        untrained_audio(recipe("vae", f"audio.posterior_noise={level}"), stem, seed=0)
        for level in (0.0, 1.0)
    )
    first = still.terms(features, noise).log_likelihood
    torch.testing.assert_close(first, still.terms(features, -noise).log_likelihood)
    assert not torch.equal(first, moved.terms(features, noise).log_likelihood)


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ("audio.stem.name=none", "stem 'none' is unknown"),
        ("audio.color=1", "field 'audio.color' is unknown; the fields here are likelihood, net"),
        ("audio.posterior_noise=2", "'audio.posterior_noise' is wrong"),
    ],
)
def test_a_wrong_field_of_its_table_is_named(change: str, sentence: str) -> None:
    with pytest.raises(ToySoundError, match=sentence):
        recipe("vae", change)


def test_a_table_that_is_not_complete_is_refused() -> None:
    with pytest.raises(ToySoundError, match=r"field 'audio\.\w+' is missing; the fields here are"):
        recipes.load("vae", ["audio.representation.name=log_magnitude"])


def test_a_recipe_without_it_has_no_second_decoder() -> None:
    data = torch.randn(20, 9, generator=torch.Generator().manual_seed(0))
    stem = PrincipalStem(principal_components(data, 4), 0.1)
    with pytest.raises(ValueError, match="no table 'audio'"):
        untrained_audio(recipes.load("vae"), stem, seed=0)
