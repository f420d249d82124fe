"""The golden numbers of the released datasets: their fingerprints and their smallest steps.

``toysound/catalog/fingerprints.json`` says what any x86-64 machine must render,
``toysound/catalog/distances.json`` how far apart the sounds are in the log-mel view. Both are keyed
by the version of the generator and the name of the dataset. The command
``python -m toysound.publish.released [NAME ...] [--workers N]`` makes their entries again, which is
done only together with a new ``GENERATOR_VERSION`` or a new dataset; it fails if two sounds cannot
be told apart. Datasets of more than 50,000 sounds are left out unless they are named.
"""

import argparse
import hashlib
import json
import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from tqdm import tqdm

from toysound.catalog import CATALOG, get_spec
from toysound.catalog.spec import DatasetSpec
from toysound.errors import ToySoundError
from toysound.files import write_text
from toysound.identify import ALL_PAIRS_UP_TO, BANDS, FRAMES, closest_pair, log_mel, step_distances
from toysound.publish.fingerprint import sample_bytes
from toysound.rendering import render_samples, to_float
from toysound.version import GENERATOR_VERSION
from toysound.workers import Task, run_tasks

_CATALOG = Path(__file__).resolve().parents[1] / "catalog"

#: Every two sounds of a dataset of at most this size are compared: 160 MB of views.
EVERY_TWO_UP_TO = 10_000

#: Larger datasets are made again only if they are named.
_UNASKED_UP_TO = 50_000

#: Cells rendered, and turned into views, at a time.
_STRIDE, _VIEWED = 960, 96

FINGERPRINTS, DISTANCES = "fingerprints.json", "distances.json"


@dataclass(frozen=True)
class Step:
    """Distances in dB over the one-step neighbours of a factor."""

    smallest: float
    median: float
    pairs: int


@dataclass(frozen=True)
class Distances:
    """How far apart the sounds of a dataset are in the log-mel view.

    Attributes
    ----------
    steps : name of the factor -> distances of its one-step neighbours; a factor of a single value
        has none
    sampled : whether the pairs are a sample
    closest : distance in dB of the closest two of all sounds and which two; None if not looked for
    """

    steps: dict[str, Step]
    sampled: bool
    closest: tuple[float, int, int] | None

    def to_json(self) -> dict[str, Any]:
        """Return the distances as plain JSON data."""
        return json.loads(json.dumps(asdict(self)))  # type: ignore[no-any-return]

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> "Distances":
        """Read what :meth:`to_json` returns."""
        steps = {name: Step(**step) for name, step in data["steps"].items()}
        closest = tuple(data["closest"]) if data["closest"] else None
        return cls(steps, data["sampled"], closest)


def released_fingerprints() -> dict[str, str]:
    """Return the ``audio_sha256`` of each released dataset of this version of the generator."""
    return dict(_read(_CATALOG / FINGERPRINTS).get(GENERATOR_VERSION, {}))


@lru_cache(maxsize=1)
def released_distances() -> dict[str, Distances]:
    """Return the distances within each released dataset of this version of the generator."""
    known = _read(_CATALOG / DISTANCES).get(GENERATOR_VERSION, {})
    return {name: Distances.from_json(data) for name, data in known.items()}


def measure_release(spec: DatasetSpec) -> tuple[str, Distances]:
    """Render every cell of a dataset; return its ``audio_sha256`` and its distances.

    Raises
    ------
    ToySoundError
        If two of the sounds that are compared are the same in the log-mel view.
    """
    digest = hashlib.sha256()
    views = None
    if spec.space.size <= EVERY_TWO_UP_TO:
        views = np.empty((spec.space.size, BANDS, FRAMES), dtype=np.float32)
    for start in range(0, spec.space.size, _STRIDE):
        samples = render_samples(spec, np.arange(start, min(start + _STRIDE, spec.space.size)))
        digest.update(sample_bytes(samples))
        if views is not None:
            for at in range(0, len(samples), _VIEWED):
                some = to_float(samples[at : at + _VIEWED])
                views[start + at :][: len(some)] = log_mel(some, spec.sample_rate)
    return digest.hexdigest(), distances(spec, views)


def distances(spec: DatasetSpec, views: NDArray[np.float32] | None = None) -> Distances:
    """Return how far apart the sounds of a dataset are.

    Parameters
    ----------
    spec : the dataset
    views : of all its cells, shape (n, 64, 64); without them sounds are rendered as they are
        needed, and the closest of all pairs is not looked for

    Raises
    ------
    ToySoundError
        If two of the sounds that are compared are the same in the log-mel view.
    """

    def audio(cells: NDArray[np.int64]) -> NDArray[np.float32]:
        return to_float(render_samples(spec, cells))

    found = step_distances(audio, spec.space, spec.sample_rate, views)
    for name, values in found.items():
        if len(values) and not values.min() > 0:
            raise ToySoundError(
                f"two sounds of '{spec.name}' one step of {name} apart are the same in the log-mel "
                "view; a dataset must not repeat a sound"
            )
    closest = None
    if views is not None and len(views) > 1:
        least, (one, other) = closest_pair(views)
        if not least > 0:
            raise ToySoundError(
                f"cells {one} and {other} of '{spec.name}' are the same in the log-mel view; "
                "a dataset must not repeat a sound"
            )
        closest = (_rounded(least), one, other)
    steps = {
        name: Step(_rounded(values.min()), _rounded(float(np.median(values))), len(values))
        for name, values in found.items()
        if len(values)
    }
    return Distances(steps, spec.space.size > ALL_PAIRS_UP_TO, closest)


def release(names: Sequence[str], workers: int = 1, folder: Path = _CATALOG) -> list[str]:
    """Make the entries of datasets in both files again, and return the names.

    Each dataset is entered as soon as it is done, and one that fails does not keep the others from
    being entered.

    Parameters
    ----------
    names : datasets of the catalog; all that are small enough and need no other sounds if empty
    workers : number of processes; each renders one dataset at a time
    folder : of the two files

    Raises
    ------
    UsageError
        If a dataset is unknown.
    ToySoundError
        If two sounds of a dataset are the same.
    """
    specs = [get_spec(name) for name in names] or [
        spec
        for spec in CATALOG.values()
        if spec.space.size <= _UNASKED_UP_TO and spec.tier != "extra"
    ]
    specs.sort(key=lambda spec: -spec.space.size)  # the longest first, so that none is left alone
    tasks = [Task(number, f"'{spec.name}'", (spec,)) for number, spec in enumerate(specs)]
    done = run_tasks(_attempt, tasks, min(workers, len(tasks)))
    problems = []
    for number, result in tqdm(done, total=len(tasks), unit=" datasets", disable=None):
        if isinstance(result, str):
            problems.append(result)
            continue
        sha256, found = result
        _enter(folder / FINGERPRINTS, specs[number].name, sha256)
        _enter(folder / DISTANCES, specs[number].name, found.to_json())
    if problems:
        raise ToySoundError("; ".join(problems))
    return [spec.name for spec in specs]


def _attempt(spec: DatasetSpec) -> tuple[str, Distances] | str:
    """Return what :func:`measure_release` does, or the sentence that says why it cannot."""
    try:
        return measure_release(spec)
    except ToySoundError as error:
        return str(error)


def _rounded(distance: float) -> float:
    """Round to the three significant digits that are published."""
    return float(f"{distance:.3g}")


def _read(path: Path) -> dict[str, dict[str, Any]]:
    if not path.is_file():
        return {}
    known: dict[str, dict[str, Any]] = json.loads(path.read_text(encoding="utf-8"))
    return known


def _enter(path: Path, name: str, value: Any) -> None:
    """Set the entry of a dataset; datasets are kept in the order of the catalog."""
    known = _read(path)
    entries = {**known.get(GENERATOR_VERSION, {}), name: value}
    order = {other: place for place, other in enumerate(CATALOG)}
    known[GENERATOR_VERSION] = {
        other: entries[other]
        for other in sorted(entries, key=lambda other: order.get(other, len(order)))
    }
    write_text(path, _lines(known))


def _lines(known: dict[str, dict[str, Any]]) -> str:
    """Return the file's text: JSON with one dataset a line."""
    versions = []
    for version, entries in known.items():
        lines = [f"  {json.dumps(name)}: {json.dumps(entry)}" for name, entry in entries.items()]
        versions.append(f" {json.dumps(version)}: {{\n" + ",\n".join(lines) + "\n }")
    return "{\n" + ",\n".join(versions) + "\n}\n"


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command and return the exit code."""
    parser = argparse.ArgumentParser(
        prog="python -m toysound.publish.released",
        description="Make the golden numbers of the released datasets again.",
    )
    parser.add_argument("names", nargs="*", metavar="NAME", help="datasets; all small ones if none")
    parser.add_argument("--workers", type=int, default=1, help="number of processes")
    chosen = parser.parse_args(arguments)
    try:
        for name in release(chosen.names, chosen.workers):
            print(name)
    except ToySoundError as error:
        print(f"toysound: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
