"""Tables and figures of the rows of a plan."""

from pathlib import Path

import pytest

from leaderboard.experiments.marked import table_of
from leaderboard.experiments.plan_tables import COLUMNS, board_of, draw, main, rows_of, table
from leaderboard.rows import Row
from toysound.errors import ToySoundError


@pytest.fixture(scope="module")
def rows() -> list[Row]:
    return rows_of(board_of(None, "tones"), "representations")


def cells(line: str) -> list[str]:
    return [cell.strip() for cell in line.strip("| ").split(" | ")]


def test_every_row_of_the_plan_is_there_best_reconstruction_first(rows: list[Row]) -> None:
    head, _, *lines = table(rows).splitlines()
    assert cells(head) == ["row", "seeds", *(heading for heading, _, _ in COLUMNS)]
    found = [cells(line) for line in lines]
    assert {row[0].strip("`") for row in found} == {row.model for row in rows}
    distances = [float(row[2]) for row in found]
    assert distances == sorted(distances)
    assert {row[1] for row in found} == {"1"}


def test_several_seeds_have_the_interval_of_their_mean(rows: list[Row]) -> None:
    from dataclasses import replace

    one = rows[0]
    key = ("disentanglement", "mig")
    cell = replace(one.cells[key], value=0.5, interval=(0.4, 0.6), interval_over="seeds", seeds=3)
    (line,) = table([replace(one, cells={**one.cells, key: cell})]).splitlines()[2:]
    assert "0.50 ± 0.10" in line


def test_a_number_that_is_not_there_is_a_dash(rows: list[Row]) -> None:
    linear = next(row for row in rows if row.model == "vae-raw")
    line = cells(table([linear]).splitlines()[2])
    assert line[3] == "–"  # its errors are not in decibels


def test_it_is_written_between_its_markers(tmp_path: Path, rows: list[Row]) -> None:
    page = tmp_path / "page.md"
    page.write_text("before\n<!-- representations tones -->\n<!-- /representations tones -->\n")
    picture = tmp_path / "picture.png"
    assert main(["representations", "--write", str(page), "--figure", str(picture)]) == 0
    assert table_of(page.read_text(), "representations tones") == table(rows)
    assert picture.read_bytes().startswith(b"\x89PNG")


def test_the_picture_is_drawn_of_any_rows(tmp_path: Path, rows: list[Row]) -> None:
    draw(rows[:1], "one", tmp_path / "one.png")
    assert (tmp_path / "one.png").exists()


def test_a_dataset_without_results_is_refused() -> None:
    with pytest.raises(ToySoundError, match="there are no results on 'mono/pitch'"):
        board_of(None, "mono/pitch")
