"""The page of the divergences: its code runs, its tables are whole and as near as they should."""

import doctest
import sys
from pathlib import Path

import pytest

from baselines.divergences import DIVERGENCES

sys.path.append(str(Path(__file__).parent / "peers"))  # its scripts find each other there

from divergence_effects import SETTINGS, fit, sounds
from divergence_parity import (
    Row,
    of_covariance,
    of_kl_family,
    of_priors,
    parity_table,
    registry_table,
)

PATH = Path(__file__).parents[1] / "docs" / "divergences.md"
PAGE = PATH.read_text(encoding="utf-8")


def table(name: str) -> list[list[str]]:
    """Return the cells of a table of the page, without its head."""
    text = PAGE.split(f"<!-- {name} -->\n")[1].split(f"<!-- /{name} -->")[0]
    rows = [line.strip("| ").split(" | ") for line in text.strip().splitlines()]
    return [[cell.strip() for cell in row] for row in rows[2:]]


def test_the_code_gives_what_the_page_says() -> None:
    result = doctest.testfile(str(PATH), module_relative=False)
    assert result.attempted > 25
    assert result.failed == 0


def test_the_code_of_the_package_gives_what_its_docstring_says() -> None:
    import baselines.divergences

    assert doctest.testmod(baselines.divergences).failed == 0


def test_the_registry_on_the_page_is_the_registry() -> None:
    assert f"<!-- registry -->\n{registry_table()}\n<!-- /registry -->" in PAGE


def test_every_number_is_near_enough_to_its_reference() -> None:
    rows = table("parity")
    names = {row[0].split("`")[1] for row in rows}
    assert names >= set(DIVERGENCES)
    assert names >= {"priors.ard", "importance.iwae", "importance.renyi_bound", "importance.cubo"}
    for row in rows:
        ours, theirs, allowed = float(row[2]), float(row[3]), float(row[5])
        assert abs(ours - theirs) <= allowed + 1e-6  # the page shows six digits
        assert row[4] == "below 1e-9" or float(row[4]) <= allowed


def test_rows_computed_anew_are_those_on_the_page() -> None:
    shown = {row[0]: row for row in table("parity")}
    rows = [*of_kl_family(), *of_covariance(), *of_priors()]
    for row in rows:
        assert row.difference <= row.allowed
        name, _, chosen = row.name.partition(" ")
        assert shown[f"`{name}` {chosen}".strip()][2] == f"{row.ours:.6f}"


def test_the_exact_posterior_is_what_kl_finds() -> None:
    effect = fit(SETTINGS[0])
    assert SETTINGS[0].name == "kl"
    assert effect.slope == pytest.approx(1 / 1.1, abs=1e-3)
    assert effect.deviation**2 == pytest.approx(0.1 / 1.1, abs=1e-3)
    assert effect.loss == pytest.approx(0, abs=1e-4)
    assert sounds().square().mean().item() == pytest.approx(1.1)


def test_no_bound_on_the_page_exceeds_ln_p() -> None:
    rows = table("effects")
    assert len(rows) == len(SETTINGS)
    for row in rows:
        if row[8] == "yes" and "info_vae" not in row[0]:  # its estimate may be negative
            assert float(row[7]) <= 0.0005, row[0]
    above = [row[0] for row in rows if row[8] == "no" and float(row[7]) > 0.01]
    assert len(above) >= 8


def test_the_bias_of_the_total_correlation_is_shown() -> None:
    rows = {(row[0], row[1]): row[2:] for row in table("correlation")}
    assert all(abs(float(cell)) < 0.1 for cell in rows["2", "0.9"])
    assert all(float(cell) > 10 for cell in rows["10", "0.1"])


def test_a_row_of_the_table() -> None:
    row = Row("kl beta=2", "by hand", 1.0, 1.5, 0.1)
    assert "| `kl` beta=2 | by hand | 1.000000 | 1.500000 | 5.0e-01 | 1.0e-01 |" in parity_table(
        [row]
    )
