"""Sounds of a training, read back: what is reconstructed, what the prior plays, and the picture."""

from pathlib import Path

import numpy as np
import pytest
import soundfile
from small_dataset import small_dataset

from baselines import recipes
from baselines.checkpoint import load_model
from baselines.monitoring import Monitoring
from baselines.monitoring.samples import PICTURE_FILE, draw, write_wav
from baselines.run import train

SMALL = [
    "network.width=16", "network.depth=1", "latent_dim=3", "training.batch_size=16",
    "training.epochs=4", "stem.components=8",
]  # fmt: skip
PLAYED = [
    "representation.name=cochlear", "audio.representation.name=log_magnitude",
    "audio.stem.name=principal", "audio.stem.components=8", "audio.network.name=mlp",
    "audio.network.width=16", "audio.network.depth=1", "audio.likelihood.name=gaussian",
    "audio.likelihood.initial_scale=3.0", "audio.training.epochs=2",
    "audio.training.learning_rate=0.01", "audio.training.patience=9",
    "audio.training.batch_size=16",
]  # fmt: skip


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("heard") / "vae"
    train(recipes.load("vae", SMALL), small_dataset(), out, monitoring=Monitoring(samples=2))
    return out


def test_every_epoch_is_heard(run: Path) -> None:
    samples = run / "samples"
    assert names(samples) == ["epoch-001", "epoch-002", "epoch-003", "epoch-004", "originals"]
    cells = small_dataset().split("validation")
    wanted = sorted([f"{cells[0]:06d}.wav", f"{cells[-1]:06d}.wav"])
    originals = names(samples / "originals")
    assert len(originals) == len(wanted) == 2
    assert names(samples / "epoch-004") == sorted(
        [*originals, "prior-1.wav", "prior-2.wav", PICTURE_FILE]
    )


def test_the_last_epoch_is_what_the_trained_model_plays(run: Path) -> None:
    dataset = small_dataset()
    cell = dataset.split("validation")[0]
    original, rate = soundfile.read(run / "samples" / "originals" / names_of(run)[0])
    assert rate == dataset.sample_rate
    assert original == pytest.approx(dataset.audio(np.array([cell]))[0], abs=2 / 2**15)
    model = load_model(run / "model.safetensors")
    mean, _ = model.encode(dataset.audio(np.array([cell])))
    played = model.decode(mean)[0]
    heard, _ = soundfile.read(run / "samples" / "epoch-004" / names_of(run)[0])
    assert heard == pytest.approx(np.clip(played, -1, 1), abs=2 / 2**15)
    early, _ = soundfile.read(run / "samples" / "epoch-001" / names_of(run)[0])
    assert np.abs(early - heard).max() > 0.1 * np.abs(heard).max()


def names_of(run: Path) -> list[str]:
    return names(run / "samples" / "originals")


def test_draws_of_the_prior_are_the_same_codes_in_every_epoch_and_run(
    run: Path, tmp_path: Path
) -> None:
    recipe = recipes.load("vae", SMALL)
    train(recipe, small_dataset(), tmp_path, monitoring=Monitoring(samples=2, samples_every=2))
    assert names(tmp_path / "samples") == ["epoch-001", "epoch-002", "epoch-004", "originals"]
    for epoch in ("epoch-001", "epoch-002", "epoch-004"):
        for file in names(run / "samples" / epoch):
            again = tmp_path / "samples" / epoch / file
            assert again.read_bytes() == (run / "samples" / epoch / file).read_bytes()


def test_a_second_decoder_is_heard_too(tmp_path: Path) -> None:
    recipe = recipes.load("vae", [*SMALL, *PLAYED])
    train(recipe, small_dataset(), tmp_path, monitoring=Monitoring(samples=1))
    assert names(tmp_path / "audio-samples") == ["epoch-001", "epoch-002", "originals"]
    sound, _ = soundfile.read(tmp_path / "audio-samples" / "epoch-002" / "prior-1.wav")
    assert np.abs(sound).max() > 0
    train(recipe, small_dataset(), tmp_path, force=True)
    assert not list(tmp_path.glob("*samples/epoch-*/*.wav"))


def test_more_sounds_than_there_are_is_all_of_them(tmp_path: Path) -> None:
    recipe = recipes.load("vae", [*SMALL, "training.epochs=1"])
    train(recipe, small_dataset(), tmp_path, monitoring=Monitoring(samples=500))
    assert len(names_of(tmp_path)) == len(small_dataset().split("validation")) == 9
    assert (tmp_path / "samples" / "epoch-001" / PICTURE_FILE).exists()


def test_a_sound_beyond_full_scale_is_clipped(tmp_path: Path) -> None:
    write_wav(tmp_path / "x.wav", np.array([0.5, 2.0, -3.0], dtype=np.float32), 8000)
    sound, rate = soundfile.read(tmp_path / "x.wav")
    assert rate == 8000
    assert sound == pytest.approx([0.5, 1.0, -1.0], abs=1e-4)


def test_the_picture_has_a_row_for_each_kind(tmp_path: Path) -> None:
    sounds = small_dataset().audio(np.arange(3))
    draw({"original": sounds, "prior": sounds[:1]}, 16_000, "two rows", tmp_path / "two.png")
    draw({"original": sounds}, 16_000, "one row", tmp_path / "one.png")
    sizes = [read_size(tmp_path / name) for name in ("two.png", "one.png")]
    assert sizes[0][0] == sizes[1][0]
    assert sizes[0][1] > 1.5 * sizes[1][1]


def read_size(path: Path) -> tuple[int, int]:
    """Return width and height of a PNG file."""
    header = path.read_bytes()[:24]
    assert header.startswith(b"\x89PNG")
    return int.from_bytes(header[16:20], "big"), int.from_bytes(header[20:24], "big")
