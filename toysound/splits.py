"""The fixed partition of a grid into train, validation, test and composition.

*Composition* holds out pairs of levels of two factors together: every single level is still heard
in training, but not every combination, so that it asks whether a model composes what it has learnt.
It takes about a tenth of the pairs. The remaining cells are shared 80 / 10 / 10.

The partition depends on the dataset's name, its sizes and the cell's index, through integer hashes,
and on nothing else: not on a version, a seed or the machine.
"""

import hashlib

import numpy as np
from numpy.typing import NDArray

from toysound.catalog.spec import DatasetSpec
from toysound.errors import unknown_name

SPLITS = ("train", "validation", "test", "composition")

_COMPOSITION_SHARE = 0.1
_TRAIN_SHARE, _VALIDATION_SHARE = 0.8, 0.1

_PARTITIONS: dict[object, dict[str, NDArray[np.int64]]] = {}


def partition(spec: DatasetSpec) -> dict[str, NDArray[np.int64]]:
    """Return the cell indices of each split, ascending; disjoint, together every cell.

    Parameters
    ----------
    spec : the dataset

    Returns
    -------
    dict
        Name of the split to its cells, read-only: they are computed once.
    """
    key = (spec.name, spec.space, spec.composition)
    if key not in _PARTITIONS:
        _PARTITIONS.clear()  # one dataset at a time is worked on
        _PARTITIONS[key] = _partition(spec)
    return dict(_PARTITIONS[key])


def _partition(spec: DatasetSpec) -> dict[str, NDArray[np.int64]]:
    cells = np.arange(spec.space.size, dtype=np.int64)
    held_out = _held_out(spec, cells)
    rest = cells[~held_out]
    rest = rest[np.argsort(_hash(f"{spec.name}/split", rest), kind="stable")]
    first = round(_TRAIN_SHARE * len(rest))
    second = round((_TRAIN_SHARE + _VALIDATION_SHARE) * len(rest))
    splits = {
        "train": np.sort(rest[:first]),
        "validation": np.sort(rest[first:second]),
        "test": np.sort(rest[second:]),
        "composition": cells[held_out],
    }
    for split in splits.values():
        split.flags.writeable = False
    return splits


def check_split(name: str) -> str:
    """Return the name of a split, or raise the error that names the four."""
    if name not in SPLITS:
        raise unknown_name("split", name, SPLITS)
    return name


def held_out_pairs(spec: DatasetSpec) -> list[tuple[int, int]]:
    """Return the pairs of levels of the two composition factors that are held out together.

    Pairs are taken in the order of a hash, skipping one that would take more than half of the
    combinations of either of its levels, until a tenth of all pairs is reached.
    """
    if spec.composition is None:
        return []
    sizes = [len(spec.space[name]) for name in spec.composition]
    numbers = np.arange(sizes[0] * sizes[1], dtype=np.int64)
    order = np.argsort(_hash(f"{spec.name}/composition", numbers), kind="stable")
    wanted = max(1, round(_COMPOSITION_SHARE * len(numbers)))
    taken: list[tuple[int, int]] = []
    for number in order:
        if len(taken) == wanted:
            break
        a, b = divmod(int(number), sizes[1])
        rows = sum(pair[0] == a for pair in taken)
        columns = sum(pair[1] == b for pair in taken)
        if rows + 1 <= sizes[1] // 2 and columns + 1 <= sizes[0] // 2:
            taken.append((a, b))
    return taken


def _held_out(spec: DatasetSpec, cells: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Return which cells carry a held-out pair."""
    if spec.composition is None:
        return np.zeros(len(cells), dtype=bool)
    first, second = (spec.space.names.index(name) for name in spec.composition)
    classes = spec.space.classes_of(cells)
    grid = np.zeros((spec.space.sizes[first], spec.space.sizes[second]), dtype=bool)
    for pair in held_out_pairs(spec):
        grid[pair] = True
    return np.asarray(grid[classes[:, first], classes[:, second]])


def _hash(salt: str, numbers: NDArray[np.int64]) -> NDArray[np.uint64]:
    """Hash integers to 64 bits: splitmix64 (Steele, Lea and Flood, 2014) of salt + number."""
    start = np.uint64(int.from_bytes(hashlib.sha256(salt.encode()).digest()[:8], "little"))
    with np.errstate(over="ignore"):
        z = start + numbers.astype(np.uint64) * np.uint64(0x9E3779B97F4A7C15)
        z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return np.asarray(z ^ (z >> np.uint64(31)))
