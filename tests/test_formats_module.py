"""Modules that speak tensors, and pythae's models, as the harness meets them."""

import os
import pickle
import textwrap
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from model_zoo import DIM, SAMPLES
from pythae.models import AE, VAE, AEConfig, VAEConfig
from pythae.models.nn.default_architectures import Decoder_AE_MLP
from small_dataset import small_dataset
from torch import Tensor, nn

from benchmark.check import check
from benchmark.formats.module import TorchModule
from benchmark.formats.pythae_model import PythaeModel
from benchmark.loading import load_model, open_model
from toysound.errors import ToySoundError, UsageError

AUDIO = np.random.default_rng(0).uniform(-0.5, 0.5, (6, SAMPLES)).astype(np.float32)
LATENT = np.random.default_rng(1).standard_normal((6, DIM)).astype(np.float32)


class Plain(nn.Module):
    """A module as one writes it for training: tensors, dropout, gradients."""

    sample_rate = 16000
    latent_dim = DIM

    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.down = nn.Linear(SAMPLES, 2 * DIM)
        self.up = nn.Linear(DIM, SAMPLES)
        self.drop = nn.Dropout(0.5)

    def encode(self, audio: Tensor) -> Any:
        mean, log_variance = self.down(self.drop(audio)).chunk(2, dim=1)
        return mean, log_variance

    def decode(self, latent: Tensor) -> Tensor:
        return torch.tanh(self.up(latent))

    def prior_sample(self, count: int, seed: int) -> Tensor:
        return torch.randn(count, DIM, generator=torch.Generator().manual_seed(seed))


class OnlyMean(Plain):
    def encode(self, audio: Tensor) -> Any:
        return self.down(audio)[:, :DIM]


class Distribution(Plain):
    def encode(self, audio: Tensor) -> Any:
        mean, scale = self.down(audio).chunk(2, dim=1)
        return torch.distributions.Independent(torch.distributions.Normal(mean, scale.exp()), 1)


class Half(Plain):
    def decode(self, latent: Tensor) -> Tensor:
        return super().decode(latent).bfloat16()


class SpeaksArrays(Plain):
    """A module that keeps the protocol itself."""

    def encode(self, audio: Any) -> Any:
        with torch.no_grad():
            mean, log_variance = self.down(torch.from_numpy(audio)).chunk(2, dim=1)
        return mean.numpy(), log_variance.numpy()


class Broken(Plain):
    def encode(self, audio: Any) -> Any:
        raise TypeError("the first reason")


def test_a_plain_module_is_a_model() -> None:
    loaded = open_model(Plain(), small_dataset())
    assert (loaded.name, loaded.source, loaded.format) == ("Plain", "Plain", "object")
    assert loaded.parameters == SAMPLES * 2 * DIM + 2 * DIM + DIM * SAMPLES + SAMPLES
    report = check(loaded, small_dataset())
    assert report.can_be_scored
    assert all(f.kind == "ok" for f in report.findings if f.about == "stability")
    assert loaded.model.sample_rate == 16000
    assert not loaded.model.module.training
    assert loaded.model.prior_sample(3, 1).shape == (3, DIM)


@pytest.mark.parametrize("name", ["Plain", "make_plain", "READY", "OnlyMean"])
def test_a_module_in_a_file(name: str, tmp_path: Path) -> None:
    text = f"""
        from {Path(__file__).stem} import Plain, OnlyMean
        def make_plain(): return Plain()
        READY = Plain()
    """
    path = tmp_path / "modules.py"
    path.write_text(textwrap.dedent(text))
    assert isinstance(load_model(f"{path}:{name}").model, TorchModule)


def test_what_encode_may_return() -> None:
    plain = Plain().eval()
    with torch.no_grad():
        mean, scale = plain.encode(torch.from_numpy(AUDIO))
    np.testing.assert_array_equal(TorchModule(plain).encode(AUDIO)[1], scale.numpy())
    alone = TorchModule(OnlyMean()).encode(AUDIO)
    np.testing.assert_allclose(alone[0], mean.numpy(), atol=1e-6)
    assert alone[1] is None
    drawn = TorchModule(Distribution()).encode(AUDIO)
    np.testing.assert_allclose(drawn[0], mean.numpy(), atol=1e-6)
    np.testing.assert_allclose(drawn[1], 2 * scale.numpy(), atol=1e-5)


def test_short_floats_become_float32() -> None:
    assert TorchModule(Half()).decode(LATENT).dtype == np.float32


def test_a_module_that_keeps_the_protocol_is_left_to() -> None:
    model = TorchModule(SpeaksArrays())
    for _ in range(2):
        np.testing.assert_allclose(
            model.encode(AUDIO)[0], TorchModule(OnlyMean()).encode(AUDIO)[0], atol=1e-6
        )


def test_a_broken_module_tells_its_own_reason() -> None:
    with pytest.raises(TypeError, match="the first reason"):
        TorchModule(Broken()).encode(AUDIO)


def test_a_module_cannot_change_the_sounds_it_is_given() -> None:
    class InPlace(Plain):
        def encode(self, audio: Tensor) -> Any:
            return super().encode(audio.mul_(0))

    audio = AUDIO.copy()
    TorchModule(InPlace()).encode(audio)
    assert np.array_equal(audio, AUDIO)


def test_a_module_that_lacks_a_piece_is_told() -> None:
    report = check(nn.Linear(3, 4), small_dataset())
    missing = [f.text.split(";")[0] for f in report.findings if f.kind == "problem"]
    assert missing == [
        "it has no attribute 'sample_rate'",
        "it has no attribute 'latent_dim'",
        "it has no method 'encode'",
        "it has no method 'decode'",
    ]


def pythae(kind: Any = VAE, config: Any = VAEConfig, shape: Any = (SAMPLES,)) -> Any:
    torch.manual_seed(0)
    return kind(config(input_dim=shape, latent_dim=DIM))


@pytest.mark.parametrize("shape", [(SAMPLES,), (1, SAMPLES)])
def test_a_pythae_model_is_a_model(shape: Any) -> None:
    model = pythae(shape=shape)
    model.sample_rate = 16000
    loaded = open_model(model, small_dataset())
    assert isinstance(loaded.model, PythaeModel)
    assert (loaded.name, loaded.model.latent_dim) == ("VAE", DIM)
    assert loaded.parameters == sum(p.numel() for p in model.parameters())
    assert check(loaded, small_dataset()).can_be_scored
    mean, log_variance = loaded.model.encode(AUDIO)
    with torch.no_grad():
        output = model.encoder(torch.from_numpy(AUDIO))
    np.testing.assert_array_equal(mean, output.embedding.numpy())
    np.testing.assert_array_equal(log_variance, output.log_covariance.numpy())


def test_a_pythae_autoencoder_is_deterministic() -> None:
    model = PythaeModel(
        pythae(AE, AEConfig),
        sample_rate=16000,
        name="ae",
        citation="me",
        representation_name="raw",
        supervision="labels",
    )
    assert model.encode(AUDIO)[1] is None
    assert model.decode(LATENT).shape == (6, SAMPLES)
    assert (model.name, model.citation, model.representation_name) == ("ae", "me", "raw")
    assert model.supervision == "labels"


def test_a_pythae_model_of_another_length_says_so() -> None:
    model = PythaeModel(pythae(shape=(100,)), sample_rate=16000)
    with pytest.raises(
        ToySoundError, match=r"takes data of shape \(100,\); these sounds have 4000"
    ):
        model.encode(AUDIO)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """What pythae saves of a model with its own networks: numbers only."""
    pythae().save(str(tmp_path / "saved"))
    return tmp_path / "saved"


def test_a_folder_of_numbers_needs_no_trust(folder: Path) -> None:
    with pytest.raises(ToySoundError, match=r"'saved' does not tell its sample_rate"):
        load_model(str(folder))
    (folder / "model.json").write_text('{"sample_rate": 16000, "name": "mine"}')
    loaded = load_model(str(folder))
    assert (loaded.name, loaded.source, loaded.format, loaded.isolated) == (
        "mine",
        "saved",
        "pythae",
        False,
    )
    np.testing.assert_array_equal(
        loaded.model.decode(LATENT), PythaeModel(pythae(), 16000).decode(LATENT)
    )


def test_a_folder_without_weights_says_so(folder: Path) -> None:
    (folder / "model.json").write_text('{"sample_rate": 16000}')
    (folder / "model.pt").unlink()
    with pytest.raises(ToySoundError, match=r"'saved' has no 'model\.pt'"):
        load_model(str(folder))


class Touches:
    """What a prepared pickle does: call something when it is opened."""

    def __init__(self, path: Path) -> None:
        self.path = str(path)

    def __reduce__(self) -> Any:
        return os.mkdir, (self.path,)


def test_weights_that_are_a_program_are_refused(folder: Path, tmp_path: Path) -> None:
    (folder / "model.json").write_text('{"sample_rate": 16000}')
    torch.save({"model_state_dict": Touches(tmp_path / "pwned")}, folder / "model.pt")
    with pytest.raises(ToySoundError, match="'saved' cannot be read: UnpicklingError"):
        load_model(str(folder))
    assert not (tmp_path / "pwned").exists()


def test_pickled_networks_are_opened_behind_walls(tmp_path: Path) -> None:
    config = VAEConfig(input_dim=(SAMPLES,), latent_dim=DIM)
    folder = tmp_path / "own"
    VAE(config, decoder=Decoder_AE_MLP(config)).save(str(folder))
    (folder / "model.json").write_text('{"sample_rate": 16000}')
    with pytest.raises(
        ToySoundError, match=r"unpickles 'decoder\.pkl', which is a program; .*--tr"
    ):
        load_model(str(folder))
    (folder / "decoder.pkl").write_bytes(pickle.dumps(Touches(tmp_path / "pwned")))
    with pytest.raises(ToySoundError, match="write outside its folder"):
        load_model(str(folder), trust=True)
    assert not (tmp_path / "pwned").exists()


def test_a_pythae_class_alone_is_no_model() -> None:
    with pytest.raises((ToySoundError, UsageError), match="needs a value for 'model_config'"):
        load_model("pythae.models:VAE")
