"""The page of the datasets says what the code says."""

from pathlib import Path

import pytest

from toysound.catalog import CATALOG
from toysound.catalog.known_factors import KNOWN
from toysound.catalog.reference import correlations_table, with_tables

PAGE = Path(__file__).parents[1] / "docs" / "datasets.md"


def test_the_page_is_up_to_date() -> None:
    text = PAGE.read_text(encoding="utf-8")
    assert with_tables(text) == text, "run: python -m toysound.catalog.reference docs/datasets.md"


def test_every_dataset_and_every_factor_is_on_the_page() -> None:
    text = PAGE.read_text(encoding="utf-8")
    for name in (*CATALOG, *KNOWN):
        assert f"| `{name}` |" in text


def test_correlations_are_in_training_and_not_in_the_test() -> None:
    rows = [line.split("|") for line in correlations_table().splitlines()[2:]]
    assert len(rows) >= 6
    for row in rows:
        assert float(row[3]) > 0.1
        assert abs(float(row[4])) < 0.1
    strengths = [float(row[3]) for row in rows[:3]]
    assert strengths == sorted(strengths)


def test_a_marker_without_a_table() -> None:
    with pytest.raises(KeyError):
        with_tables("<!-- nothing -->\n<!-- /nothing -->")
