"""Which rows of the leaderboard belong to the experiment on views, and which view each is of."""

from collections.abc import Mapping
from functools import cache

from leaderboard import plan
from leaderboard.rows import Board, Row

#: The plans of the experiment: on each dataset, and again where phases are random.
PLANS = ("representations", "phases")

#: Names of its rows begin so; what follows is the view.
_HEAD = "vae-"


@cache
def views() -> Mapping[str, str]:
    """Return the row of each view, in the order of the plans."""
    entries = (entry for name in PLANS for entry in plan.load(name).models)
    return {entry.name.removeprefix(_HEAD): entry.name for entry in entries}


def rows_of(board: Board) -> dict[str, Row]:
    """Return the rows of the experiment on a dataset, view to row."""
    found = {row.model: row for row in board.rows}
    return {view: found[name] for view, name in views().items() if name in found}
