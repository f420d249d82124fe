"""Pictures of a dataset: written whole, in the format of their ending, for every kind of grid."""

import re
from pathlib import Path

import matplotlib.image
import numpy as np
import pytest

from toysound import UsageError
from toysound.plot import plot


def words_of(path: Path) -> list[str]:
    """Return the texts of an SVG, which matplotlib keeps beside their outlines."""
    return re.findall(r"<!-- (.*?) -->", path.read_text(encoding="utf-8"))


def test_picture_of_a_grid(tmp_path: Path) -> None:
    path = tmp_path / "new" / "tones.png"
    plot("tones", path)
    picture = matplotlib.image.imread(path)
    assert picture.shape[0] > 500
    assert picture.shape[1] > 1000
    assert np.std(picture[..., :3]) > 0.1
    assert list(path.parent.iterdir()) == [path]


def test_the_ending_decides_the_format(tmp_path: Path) -> None:
    plot("mono/tremolo", tmp_path / "picture.svg")
    assert "<svg" in (tmp_path / "picture.svg").read_text(encoding="utf-8")
    plot("mono/tremolo", tmp_path / "picture")
    assert (tmp_path / "picture").read_bytes().startswith(b"\x89PNG")
    plot("mono/tremolo", tmp_path / "page.HTML")
    assert (tmp_path / "page.HTML").read_text(encoding="utf-8").startswith("<!doctype html>")


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("mono/vowel", ["vowel", "heed", "hod"]),
        ("mono/pitch", ["pitch", "(MIDI)", "12 of 64", "33", "96"]),
        ("mono/chroma", ["chroma", "(semitones)", "circular", "12 of 64"]),
        ("mono/vibrato_rate", ["vibrato rate", "(Hz)"]),
        ("sprites/small", ["colour", "white", "seventeenths", "register", "0.0952"]),
    ],
)
def test_values_labels_and_units_are_written(
    tmp_path: Path, name: str, expected: list[str]
) -> None:
    plot(name, tmp_path / "x.svg")
    words = words_of(tmp_path / "x.svg")
    for word in [*expected, "dB re full scale"]:
        assert word in words
    assert any(word.startswith(f"{name}: each factor alone; a strip is 0.5 s") for word in words)


def test_long_names_of_files_are_cut_at_their_beginning(tmp_path: Path, published: Path) -> None:
    folder = tmp_path / "a folder with a long name"
    folder.mkdir()
    (folder / "sound.wav").write_bytes((published / "wav" / "0000000.wav").read_bytes())
    plot(f"folder:{tmp_path}", tmp_path / "x.svg")
    assert "… name/sound.wav" in words_of(tmp_path / "x.svg")


def test_an_unknown_dataset(tmp_path: Path) -> None:
    for name in ("x.png", "x.html"):
        with pytest.raises(UsageError, match="unknown"):
            plot("tonez", tmp_path / name)
    assert not list(tmp_path.iterdir())


def test_an_ending_that_is_no_picture(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"'\.wav' is not a picture; use one of .*html.*png"):
        plot("tones", tmp_path / "x.wav")
    assert not list(tmp_path.iterdir())
