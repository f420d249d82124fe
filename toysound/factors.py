"""Factors of variation and the grids they span.

A *factor* is one ground-truth cause of variation of a sound: its name, its unit, its kind and the
list of values it takes, spaced on a perceptual scale. A *factor space* is an ordered product of
factors. Its cells are numbered in mixed radix with the last factor fastest, the convention of
dSprites (Matthey et al., 2017), so that an index, a row of integer classes and a row of physical
values are three names of the same cell.

Conventions
-----------
index : int64, 0 <= index < size
classes : int64, shape (n, k), the level of each factor, 0 <= class < number of values
values : float64, shape (n, k), the physical value of each factor in its unit
"""

import json
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal, get_args

import numpy as np
from numpy.typing import ArrayLike, NDArray

from toysound.errors import UsageError, unknown_name

Kind = Literal["categorical", "ordinal", "continuous", "circular"]

#: How close, relative to the distance to the next value, a number must be to count as on the grid.
_ON_GRID = 1e-6


@dataclass(frozen=True)
class Factor:
    """One cause of variation and the values it takes.

    Attributes
    ----------
    name : identifier, also a column name in the published files
    values : physical values, distinct; ascending unless the kind is categorical
    unit : unit of the values, ``""`` for a bare number
    kind : ``categorical`` (no order), ``ordinal`` (order, no distance), ``continuous`` or
        ``circular`` (the last value is a neighbour of the first)
    description : one sentence on what one hears
    labels : for a categorical factor, the name of each value; empty otherwise

    Raises
    ------
    ValueError
        If the values are empty, not finite, repeated or out of order, or the kind is unknown.
    """

    name: str
    values: tuple[float, ...]
    unit: str
    kind: Kind = "continuous"
    description: str = ""
    labels: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        object.__setattr__(self, "values", tuple(float(v) for v in self.values))
        if not self.name.isidentifier():
            raise ValueError(f"factor name '{self.name}' must be an identifier, such as 'pitch'")
        if self.kind not in get_args(Kind):
            known = ", ".join(get_args(Kind))
            raise ValueError(f"factor '{self.name}' has kind '{self.kind}'; use one of {known}")
        if not self.values or not all(math.isfinite(v) for v in self.values):
            raise ValueError(f"factor '{self.name}' needs at least one value, all finite")
        if len(set(self.values)) != len(self.values):
            raise ValueError(f"factor '{self.name}' repeats a value; every level must differ")
        if self.kind != "categorical" and list(self.values) != sorted(self.values):
            raise ValueError(f"factor '{self.name}' must list its values in ascending order")
        if self.labels and len(self.labels) != len(self.values):
            raise ValueError(f"factor '{self.name}' needs one label for each of its values")

    def __len__(self) -> int:
        return len(self.values)

    def class_of(self, value: float) -> int:
        """Return the level whose value is ``value``.

        Raises
        ------
        UsageError
            If the value is out of range or between two grid values; the message names the nearest.
        """
        grid = np.asarray(self.values)
        if not math.isfinite(value):
            raise UsageError(f"{self.name}={value} is not a finite number")
        nearest = int(np.argmin(np.abs(grid - value)))
        step = float(np.min(np.diff(np.sort(grid)))) if len(grid) > 1 else 1.0
        if abs(grid[nearest] - value) <= _ON_GRID * step:
            return nearest
        unit = f" {self.unit}" if self.unit else ""
        if value < grid.min() or value > grid.max():
            problem = (
                f"is out of range; {self.name} goes from {grid.min():g} to {grid.max():g}{unit}"
            )
        else:
            problem = (
                f"is not on the grid; its values are {', '.join(f'{v:g}' for v in grid)}{unit}"
            )
        raise UsageError(f"{self.name}={value:g} {problem} (nearest: {grid[nearest]:g})")

    def to_json(self) -> dict[str, Any]:
        """Return the factor as plain JSON data."""
        return {
            "name": self.name,
            "kind": self.kind,
            "unit": self.unit,
            "description": self.description,
            "values": list(self.values),
            "labels": list(self.labels),
        }


class FactorSpace:
    """An ordered product of factors: the grid whose cells are the sounds of a dataset.

    Parameters
    ----------
    factors : the factors in order; the last varies fastest

    Raises
    ------
    ValueError
        If there is no factor, or two share a name.
    """

    def __init__(self, factors: Sequence[Factor]) -> None:
        if not factors:
            raise ValueError("a factor space needs at least one factor")
        names = [f.name for f in factors]
        if len(set(names)) != len(names):
            raise ValueError(f"factor names must differ, got {', '.join(names)}")
        self.factors = tuple(factors)
        sizes = np.array([len(f) for f in factors], dtype=np.int64)
        self._bases = np.concatenate([np.cumprod(sizes[:0:-1])[::-1], [1]]).astype(np.int64)

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the factors, in order."""
        return tuple(f.name for f in self.factors)

    @property
    def kinds(self) -> tuple[Kind, ...]:
        """Kinds of the factors, in order."""
        return tuple(f.kind for f in self.factors)

    @property
    def units(self) -> tuple[str, ...]:
        """Units of the factors, in order."""
        return tuple(f.unit for f in self.factors)

    @property
    def sizes(self) -> tuple[int, ...]:
        """Number of values of each factor, in order."""
        return tuple(len(f) for f in self.factors)

    @property
    def values(self) -> tuple[tuple[float, ...], ...]:
        """The values of each factor, in order."""
        return tuple(f.values for f in self.factors)

    @property
    def size(self) -> int:
        """Number of cells of the whole grid."""
        return math.prod(self.sizes)

    def __len__(self) -> int:
        return self.size

    def __getitem__(self, name: str) -> Factor:
        for factor in self.factors:
            if factor.name == name:
                return factor
        raise unknown_name("factor", name, self.names)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, FactorSpace) and self.factors == other.factors

    def __hash__(self) -> int:
        return hash(self.factors)

    def __repr__(self) -> str:
        inner = ", ".join(f"{f.name}[{len(f)}]" for f in self.factors)
        return f"FactorSpace({inner})"

    def index_of(self, classes: ArrayLike) -> NDArray[np.int64]:
        """Return the cell index of each row of classes.

        Parameters
        ----------
        classes : integers, shape (n, k) or (k,)

        Raises
        ------
        UsageError
            If the classes are not integers, have another number of columns, or are out of range.
        """
        array = np.asarray(classes)
        if array.dtype.kind not in "iu":
            raise UsageError(f"classes must be integers, got {array.dtype}")
        if array.ndim not in (1, 2) or array.shape[-1] != len(self.factors):
            raise UsageError(
                f"classes must have {len(self.factors)} columns ({', '.join(self.names)}), "
                f"got shape {array.shape}"
            )
        array = array.astype(np.int64)
        outside = (array < 0) | (array >= np.asarray(self.sizes))
        if outside.any():
            column = int(np.argwhere(outside)[0][-1])
            raise UsageError(
                f"class of {self.names[column]} must be between 0 and {self.sizes[column] - 1}"
            )
        return np.asarray((array * self._bases).sum(axis=-1), dtype=np.int64)

    def classes_of(self, index: ArrayLike) -> NDArray[np.int64]:
        """Return the classes of each cell index, shape (n, k), or (k,) for a single index.

        Raises
        ------
        UsageError
            If an index is not an integer or not a cell of the grid.
        """
        array = np.asarray(index)
        if array.size == 0:
            array = array.astype(np.int64)
        if array.dtype.kind not in "iu":
            raise UsageError(f"indices must be integers, got {array.dtype}")
        array = array.astype(np.int64)
        if ((array < 0) | (array >= self.size)).any():
            raise UsageError(f"indices must be between 0 and {self.size - 1}")
        return np.asarray((array[..., None] // self._bases) % np.asarray(self.sizes))

    def values_of(self, classes: ArrayLike) -> NDArray[np.float64]:
        """Return the physical values of each row of classes, same shape, in the factors' units.

        Raises
        ------
        UsageError
            As :meth:`index_of`.
        """
        self.index_of(classes)
        array = np.asarray(classes).astype(np.int64)
        columns = [np.asarray(f.values)[array[..., i]] for i, f in enumerate(self.factors)]
        return np.stack(columns, axis=-1)

    def classes_from_values(self, **values: float) -> NDArray[np.int64]:
        """Return the classes, shape (k,), of the cell with these values; each must be on the grid.

        Raises
        ------
        UsageError
            If a factor is unknown or missing, or a value is off the grid.
        """
        for name in values:
            if name not in self.names:
                raise unknown_name("factor", name, self.names)
        missing = [name for name in self.names if name not in values]
        if missing:
            example = f"{missing[0]}={self[missing[0]].values[0]:g}"
            raise UsageError(f"no value given for {', '.join(missing)}; add for instance {example}")
        return np.array([f.class_of(values[f.name]) for f in self.factors], dtype=np.int64)

    def to_json(self) -> list[dict[str, Any]]:
        """Return the space as plain JSON data."""
        data: list[dict[str, Any]] = json.loads(json.dumps([f.to_json() for f in self.factors]))
        return data
