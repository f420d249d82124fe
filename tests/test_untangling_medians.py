"""Medians of untangled codes: classes, ranges, and the restart that the objective prefers."""

import json
from dataclasses import asdict
from pathlib import Path

import pytest

from leaderboard.experiments.plan_tables import board_of, rows_of
from leaderboard.experiments.untangling import Seen, Survey
from leaderboard.experiments.untangling_medians import main, spread, table
from leaderboard.rows import Row
from toysound.errors import ToySoundError


@pytest.fixture(scope="module")
def row() -> Row:
    rows = {row.model: row for row in rows_of(board_of(None, "tones"), "untangling")}
    return rows["vae-untangled"]


def survey(row: Row) -> Survey:
    """Return a survey in which the objective prefers the seed 2, and the level is worth nothing."""
    known = [[0.9, 0.0], [0.5, 0.5]]
    models = [Seen(row.model, seed, known, -abs(seed - 2.0), 300.0 + seed) for seed in row.seeds]
    return Survey("tones", ["pitch", "level"], models)


def test_a_median_has_its_range() -> None:
    assert spread([0.3, 0.1, 0.9]) == "0.30 (0.10 to 0.90)"
    assert spread([0.3]) == "0.30"


def test_the_restart_by_the_objective_is_a_line_of_its_own(row: Row) -> None:
    head, _, medians, chosen = table([row], survey(row)).splitlines()
    cells = [[cell.strip() for cell in line.strip("| ").split(" | ")] for line in (head, medians)]
    by_name = dict(zip(*cells, strict=True))
    assert by_name["told"] == "nothing"
    assert by_name["seeds"] == str(len(row.seeds))
    assert by_name["MIG without level"] == "0.90 (0.90 to 0.90)"
    assert by_name["CPU s"] == "302"
    values = sorted(r.metrics["disentanglement"]["mig"].value or 0 for r in row.results)
    middle = values[len(values) // 2]
    assert by_name["MIG"] == f"{middle:.2f} ({values[0]:.2f} to {values[-1]:.2f})"
    assert chosen.startswith("| `vae-untangled`, restart by the objective (seed 2) | nothing | 1 |")
    assert by_name["2 active units"] == f"0 of {len(row.seeds)}"  # it has five


def test_a_survey_of_other_models_is_refused(row: Row) -> None:
    found = Survey("tones", ["pitch", "level"], [])
    with pytest.raises(ToySoundError, match="the survey has no model 'vae-untangled' of seed 0"):
        table([row], found)


def test_it_is_written_between_its_markers(
    row: Row, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "results" / "tones" / row.model
    folder.mkdir(parents=True)
    for path in row.paths:
        assert path is not None
        for file in (path, path.with_suffix(".recipe.toml")):
            (folder / file.name).write_bytes(file.read_bytes())
    found = tmp_path / "survey.json"
    found.write_text(json.dumps(asdict(survey(row))))
    page = tmp_path / "page.md"
    page.write_text("before\n<!-- medians tones -->\n<!-- /medians tones -->\n")
    command = [str(found), "--results", str(tmp_path / "results")]
    assert main(command) == 0
    shown = capsys.readouterr().out.strip()
    assert shown == table([row], survey(row))
    assert main([*command, "--write", str(page)]) == 0
    assert shown in page.read_text()
