"""Keys of what is computed once."""

import os
from pathlib import Path

import pytest
from small_dataset import small_dataset

import benchmark.cache as cache_module
from benchmark.cache import cache_key, digest_of, keep_newest

DATASET = small_dataset()


def test_everything_that_a_number_depends_on_is_in_its_key() -> None:
    key = cache_key(DATASET, 0)
    assert cache_key(DATASET, 0) == key
    assert cache_key(DATASET, 1) != key
    assert cache_key(DATASET, 0, ("codes.py",))["code"] != key["code"]
    assert cache_key(DATASET, 0, ("metrics/reconstruction",))["code"] != key["code"]
    assert key["audio_sha256"] == DATASET.audio_sha256
    assert digest_of(key) == digest_of(dict(reversed(key.items())))
    assert digest_of(key) != digest_of(key | {"more": "x"})


def test_another_version_of_a_package_is_another_key(monkeypatch: pytest.MonkeyPatch) -> None:
    key = cache_key(DATASET, 0)
    monkeypatch.setattr(cache_module, "package_versions", lambda: {"numpy": "0"})
    assert cache_key(DATASET, 0) != key


def test_only_the_newest_stay(tmp_path: Path) -> None:
    keep_newest(tmp_path / "missing", 2)
    for age in range(5):
        (tmp_path / f"{age}").touch()
        os.utime(tmp_path / f"{age}", (1000 - age, 1000 - age))
    keep_newest(tmp_path, 2)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["0", "1"]
