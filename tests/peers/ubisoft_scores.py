"""Recompute ubisoft.json: MIG-sup, JEMMIG, DCIMIG and modularity of Ubisoft La Forge.

Runs in an environment of its own, see README.md, on the folder ``src`` of the repository
ubisoft/ubisoft-laforge-disentanglement-metrics.

    python ubisoft_scores.py SRC > ubisoft.json

The peer cuts latents where rounding has left them: the levels 3, 6 and 9 of 16 lie on an edge of 10
or 20 bins, and in ``perfect`` it puts them into the bin below, since they come out 1e-16 too small.
Ours puts them on the edge. So ``perfect`` is scored a second time with ``lifted`` codes, moved up
by 1e-10 of their range where they are not the smallest, which the peer cuts as it should.
"""

import json
import sys
from importlib.metadata import version

import numpy as np
from code_sets import KINDS, make

sys.path.insert(0, sys.argv[1])

from metrics.dcimig import dcimig
from metrics.jemmig import jemmig
from metrics.mig_sup import mig_sup
from metrics.modularity import modularity

ROWS = 3000
BINS = (20, 10)
METRICS = (mig_sup, jemmig, dcimig, modularity)


def lift(codes):
    """Return codes of which none is just below the edge of a bin."""
    return codes + 1e-10 * np.ptp(codes, axis=0) * (codes > codes.min(axis=0))


def score(kind, bins, lifted=False):
    """Return the peer's numbers for one code set."""
    classes, codes = make(kind, ROWS)
    if lifted:
        codes = lift(codes)
    record = {"kind": kind, "rows": ROWS, "bins": bins, "lifted": lifted}
    for metric in METRICS:
        found = metric(classes, codes, continuous_factors=False, nb_bins=bins)
        record[metric.__name__] = float(np.asarray(found))
    return record


if __name__ == "__main__":
    packages = ("numpy", "scikit-learn", "pyitlib")
    json.dump(
        {
            "source": "ubisoft/ubisoft-laforge-disentanglement-metrics at 05d5667, "
            "src/metrics/{mig_sup,jemmig,dcimig,modularity}.py",
            "packages": {name: version(name) for name in packages},
            "scores": [score(kind, bins) for bins in BINS for kind in KINDS]
            + [score("perfect", bins, lifted=True) for bins in BINS],
        },
        sys.stdout,
        indent=1,
    )
    print()
