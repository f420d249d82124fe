"""Seconds of disentanglement_lib's metrics and of ours, on the same codes in the same run.

Ours run here, each of the peer's in a process of its own environment (README.md says how to make
one), turn about and each on the same machine. Reading modules and compiling are not counted.

    python tests/peers/metric_speed.py --peer-python ENV/bin/python              # ten minutes
    python tests/peers/metric_speed.py --peer-python ENV/bin/python --without dci  # one

Codes are of 10,000 sounds and ten latents; metrics with test rows have 5,000 more. The peer's
BetaVAE and FactorVAE scores draw from the whole grid of 34,560 cells, ours from the 10,000 rows.
"""

import argparse
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Sequence

import code_sets
import grids

TRAIN, TEST = 10_000, 5_000

#: Ours, and the metrics of the peer that it answers to.
PAIRS = {
    "mig": ("mig",),
    "sap": ("sap_r2", "sap_svm"),
    "irs": ("irs",),
    "modularity": ("modularity",),
    "explicitness": ("explicitness",),
    "beta_vae": ("beta_vae",),
    "factor_vae": ("factor_vae",),
    "dci": ("dci",),
}

#: Metrics with train and test rows; the others see the train rows.
SPLIT = ("sap", "sap_r2", "sap_svm", "explicitness", "dci")

ON_GRID = ("beta_vae", "factor_vae")

#: Seconds by the clock, seconds of processor.
Seconds = tuple[float, float]


def measured(run: Callable[[], object]) -> Seconds:
    """Return how long it takes."""
    clock, processor = time.perf_counter(), time.process_time()
    run()
    return time.perf_counter() - clock, time.process_time() - processor


def ours(name: str, kind: str) -> Seconds:
    """Return the seconds of one of our metrics."""
    from benchmark.metrics import compute

    factors, codes = code_sets.make(kind, TRAIN + TEST)
    options = {"train": TRAIN} if name in SPLIT else {}
    rows = TRAIN + TEST if name in SPLIT else TRAIN
    # Once on few rows, which compiles.
    compute(name, factors=factors[:600], codes=codes[:600])
    return measured(lambda: compute(name, factors=factors[:rows], codes=codes[:rows], **options))


def theirs(names: Sequence[str], kind: str, python: str) -> Seconds:
    """Return the seconds of the peer's metrics, in its own environment and on one thread."""
    command = [python, "-W", "ignore", __file__, "--as-peer", *names, "--kind", kind]
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
    finished = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    if finished.returncode:
        raise SystemExit(f"{python} could not run {', '.join(names)}:\n{finished.stderr}")
    clock, processor = json.loads(finished.stdout.splitlines()[-1])
    return clock, processor


def as_peer(names: Sequence[str], kind: str) -> Seconds:
    """Return the seconds of the peer's metrics, when run in its environment."""
    import disentanglement_lib_scores as peer

    total = [0.0, 0.0]
    for name in names:
        factors, codes = code_sets.make(kind, TRAIN + TEST if name in SPLIT else TRAIN)
        grid = None
        if name in ON_GRID:
            every = grids.one_of_each_cell(*code_sets.make(kind, grids.ENOUGH_ROWS))
            grid = peer.Grid(*every)
        rows = peer.Rows(factors, codes, TRAIN, grid)
        for place, seconds in enumerate(measured(lambda: peer.METRICS[name](rows, 0))):  # noqa: B023
            total[place] += seconds
    return total[0], total[1]


def table(names: Sequence[str], kind: str, python: str) -> None:
    """Print a row for each metric as soon as it is there, and the total."""
    print(f"{TRAIN} train and {TEST} test rows of '{kind}' codes, seconds by the clock (processor)")
    row = "{:14}{:>18}{:>24}{:>10}{:>12}"
    print(row.format("metric", "ours", "disentanglement_lib", "ratio", "(processor)"))
    totals = [0.0] * 4

    def line(name: str, found: Sequence[float]) -> None:
        mine, mine_cpu, peers, peers_cpu = found
        print(
            row.format(
                name,
                f"{mine:.2f} ({mine_cpu:.2f})",
                f"{peers:.2f} ({peers_cpu:.2f})",
                f"{peers / mine:.1f}",
                f"({peers_cpu / mine_cpu:.1f})",
            ),
            flush=True,
        )

    for name in names:
        found = (*ours(name, kind), *theirs(PAIRS[name], kind, python))
        totals = [total + seconds for total, seconds in zip(totals, found, strict=True)]
        line(name, found)
    line("total", totals)


def main() -> None:
    parser = argparse.ArgumentParser(description=str(__doc__).splitlines()[0])
    parser.add_argument("--peer-python", help="of the environment with disentanglement_lib")
    parser.add_argument("--kind", choices=code_sets.KINDS, default="rotated")
    parser.add_argument("--without", nargs="*", choices=PAIRS, default=[])
    parser.add_argument("--as-peer", nargs="+", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.as_peer:
        print(json.dumps(as_peer(arguments.as_peer, arguments.kind)))
    elif arguments.peer_python:
        names = [name for name in PAIRS if name not in arguments.without]
        table(names, arguments.kind, arguments.peer_python)
    else:
        sys.exit("name the peer's interpreter with --peer-python; README.md says how to make one")


if __name__ == "__main__":
    main()
