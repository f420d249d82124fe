"""Pages with tables that a program writes: each stands between two markers.

<!-- name -->
| the | table |
<!-- /name -->
"""


def with_table(text: str, name: str, table: str) -> str:
    """Return a page with what stands between two markers replaced.

    Raises
    ------
    ValueError
        If the page has not both markers.
    """
    start, end = f"<!-- {name} -->\n", f"<!-- /{name} -->"
    before, found, rest = text.partition(start)
    _, closed, after = rest.partition(end)
    if not (found and closed):
        raise ValueError(f"the page has no markers of '{name}'")
    return before + start + table + "\n" + end + after


def table_of(text: str, name: str) -> str:
    """Return what stands between two markers.

    Raises
    ------
    ValueError
        If the page has not both markers.
    """
    _, found, rest = text.partition(f"<!-- {name} -->\n")
    table, closed, _ = rest.partition(f"\n<!-- /{name} -->")
    if not (found and closed):
        raise ValueError(f"the page has no markers of '{name}'")
    return table


def markdown(head: list[str], rows: list[list[str]]) -> str:
    """Return a Markdown table; the first column is text, the others are numbers."""
    lines = [head, ["---", *["---:"] * (len(head) - 1)], *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)
