"""One sound by the values of its factors, as people write them."""

from pathlib import Path

import numpy as np
import pytest
import soundfile
from hypothesis import given
from hypothesis import strategies as st

from toysound import UsageError
from toysound.catalog import CATALOG, get_spec
from toysound.describe import value_text
from toysound.factors import Factor
from toysound.one_sound import classes_of_assignments, level_of_text, render_to_file
from toysound.rendering import render_samples

TONES = get_spec("tones")
ATTACK = TONES.space["attack"]
LEVEL = TONES.space["level"]
VOWEL = get_spec("mono/vowel").space["vowel"]
INTERVAL = get_spec("mono/interval").space["interval"]
RATIO = get_spec("mono/fm_ratio").space["fm_ratio"]


def test_the_file_holds_the_cell(tmp_path: Path) -> None:
    path = tmp_path / "new" / "x.wav"
    answer = render_to_file("mono/vowel", ["vowel=hod"], path)
    samples, rate = soundfile.read(path, dtype="int16")
    cell = VOWEL.labels.index("hod")
    assert answer["index"] == cell
    assert answer["values"] == {"vowel": VOWEL.values[cell]}
    assert answer["text"] == f"wrote {path}: cell {cell} of mono/vowel (vowel hod)"
    np.testing.assert_array_equal(samples, render_samples(get_spec("mono/vowel"), [cell])[0])
    assert rate == 16000


def test_what_is_not_named_is_at_its_middle() -> None:
    assert classes_of_assignments(TONES, []).tolist() == [6, 2, 3, 2, 2]
    assert classes_of_assignments(TONES, ["level=-36"]).tolist() == [6, 0, 3, 2, 2]
    assert classes_of_assignments(TONES, []).dtype == np.int64


@pytest.mark.parametrize(
    ("factor", "text", "level"),
    [
        (LEVEL, "-18", 3),
        (LEVEL, "-18dB", 3),
        (LEVEL, " -18.0 db ", 3),
        (TONES.space["pitch"], "57MIDI", 6),
        (TONES.space["pitch"], "5.7e1", 6),
        (ATTACK, "0.0179", 1),
        (ATTACK, "0.01789 s", 1),
        (ATTACK, "0.0178885", 1),
        (ATTACK, "1.79e-2", 1),
        (ATTACK, "0.008", 0),
        (VOWEL, "hod", VOWEL.labels.index("hod")),
        (VOWEL, "HOD", VOWEL.labels.index("hod")),
        (VOWEL, "2", VOWEL.values.index(2.0)),
        (INTERVAL, "minor-third", 3),
        (INTERVAL, "Minor_Third", 3),
        (INTERVAL, "7", 7),
        (RATIO, "3:4", 1),
        (RATIO, "1.4142", RATIO.values.index(1.4142)),
    ],
)
def test_what_a_person_may_write(factor: Factor, text: str, level: int) -> None:
    assert level_of_text(factor, text) == level


@pytest.mark.parametrize(
    ("factor", "text", "sentence"),
    [
        (ATTACK, "0.02", "attack=0.02 is not on the grid"),
        (ATTACK, "0.018", "attack=0.018 is not on the grid"),
        (ATTACK, "0.0178", "attack=0.0178 is not on the grid"),
        (ATTACK, "40ms", "'40ms' is not a number of s; write for instance attack=0.04"),
        (ATTACK, "", "'' is not a number of s"),
        (LEVEL, "nan", "level=nan is not a finite number"),
        (LEVEL, "-inf dB", "level=-inf is not a finite number"),
        (LEVEL, "6", "level=6 is out of range; level goes from -36 to -18 dB"),
        (TONES.space["tremolo"], "x", "'x' is not a number; write for instance tremolo=0.5"),
        (VOWEL, "hodd", "vowel 'hodd' is unknown; did you mean 'hod'? known are: "),
        (VOWEL, "99", "vowel=99 is out of range"),
    ],
)
def test_what_cannot_be_meant(factor: Factor, text: str, sentence: str) -> None:
    with pytest.raises(UsageError) as raised:
        level_of_text(factor, text)
    assert str(raised.value).startswith(sentence)


@pytest.mark.parametrize("name", list(CATALOG))
def test_whatever_is_shown_can_be_written_back(name: str) -> None:
    for factor in get_spec(name).space.factors:
        for level in range(len(factor)):
            assert level_of_text(factor, value_text(factor, level)) == level
            assert level_of_text(factor, value_text(factor, level, unit=True)) == level
            assert level_of_text(factor, repr(factor.values[level])) == level


@given(st.text(max_size=12))
def test_any_text_is_a_value_or_a_sentence(text: str) -> None:
    for factor in (ATTACK, VOWEL):
        try:
            level = level_of_text(factor, text)
        except UsageError:
            continue
        assert 0 <= level < len(factor)


def test_a_label_that_is_written_exactly_comes_first() -> None:
    files = Factor("file", range(3), "", "categorical", "", ("a-b.wav", "a_b.wav", "7"))
    assert level_of_text(files, "a_b.wav") == 1
    assert level_of_text(files, "7") == 2
    with pytest.raises(UsageError, match=r"file 'a b\.wav' is unknown"):
        level_of_text(files, "a b.wav")


@pytest.mark.parametrize(
    ("assignments", "sentence"),
    [
        (["pitch"], "'pitch' is not of the form factor=value, such as pitch=57"),
        (["pitc=57"], "factor 'pitc' is unknown; did you mean 'pitch'"),
        (["pitch=57", "pitch=59"], "factor 'pitch' is given twice"),
        (["=57"], "factor '' is unknown"),
    ],
)
def test_malformed_assignments(assignments: list[str], sentence: str) -> None:
    with pytest.raises(UsageError) as raised:
        classes_of_assignments(TONES, assignments)
    assert str(raised.value).startswith(sentence)


def test_a_folder_of_own_sounds(tmp_path: Path) -> None:
    samples = (np.sin(np.arange(8000)) * 8000).astype(np.int16)
    soundfile.write(tmp_path / "my sound.wav", samples, 16000)
    out = tmp_path / "out.flac.wav"
    answer = render_to_file(f"folder:{tmp_path}", ["file=my sound.wav"], out)
    assert answer["index"] == 0
    assert soundfile.info(out).frames == 8000
