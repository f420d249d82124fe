"""Tables between markers."""

import pytest

from leaderboard.experiments.marked import markdown, table_of, with_table

PAGE = "before\n<!-- a -->\nold\n<!-- /a -->\nafter\n<!-- b -->\n\n<!-- /b -->\n"


def test_only_the_named_table_is_replaced() -> None:
    new = with_table(PAGE, "a", "new")
    assert new == PAGE.replace("old", "new")
    assert with_table(new, "a", "old") == PAGE


def test_it_is_read_back() -> None:
    table = markdown(["x", "y"], [["a", "1"], ["b", "2"]])
    assert table.splitlines() == ["| x | y |", "| --- | ---: |", "| a | 1 |", "| b | 2 |"]
    assert table_of(with_table(PAGE, "b", table), "b") == table


@pytest.mark.parametrize("page", ["nothing", "<!-- a -->\nno end", "no start <!-- /a -->"])
def test_a_page_without_markers(page: str) -> None:
    with pytest.raises(ValueError, match="no markers of 'a'"):
        with_table(page, "a", "new")
    with pytest.raises(ValueError, match="no markers of 'a'"):
        table_of(page, "a")
