"""``datasets`` of Hugging Face reads what is published, without torchcodec or FFmpeg."""

import io
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
from datasets import Audio, ClassLabel, Dataset, DatasetDict, Value, load_dataset
from numpy.typing import NDArray

from toysound.catalog import get_spec
from toysound.dataset import load
from toysound.publish.generate import generate
from toysound.publish.rows import column_names
from toysound.splits import SPLITS


@pytest.fixture(autouse=True)
def own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep what the library caches out of the user's folder."""
    monkeypatch.setattr("datasets.config.HF_DATASETS_CACHE", tmp_path / "huggingface")


def check(rows: Any, tones: NDArray[np.int16], cells: NDArray[np.int64]) -> None:
    """Compare rows with the cells they should be, in any order."""
    spec = get_spec("tones")
    seen = []
    for row in rows:
        cell = row["index"]
        samples, sample_rate = soundfile.read(io.BytesIO(row["audio"]["bytes"]), dtype="int16")
        assert sample_rate == spec.sample_rate
        np.testing.assert_array_equal(samples, tones[cell])
        classes = [row[f"{name}_class"] for name in spec.space.names]
        values = [row[f"{name}_value"] for name in spec.space.names]
        assert classes == spec.space.classes_of(cell).tolist()
        assert values == spec.space.values_of(np.array(classes)).tolist()
        seen.append(cell)
    assert sorted(seen) == cells.tolist()


def test_the_folder(published: Path, tones: NDArray[np.int16]) -> None:
    everything = load_dataset(str(published))
    assert isinstance(everything, DatasetDict)
    dataset = load(published)
    assert list(everything) == [split for split in SPLITS if len(dataset.split(split))]
    for split, rows in everything.items():
        check(rows, tones, dataset.split(str(split)))


def test_the_features(published: Path) -> None:
    rows = load_dataset(str(published), split="test")
    assert isinstance(rows, Dataset)
    assert rows.column_names == ["audio", *column_names(get_spec("tones"))]
    assert rows.features["audio"] == Audio(sampling_rate=16000, decode=False)
    assert rows.features["index"] == Value("int64")
    assert rows.features["pitch_class"] == Value("int64")
    assert rows.features["pitch_value"] == Value("float64")


def test_one_split(published: Path, tones: NDArray[np.int16]) -> None:
    rows = load_dataset(str(published), split="validation")
    check(rows, tones, load(published).split("validation"))


def test_the_parquet_files_by_name(published: Path, tones: NDArray[np.int16]) -> None:
    files = str(published / "data" / "train-*.parquet")
    rows = load_dataset("parquet", data_files=files, split="train")
    check(rows, tones, load(published).split("train"))
    by_split = {split: str(published / "data" / f"{split}-*.parquet") for split in SPLITS[:3]}
    both = load_dataset("parquet", data_files=by_split)
    assert {k: len(v) for k, v in both.items()} == {
        split: len(load(published).split(split)) for split in SPLITS[:3]
    }


def test_streaming(published: Path, tones: NDArray[np.int16]) -> None:
    rows = load_dataset(str(published), split="test", streaming=True)
    check(rows, tones, load(published).split("test"))


def test_batches_for_torch(published: Path) -> None:
    rows = load_dataset(str(published), split="test").select_columns(["pitch_class", "level_value"])
    batch = next(iter(rows.with_format("torch").iter(batch_size=4)))
    cells = load(published).split("test")[:4]
    expected = load(published).classes(cells)[:, 0]
    np.testing.assert_array_equal(batch["pitch_class"].numpy(), expected)


def test_names_of_categories(tmp_path: Path) -> None:
    generate("mono/vowel", tmp_path)
    rows = load_dataset(str(tmp_path / "mono" / "vowel"), split="train")
    feature = rows.features["vowel_class"]
    assert isinstance(feature, ClassLabel)
    assert feature.names == list(get_spec("mono/vowel").space["vowel"].labels)
    first = rows[0]
    assert feature.int2str(first["vowel_class"]) in feature.names
    measured = [name for name in rows.column_names if name not in column_names_of_labels("vowel")]
    assert any(isinstance(first[name], float) for name in measured)


def column_names_of_labels(factor: str) -> list[str]:
    return ["audio", "index", f"{factor}_class", f"{factor}_value"]
