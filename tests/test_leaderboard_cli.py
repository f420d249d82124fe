"""``toysound leaderboard`` as a user types it."""

import json
from argparse import ArgumentParser
from pathlib import Path

import pytest
from fixtures.leaderboard.factory import fill, make_result

from leaderboard.cli import LEADERBOARD
from toysound.errors import ToySoundError


def run(*arguments: str | Path) -> int:
    parser = ArgumentParser(prog="toysound leaderboard")
    LEADERBOARD.add_arguments(parser)
    return LEADERBOARD.run(parser.parse_args([str(argument) for argument in arguments]))


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return fill(tmp_path_factory.mktemp("results"))


def test_show_prints_a_table_of_each_dataset(
    results: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("show", "--results", results) == 0
    out = capsys.readouterr().out
    assert out.index("tones: 5,760 sounds") < out.index("mono/pitch: 12 sounds")
    assert "nearest-neighbour" in out
    assert "higher is better" in out


def test_show_in_a_pipe_fits_120_columns(
    results: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("COLUMNS", raising=False)
    run("show", "--results", results)
    assert max(map(len, capsys.readouterr().out.splitlines())) <= 120


def test_show_one_dataset_as_json(results: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("show", "--results", results, "--dataset", "mono/pitch", "--json") == 0
    (board,) = json.loads(capsys.readouterr().out)
    assert board["dataset"] == "mono/pitch"
    assert len(board["rows"]) == 6


def test_ones_own_result_stands_beside_the_others(
    results: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    own = tmp_path / "result.json"
    make_result("mine").save(own)
    run("show", own, "--results", results, "--dataset", "tones", "--json")
    (board,) = json.loads(capsys.readouterr().out)
    assert "mine" in [row["model"] for row in board["rows"]]


def test_a_result_that_is_in_the_folder_already_counts_once(
    results: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "120")
    path = results / "tones" / "pca" / "0.json"
    assert run("show", path, "--results", results) == 0
    assert capsys.readouterr().out.count("\npca ") == 2


def test_build_writes_the_page_and_says_where(
    results: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("build", "--results", results, "--out", tmp_path / "page") == 0
    page = tmp_path / "page" / "index.html"
    assert capsys.readouterr().out.strip() == str(page)
    assert [path.name for path in page.parent.iterdir()] == ["index.html"]
    assert "mono/pitch" in page.read_text(encoding="utf-8")


def test_no_result_is_said_in_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(ToySoundError, match=r"there is no result in .* 'toysound score"):
        run("show", "--results", tmp_path)
    with pytest.raises(ToySoundError, match="there is no result in"):
        run("build", "--results", tmp_path, "--out", tmp_path / "page")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("arguments", [[], ["build"], ["show", "--colour"], ["sort"]])
def test_bad_usage_exits_2(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as exit_:
        run(*arguments)
    assert exit_.value.code == 2
    assert capsys.readouterr().err
