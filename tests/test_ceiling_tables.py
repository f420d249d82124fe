"""Ceilings as text and as Markdown."""

import pytest
from small_dataset import small_dataset

from baselines.chosen_view import parse
from leaderboard.ceiling_tables import to_markdown, to_text
from leaderboard.ceilings import COLUMNS, Ceilings, measure

VIEWS = ("raw", "mdct", "log_magnitude:phase=griffin_lim,iterations=4", "log_mel")


@pytest.fixture(scope="module")
def found() -> Ceilings:
    return measure(small_dataset(), [parse(view) for view in VIEWS], limit=5)


@pytest.mark.parametrize("width", [60, 80, 120, 200, 400])
def test_text_fits_the_terminal_and_leaves_nothing_out(found: Ceilings, width: int) -> None:
    text = to_text(found, width)
    lines = text.splitlines()
    # The longest name and one column need 60 characters.
    assert max(map(len, lines)) <= width
    assert text.endswith("\n")
    words = " ".join(text.split())
    for label in ("shape", "sample", "SNR", "LSD", "SI-SDR", "Frechet", "analysis", "inverse"):
        assert label in words
    blocks = sum(line.startswith("representation") for line in lines)
    for view in VIEWS:
        assert sum(line.startswith(f"{view} ") for line in lines) == blocks


def test_text_sets_exact_views_apart(found: Ceilings) -> None:
    lines = to_text(found, 400).splitlines()
    rules = [i for i, line in enumerate(lines) if line.startswith("─")]
    assert len(rules) == 2
    assert {line.split()[0] for line in lines[rules[0] + 1 : rules[1]]} == {"raw", "mdct"}


def test_only_lossy_views_are_one_group() -> None:
    found = measure(small_dataset(), [parse("log_mel")], limit=2)
    assert sum(line.startswith("─") for line in to_text(found, 400).splitlines()) == 1


def test_text_has_the_numbers(found: Ceilings) -> None:
    (line,) = (x for x in to_text(found, 400).splitlines() if x.startswith("log_mel"))
    (row,) = (row for row in found.rows if row.representation == "log_mel")
    assert f"{row.distance:.2f}" in line.split()
    assert "128x16" in line.split()
    (raw,) = (x for x in to_text(found, 400).splitlines() if x.startswith("raw"))
    assert "–" in raw.split()  # its waveform comes back to the bit: no ratio


def test_markdown_has_two_whole_tables(found: Ceilings) -> None:
    lines = to_markdown(found).splitlines()
    tables = [line for line in lines if line.startswith("|")]
    assert len(tables) == 2 * (2 + len(VIEWS))
    for half in (tables[: len(tables) // 2], tables[len(tables) // 2 :]):
        assert len({line.count("|") for line in half}) == 1
        assert [line.split("`")[1] for line in half[2:]] == [
            row.representation for row in found.rows
        ]
    for column in COLUMNS:
        assert column.label in tables[len(tables) // 2]


def test_markdown_has_intervals_and_what_is_lost(found: Ceilings) -> None:
    text = to_markdown(found)
    (row,) = (row for row in found.rows if row.representation == "log_mel")
    interval = row.reconstruction["log_spectral_distance"].interval
    assert interval is not None
    low, high = interval
    assert f"{row.distance:.2f} ({low:.2f} to {high:.2f})" in text
    assert row.loss in text
    assert "nothing but rounding" in text
