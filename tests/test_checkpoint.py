"""A trained baseline from disk: the protocol it keeps, and the files it refuses."""

import json
import pickle
import struct
from pathlib import Path

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from small_dataset import small_dataset

from baselines import recipes
from baselines.checkpoint import load_model
from baselines.model import Baseline
from baselines.run import train
from baselines.tensors import load_tensors, save_tensors
from benchmark.check import check
from benchmark.protocol import offers
from toysound.errors import ToySoundError, UsageError
from toysound.version import __version__

SMALL = (
    "network.width=32", "network.depth=1", "latent_dim=4", "stem.components=16",
    "training.epochs=30", "training.batch_size=16",
)  # fmt: skip


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("trained")
    train(recipes.load("vae", SMALL), small_dataset(), path / "vae")
    train(recipes.load("pca", ["latent_dim=4"]), small_dataset(), path / "pca")
    return path


@pytest.fixture(scope="module", params=["vae", "pca"])
def model(request: pytest.FixtureRequest, folder: Path) -> Baseline:
    return load_model(folder / request.param / "model.safetensors")


@pytest.fixture(scope="module")
def audio() -> NDArray[np.float32]:
    dataset = small_dataset()
    return dataset.audio(dataset.split("test"))


def test_what_it_says_of_itself(model: Baseline) -> None:
    assert model.name in ("vae", "pca")
    assert model.citation == recipes.load(model.name).citation
    assert (model.sample_rate, model.num_samples, model.latent_dim) == (16000, 4000, 4)
    learnt = model.latent_model.state_dict().values()
    assert model.num_parameters == sum(tensor.numel() for tensor in learnt) > 0


def test_it_keeps_the_protocol_of_the_benchmark(model: Baseline) -> None:
    report = check(model, small_dataset())
    assert report.can_be_scored, report.to_text()


def test_a_view_that_is_not_in_decibels_offers_no_error_in_decibels(tmp_path: Path) -> None:
    scales = ["likelihood.initial_scale=0.1", "likelihood.minimum_scale=1e-4"]
    changes = ["representation.name=mdct", *scales, "training.epochs=1"]
    train(recipes.load("vae", [*SMALL, *changes]), small_dataset(), tmp_path)
    model = load_model(tmp_path)
    assert not offers(model, "coefficients")
    assert offers(model, "log_likelihood", "round_trip")
    assert model.representation_name == "mdct"


def test_a_model_without_samples_offers_no_likelihood(tmp_path: Path) -> None:
    changes = ["posterior.name=point", "divergence.weight=0.0", "training.epochs=1"]
    train(recipes.load("vae", [*SMALL, *changes]), small_dataset(), tmp_path)
    model = load_model(tmp_path)
    assert not offers(model, "log_likelihood")
    assert model.encode(small_dataset().audio(np.arange(3)))[1] is None
    assert check(model, small_dataset()).can_be_scored


def test_shapes_and_types_at_the_border(model: Baseline, audio: NDArray[np.float32]) -> None:
    count = len(audio)
    mean, log_variance = model.encode(audio)
    assert mean.shape == (count, 4)
    if model.name == "pca":
        assert log_variance is None
    else:
        assert log_variance is not None
        assert log_variance.shape == (count, 4)
    sound = model.decode(mean)
    assert sound.shape == audio.shape
    assert sound.dtype == mean.dtype == np.float32
    assert np.abs(sound).max() <= 1
    assert model.coefficients(audio).shape == model.decode_coefficients(mean).shape
    assert model.round_trip(audio).shape == audio.shape
    nats = model.log_likelihood(audio)
    assert nats.shape == (count,)
    assert np.isfinite(nats).all()


def test_it_has_learnt_something(model: Baseline) -> None:
    dataset = small_dataset()
    audio = dataset.audio(dataset.split("train"))
    view = model.coefficients(audio)
    decoded = model.decode_coefficients(model.encode(audio)[0])
    error = np.sqrt(np.mean((view - decoded) ** 2))
    assert error < 0.75 * np.sqrt(np.mean((view - view.mean(axis=0)) ** 2))


def test_codes_do_not_depend_on_the_batch(model: Baseline, audio: NDArray[np.float32]) -> None:
    mean, _ = model.encode(audio)
    again, _ = model.encode(audio)
    assert np.array_equal(mean, again)
    alone = np.concatenate([model.encode(row[None])[0] for row in audio])
    assert np.abs(alone - mean).max() < 1e-4 * mean.std(axis=0).min()


def test_sounds_do_not_depend_on_the_batch_to_the_last_bit(
    model: Baseline, audio: NDArray[np.float32]
) -> None:
    mean, _ = model.encode(audio)
    together = model.decode(mean)
    assert np.array_equal(together, np.concatenate([model.decode(row[None]) for row in mean]))
    assert np.array_equal(together, model.decode(mean[::-1])[::-1])


def test_the_prior_can_be_listened_to(model: Baseline) -> None:
    sounds = model.prior_sample(3, seed=1)
    assert sounds.shape == (3, 4000)
    assert np.array_equal(sounds, model.prior_sample(3, seed=1))
    assert not np.array_equal(sounds, model.prior_sample(3, seed=2))


def test_no_sounds_give_empty_arrays(model: Baseline) -> None:
    mean, _ = model.encode(np.zeros((0, 4000), dtype=np.float32))
    assert mean.shape == (0, 4)
    assert model.decode(mean).shape == (0, 4000)
    assert model.log_likelihood(np.zeros((0, 4000), dtype=np.float32)).shape == (0,)


def test_other_lengths_and_sizes_are_refused(model: Baseline) -> None:
    with pytest.raises(ToySoundError, match="trained on sounds of 4000 samples at 16000 Hz"):
        model.encode(np.zeros((1, 8000), dtype=np.float32))
    with pytest.raises(UsageError, match=r"latent has shape \(1, 5\); .* expects \(B, 4\)"):
        model.decode(np.zeros((1, 5), dtype=np.float32))
    with pytest.raises(ToySoundError, match="NaN"):
        model.encode(np.full((1, 4000), np.nan, dtype=np.float32))
    with pytest.raises(ToySoundError, match="NaN"):
        model.decode(np.full((1, 4), np.nan, dtype=np.float32))


def test_loading_a_folder_is_loading_the_model_in_it(folder: Path) -> None:
    assert (
        repr(load_model(folder / "vae")) == "Baseline('vae', 4 latents, 4000 samples at 16000 Hz)"
    )


def test_the_header_says_where_the_model_comes_from(folder: Path) -> None:
    _, metadata = load_tensors(folder / "vae" / "model.safetensors")
    expected = {
        "recipe": "vae", "dataset": "small", "sample_rate": "16000", "num_samples": "4000",
        "toysound_version": __version__, "seed": "0", "format": "toysound-baseline-1",
    }  # fmt: skip
    assert expected.items() <= metadata.items()
    assert recipes.parse(metadata["recipe_toml"], "header") == recipes.load("vae", SMALL)


def test_equal_tensors_and_texts_give_equal_bytes(tmp_path: Path) -> None:
    tensors = {"b": torch.ones(2), "a": torch.zeros(0, 3)}
    texts = {str(i): "x" * i for i in range(20)}
    save_tensors(tmp_path / "1", tensors, texts)
    save_tensors(tmp_path / "2", tensors, dict(reversed(texts.items())))
    assert (tmp_path / "1").read_bytes() == (tmp_path / "2").read_bytes()
    loaded, metadata = load_tensors(tmp_path / "1")
    assert metadata == texts
    assert torch.equal(loaded["b"], tensors["b"])
    assert loaded["a"].shape == (0, 3)


class Bomb:
    """What a pickle could do."""

    def __reduce__(self) -> tuple[object, tuple[str]]:
        return (Path.touch, (Path("exploded"),))  # type: ignore[return-value]


def test_a_pickle_is_refused_and_not_opened(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "model.safetensors").write_bytes(pickle.dumps(Bomb()))
    with pytest.raises(ToySoundError, match="is not a complete safetensors file"):
        load_model(tmp_path)
    assert not (tmp_path / "exploded").exists()


@pytest.mark.parametrize("keep", [0, 4, 100, -1])
def test_a_truncated_file_is_refused(folder: Path, tmp_path: Path, keep: int) -> None:
    whole = (folder / "pca" / "model.safetensors").read_bytes()
    path = tmp_path / "model.safetensors"
    path.write_bytes(whole[:keep])
    with pytest.raises(ToySoundError, match="is not a complete safetensors file"):
        load_model(path)


def test_a_foreign_file_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "model.safetensors"
    save_tensors(path, {"weight": torch.ones(2)}, {})
    with pytest.raises(ToySoundError, match=r"is no toysound baseline .*not stated"):
        load_model(path)


@pytest.mark.parametrize("change", ["missing", "foreign", "shape"])
@pytest.mark.parametrize("name", ["vae", "pca"])
def test_other_tensors_than_the_recipe_needs_are_refused(
    folder: Path, tmp_path: Path, change: str, name: str
) -> None:
    tensors, metadata = load_tensors(folder / name / "model.safetensors")
    victim = next(iter(tensors))
    if change == "missing":
        del tensors[victim]
    elif change == "foreign":
        tensors["foreign"] = torch.ones(1)
    else:
        tensors[victim] = torch.ones(2, 2, 2)
    path = tmp_path / "model.safetensors"
    save_tensors(path, tensors, metadata)
    with pytest.raises(ToySoundError, match="is damaged or of another version of toysound"):
        load_model(path)


@pytest.mark.parametrize("field", ["recipe_toml", "sample_rate", "seed"])
def test_a_header_without_a_field_is_refused(folder: Path, tmp_path: Path, field: str) -> None:
    tensors, metadata = load_tensors(folder / "pca" / "model.safetensors")
    path = tmp_path / "model.safetensors"
    save_tensors(path, tensors, {k: v for k, v in metadata.items() if k != field})
    with pytest.raises(ToySoundError, match="is damaged or of another version"):
        load_model(path)


def test_a_missing_file_is_said(tmp_path: Path) -> None:
    with pytest.raises(ToySoundError, match="there is no model"):
        load_model(tmp_path)


def test_a_file_is_plain_safetensors(folder: Path) -> None:
    data = (folder / "pca" / "model.safetensors").read_bytes()
    (size,) = struct.unpack("<Q", data[:8])
    header = json.loads(data[8 : 8 + size])
    assert set(header) == {"__metadata__", "mean", "basis", "deviation", "residual_deviation"}
    assert size % 8 == 0
