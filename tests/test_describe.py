"""Datasets in words: every one of them can be listed and shown, aligned and within the width."""

import json
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from toysound import UsageError
from toysound.catalog import CATALOG, get_spec
from toysound.catalog.known_factors import KNOWN
from toysound.catalog.spec import TIERS
from toysound.describe import (
    about,
    details,
    known_of,
    length_in_words,
    overview,
    step_in_words,
    value_text,
    values_in_words,
)
from toysound.factors import Factor

NAMES = list(CATALOG)


def rows(text: str) -> list[str]:
    return [line for line in text.splitlines() if re.search(r"  +[\d,]+ sounds  ", line)]


# --- list


@pytest.mark.parametrize("width", [20, 80, 100, 120, 300])
def test_every_dataset_once_in_order_within_the_width(width: int) -> None:
    answer = overview(width=width)
    assert [row["name"] for row in answer["datasets"]] == NAMES
    assert [line.split()[0] for line in rows(answer["text"])] == NAMES
    assert max(len(line) for line in answer["text"].splitlines()) <= min(max(width, 80), 120)
    json.dumps(answer["datasets"])


def test_tiers_have_a_heading_and_aligned_columns() -> None:
    blocks = overview()["text"].split("\n\n")[:-1]
    assert [block.partition(":")[0] for block in blocks] == list(TIERS)
    for block in blocks:
        assert len({line.index(" sounds  ") for line in rows(block)}) == 1


def test_size_and_question_stand_beside_the_name() -> None:
    (line,) = (line for line in rows(overview(width=120)["text"]) if line.split()[0] == "tones")
    assert line.split(maxsplit=3)[:3] == ["tones", "5,760", "sounds"]
    assert line.endswith(get_spec("tones").question)


def test_the_last_line_counts() -> None:
    total = sum(spec.space.size for spec in CATALOG.values())
    assert f"{len(NAMES)} datasets, {total:,} sounds" in overview()["text"].splitlines()[-1]
    assert overview("extra")["text"].splitlines()[-1].startswith("1 dataset, ")


def test_only_a_tier() -> None:
    names = [row["name"] for row in overview("pair")["datasets"]]
    assert names == [name for name in NAMES if CATALOG[name].tier == "pair"]


def test_only_the_datasets_of_a_factor() -> None:
    names = [row["name"] for row in overview("chroma")["datasets"]]
    assert {"mono/chroma", "sprites"} < set(names)
    assert all("chroma" in CATALOG[name].space.names for name in names)


def test_neither_a_tier_nor_a_factor() -> None:
    with pytest.raises(UsageError, match="tier or factor 'pich' is unknown; did you mean 'pitch'"):
        overview("pich")


# --- show


@pytest.mark.parametrize("name", NAMES)
def test_every_dataset_can_be_shown(name: str) -> None:
    answer = details(name, width=90)
    spec = get_spec(name)
    lines = answer["text"].splitlines()
    assert lines[0].startswith(f"{name}: ")
    assert max(len(line) for line in lines) <= 90
    for factor in spec.space.factors:
        assert f"\n{factor.name}: " in answer["text"]
    data = json.loads(json.dumps({k: v for k, v in answer.items() if k != "text"}))
    assert [factor["name"] for factor in data["factors"]] == list(spec.space.names)
    assert sum(data["splits"].values()) == data["num_sounds"] == spec.space.size


def test_what_is_known_of_a_factor() -> None:
    text = details("tones")["text"]
    assert "attack: how softly it starts; the time from silence to full level" in text
    assert "  5 values, continuous, logarithmic: 0.008 0.0179 0.04 0.0894 0.2 s" in text
    assert "  just noticeable: a ratio of 1.25 (rise and decay times; van Heuven" in text
    assert re.search(r"  one step in the log-mel view: at least [\d.]+ dB, median [\d.]+", text)
    (attack,) = (f for f in details("tones")["factors"] if f["name"] == "attack")
    assert attack["just_noticeable"] == 1.25
    assert attack["scale"] == "logarithmic"
    assert attack["step_db"]["smallest"] > 0


def test_a_dataset_whose_steps_were_not_measured(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("toysound.describe.released_distances", dict)
    answer = details("tones")
    assert "log-mel" not in answer["text"]
    assert all(factor["step_db"] is None for factor in answer["factors"])


def test_what_varies_beside_the_factors() -> None:
    assert about(get_spec("tones+phase"))["drawn anew for each sound"] == "phase"
    correlated = about(get_spec("correlated/pitch-brightness-strong"))
    assert "width 0.2" in correlated["correlated in train and validation"]
    assert "MIT" in about(get_spec("instruments"))["sound font"]
    held = about(get_spec("pair/pitch-vowel"))
    assert re.search(r"\d+/h\w+d", held["composition holds out pitch/vowel"])
    assert "brightness -9 dB/octave" in about(get_spec("mono/pitch"))["held constant"]
    assert "(128 pairs)" in about(get_spec("sprites"))["composition holds out chroma/register"]


def test_an_unknown_dataset() -> None:
    with pytest.raises(UsageError, match="dataset 'tonez' is unknown; did you mean 'tones'"):
        details("tonez")


# --- values


@pytest.mark.parametrize("name", NAMES)
def test_the_words_of_a_factor_are_short_and_tell_its_values_apart(name: str) -> None:
    for factor in get_spec(name).space.factors:
        texts = [value_text(factor, level) for level in range(len(factor))]
        assert len(set(texts)) == len(factor)
        assert max(map(len, texts)) <= 16


@given(
    st.lists(
        st.floats(-1e6, 1e6, allow_nan=False).map(lambda value: float(f"{value:.12g}")),
        min_size=1,
        max_size=30,
        unique=True,
    ).map(sorted)
)
def test_any_values_are_told_apart(values: list[float]) -> None:
    factor = Factor("x", tuple(values), "")
    texts = [value_text(factor, level) for level in range(len(values))]
    assert len(set(texts)) == len(values)
    for text, value in zip(texts, values, strict=True):
        assert float(text) == pytest.approx(value, rel=5e-3)


def test_exact_where_that_is_short_and_rounded_where_not() -> None:
    factor = Factor("x", (-42.25, 0.0178885, 0.25, 100, 1234), "s")
    texts = [value_text(factor, level) for level in range(5)]
    assert texts == ["-42.25", "0.0179", "0.25", "100", "1234"]
    assert value_text(factor, 2, unit=True) == "0.25 s"
    close = Factor("x", (1.00012345, 1.00023456), "")
    assert [value_text(close, level) for level in (0, 1)] == ["1.0001", "1.0002"]


def test_labels_stand_for_values_and_need_no_unit() -> None:
    factor = Factor("interval", (0, 1), "semitones", "categorical", "", ("unison", "second"))
    assert value_text(factor, 1, unit=True) == "second"
    assert values_in_words(factor) == "unison, second"


def test_long_lists_are_cut_in_the_middle() -> None:
    factor = Factor("x", range(64), "Hz")
    assert values_in_words(factor) == "0 1 2 3 ... 61 62 63 Hz"


# --- what is known


def test_every_factor_of_the_catalog_but_the_recorded_ones_is_known() -> None:
    unknown = {
        factor.name
        for spec in CATALOG.values()
        for factor in spec.space.factors
        if known_of(factor) is None
    }
    assert unknown == {"instrument", "velocity"}


def test_the_smallest_audible_step_in_words() -> None:
    assert step_in_words(KNOWN["pitch"]) == "0.05 MIDI"
    assert step_in_words(KNOWN["tremolo"]) == "0.05"
    assert step_in_words(KNOWN["duration"]) == "a ratio of 1.15"
    assert step_in_words(KNOWN["chord"]) == ""
    assert step_in_words(None) == ""


def test_lengths_in_words() -> None:
    assert length_in_words(get_spec("mono/pitch")) == "32 seconds"
    assert length_in_words(get_spec("tones")) == "48.0 minutes"
    assert length_in_words(get_spec("sprites")) == "102.4 hours"
