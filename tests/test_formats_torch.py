"""``.pt2`` and TorchScript: programs that come as data, opened with trust and behind walls."""

import contextlib
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from model_zoo import DIM, SAMPLES
from torch import Tensor, nn

from benchmark.formats.archive import holds_torchscript
from benchmark.formats.description import Description
from benchmark.formats.torch_pair import TorchPair
from benchmark.loading import load_here, load_model
from toysound.errors import ToySoundError, UsageError

AUDIO = np.random.default_rng(0).uniform(-0.5, 0.5, (5, SAMPLES)).astype(np.float32)
LATENT = np.random.default_rng(1).standard_normal((5, DIM)).astype(np.float32)


class Encoder(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.layer = nn.Linear(SAMPLES, DIM)

    def forward(self, audio: Tensor) -> tuple[Tensor, Tensor]:
        mean = self.layer(audio)
        return mean, mean / 2


class Decoder(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(1)
        self.layer = nn.Linear(DIM, SAMPLES)

    def forward(self, latent: Tensor) -> Tensor:
        return torch.tanh(self.layer(latent))


class Both(nn.Module):
    sample_rate: int
    latent_dim: int

    def __init__(self) -> None:
        super().__init__()
        self.sample_rate, self.latent_dim = 16000, DIM
        self.encoder, self.decoder = Encoder(), Decoder()

    @torch.jit.export
    def encode(self, audio: Tensor) -> tuple[Tensor, Tensor]:
        mean, log_variance = self.encoder(audio)
        return mean, log_variance

    @torch.jit.export
    def decode(self, latent: Tensor) -> Tensor:
        sound: Tensor = self.decoder(latent)
        return sound


class Writes(Both):
    """Writes a file while it encodes, as TorchScript can."""

    path: str

    def __init__(self, path: str) -> None:
        super().__init__()
        self.path = path

    @torch.jit.export
    def encode(self, audio: Tensor) -> tuple[Tensor, Tensor]:
        torch.save(audio, self.path)
        mean, log_variance = self.encoder(audio)
        return mean, log_variance


def tell(folder: Path) -> None:
    (folder / "model.json").write_text(f'{{"sample_rate": 16000, "latent_dim": {DIM}}}')


@pytest.fixture(scope="module")
def pt2(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("exported")
    tell(folder)
    batch = {0: torch.export.Dim("batch")}
    for name, module, width in (("encoder", Encoder(), SAMPLES), ("decoder", Decoder(), DIM)):
        example = (torch.zeros(2, width),)
        program = torch.export.export(module.eval(), example, dynamic_shapes=(batch,))
        torch.export.save(program, folder / f"{name}.pt2")
    return folder


def scripted(module: nn.Module) -> Any:
    script: Any = torch.jit.script
    return script(module)


def agrees(model: Any) -> None:
    with torch.no_grad():
        mean, log_variance = Encoder()(torch.from_numpy(AUDIO))
        sound = Decoder()(torch.from_numpy(LATENT))
    ours = model.encode(AUDIO)
    np.testing.assert_allclose(ours[0], mean.numpy(), atol=1e-6)
    np.testing.assert_allclose(ours[1], log_variance.numpy(), atol=1e-6)
    np.testing.assert_allclose(model.decode(LATENT), sound.numpy(), atol=1e-6)
    assert (model.sample_rate, model.latent_dim) == (16000, DIM)


def test_an_exported_pair_runs_behind_walls(pt2: Path) -> None:
    with pytest.raises(ToySoundError, match=r"a pt2 file may unpickle parts of it.*add --trust"):
        load_model(str(pt2))
    loaded = load_model(str(pt2), trust=True)
    assert (loaded.format, loaded.isolated, loaded.notes) == ("pt2", True, loaded.model.notes)
    agrees(loaded.model)
    loaded.model.close()


def test_an_exported_pair_read_here(pt2: Path) -> None:
    agrees(load_here(str(pt2 / "encoder.pt2"), None).model)


def test_one_scripted_module_runs_behind_walls(tmp_path: Path) -> None:
    path = tmp_path / "both.pt"
    scripted(Both()).save(str(path))
    with pytest.raises(ToySoundError, match=r"a torchscript file runs the program that it is"):
        load_model(str(path))
    loaded = load_model(str(path), trust=True)
    assert (loaded.name, loaded.source, loaded.format) == ("both", "both.pt", "torchscript")
    assert any("TorchScript is deprecated" in note for note in loaded.notes)
    agrees(loaded.model)
    loaded.model.close()


@pytest.mark.parametrize("ending", [".pt", ".ts"])
def test_a_scripted_pair_read_here(tmp_path: Path, ending: str) -> None:
    scripted(Encoder()).save(str(tmp_path / f"encoder{ending}"))
    scripted(Decoder()).save(str(tmp_path / f"decoder{ending}"))
    with pytest.raises(ToySoundError, match="does not tell its sample_rate"):
        load_here(str(tmp_path), None)
    tell(tmp_path)
    for name in ("", f"encoder{ending}"):
        agrees(load_here(str(tmp_path / name), None).model)


def test_a_script_cannot_write_outside_its_folder(tmp_path: Path) -> None:
    scripted(Writes(str(tmp_path / "written.pt"))).save(str(tmp_path / "writes.pt"))
    loaded = load_model(str(tmp_path / "writes.pt"), trust=True)
    with contextlib.suppress(ToySoundError):  # torch does not say that it could not write
        loaded.model.encode(AUDIO)
    loaded.model.close()
    assert not (tmp_path / "written.pt").exists()
    load_here(str(tmp_path / "writes.pt"), None).model.encode(AUDIO)
    assert (tmp_path / "written.pt").exists()


def test_a_script_and_a_pickle_of_one_ending_are_told_apart(tmp_path: Path) -> None:
    torch.save(Encoder().state_dict(), tmp_path / "weights.pt")
    torch.save(Encoder(), tmp_path / "module.pt")
    scripted(Encoder()).save(str(tmp_path / "encoder.pt"))
    assert [holds_torchscript(tmp_path / f"{n}.pt") for n in ("weights", "module", "encoder")] == [
        False,
        False,
        True,
    ]
    for name in ("weights.pt", "module.pt"):
        with pytest.raises(ToySoundError, match="is a pickle"):
            load_model(str(tmp_path / name), trust=True)


def test_half_a_script_is_no_pair(tmp_path: Path) -> None:
    scripted(Encoder()).save(str(tmp_path / "encoder.pt"))
    with pytest.raises(UsageError, match=r"there is no 'decoder\.pt'"):
        load_here(str(tmp_path / "encoder.pt"), None)


def test_a_file_that_is_no_archive_is_told(tmp_path: Path) -> None:
    tell(tmp_path)
    for role in ("encoder", "decoder"):
        (tmp_path / f"{role}.pt2").write_bytes(b"nothing")
    with pytest.raises(ToySoundError, match="cannot be read"):
        load_model(str(tmp_path), trust=True)
    (tmp_path / "model.pt").write_bytes(b"PK\x03\x04nothing")
    assert not holds_torchscript(tmp_path / "model.pt")
    with zipfile.ZipFile(tmp_path / "empty.pt", "w"):
        pass
    assert not holds_torchscript(tmp_path / "empty.pt")


def test_one_output_alone_or_in_a_tuple_is_the_mean() -> None:
    told = Description(sample_rate=16000, latent_dim=DIM)
    for encoder in (lambda x: x[:, :DIM], lambda x: (x[:, :DIM],)):
        mean, log_variance = TorchPair(encoder, lambda z: (z,), told, "it").encode(AUDIO)
        assert np.array_equal(mean, AUDIO[:, :DIM])
        assert log_variance is None
    assert np.array_equal(TorchPair(lambda x: x, lambda z: (z,), told, "it").decode(LATENT), LATENT)
    with pytest.raises(ToySoundError, match="it does not tell its latent_dim"):
        TorchPair(lambda x: x, lambda z: z, Description(sample_rate=1), "it")
