"""The Croissant description, read by the library of those who defined it."""

import json
from pathlib import Path

import mlcroissant  # type: ignore[import-untyped]
import numpy as np
import pytest

from toysound.catalog import CATALOG, get_spec
from toysound.dataset import load
from toysound.publish.croissant import croissant
from toysound.publish.fingerprint import Fingerprint, Shard
from toysound.publish.generate import generate
from toysound.publish.rows import column_names

pytestmark = [
    pytest.mark.filterwarnings("ignore:ConjunctiveGraph:DeprecationWarning"),
    pytest.mark.filterwarnings("ignore:The inplace keyword"),
]


def a_fingerprint(name: str, files: dict[str, int]) -> Fingerprint:
    spec = get_spec(name)
    return Fingerprint("1", spec.to_json(), 10, "00", ["parquet"], [Shard(0, 10, "00", files)])


def test_it_is_valid_and_gives_the_rows(published: Path) -> None:
    dataset = mlcroissant.Dataset(jsonld=str(published / "croissant.json"))
    assert not dataset.metadata.issues.errors
    assert not dataset.metadata.issues.warnings
    rows = list(dataset.records("sounds"))
    cells = [row["sounds/index"] for row in rows]
    assert sorted(cells) == list(range(200))
    levels = np.array([row["sounds/level_value"] for row in rows])
    np.testing.assert_array_equal(levels, load("tones").values(np.array(cells))[:, 1])
    assert rows[0]["sounds/audio"].startswith(b"fLaC")


@pytest.mark.parametrize("name", CATALOG)
def test_every_column_is_a_field(name: str) -> None:
    spec = get_spec(name)
    data = json.loads(croissant(spec, a_fingerprint(name, {"data/train-0.parquet": 1})))
    (records,) = data["recordSet"]
    fields = [field["@id"] for field in records["field"]]
    assert fields == [f"sounds/{column}" for column in ["audio", *column_names(spec)]]
    assert all(field["description"] for field in records["field"])
    assert data["name"] == "toysound_" + name.translate(str.maketrans("/+-", "___"))


#: What the specification 1.0 requires; the library's validator asks for less.
REQUIRED = [
    "@context",
    "@type",
    "conformsTo",
    "name",
    "description",
    "license",
    "url",
    "creator",
    "datePublished",
    "distribution",
]


@pytest.mark.parametrize("name", CATALOG)
def test_what_the_specification_requires_is_there(name: str) -> None:
    data = json.loads(croissant(get_spec(name), a_fingerprint(name, {"data/train-0.parquet": 1})))
    assert all(data[key] for key in REQUIRED)


@pytest.mark.parametrize("name", ["sprites", "mono/fm_ratio", "tones+phase", "pair/pitch-vowel"])
def test_the_library_finds_nothing_wrong(name: str, tmp_path: Path) -> None:
    path = tmp_path / "croissant.json"
    path.write_text(croissant(get_spec(name), a_fingerprint(name, {"data/train-0.parquet": 1})))
    dataset = mlcroissant.Dataset(jsonld=str(path))
    assert not dataset.metadata.issues.errors
    assert not dataset.metadata.issues.warnings


def test_records_of_a_dataset_with_labels(tmp_path: Path) -> None:
    generate("mono/vowel", tmp_path)
    folder = tmp_path / "mono" / "vowel"
    dataset = mlcroissant.Dataset(jsonld=str(folder / "croissant.json"))
    rows = {row["sounds/index"]: row for row in dataset.records("sounds")}
    assert sorted(rows) == list(range(7))
    for cell, row in rows.items():
        assert row["sounds/vowel_class"] == cell
        assert row["sounds/measured_level_db"] == pytest.approx(-24, abs=0.1)


def test_without_parquet_there_are_no_records(tmp_path: Path) -> None:
    path = tmp_path / "croissant.json"
    path.write_text(croissant(get_spec("tones"), a_fingerprint("tones", {"tones.npz": 1})))
    dataset = mlcroissant.Dataset(jsonld=str(path))
    assert not dataset.metadata.issues.errors
    assert not dataset.metadata.record_sets
