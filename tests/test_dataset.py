"""Datasets in a program: on demand and from disk are the same, and mistakes are explained."""

import hashlib
import json
import re
import shutil
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

import toysound
from toysound import ToySoundError, UsageError
from toysound.catalog import get_spec
from toysound.dataset import Dataset, OnDemand, data_folder, load
from toysound.publish.fingerprint import load_fingerprint
from toysound.publish.formats import FORMATS
from toysound.publish.generate import generate
from toysound.rendering import to_float
from toysound.splits import SPLITS

CELLS = np.random.default_rng(5).permutation(200)[:90]


def with_format_alone(folder: Path, name: str) -> Path:
    """Let the fingerprint of a folder list one format only, so that this one is read."""
    path = folder / "fingerprint.json"
    data = json.loads(path.read_text())
    path.write_text(json.dumps({**data, "formats": [name]}))
    return folder


def test_on_demand(tones: NDArray[np.int16]) -> None:
    dataset = load("tones")
    assert (dataset.name, dataset.sample_rate, dataset.num_samples) == ("tones", 16000, 8000)
    assert len(dataset) == 5760
    assert dataset.version == toysound.GENERATOR_VERSION
    assert repr(dataset).startswith("Dataset('tones', 5760 sounds, FactorSpace(pitch[12]")
    np.testing.assert_array_equal(dataset.samples(CELLS), tones[CELLS])
    audio = dataset.audio(CELLS)
    assert audio.dtype == np.float32
    assert np.abs(audio).max() <= 1
    np.testing.assert_array_equal(audio, to_float(tones[CELLS]))


@pytest.mark.parametrize("form", FORMATS)
def test_on_disk_is_bit_equal_to_on_demand(
    form: str, published_copy: Path, tones: NDArray[np.int16]
) -> None:
    dataset = load(with_format_alone(published_copy, form))
    assert len(dataset) == 200
    np.testing.assert_array_equal(dataset.samples(CELLS), tones[CELLS])
    np.testing.assert_array_equal(dataset.samples([7, 7, 199, 0]), tones[[7, 7, 199, 0]])
    assert dataset.samples([]).shape == (0, 8000)
    on_demand = hashlib.sha256(tones[:200].astype("<i2").tobytes()).hexdigest()
    assert dataset.audio_sha256 == on_demand


def test_labels() -> None:
    dataset = load("tones")
    classes, values = dataset.classes(CELLS), dataset.values(CELLS)
    assert classes.dtype == np.int64
    assert values.dtype == np.float64
    np.testing.assert_array_equal(dataset.space.index_of(classes), CELLS)
    np.testing.assert_array_equal(dataset.space.values_of(classes), values)


def test_sounds_from_factors(tones: NDArray[np.int16]) -> None:
    dataset = load("tones")
    classes = dataset.sample_factors(20, np.random.default_rng(0))
    assert classes.shape == (20, 5)
    np.testing.assert_array_equal(classes, dataset.sample_factors(20, np.random.default_rng(0)))
    audio = dataset.audio_from_factors(classes)
    np.testing.assert_array_equal(audio, to_float(tones[dataset.space.index_of(classes)]))
    assert dataset.audio_from_factors(classes[0]).shape == (1, 8000)


def test_factors_are_drawn_evenly() -> None:
    classes = load("tones").sample_factors(12000, np.random.default_rng(1))
    for column, size in enumerate(load("tones").space.sizes):
        shares = np.bincount(classes[:, column], minlength=size) / len(classes)
        np.testing.assert_allclose(shares, 1 / size, atol=0.015)


def test_splits_of_a_part_are_parts_of_the_splits(published: Path) -> None:
    part, whole = load(published), load("tones")
    for name in SPLITS:
        cells = whole.split(name)
        np.testing.assert_array_equal(part.split(name), cells[cells < 200])
    cells = part.split("train")
    cells[:] = 0
    assert part.split("train").any()
    with pytest.raises(UsageError, match="split 'trian' is unknown; did you mean 'train'"):
        part.split("trian")


@pytest.mark.parametrize(
    ("indices", "message"),
    [
        ([200], "between 0 and 199: 'tones' here has 200 sounds"),
        ([-1], "between 0 and 199"),
        ([0.5], "list of integers, got float64"),
        ([[1, 2]], r"list of integers, got int64 of shape \(1, 2\)"),
        ("one", "list of integers"),
    ],
)
def test_indices_that_do_not_exist(published: Path, indices: object, message: str) -> None:
    dataset = load(published)
    for ask in (dataset.audio, dataset.samples, dataset.classes, dataset.values):
        with pytest.raises(UsageError, match=message):
            ask(indices)  # type: ignore[arg-type]


def test_torch_dataset(published: Path, tones: NDArray[np.int16]) -> None:
    import torch.utils.data

    dataset = load(published)
    items = dataset.torch(split="validation")
    cells = dataset.split("validation")
    batch = next(iter(torch.utils.data.DataLoader(items, batch_size=4)))
    assert [tuple(x.shape) for x in batch] == [(4, 8000), (4, 5)]
    assert [x.dtype for x in batch] == [torch.float32, torch.int64]
    np.testing.assert_array_equal(batch[0].numpy(), to_float(tones[cells[:4]]))
    np.testing.assert_array_equal(items[1][1].numpy(), dataset.classes(cells[1:2])[0])
    assert len(items) == len(cells)


def test_the_data_folder_is_read_when_the_dataset_is_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TOYSOUND_DATA", str(tmp_path))
    assert data_folder() == tmp_path
    assert len(load("mono/level")) == 64
    generate("mono/level", tmp_path, limit=10)
    assert len(load("mono/level")) == 10
    monkeypatch.delenv("TOYSOUND_DATA")
    assert data_folder() == Path("data")


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("tonez", "dataset 'tonez' is unknown; did you mean 'tones'"),
        ("./tones", r"there is no folder '\./tones'; 'toysound generate NAME --out DIR'"),
        ("/nowhere/tones", "there is no folder '/nowhere/tones'"),
    ],
)
def test_what_cannot_be_opened(
    name: str, message: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(UsageError, match=message):
        load(name)


def test_a_folder_that_is_no_dataset(tmp_path: Path) -> None:
    with pytest.raises(ToySoundError, match=r"has no fingerprint\.json: it is not a finished"):
        load(tmp_path)


def test_another_generator_version_is_refused(published_copy: Path) -> None:
    path = published_copy / "fingerprint.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), "generator_version": "0"}))
    expected = (
        f"'{published_copy}' was generated by version 0 of the sounds, this is version "
        f"{toysound.GENERATOR_VERSION}; remove it and run 'toysound generate tones --out "
        f"{published_copy.parent}'"
    )
    with pytest.raises(ToySoundError, match=re.escape(expected)):
        load(published_copy)


def test_another_specification_is_refused(published_copy: Path) -> None:
    path = published_copy / "fingerprint.json"
    data = json.loads(path.read_text())
    data["dataset"]["factors"][0]["values"][0] = 44.0
    path.write_text(json.dumps(data))
    with pytest.raises(ToySoundError, match="holds another specification of 'tones'"):
        load(published_copy)


@pytest.mark.parametrize("form", FORMATS)
def test_a_damaged_file_is_named(form: str, published_copy: Path) -> None:
    folder = with_format_alone(published_copy, form)
    damaged = {
        "parquet": folder / "data" / "train-00000-of-00004.parquet",
        "npz": folder / "tones.npz",
        "wav": folder / "wav" / "0000003.wav",
    }[form]
    damaged.write_bytes(damaged.read_bytes()[:100])
    with pytest.raises(ToySoundError, match=re.escape(f"'{damaged}' is damaged")):
        load(folder).samples(np.arange(200))


@pytest.mark.parametrize("form", FORMATS)
def test_a_missing_file_is_named(form: str, published_copy: Path) -> None:
    folder = with_format_alone(published_copy, form)
    for path in (folder / "data", folder / "wav"):
        shutil.rmtree(path)
    (folder / "tones.npz").unlink()
    with pytest.raises(ToySoundError, match="is damaged"):
        load(folder).samples([0])


def test_hash_of_a_dataset_that_was_not_generated(published: Path) -> None:
    spec = get_spec("mono/attack")
    dataset = Dataset(spec, OnDemand(spec))
    samples = dataset.samples(np.arange(64))
    assert dataset.audio_sha256 == hashlib.sha256(samples.astype("<i2").tobytes()).hexdigest()
    assert load(published).audio_sha256 == load_fingerprint(published).audio_sha256


def test_nothing_is_no_dataset() -> None:
    with pytest.raises(UsageError, match="names no dataset"):
        load("")
