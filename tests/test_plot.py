"""Pictures of a dataset: written whole, in the format of their ending."""

from pathlib import Path

import matplotlib.image
import numpy as np
import pytest

from toysound import UsageError
from toysound.plot import plot_traversals


def test_picture_of_a_grid(tmp_path: Path) -> None:
    path = tmp_path / "new" / "tones.png"
    plot_traversals("tones", path)
    picture = matplotlib.image.imread(path)
    assert picture.shape[0] > 500
    assert picture.shape[1] > 1000
    assert np.std(picture[..., :3]) > 0.1
    assert list(path.parent.iterdir()) == [path]


def test_the_ending_decides_the_format(tmp_path: Path) -> None:
    plot_traversals("mono/tremolo", tmp_path / "picture.svg")
    assert "<svg" in (tmp_path / "picture.svg").read_text()
    plot_traversals("mono/tremolo", tmp_path / "picture")
    assert (tmp_path / "picture").read_bytes().startswith(b"\x89PNG")


def test_an_unknown_dataset(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="unknown"):
        plot_traversals("tonez", tmp_path / "x.png")
    assert not list(tmp_path.iterdir())


def test_an_ending_that_is_no_picture(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"'\.wav' is not a picture"):
        plot_traversals("tones", tmp_path / "x.wav")
    assert not list(tmp_path.iterdir())
