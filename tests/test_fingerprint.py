"""The fingerprint: what it hashes, what it holds, and the released ones."""

import hashlib
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from toysound import GENERATOR_VERSION, ToySoundError
from toysound.catalog import CATALOG, get_spec
from toysound.dataset import OnDemand
from toysound.publish.fingerprint import Fingerprint, Shard, load_fingerprint, sample_bytes, sha256
from toysound.publish.released import released_fingerprints


def test_what_is_hashed_is_little_endian_int16() -> None:
    samples = np.array([[1, -2], [256, 0]], np.int16)
    raw = b"\x01\x00\xfe\xff\x00\x01\x00\x00"
    assert bytes(sample_bytes(samples)) == raw
    assert bytes(sample_bytes(samples.astype(">i2"))) == raw
    assert bytes(sample_bytes(samples.T)) == b"\x01\x00\x00\x01\xfe\xff\x00\x00"
    assert sha256(samples) == hashlib.sha256(raw).hexdigest()


def test_there_is_a_released_fingerprint_of_every_dataset() -> None:
    known = {name for name, spec in CATALOG.items() if spec.tier != "extra"}
    assert known <= set(released_fingerprints()) <= set(CATALOG)


#: Datasets that are rendered in full here; `sprites` has 102 hours, the others are in other tests.
RENDERED = [
    name
    for name, spec in CATALOG.items()
    if spec.space.size <= 10_000 and spec.tier not in ("correlated", "extra") and name != "tones"
]


@pytest.mark.parametrize("name", ["tones", *RENDERED])
def test_released_fingerprint_and_no_sound_twice(name: str, tones: NDArray[np.int16]) -> None:
    spec = get_spec(name)
    digest, seen = hashlib.sha256(), set()
    for start in range(0, spec.space.size, 960):
        cells = np.arange(start, min(start + 960, spec.space.size))
        samples = tones[cells] if name == "tones" else OnDemand(spec).samples(cells)
        digest.update(sample_bytes(samples))
        seen |= {hash(row.tobytes()) for row in samples}
    assert digest.hexdigest() == released_fingerprints()[name]
    assert len(seen) == spec.space.size


def test_correlated_datasets_have_the_sounds_of_tones() -> None:
    for name, spec in CATALOG.items():
        if spec.tier == "correlated":
            assert released_fingerprints()[name] == released_fingerprints()["tones"]
            cells = [0, 1234, 5759]
            np.testing.assert_array_equal(
                OnDemand(spec).samples(cells), OnDemand(get_spec("tones")).samples(cells)
            )


def test_keys_of_the_file(published: Path, tones: NDArray[np.int16]) -> None:
    data = json.loads((published / "fingerprint.json").read_text())
    assert data["generator_version"] == GENERATOR_VERSION
    assert data["dataset"] == get_spec("tones").to_json()
    assert data["num_sounds"] == 200
    assert data["audio_sha256"] == sha256(tones[:200])
    assert data["formats"] == ["parquet", "npz", "wav"]
    bounds = [(shard["start"], shard["stop"]) for shard in data["shards"]]
    assert bounds == [(0, 64), (64, 128), (128, 192), (192, 200)]
    for shard in data["shards"]:
        assert shard["sha256"] == sha256(tones[shard["start"] : shard["stop"]])
        for name, size in shard["files"].items():
            assert (published / name).stat().st_size == size


def test_saving_and_loading(tmp_path: Path) -> None:
    fingerprint = Fingerprint(
        "1",
        {"name": "a"},
        5,
        "00",
        ["wav"],
        [Shard(0, 3, "11", {"wav/a.wav": 7}), Shard(3, 5, "22")],
    )
    fingerprint.save(tmp_path)
    assert load_fingerprint(tmp_path) == fingerprint
    assert fingerprint.name == "a"


def test_a_folder_without_one(tmp_path: Path) -> None:
    with pytest.raises(ToySoundError, match=r"no fingerprint\.json: it is not a finished dataset"):
        load_fingerprint(tmp_path)


@pytest.mark.parametrize(
    "change",
    [
        {"formats": []},
        {"formats": [3]},
        {"num_sounds": 199},
        {"num_sounds": "200"},
        {"num_sounds": None},
        {"shards": []},
        {"shards": "none"},
        {"shards": [{"start": 0, "stop": 200}]},
        {"shards": [{"start": 0, "stop": 100, "sha256": ""}]},
        {"shards": [{"start": a, "stop": b, "sha256": ""} for a, b in ((0, 50), (60, 200))]},
        {"shards": [{"start": a, "stop": b, "sha256": ""} for a, b in ((0, 50.0), (50.0, 200))]},
        {"dataset": {}},
        {"dataset": {"name": 3}},
        {"dataset": None},
        {"foreign": 1},
    ],
)
def test_a_fingerprint_that_toysound_did_not_write(
    published: Path, tmp_path: Path, change: dict[str, Any]
) -> None:
    data = json.loads((published / "fingerprint.json").read_text())
    (tmp_path / "fingerprint.json").write_text(json.dumps({**data, **change}))
    with pytest.raises(ToySoundError, match="is not a fingerprint that toysound wrote"):
        load_fingerprint(tmp_path)


@pytest.mark.parametrize("text", ["", "{", "[]", "{}", "\x00\xff"])
def test_a_fingerprint_that_is_no_json(tmp_path: Path, text: str) -> None:
    (tmp_path / "fingerprint.json").write_text(text)
    with pytest.raises(ToySoundError, match="remove it and generate the dataset again"):
        load_fingerprint(tmp_path)
