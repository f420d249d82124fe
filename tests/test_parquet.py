"""Parquet: what ``datasets`` makes of it, and that nothing is lost on the way."""

import io
import json
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import soundfile
from numpy.typing import NDArray

from toysound import ToySoundError
from toysound.catalog import get_spec
from toysound.dataset import load
from toysound.publish.parquet import decode, encode, read_block, schema
from toysound.publish.rows import column_names
from toysound.splits import SPLITS

TONES = get_spec("tones")


@pytest.fixture(autouse=True)
def own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("datasets.config.HF_DATASETS_CACHE", str(tmp_path / "cache"))


@pytest.mark.parametrize("samples", [8000, 4000, 1, 17])
def test_flac_is_lossless(samples: int) -> None:
    rng = np.random.default_rng(0)
    sound = rng.integers(-32768, 32768, samples).astype(np.int16)
    data = encode(sound, 16000)
    assert data.startswith(b"fLaC")
    read, rate = soundfile.read(io.BytesIO(data), dtype="int16")
    np.testing.assert_array_equal(read, sound)
    assert rate == 16000
    assert encode(sound, 16000) == data
    assert encode(np.stack([sound, sound], axis=1)[:, 0], 16000) == data


def test_decoding_what_is_not_a_sound_of_the_dataset() -> None:
    with pytest.raises(ValueError, match="not readable"):
        decode(b"no flac", TONES)
    with pytest.raises(ValueError, match=r"shape \(10,\) at 16000 Hz"):
        decode(encode(np.zeros(10, np.int16), 16000), TONES)
    with pytest.raises(ValueError, match="at 8000 Hz"):
        decode(encode(np.zeros(8000, np.int16), 8000), TONES)


def check_rows(rows: object, split: str, tones: NDArray[np.int16]) -> NDArray[np.int64]:
    """Compare every row of a Hugging Face split with the dataset; return the cells."""
    table = rows.with_format(None)  # type: ignore[attr-defined]
    assert table.features["audio"].decode is False
    assert table.features["audio"].sampling_rate == 16000
    assert list(table.features) == ["audio", *column_names(TONES)]
    cells = np.array(table["index"], np.int64)
    dataset = load("tones")
    assert np.isin(cells, dataset.split(split)).all()
    classes, values = dataset.classes(cells), dataset.values(cells)
    for column, name in enumerate(TONES.space.names):
        np.testing.assert_array_equal(table[f"{name}_class"], classes[:, column])
        np.testing.assert_array_equal(table[f"{name}_value"], values[:, column])
    for cell, audio in zip(cells, table["audio"], strict=True):
        samples, _ = soundfile.read(io.BytesIO(audio["bytes"]), dtype="int16")
        np.testing.assert_array_equal(samples, tones[cell])
        assert audio["path"] == f"{cell:07d}.flac"
    return cells


def test_load_dataset_of_the_folder(published: Path, tones: NDArray[np.int16]) -> None:
    from datasets import load_dataset

    splits = load_dataset(str(published))
    assert [name for name in SPLITS if name in splits] == list(splits)
    cells = [check_rows(rows, split, tones) for split, rows in splits.items()]
    np.testing.assert_array_equal(np.sort(np.concatenate(cells)), np.arange(200))


def test_load_dataset_of_files(published: Path, tones: NDArray[np.int16]) -> None:
    from datasets import load_dataset

    names = sorted({path.name.partition("-")[0] for path in (published / "data").iterdir()})
    files = {name: str(published / "data" / f"{name}-*.parquet") for name in names}
    splits = load_dataset("parquet", data_files=files)
    cells = [check_rows(rows, split, tones) for split, rows in splits.items()]
    np.testing.assert_array_equal(np.sort(np.concatenate(cells)), np.arange(200))


def test_load_dataset_while_streaming(published: Path, tones: NDArray[np.int16]) -> None:
    from datasets import load_dataset

    files = str(published / "data" / "train-*.parquet")
    rows = load_dataset("parquet", data_files=files, split="train", streaming=True)
    row = next(iter(rows))
    samples, _ = soundfile.read(io.BytesIO(row["audio"]["bytes"]), dtype="int16")
    np.testing.assert_array_equal(samples, tones[row["index"]])


def test_measurements_that_are_not_defined_are_null(published: Path) -> None:
    table = pq.read_table(sorted((published / "data").glob("train-*"))[0])
    attack = table["measured_attack_s"].to_pylist()
    tremolo = table["tremolo_value"].to_pylist()
    assert [a is None for a in attack] == [t > 0 for t in tremolo]
    assert table["measured_f0_hz"].null_count == 0
    assert "nan" not in str(attack)


def test_schema_names_features_for_every_column(published: Path) -> None:
    arrow = schema(TONES)
    features = json.loads(arrow.metadata[b"huggingface"])["info"]["features"]
    assert list(features) == arrow.names
    for path in (published / "data").iterdir():
        assert pq.read_schema(path).equals(arrow, check_metadata=True)


def test_a_few_sounds_are_read_from_their_row_groups(
    published: Path, tones: NDArray[np.int16]
) -> None:
    names = [f"data/{path.name}" for path in (published / "data").iterdir()]
    shard = [name for name in names if "00001-of" in name]
    np.testing.assert_array_equal(read_block(published, TONES, shard, 64, 128), tones[64:128])


def test_a_block_that_is_not_what_is_asked_for(published: Path) -> None:
    names = [f"data/{path.name}" for path in (published / "data").iterdir()]
    shard = [name for name in names if "00001-of" in name]
    with pytest.raises(ToySoundError, match="holds cells of another shard"):
        read_block(published, TONES, shard, 0, 64)
    with pytest.raises(ToySoundError, match="holds cells of another shard"):
        read_block(published, TONES, shard, 65, 129)
    with pytest.raises(ToySoundError, match="cell 128 is missing from the parquet files"):
        read_block(published, TONES, shard, 64, 130)
    with pytest.raises(ToySoundError, match="is damaged"):
        read_block(published, TONES, ["data/none.parquet"], 64, 128)
    with pytest.raises(ToySoundError, match="cell 64 is missing"):
        read_block(published, TONES, [], 64, 128)


def test_a_table_of_other_columns(published_copy: Path) -> None:
    path = published_copy / "data" / "train-00000-of-00004.parquet"
    pq.write_table(pa.table({"index": [0]}), path)
    with pytest.raises(ToySoundError, match=r"train-00000-of-00004\.parquet' is damaged"):
        read_block(published_copy, TONES, [f"data/{path.name}"], 0, 64)
