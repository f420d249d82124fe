"""What factors do to a picture: known effects, blocks, a real dataset, the command."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from small_dataset import small_dataset

from leaderboard.experiments.factor_effects import (
    Effect,
    effects,
    gaps_in,
    main,
    main_effects,
    read,
    table,
)

CLASSES = np.stack(np.meshgrid(np.arange(3), np.arange(4), indexing="ij"), axis=-1).reshape(-1, 2)


def test_what_adds_up_has_shares_that_do() -> None:
    line, other = np.array([1.0, 2.0, 0.0]), np.array([0.0, 0.0, 1.0])
    pictures = np.outer(CLASSES[:, 0], line) + np.outer(CLASSES[:, 1] ** 2, other) + 5
    (first, first_line), (second, second_line) = main_effects([pictures], CLASSES)
    assert first + second == pytest.approx(1)
    assert first == pytest.approx(5 * np.var([0, 1, 2]) / pictures.var(axis=0).sum())
    assert (first_line, second_line) == (pytest.approx(1), pytest.approx(1))


def test_a_circle_is_no_line_and_a_product_has_no_main_effect() -> None:
    angle = CLASSES[:, 1] * np.pi / 2
    signs = np.array([-1.0, 0.0, 1.0])[CLASSES[:, 0]]
    circle = np.stack([np.cos(angle), np.sin(angle), signs * (-1.0) ** CLASSES[:, 1]], axis=1)
    (product, _), (round_, on_line) = main_effects([circle], CLASSES)
    assert product == pytest.approx(0, abs=1e-12)
    assert round_ == pytest.approx(1 / (1 + 2 / 3))
    assert on_line == pytest.approx(0.5)


@settings(deadline=None)
@given(seed=st.integers(0, 1000), cut=st.integers(1, 11))
def test_blocks_do_not_matter_and_shares_are_shares(seed: int, cut: int) -> None:
    pictures = np.random.default_rng(seed).normal(3, 1, (12, 5))
    whole = main_effects([pictures], CLASSES)
    np.testing.assert_allclose(main_effects([pictures[:cut], pictures[cut:]], CLASSES), whole)
    assert all(0 <= share <= 1 and 0 < line <= 1 + 1e-12 for share, line in whole)
    assert sum(share for share, _ in whole) <= 1 + 1e-12


def test_a_dataset() -> None:
    found = effects(small_dataset())
    assert [effect.factor for effect in found] == ["pitch", "level", "brightness"]
    by_name = {effect.factor: effect for effect in found}
    assert by_name["level"].on_line == pytest.approx(1, abs=1e-3)  # one coordinate, in decibels
    assert 0.3 < sum(effect.share for effect in found) <= 1


def test_the_table_has_sums_and_gaps() -> None:
    found = [Effect("a", "x", 0.5, 1.0), Effect("a", "y", 0.25, 0.5), Effect("b", "z", 0.123, 0.9)]
    assert table(found, {("a", "y"): 0.333}).splitlines()[2:] == [
        "| `a`, x | 50.0 % | 100 % | – |",
        "| `a`, y | 25.0 % | 50 % | 0.33 |",
        "| `a`, all together | 75 % |  |  |",
        "| `b`, z | 12.3 % | 90 % | – |",
        "| `b`, all together | 12 % |  |  |",
    ]


def test_the_command(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:

    folder = tmp_path
    file, page = folder / "effects.json", folder / "page.md"
    page.write_text("<!-- factor effects -->\n<!-- /factor effects -->\n")
    assert main(["mono/pitch", "--json", str(file)]) == 0
    shown = capsys.readouterr().out.strip()
    assert shown == table(read(file), {})
    assert gaps_in(folder) == {}
    assert main(["--json", str(file), "--surveys", str(folder), "--write", str(page)]) == 0
    assert shown in page.read_text()
