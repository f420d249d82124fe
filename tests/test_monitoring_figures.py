"""Figures of a training: the lines are the columns of its table, and what is damaged is said."""

from pathlib import Path

import numpy as np
import pytest

from baselines.monitoring.figures import curves, draw, read, spectrum
from toysound.errors import ToySoundError

TABLE = """epoch,weight,train_objective,log_likelihood,divergence,objective,unexplained,kl_1,kl_2
1,0.5,-90.0,-80.0,1.0,-81.0,0.9,0.9,0.1
2,1.0,-50.0,-40.0,3.0,-43.0,0.4,0.2,2.8
3,1.0,-45.0,-41.0,4.0,-45.0,0.3,0.05,3.9
"""


@pytest.fixture
def history(tmp_path: Path) -> Path:
    path = tmp_path / "history.csv"
    path.write_text(TABLE)
    return path


def test_the_curves_are_the_columns(history: Path) -> None:
    table = read(history)
    objective, terms, left, weight = curves(table).axes
    drawn = {line.get_label(): line.get_ydata() for line in objective.get_lines()}
    assert drawn["validation, final weight"] == pytest.approx(table["objective"])
    assert drawn["training, weight of now"] == pytest.approx(table["train_objective"])
    assert terms.get_lines()[0].get_ydata() == pytest.approx(table["divergence"])
    assert weight.get_lines()[0].get_ydata() == pytest.approx(table["weight"])
    assert left.get_lines()[0].get_ydata() == pytest.approx(table["unexplained"])
    for axis in (objective, terms, left):
        best = [line for line in axis.get_lines() if line.get_linestyle() == "--"]
        assert [line.get_xdata()[0] for line in best] == [2]  # the best epoch


def test_the_spectrum_is_sorted_in_the_best_epoch(history: Path) -> None:
    over_time, bars, _ = spectrum(read(history)).axes
    assert [bar.get_height() for bar in bars.patches] == pytest.approx([2.8, 0.2])
    assert [label.get_text() for label in bars.get_xticklabels()] == ["2", "1"]
    picture = np.asarray(over_time.images[0].get_array())
    assert picture[0] == pytest.approx([0.1, 2.8, 3.9])
    assert picture[1] == pytest.approx([0.9, 0.2, 0.05])


def test_files_are_drawn_of_what_there_is(history: Path, tmp_path: Path) -> None:
    files = [tmp_path / "curves.png", tmp_path / "kl.png"]
    assert draw(history, *files) == files
    assert all(path.read_bytes().startswith(b"\x89PNG") for path in files)
    bytes_ = [path.read_bytes() for path in files]
    draw(history, *files)
    assert [path.read_bytes() for path in files] == bytes_
    lines = [line.rsplit(",", 2)[0] for line in TABLE.splitlines()]
    (tmp_path / "points.csv").write_text("\n".join(lines) + "\n")
    assert draw(tmp_path / "points.csv", *files) == files[:1]
    (tmp_path / "none.csv").write_text(lines[0] + "\n")
    assert draw(tmp_path / "none.csv", *files) == []
    assert draw(tmp_path / "missing.csv", *files) == []


@pytest.mark.parametrize("text", ["", "epoch,objective\n1,x\n", "epoch,objective\n1\n"])
def test_a_damaged_table_is_said(text: str, tmp_path: Path) -> None:
    path = tmp_path / "history.csv"
    path.write_text(text)
    with pytest.raises(ToySoundError, match=r"history.csv' is damaged; --force trains anew"):
        draw(path, tmp_path / "a.png", tmp_path / "b.png")
