"""The tables of docs/metrics.md: ours beside others' implementations, floors, ceilings, control.

    python tests/peers/tables.py                        # print all
    python tests/peers/tables.py --write docs/metrics.md

The peers' numbers were frozen once (README.md says how); ours are computed anew. A row is a number
on the set of codes, or the manifold, on which ours and the peer's are furthest apart.
"""

import argparse
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from statistics import mean, median
from typing import Any

import code_sets
import grids
import manifolds
import numpy as np
from control_order import control_table

from benchmark.explain import frame_of, frame_rows
from benchmark.metrics import compute
from leaderboard.experiments.marked import with_table
from toysound.dataset import load

HERE = Path(__file__).parent

#: The dataset on which decoders of known obedience are played.
CONTROLLED = "tones"

#: Datasets whose reference codes are shown.
FRAMED = ("tones", "timbre", "gesture", "sprites/small")

DLIB_NAME = "disentanglement_lib 1.5"

Record = dict[str, Any]


@dataclass(frozen=True)
class Pair:
    """One number of ours and a peer's, on one input.

    Attributes
    ----------
    number : its key, as ``compute`` returns it
    peer : whose implementation
    on : the input
    ours, theirs : the two
    allowed : the largest difference that the definition leaves room for
    """

    number: str
    peer: str
    on: str
    ours: float
    theirs: float
    allowed: float

    @property
    def difference(self) -> float:
        """How far the two are apart."""
        return abs(self.ours - self.theirs)


#: Number to the metric it is of, its key in the peer's file, and the allowed difference.
DLIB: dict[str, tuple[str, str, float]] = {
    "mig": ("mig", "mig", 1e-4),
    "disentanglement": ("dci", "disentanglement", 0.12),
    "completeness": ("dci", "completeness", 0.12),
    "informativeness": ("dci", "informativeness", 0.06),
    "sap_r2": ("sap", "sap_r2", 1e-4),
    "sap_svm": ("sap", "sap_svm", 1e-4),
    "irs": ("irs", "irs", 1e-4),
    "modularity": ("modularity", "modularity", 1e-4),
    "explicitness": ("explicitness", "explicitness", 0.005),
}
UBISOFT = {name: (name, name, 1e-4) for name in ("mig_sup", "jemmig", "dcimig", "modularity")}
INFOMEC = {name: ("infomec", name, 0.02) for name in ("infom", "infoe", "infoc")}
SKDIM = {"twonn": ("twonn", "twonn", 1e-4), "mle": ("mle", "mle", 1e-4)}


def read(name: str) -> Record:
    """Return the frozen numbers of a peer."""
    found: Record = json.loads((HERE / name).read_text(encoding="utf-8"))
    return found


def of_disentanglement_lib() -> Iterator[Pair]:
    """Yield the numbers of disentanglement_lib; of its random ones, means over seeds."""
    peer = read("disentanglement_lib.json")
    for record in peer["scores"]:
        factors, codes = code_sets.make(record["kind"], record["train"] + record["test"])
        ours = _computer(factors, codes, train=record["train"])
        on = f"{record['kind']}, {record['train']:,} rows"
        yield from _pairs(DLIB, record, ours, DLIB_NAME, on)
    for record in peer["grids"]:
        factors, codes = grids.one_of_each_cell(*code_sets.make(record["kind"], grids.ENOUGH_ROWS))
        for name in ("beta_vae", "factor_vae"):
            seeds = range(len(record[name]))
            runs = [compute(name, factors=factors, codes=codes, seed=s)[name] for s in seeds]
            on = f"{record['kind']}, whole grid, mean of {len(runs)} seeds"
            yield Pair(name, DLIB_NAME, on, mean(runs), mean(record[name]), 0.02)
    for record in peer["models"]:
        perfect = code_sets.make("perfect", record["rows"])[1]
        means, log_variances = grids.models(record["kind"], perfect)
        for end, options in (("", {}), ("_filtered", {"log_variance": log_variances})):
            for number, method in (("udr", "lasso"), ("udr_spearman", "spearman")):
                theirs = record.get(method + end)
                if theirs is not None:
                    ours = compute("udr", factors=None, codes=means, **options)[number]
                    on = f"{record['kind']}, 5 models"
                    yield Pair(number, DLIB_NAME, on, ours, median(theirs), 1e-6)


def of_ubisoft() -> Iterator[Pair]:
    """Yield Ubisoft's numbers; of `perfect` those of codes that no bin edge cuts."""
    for record in read("ubisoft.json")["scores"]:
        factors, codes = code_sets.make(record["kind"], record["rows"])
        if record["lifted"]:
            codes = codes + 1e-10 * np.ptp(codes, axis=0) * (codes > codes.min(axis=0))
        elif record["kind"] == "perfect":
            continue
        ours = _computer(factors, codes, bins=record["bins"])
        on = f"{record['kind']}, {record['bins']} bins"
        yield from _pairs(UBISOFT, record, ours, "Ubisoft", on)


def of_infomec() -> Iterator[Pair]:
    """Yield the numbers of InfoMEC's authors."""
    for record in read("infomec.json")["scores"]:
        factors, codes = code_sets.make(record["kind"], record["rows"])
        yield from _pairs(INFOMEC, record, _computer(factors, codes), "InfoMEC", record["kind"])


def of_scikit_dimension() -> Iterator[Pair]:
    """Yield the numbers of scikit-dimension on manifolds of known dimension."""
    frozen = read("scikit_dimension.json")
    for record in frozen["manifolds"]:
        points = manifolds.make(record["kind"], record["dimension"], frozen["rows"])
        on = f"{record['kind']} of {record['dimension']}"
        yield from _pairs(SKDIM, record, _computer(None, points), "scikit-dimension", on)


PEERS: tuple[Callable[[], Iterator[Pair]], ...] = (
    of_disentanglement_lib,
    of_ubisoft,
    of_infomec,
    of_scikit_dimension,
)


def all_pairs() -> list[Pair]:
    """Return every number of every peer on every input."""
    return [pair for peer in PEERS for pair in peer()]


def worst(pairs: list[Pair]) -> list[Pair]:
    """Return for each number and peer the pair that is furthest apart."""
    found: dict[tuple[str, str], Pair] = {}
    for pair in pairs:
        key = pair.number, pair.peer
        if key not in found or pair.difference > found[key].difference:
            found[key] = pair
    return list(found.values())


def parity_table(pairs: list[Pair]) -> str:
    """Return the pairs that are furthest apart as Markdown."""
    counts = {(p.number, p.peer): 0 for p in pairs}
    for pair in pairs:
        counts[pair.number, pair.peer] += 1
    lines = [
        "| number | peer | inputs | furthest apart on | ours | peer | difference | allowed |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for pair in worst(pairs):
        small = "below 1e-6" if pair.difference < 1e-6 else f"{pair.difference:.2g}"
        lines.append(
            f"| `{pair.number}` | {pair.peer} | {counts[pair.number, pair.peer]} | {pair.on} "
            f"| {pair.ours:.4f} | {pair.theirs:.4f} | {small} | {pair.allowed:g} |"
        )
    return "\n".join(lines)


def frame_table(dataset: str) -> str:
    """Return what the reference codes score on a dataset as Markdown."""
    rows = frame_rows(frame_of(load(dataset)))
    lines = ["| " + " | ".join(rows[0]) + " |", "|" + "---|" * len(rows[0])]
    lines += ["| `" + row[0] + "` | " + " | ".join(row[1:]) + " |" for row in rows[1:]]
    return "\n".join(lines)


def main() -> None:
    """Print the tables, or write them into a page."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--write", type=Path, metavar="PAGE", help="replace the tables of a page")
    args = parser.parse_args()
    tables = {"parity": parity_table(all_pairs())}
    tables["control"] = control_table(CONTROLLED)
    tables |= {f"frame {name}": frame_table(name) for name in FRAMED}
    if args.write is None:
        print("\n\n".join(f"{name}\n\n{table}" for name, table in tables.items()))
        return
    text = args.write.read_text(encoding="utf-8")
    for name, table in tables.items():
        text = with_table(text, name, table)
    args.write.write_text(text, encoding="utf-8")


def _computer(
    factors: "np.ndarray[Any, Any] | None", codes: "np.ndarray[Any, Any]", **options: int
) -> Callable[[str], dict[str, float]]:
    """Return a function of a metric's name that computes it once on some codes."""
    known: dict[str, dict[str, float]] = {}

    def ours(name: str) -> dict[str, float]:
        if name not in known:
            takes = {"train": ("dci", "sap", "explicitness"), "bins": ("mig", *UBISOFT)}
            fitting = {key: n for key, n in options.items() if name in takes[key]}
            known[name] = compute(name, factors=factors, codes=codes, **fitting)
        return known[name]

    return ours


def _pairs(
    table: dict[str, tuple[str, str, float]],
    record: Record,
    ours: Callable[[str], dict[str, float]],
    peer: str,
    on: str,
) -> Iterator[Pair]:
    for number, (metric, key, allowed) in table.items():
        if record.get(key) is not None:
            yield Pair(number, peer, on, ours(metric)[number], float(record[key]), allowed)


if __name__ == "__main__":
    main()
