"""From result files to the rows of a leaderboard.

A *board* is everything that may be compared: the results on one dataset whose sounds have the same
SHA-256. Two versions of a dataset make two boards, since their numbers are not comparable. A *row*
is one model on one board with its seeds put together; a *cell* is one number of a row.

Conventions
-----------
key : (family, name) of a metric, as in the result
value : mean over the seeds that have one; None, with the reason, if none has
interval : 95 %; Student's t over seeds from two seeds on, else the result's own (items)
floor, ceiling : of the row; a ceiling may be the round trip of the model's own representation, so
    two rows may differ in it. The floor and ceiling of a *board* are the best of its rows'
path : a result is stored as ``<dataset>/<model>/<seed>.json``, but what counts is what is in it
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from importlib import resources
from itertools import pairwise
from pathlib import Path
from typing import Literal, get_args

from benchmark.result import Family, Measurement, Result, load_result
from leaderboard.statistics import t_interval
from toysound.errors import ToySoundError, unknown_name

Key = tuple[Family, str]
Kind = Literal["model", "reference"]
Entry = tuple[Path | None, Result]

#: Rows that are there to compare with, not to win: in the order in which they are shown.
REFERENCES = ("oracle", "nearest-neighbour", "random-sound")

FAMILIES: tuple[Family, ...] = get_args(Family)

#: From the weakest to the strongest; a row is worth its weakest seed.
_ASSURANCES = ("self-reported", "recomputed", "re-run")


@dataclass(frozen=True)
class Cell:
    """One number of one model, over its seeds.

    Attributes
    ----------
    value : mean over seeds, or None
    interval : 95 % (low, high), or None
    interval_over : ``"seeds"`` (Student's t) or ``"items"`` (the result's own), None without one
    seeds : how many seeds have a value
    floor, ceiling : of this model on this dataset, or None
    higher_is_better, unit : as in the result
    reason : why there is no value, or None
    """

    value: float | None
    interval: tuple[float, float] | None
    interval_over: Literal["seeds", "items"] | None
    seeds: int
    floor: float | None
    ceiling: float | None
    higher_is_better: bool | None
    unit: str
    reason: str | None

    @property
    def position(self) -> float | None:
        """Where the value lies between floor (0) and ceiling (1), clipped; None without both."""
        if self.value is None or self.floor is None or self.ceiling is None:
            return None
        if self.floor == self.ceiling:
            return None
        return min(1.0, max(0.0, (self.value - self.floor) / (self.ceiling - self.floor)))


@dataclass(frozen=True)
class Row:
    """One model on one board.

    Attributes
    ----------
    model : its name
    kind : ``reference`` for a model that is there to compare with
    results : its results in the order of their seeds
    paths : the file of each result, None if it was not read from a file
    cells : its numbers
    """

    model: str
    kind: Kind
    results: tuple[Result, ...]
    paths: tuple[Path | None, ...]
    cells: dict[Key, Cell]

    @property
    def seeds(self) -> tuple[int, ...]:
        """The seeds, ascending."""
        return tuple(result.seed for result in self.results)

    @property
    def assurance(self) -> str:
        """The weakest assurance of its results."""
        return min((r.assurance for r in self.results), key=_ASSURANCES.index)

    @property
    def representation(self) -> str | None:
        """The view of sound that the model works in, None where no result says it."""
        views = (result.model.representation for result in self.results)
        return next((view for view in views if view is not None), None)

    @property
    def supervision(self) -> str | None:
        """What its training was told besides the sounds; None where it was told nothing."""
        return self.results[0].model.supervision


@dataclass(frozen=True)
class Board:
    """All rows that may be compared: same dataset, same sounds.

    Attributes
    ----------
    dataset, version, audio_sha256, size : of the sounds, as in the results
    rows : models by name, then references
    """

    dataset: str
    version: str
    audio_sha256: str
    size: int
    rows: tuple[Row, ...]

    @property
    def keys(self) -> tuple[Key, ...]:
        """Every metric that some row has, by family and name."""
        keys = {key for row in self.rows for key in row.cells}
        return tuple(sorted(keys, key=lambda key: (FAMILIES.index(key[0]), key[1])))

    @property
    def names_views(self) -> bool:
        """Whether some row says in which view of sound its model works."""
        return any(row.representation is not None for row in self.rows)

    def bound(self, key: Key, which: Literal["floor", "ceiling"]) -> float | None:
        """Return the floor or ceiling of a metric: the best of the rows', None if there is none.

        A metric without a direction has a bound only if its rows agree on it.
        """
        cells = [row.cells[key] for row in self.rows if key in row.cells]
        each = [cell.floor if which == "floor" else cell.ceiling for cell in cells]
        bounds = {bound for bound in each if bound is not None}
        direction = next((c.higher_is_better for c in cells), None)
        if len(bounds) <= 1:
            return next(iter(bounds), None)
        if direction is None:
            return None
        return max(bounds) if direction else min(bounds)


def packaged_results() -> Path:
    """Return the folder of the results that come with the package."""
    return Path(str(resources.files("leaderboard") / "results"))


def load_folder(folder: str | Path | None = None, extra: Iterable[str | Path] = ()) -> list[Entry]:
    """Read every ``*.json`` below a folder, and some more files, as results.

    Parameters
    ----------
    folder : None reads the results that come with the package
    extra : further result files

    Raises
    ------
    ToySoundError
        If the folder does not exist or a file is not a valid result; the message names it.
    """
    if folder is None:
        folder = packaged_results()
    elif not Path(folder).is_dir():
        raise ToySoundError(
            f"results folder '{folder}' does not exist; 'toysound score MODEL --dataset NAME "
            f"--out {Path(folder) / 'NAME' / 'MODEL' / '0.json'}' makes it"
        )
    paths = sorted(Path(folder).rglob("*.json"))
    known = {path.resolve() for path in paths}
    paths += [path for path in map(Path, extra) if path.resolve() not in known]
    return [(path, load_result(path)) for path in paths]


def boards_of(entries: Iterable[Entry]) -> tuple[Board, ...]:
    """Put results into boards of rows, one row per model with its seeds together.

    Raises
    ------
    ToySoundError
        If two results are of the same model, sounds and seed, or one name is used for two models.
    """
    boards: dict[tuple[str, str], dict[str, list[Entry]]] = defaultdict(lambda: defaultdict(list))
    for path, result in entries:
        board = boards[result.dataset.name, result.dataset.audio_sha256]
        board[result.model.name].append((path, result))
    made = []
    for models in boards.values():
        rows = sorted((_row(group) for group in models.values()), key=_order)
        sounds = rows[0].results[0].dataset
        made.append(
            Board(sounds.name, sounds.version, sounds.audio_sha256, sounds.size, tuple(rows))
        )
    return tuple(sorted(made, key=lambda b: (b.dataset.count("/"), b.dataset, b.version)))


def select(boards: Sequence[Board], dataset: str | None) -> tuple[Board, ...]:
    """Return the boards of one dataset, or all for None.

    Raises
    ------
    UsageError
        If no board is of that dataset; the message suggests the nearest.
    ToySoundError
        If a dataset is named and there is no board at all.
    """
    if dataset is None:
        return tuple(boards)
    if not boards:
        raise ToySoundError(
            f"there is no result of any dataset yet, so none of '{dataset}'; 'toysound score MODEL "
            f"--dataset {dataset} --out result.json' writes one"
        )
    chosen = tuple(b for b in boards if b.dataset == dataset)
    if not chosen:
        raise unknown_name("dataset with results", dataset, {b.dataset for b in boards})
    return chosen


def _order(row: Row) -> tuple[int, str]:
    if row.kind == "reference":
        return 1 + REFERENCES.index(row.model), row.model
    return 0, row.model.casefold()


def _row(entries: list[Entry]) -> Row:
    entries = sorted(entries, key=lambda entry: entry[1].seed)
    for (path_a, a), (path_b, b) in pairwise(entries):
        files = f"'{path_a}' and '{path_b}'" if path_a and path_b else "two results"
        if a.seed == b.seed:
            raise ToySoundError(
                f"{files} are both of model '{a.model.name}' on '{a.dataset.name}' with seed "
                f"{a.seed}; keep one, or give the models different names"
            )
        if (a.model.format, a.model.parameters) != (b.model.format, b.model.parameters):
            raise ToySoundError(
                f"{files} share the model name '{a.model.name}' on '{a.dataset.name}' but differ "
                f"in format or number of parameters; give the models different names"
            )
    views = {r.model.representation for _, r in entries} - {None}
    if len(views) > 1:
        model = entries[0][1]
        raise ToySoundError(
            f"results of '{model.model.name}' on '{model.dataset.name}' are of the views "
            f"{' and '.join(sorted(map(str, views)))}; give the models different names"
        )
    told = {r.model.supervision for _, r in entries}
    if len(told) > 1:
        model = entries[0][1]
        raise ToySoundError(
            f"results of '{model.model.name}' on '{model.dataset.name}' were told different things "
            f"in training: {' and '.join(sorted(text or 'nothing' for text in told))}; give the "
            "models different names"
        )
    results = tuple(result for _, result in entries)
    name = results[0].model.name
    keys = sorted({(f, n) for r in results for f, by_name in r.metrics.items() for n in by_name})
    cells = {
        (family, name): _cell(
            [r.metrics[family][name] for r in results if name in r.metrics.get(family, {})]
        )
        for family, name in keys
    }
    kind: Kind = "reference" if name in REFERENCES else "model"
    return Row(name, kind, results, tuple(path for path, _ in entries), cells)


def _cell(measurements: list[Measurement]) -> Cell:
    values = [m.value for m in measurements if m.value is not None]
    interval: tuple[float, float] | None = None
    over: Literal["seeds", "items"] | None = None
    if len(values) >= 2:
        interval, over = t_interval(values), "seeds"
    elif len(values) == 1:
        interval = next(m.interval for m in measurements if m.value is not None)
        over = None if interval is None else "items"
    first = measurements[0]
    return Cell(
        value=_mean(values),
        interval=interval,
        interval_over=over,
        seeds=len(values),
        floor=_mean([m.floor for m in measurements if m.floor is not None]),
        ceiling=_mean([m.ceiling for m in measurements if m.ceiling is not None]),
        higher_is_better=first.higher_is_better,
        unit=first.unit,
        reason=None if values else first.reason,
    )


def _mean(numbers: Sequence[float]) -> float | None:
    if not numbers:
        return None
    return numbers[0] if len(set(numbers)) == 1 else sum(numbers) / len(numbers)
