"""The catalog: what every dataset must be, and what ``tones`` is."""

import json

import numpy as np
import pytest

import toysound
from toysound import UsageError
from toysound.catalog import CATALOG, get_spec
from toysound.describe import details, overview, values_in_words
from toysound.voices import VOICES
from toysound.voices.tone import RELEASE_S

TONES = get_spec("tones")


def test_names_in_the_order_of_the_curriculum() -> None:
    mono = [f"mono/{name}" for name in ("pitch", "level", "brightness", "attack", "tremolo")]
    assert toysound.list_datasets() == ["tones", *mono]


def test_tones() -> None:
    assert TONES.space.names == ("pitch", "level", "brightness", "attack", "tremolo")
    assert TONES.space.sizes == (12, 4, 6, 5, 4)
    assert TONES.space.size == 5760
    assert (TONES.sample_rate, TONES.duration_s, TONES.num_samples) == (16000, 0.5, 8000)
    assert TONES.space["pitch"].values[:2] == (45.0, 47.0)
    assert np.diff(TONES.space["level"].values).tolist() == [6.0] * 3
    assert TONES.space["attack"].values[0] == 0.008
    assert TONES.space["attack"].values[-1] == 0.2
    assert TONES.space["tremolo"].values[0] == 0.0


@pytest.mark.parametrize("name", CATALOG)
def test_every_voice_gets_what_it_needs_and_nothing_else(name: str) -> None:
    spec = get_spec(name)
    voice = VOICES[spec.voice]
    given = {*spec.space.names, *spec.constants}
    assert not set(spec.space.names) & set(spec.constants)
    assert given == {*voice.ranges, "level"}
    for parameter, (low, high) in voice.ranges.items():
        values = (
            spec.space[parameter].values
            if parameter in spec.space.names
            else (spec.constants[parameter],)
        )
        assert low <= min(values)
        assert max(values) <= high


@pytest.mark.parametrize("name", CATALOG)
def test_level_is_measured_where_no_attack_or_release_reaches(name: str) -> None:
    spec = get_spec(name)
    start, stop = spec.level_window_s
    attacks = spec.space["attack"].values if "attack" in spec.space.names else (0.0,)
    assert max(attacks) <= start < stop <= spec.duration_s - RELEASE_S


@pytest.mark.parametrize("name", CATALOG)
def test_specification_as_json(name: str) -> None:
    data = get_spec(name).to_json()
    assert json.loads(json.dumps(data)) == data
    assert data["name"] == name
    assert data["question"].endswith("?")
    assert all(factor["description"] for factor in data["factors"])


def test_mono_datasets_hold_the_others_at_a_cell_of_their_scale() -> None:
    pitch = get_spec("mono/pitch")
    assert pitch.space.sizes == (64,)
    assert pitch.constants == {"level": -24.0, "brightness": -9.0, "attack": 0.02, "tremolo": 0.0}


def test_an_unknown_name_suggests_the_nearest() -> None:
    with pytest.raises(UsageError, match="'tonez' is unknown; did you mean 'tones'"):
        get_spec("tonez")
    with pytest.raises(UsageError, match="did you mean 'mono/pitch'"):
        get_spec("mono/pich")


def test_overview_has_a_line_for_each() -> None:
    answer = overview()
    assert [row["name"] for row in answer["datasets"]] == list(CATALOG)
    assert len(answer["text"].splitlines()) == len(CATALOG)


@pytest.mark.parametrize("name", CATALOG)
def test_details_say_everything(name: str) -> None:
    spec = get_spec(name)
    answer = details(name)
    assert answer["num_sounds"] == sum(answer["splits"].values()) == spec.space.size
    for factor in spec.space.factors:
        assert f"{factor.name} ({len(factor)} values, {factor.kind})" in answer["text"]
    for constant, value in spec.constants.items():
        assert f"{constant} {value:g}" in answer["text"]
    assert ("composition holds out" in answer["text"]) == (spec.composition is not None)


def test_long_lists_of_values_are_shortened() -> None:
    assert values_in_words(TONES.space["level"]) == "-36 -30 -24 -18 dB"
    assert values_in_words(get_spec("mono/pitch").space["pitch"]) == "33 34 35 36 ... 94 95 96 MIDI"
