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
    assert data["name"] == f"toysound_{name.replace('/', '_')}"


def test_without_parquet_there_are_no_records(tmp_path: Path) -> None:
    path = tmp_path / "croissant.json"
    path.write_text(croissant(get_spec("tones"), a_fingerprint("tones", {"tones.npz": 1})))
    dataset = mlcroissant.Dataset(jsonld=str(path))
    assert not dataset.metadata.issues.errors
    assert not dataset.metadata.record_sets
