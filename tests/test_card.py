"""The dataset card: a YAML head that Hugging Face reads, and what a stranger wants to know."""

from pathlib import Path
from typing import Any

import pytest
import yaml  # type: ignore[import-untyped]

from toysound.catalog import CATALOG, get_spec
from toysound.measure import DESCRIPTORS
from toysound.publish.card import card, splits_present
from toysound.publish.fingerprint import Fingerprint, Shard, load_fingerprint
from toysound.publish.released import Distances, Step
from toysound.splits import partition


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
    assert f"{spec.space.size} sounds of {spec.duration_s:g} s" in text
    rows = [line.split(" | ") for line in text.splitlines() if line.startswith("| ")][1:]
    assert [row[0].removeprefix("| ") for row in rows] == list(spec.space.names)
    for row, factor in zip(rows, spec.space.factors, strict=True):
        assert len(row) == 6
        assert row[1:4] == [factor.description, factor.kind, factor.unit or "-"]
        shown = list(factor.labels) or [f"{value:g}" for value in factor.values]
        assert row[4].startswith(", ".join(shown[:12]))
    assert f"toysound generate {name}" in text
    for split, cells in partition(spec).items():
        assert f"{split} {len(cells)}" in text
    for descriptor in DESCRIPTORS:
        assert f"- `{descriptor}`: " in text


def body(name: str) -> str:
    spec = get_spec(name)
    return card(spec, a_fingerprint(name, spec.space.size, {}))


def test_body_says_what_varies_besides_the_factors() -> None:
    assert "Phase and noise are the same for all sounds." in body("tones")
    assert "Drawn anew for each sound, and not a factor: phase." in body("tones+phase")
    assert "go together" not in body("tones")
    correlated = body("correlated/pitch-brightness-strong")
    assert "In `train` and `validation`, pitch and brightness go together" in correlated
    assert "(2 · 0.2²)" in correlated
    assert "holds out some pairs of levels of pitch and brightness" in body("tones")
    assert "holds out some pairs" not in body("mono/pitch")


def test_body_says_how_many_sounds_were_measured() -> None:
    assert "Every sound was measured." in body("tones")
    assert "Of these 737,280 sounds a sample of 10,000 was measured" in body("sprites")


def test_body_gives_the_smallest_steps_where_they_are_known(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    steps = {"pitch": Step(2.64, 8.0, 5280), "attack": Step(0.322, 1.0, 4608)}
    known = {"tones": Distances(steps, False, (0.322, 1, 5))}
    monkeypatch.setattr("toysound.publish.card.released_distances", lambda: known)
    text = body("tones")
    assert "| 2.64 dB |" in text
    assert "| 0.322 dB |" in text
    assert "over all such pairs. The closest two of all sounds, 1 and 5, differ by 0.322" in text
    known["tones"] = Distances(steps, True, None)
    assert "over a sample of all such pairs.\n" in body("tones")
    known.clear()
    assert "smallest step is" not in body("tones")


def test_a_part_says_that_it_is_one(published: Path) -> None:
    text = (published / "README.md").read_text()
    assert "200 sounds (the first of 5760)" in text
    assert load_fingerprint(published).audio_sha256 in text
    sizes = {name: int((cells < 200).sum()) for name, cells in partition(get_spec("tones")).items()}
    assert ", ".join(f"{name} {size}" for name, size in sizes.items()) in text
