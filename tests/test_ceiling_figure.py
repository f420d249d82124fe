"""Ceilings as a picture: every view is named, whatever kinds of views there are."""

from pathlib import Path

import pytest
from PIL import Image
from small_dataset import small_dataset

from baselines.chosen_view import parse
from leaderboard.ceiling_figure import check_ending, draw
from leaderboard.ceilings import Ceilings, measure
from toysound.errors import UsageError

EXACT = ("raw", "mdct", "nsgt:scale=mel")
LOSSY = ("mu_law", "mu_law:classes=1024", "log_mel")


@pytest.fixture(scope="module")
def found() -> Ceilings:
    return measure(small_dataset(), [parse(view) for view in (*EXACT, *LOSSY)], limit=3)


@pytest.mark.parametrize("views", [(*EXACT, *LOSSY), EXACT, LOSSY, ("raw",), ("log_mel",)])
def test_every_view_is_named_once(found: Ceilings, tmp_path: Path, views: tuple[str, ...]) -> None:
    chosen = tuple(row for row in found.rows if row.representation in views)
    draw(found.model_copy(update={"rows": chosen}), tmp_path / "c.svg")
    text = (tmp_path / "c.svg").read_text(encoding="utf-8")
    for row in found.rows:
        assert text.count(f"<!-- {row.representation} -->") == (row.representation in views)
    assert "of small, without a model" in text
    assert ("log-spectral distance (dB)" in text) == any(view in LOSSY for view in views)


def test_a_png_of_a_readable_size(found: Ceilings, tmp_path: Path) -> None:
    draw(found, tmp_path / "c.png")
    with Image.open(tmp_path / "c.png") as picture:
        assert picture.format == "PNG"
        assert picture.width == 1350
        assert len(picture.convert("RGB").getcolors(2**24) or ()) > 50
    assert [path.name for path in tmp_path.iterdir()] == ["c.png"]


def test_an_ending_that_is_no_picture_is_refused(found: Ceilings, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"'\.wav' is not a picture; use one of"):
        draw(found, tmp_path / "c.wav")
    assert not list(tmp_path.iterdir())
    assert (check_ending(Path("c.PDF")), check_ending(Path("c"))) == ("pdf", "png")
