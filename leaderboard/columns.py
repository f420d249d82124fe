"""What the columns of the leaderboard mean, and which of them come first.

Nothing is defined here: label, definition, unit and direction of a metric stand in the registry of
the metric itself, so that the page, the terminal and the harness can never say different things. A
number that no registry knows (another version's, or somebody's own) keeps its plain name and the
direction and unit of the result it came from.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from benchmark.columns import COLUMNS, find
from benchmark.metrics.registry import Output
from leaderboard.rows import FAMILIES, Board, Cell, Key

#: The columns of a first look: the terminal shows these, the page starts with them.
MAIN: tuple[Key, ...] = (
    ("reconstruction", "log_spectral_distance"),
    ("reconstruction", "rmse_db"),
    ("reconstruction", "level_error"),
    ("reconstruction", "f0_error"),
    ("disentanglement", "mig"),
    ("disentanglement", "dci_disentanglement"),
    ("disentanglement", "dci_completeness"),
    ("disentanglement", "dci_informativeness"),
    ("disentanglement", "infom"),
    ("disentanglement", "infoe"),
    ("disentanglement", "infoc"),
    ("dimension", "active_units"),
    ("control", "factor_error"),
    ("control", "selectivity"),
    ("cost", "parameters"),
    ("cost", "decode_ms"),
)

#: What the column of views says; it is there where some model names its view.
VIEW = (
    "The view of sound that the model works in, as it names it: what it learns to rebuild. The "
    "round trip of its view is the ceiling of its reconstruction."
)

#: What each family of metrics asks, for the page.
QUESTIONS: Mapping[str, str] = {
    "reconstruction": "Does it sound like the original?",
    "disentanglement": "Does each latent hold one factor?",
    "dimension": "How many latents are in use?",
    "control": "Does a latent steer what it should?",
    "likelihood": "How probable are the sounds to the model?",
    "cost": "What does it take to run?",
}


@dataclass(frozen=True)
class Column:
    """One column.

    Attributes
    ----------
    key : (family, name) of the metric
    name : name in a DataFrame: the metric's, or family.name where two families use it
    label : short head
    description : the metric's definition, empty if no registry knows it
    reference : the paper it comes from, or empty
    unit : ``""`` for a bare number
    higher_is_better : direction, or None
    whole : whether it counts something: a bare number, no score, that is whole in every row
    main : whether it belongs to the first look
    """

    key: Key
    name: str
    label: str
    description: str
    reference: str
    unit: str
    higher_is_better: bool | None
    whole: bool
    main: bool

    @property
    def arrow(self) -> str:
        """``↑`` where higher is better, ``↓`` where lower is better, else nothing."""
        return {True: "↑", False: "↓", None: ""}[self.higher_is_better]


def columns_of(boards: Iterable[Board]) -> tuple[Column, ...]:
    """Return the columns of some boards: by family, then first-look columns, then as registered."""
    known = _registered()
    cells: dict[Key, list[Cell]] = {}
    for board in boards:
        for row in board.rows:
            for key, cell in row.cells.items():
                column = find(*key)
                if column is not None and column.series:
                    continue  # one number for each latent: in the JSON, too many for a table
                cells.setdefault(key, []).append(cell)
    rank = {key: i for i, key in enumerate(dict.fromkeys((*MAIN, *known)))}
    keys = sorted(cells, key=lambda key: (FAMILIES.index(key[0]), rank.get(key, len(rank)), key[1]))
    names = [name for _, name in keys]
    return tuple(
        _column(key, name if names.count(name) == 1 else ".".join(key), cells[key], known)
        for key, name in zip(keys, names, strict=True)
    )


def _column(
    key: Key, name: str, cells: Sequence[Cell], known: Mapping[Key, tuple[Output, str]]
) -> Column:
    label, description, reference = key[1].replace("_", " "), "", ""
    unit, direction = cells[0].unit, cells[0].higher_is_better
    if key in known:
        output, reference = known[key]
        label, description = output.label, output.description
        unit, direction = output.unit, output.higher_is_better
    values = [cell.value for cell in cells if cell.value is not None]
    counts = unit == "" and direction is not True
    whole = counts and all(value == round(value) for value in values)
    return Column(key, name, label, description, reference, unit, direction, whole, key in MAIN)


def _registered() -> dict[Key, tuple[Output, str]]:
    """Return what the registries know, in their order: each column and the paper it is from."""
    return {
        (column.family, column.output.column): (column.output, column.reference)
        for column in COLUMNS
        if not column.series
    }
