"""The dataset card: a YAML head that Hugging Face reads, and what a stranger wants to know."""

from pathlib import Path
from typing import Any

import pytest
import yaml  # type: ignore[import-untyped]

from toysound.catalog import CATALOG, get_spec
from toysound.publish.card import card, splits_present
from toysound.publish.fingerprint import Fingerprint, Shard, load_fingerprint


def a_fingerprint(name: str, num_sounds: int, files: dict[str, int]) -> Fingerprint:
    shards = [Shard(0, num_sounds, "00", files)]
    return Fingerprint("1", get_spec(name).to_json(), num_sounds, "abc", ["parquet"], shards)


def head_of(text: str) -> dict[str, Any]:
    head = yaml.safe_load(text.split("---\n")[1])
    assert isinstance(head, dict)
    return head


def test_head_names_the_files_of_each_split(published: Path) -> None:
    head = head_of((published / "README.md").read_text())
    (config,) = head["configs"]
    present = {path.name.partition("-")[0] for path in (published / "data").iterdir()}
    assert {entry["split"] for entry in config["data_files"]} == present
    for entry in config["data_files"]:
        assert list(published.glob(entry["path"]))
    assert head["license"] == "cc-by-4.0"


def test_splits_are_named_in_their_order() -> None:
    files = {f"data/{split}-0.parquet": 1 for split in ("composition", "test", "train")}
    assert splits_present(a_fingerprint("tones", 5, files)) == ["train", "test", "composition"]


def test_without_parquet_the_head_names_no_files() -> None:
    text = card(get_spec("tones"), a_fingerprint("tones", 5760, {"tones.npz": 1}))
    assert "configs" not in head_of(text)


@pytest.mark.parametrize("name", CATALOG)
def test_body_describes_every_factor(name: str) -> None:
    spec = get_spec(name)
    text = card(spec, a_fingerprint(name, spec.space.size, {"data/train-0.parquet": 1}))
    assert f"# ToySound `{name}`" in text
    assert spec.question in text
    assert f"{spec.space.size} sounds of 0.5 s" in text
    for factor in spec.space.factors:
        assert f"| {factor.name} | {factor.description} | continuous |" in text
    assert f"toysound generate {name}" in text


def test_a_part_says_that_it_is_one(published: Path) -> None:
    text = (published / "README.md").read_text()
    assert "200 sounds (the first of 5760)" in text
    assert load_fingerprint(published).audio_sha256 in text
