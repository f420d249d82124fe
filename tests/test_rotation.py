"""Codes turned to independent components."""

import json
import re
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from small_dataset import small_dataset

from baselines import recipes
from baselines.checkpoint import load_model
from baselines.pca import PCA, ProbabilisticPCA
from baselines.principal import principal_components
from baselines.rotation import Rotated, Rotation, independent_components
from baselines.run import train
from toysound.command import main
from toysound.errors import ToySoundError, UsageError

VAE = ["training.epochs=2", "stem.components=8", "network.width=16", "latent_dim=3"]
ICA = "rotation={name='ica'}"


def uniform(count: int, dims: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).uniform(-1, 1, (count, dims))


@pytest.fixture(scope="module")
def data() -> torch.Tensor:
    return torch.randn(50, 6, generator=torch.Generator().manual_seed(0))


def test_mixed_uniform_causes_are_found_but_for_order_and_sign() -> None:
    causes = uniform(4000, 3)
    mixing = np.random.default_rng(1).normal(size=(3, 3))
    means = (causes @ mixing.T + 5).astype(np.float32)
    found = independent_components(means, 0.01)
    codes = (torch.from_numpy(means) - found.centre) @ found.matrix.T
    correlation = np.abs(np.corrcoef(codes.T.numpy(), causes.T)[:3, 3:])
    assert sorted(correlation.argmax(axis=1)) == [0, 1, 2]
    assert correlation.max(axis=1).min() > 0.99
    np.testing.assert_allclose(codes.numpy().mean(axis=0), 0, atol=1e-3)
    np.testing.assert_allclose(codes.numpy().std(axis=0), 1, atol=1e-3)


def test_dimensions_that_hardly_vary_stay() -> None:
    means = uniform(500, 4).astype(np.float32)
    means[:, 2] *= 0.01
    matrix, centre = independent_components(means, 0.1)
    assert torch.equal(matrix[2], torch.eye(4)[2])
    assert torch.equal(matrix[:, 2], torch.eye(4)[2])
    assert centre[2] == 0


@pytest.mark.parametrize("scale", [0.0, 0.01])
def test_nothing_to_turn_is_the_identity(scale: float) -> None:
    means = (scale * uniform(100, 3)).astype(np.float32)
    matrix, centre = independent_components(means, 0.1)
    assert torch.equal(matrix, torch.eye(3))
    assert not centre.any()


def test_a_seed_gives_the_same_map() -> None:
    means = uniform(300, 3).astype(np.float32)
    first, again = (independent_components(means, 0.1, seed=3) for _ in range(2))
    assert torch.equal(first.matrix, again.matrix)


def test_turning_changes_neither_sounds_nor_densities(data: torch.Tensor) -> None:
    model = PCA(principal_components(data.clone(), 3))
    turned = Rotated(model, independent_components(model.encode(data)[0].numpy(), 0.1))
    codes, log_variance = turned.encode(data)
    assert log_variance is None
    close = {"atol": 1e-4, "rtol": 1e-4}
    torch.testing.assert_close(turned.decode(codes), model.decode(model.encode(data)[0]), **close)
    assert torch.equal(turned.log_likelihood(data), model.log_likelihood(data))


def test_the_variance_of_a_turned_posterior_is_that_of_its_samples(data: torch.Tensor) -> None:
    model = ProbabilisticPCA(principal_components(data.clone(), 3))
    matrix = torch.tensor([[1.0, 2.0, 0.0], [0.0, 1.0, -1.0], [1.0, 0.0, 1.0]])
    turned = Rotated(model, Rotation(matrix, torch.ones(3)))
    mean, log_variance = model.encode(data[:1])
    noise = torch.randn(200_000, 3, generator=torch.Generator().manual_seed(0))
    samples = (mean + noise * torch.exp(log_variance / 2) - 1) @ matrix.T
    codes, spread = turned.encode(data[:1])
    assert spread is not None
    torch.testing.assert_close(codes[0], samples.mean(dim=0), atol=0.02, rtol=0)
    torch.testing.assert_close(spread[0].exp(), samples.var(dim=0), atol=0, rtol=0.02)


@pytest.mark.parametrize("name", ["pca", "ppca", "vae", "vae-cochlear"])
def test_a_trained_model_comes_back_turned(name: str, tmp_path: Path) -> None:
    changes = [ICA, *(VAE if name.startswith("vae") else ["latent_dim=3"])]
    if name == "vae-cochlear":
        changes += ["audio.training.epochs=2", "audio.stem.components=8", "audio.network.width=16"]
    train(recipes.load(name, changes), small_dataset(), tmp_path)
    turned = load_model(tmp_path)
    audio = small_dataset().audio(np.arange(len(small_dataset())))
    codes, _ = turned.encode(audio)
    inner = turned.latent_model
    assert isinstance(inner, Rotated)
    assert turned.decode(codes[:2]).shape == audio[:2].shape
    before = (torch.from_numpy(codes) @ inner.inverse.T + inner.centre).numpy()
    varying = before.var(axis=0) > 0.1
    if varying.sum() > 1 and name.endswith("pca"):
        correlation = np.corrcoef(codes[:, varying].T) - np.eye(varying.sum())
        assert np.abs(correlation).max() < 0.3  # the map is of the training sounds


def test_another_rotation_is_refused() -> None:
    with pytest.raises(ToySoundError, match=r"rotation\.name"):
        recipes.load("pca", ["rotation={name='varimax'}"])


#: Two parts of a training, as small as can be.
TINY = [*VAE, "audio.training.epochs=2", "audio.stem.components=8", "audio.network.width=16"]


@pytest.fixture(scope="module")
def straight(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("straight")
    train(recipes.load("vae-untangled", TINY), small_dataset(), folder)
    return folder


def test_what_was_trained_before_is_turned_to_the_same_model(
    straight: Path, tmp_path: Path
) -> None:
    recipe = recipes.load("vae-untangled-ica", TINY)
    whole, _ = train(recipe, small_dataset(), tmp_path / "whole")
    turned, _ = train(recipe, small_dataset(), tmp_path / "turned", turn=straight)
    names = {path.name for path in (tmp_path / "whole").iterdir()}
    assert names == {path.name for path in (tmp_path / "turned").iterdir()}
    for name in names - {"summary.json"}:
        assert (tmp_path / "whole" / name).read_bytes() == (tmp_path / "turned" / name).read_bytes()
    assert replace(turned, cpu_seconds=0) == replace(whole, cpu_seconds=0)


def test_the_cost_of_what_is_turned_counts(straight: Path, tmp_path: Path) -> None:
    before = json.loads((straight / "summary.json").read_text())["cpu_seconds"]
    recipe = recipes.load("vae-untangled-ica", TINY)
    summary, _ = train(recipe, small_dataset(), tmp_path, turn=straight)
    assert summary.cpu_seconds > before


def test_a_recipe_without_a_rotation_turns_nothing(straight: Path, tmp_path: Path) -> None:
    recipe = recipes.load("vae-untangled", TINY)
    with pytest.raises(UsageError, match=r"'vae-untangled' has none; --set rotation\.name=ica"):
        train(recipe, small_dataset(), tmp_path / "out", turn=straight)
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("changes", "seed", "sentence"),
    [
        (["likelihood.initial_scale=20.0"], 0, "with initial_scale = 30.0, not initial_scale = 20"),
        ([], 1, "a training with seed 0, not 1"),
    ],
)
def test_another_training_is_not_turned(
    straight: Path, tmp_path: Path, changes: list[str], seed: int, sentence: str
) -> None:
    recipe = recipes.load("vae-untangled-ica", [*TINY, *changes])
    with pytest.raises(ToySoundError, match=re.escape(sentence)):
        train(recipe, small_dataset(), tmp_path / "out", seed=seed, turn=straight)
    assert not list((tmp_path / "out").iterdir())


def test_what_is_turned_already_is_not_turned_again(straight: Path, tmp_path: Path) -> None:
    recipe = recipes.load("vae-untangled-ica", TINY)
    train(recipe, small_dataset(), tmp_path / "turned", turn=straight)
    with pytest.raises(ToySoundError, match="codes that are turned already; name a training"):
        train(recipe, small_dataset(), tmp_path / "twice", turn=tmp_path / "turned")
    assert not list((tmp_path / "twice").iterdir())


def test_it_is_said_that_nothing_was_trained(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    head = ["train", "pca", "--dataset", "mono/pitch", "--out"]
    assert main([*head, str(tmp_path / "pca")]) == 0
    rotation = ["--set", "rotation.name='ica'", "--turn", str(tmp_path / "pca")]
    assert main([*head, str(tmp_path / "ica"), *rotation]) == 0
    said = capsys.readouterr().out
    assert f"turned to pca on mono/pitch, seed 0, from '{tmp_path / 'pca'}'" in said
    assert f"wrote {tmp_path / 'ica' / 'model.safetensors'}" in said


def test_nothing_that_was_trained_is_not_turned(tmp_path: Path) -> None:
    recipe = recipes.load("vae-untangled-ica", TINY)
    with pytest.raises(ToySoundError, match="there is no model"):
        train(recipe, small_dataset(), tmp_path / "out", turn=tmp_path / "nowhere")


@pytest.mark.parametrize(("file", "text"), [("summary.json", "{"), ("history.csv", "a,b\n1,x\n")])
def test_a_damaged_training_is_not_turned(
    straight: Path, tmp_path: Path, file: str, text: str
) -> None:
    shutil.copytree(straight, tmp_path / "damaged")
    (tmp_path / "damaged" / file).write_text(text)
    recipe = recipes.load("vae-untangled-ica", TINY)
    with pytest.raises(ToySoundError, match="--force trains"):
        train(recipe, small_dataset(), tmp_path / "out", turn=tmp_path / "damaged")


def test_there_are_no_epochs_to_watch_where_codes_are_turned(
    straight: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    command = [
        "train",
        "vae-untangled-ica",
        "--dataset",
        "mono/pitch",
        "--out",
        str(tmp_path / "a"),
    ]
    assert main([*command, "--turn", str(straight), "--samples", "2"]) == 2
    assert "--turn trains nothing" in capsys.readouterr().err
    assert not (tmp_path / "a").exists()
