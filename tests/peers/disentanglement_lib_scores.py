"""Recompute disentanglement_lib.json: MIG and DCI of disentanglement_lib 1.5 on our code sets.

Runs in an environment of its own, see README.md. Each DCI at 10,000 train rows takes minutes.

    python disentanglement_lib_scores.py > disentanglement_lib.json
"""

import json
import sys
import time
from importlib.metadata import version

import gin
from code_sets import KINDS, make

sys.modules["gin.tf"] = gin
gin.tf = gin

from disentanglement_lib.evaluation.metrics import dci, mig, utils  # noqa: E402  (after the patch)

gin.bind_parameter("discretizer.discretizer_fn", utils._histogram_discretize)
gin.bind_parameter("discretizer.num_bins", 20)

RUNS = [(kind, 3000, 1500) for kind in KINDS] + [
    (kind, 10000, 5000) for kind in ("perfect", "rotated", "noise", "mixed")
]


def score(kind, train, test):
    """Return the peer's numbers for one code set."""
    classes, codes = make(kind, train + test)
    start = time.perf_counter()
    scores = dci._compute_dci(
        codes[:train].T, classes[:train].T, codes[train:].T, classes[train:].T
    )
    return {
        "kind": kind,
        "train": train,
        "test": test,
        "disentanglement": scores["disentanglement"],
        "completeness": scores["completeness"],
        "informativeness": scores["informativeness_test"],
        "dci_seconds": round(time.perf_counter() - start, 1),
        "mig": mig._compute_mig(codes.T, classes.T)["discrete_mig"],
    }


if __name__ == "__main__":
    packages = ("disentanglement_lib", "numpy", "scikit-learn")
    json.dump(
        {
            "source": "disentanglement_lib 1.5, evaluation/metrics/{mig,dci}.py",
            "packages": {name: version(name) for name in packages},
            "scores": [score(*run) for run in RUNS],
        },
        sys.stdout,
        indent=1,
    )
    print()
