"""The archive in the dSprites convention."""

import json
import zipfile
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from toysound import GENERATOR_VERSION, ToySoundError
from toysound.catalog import get_spec
from toysound.publish.npz import file_name, images, mapped, read_block

TONES = get_spec("tones")


def test_keys_and_shapes_are_those_of_dsprites(published: Path, tones: NDArray[np.int16]) -> None:
    with np.load(published / "tones.npz", allow_pickle=False) as archive:
        assert list(archive) == [
            "audio",
            "imgs",
            "latents_classes",
            "latents_values",
            "latents_names",
            "latents_sizes",
            "metadata",
        ]
        np.testing.assert_array_equal(archive["audio"], tones[:200])
        assert archive["audio"].dtype == np.int16
        assert archive["imgs"].shape == (200, 64, 64)
        assert archive["imgs"].dtype == np.uint8
        classes = archive["latents_classes"]
        assert classes.dtype == np.int64
        np.testing.assert_array_equal(TONES.space.index_of(classes), np.arange(200))
        values = archive["latents_values"]
        assert values.dtype == np.float64
        np.testing.assert_array_equal(values, TONES.space.values_of(classes))
        assert archive["latents_names"].tolist() == list(TONES.space.names)
        assert archive["latents_sizes"].tolist() == list(TONES.space.sizes)


def test_metadata_is_json(published: Path) -> None:
    with np.load(published / "tones.npz", allow_pickle=False) as archive:
        metadata = json.loads(str(archive["metadata"]))
    assert metadata["latents_names"] == list(TONES.space.names)
    assert metadata["latents_possible_values"]["level"] == [-36, -30, -24, -18]
    assert metadata["version"] == GENERATOR_VERSION
    assert metadata["sample_rate"] == 16000


def test_name_of_the_archive() -> None:
    assert file_name(TONES) == "tones.npz"
    assert file_name(get_spec("mono/pitch")) == "pitch.npz"


def test_audio_can_be_memory_mapped(published: Path, tones: NDArray[np.int16]) -> None:
    audio = mapped(published / "tones.npz", "audio")
    assert isinstance(audio, np.memmap)
    np.testing.assert_array_equal(audio[17], tones[17])
    with pytest.raises(KeyError):
        mapped(published / "tones.npz", "none")


def test_images_stand_upright(tones: NDArray[np.int16]) -> None:
    low, high = images(tones[[3 * 120, 5759 - 119]], 16000)  # loud; lowest and highest pitch
    assert low.max() > 150
    rows = np.arange(64)[:, None]
    assert (low * rows).sum() / low.sum() > (high * rows).sum() / high.sum()
    assert images(np.zeros((1, 8000), np.int16), 16000).max() == 0


def test_images_do_not_depend_on_the_batch(tones: NDArray[np.int16]) -> None:
    together = images(tones[:300], 16000)
    for cell in (0, 255, 256, 299):
        np.testing.assert_array_equal(images(tones[cell : cell + 1], 16000)[0], together[cell])


def test_blocks_that_cannot_be_read(published: Path, tmp_path: Path) -> None:
    with pytest.raises(ToySoundError, match="is damaged"):
        read_block(tmp_path, TONES, ["tones.npz"], 0, 64)
    with pytest.raises(ToySoundError, match=r"int16 of shape \(8, 8000\)"):
        read_block(published, TONES, ["tones.npz"], 192, 256)
    with pytest.raises(ToySoundError, match="lists no npz file"):
        read_block(published, TONES, [], 0, 64)


def test_archives_that_cannot_be_mapped(tmp_path: Path) -> None:
    np.savez_compressed(tmp_path / "small.npz", audio=np.zeros(3))
    with pytest.raises(ValueError, match="compressed"):
        mapped(tmp_path / "small.npz", "audio")
    np.savez(tmp_path / "pickled.npz", audio=np.array([None]))
    with pytest.raises(ValueError, match="not a plain array"):
        mapped(tmp_path / "pickled.npz", "audio")
    (tmp_path / "no.npz").write_bytes(b"nothing")
    with pytest.raises(zipfile.BadZipFile):
        mapped(tmp_path / "no.npz", "audio")


def test_other_archives_can_be_mapped(tmp_path: Path) -> None:
    array = np.arange(12.0).reshape(3, 4)
    np.savez(tmp_path / "plain.npz", first=np.zeros(5), second=array)
    np.testing.assert_array_equal(mapped(tmp_path / "plain.npz", "second"), array)
