"""Recompute infomec.json: InfoMEC of the authors' standalone file on our code sets.

Runs in an environment of its own, see README.md, beside ``infomec.py`` of the repository
kylehkhsu/latent_quantization (disentangle/metrics/infomec.py).

    python infomec_scores.py > infomec.json
"""

import json
import sys
from importlib.metadata import version

import numpy as np
from code_sets import KINDS, make
from infomec import compute_infomec

ROWS = 3000
SEEDS = range(5)


def score(kind):
    """Return the mean and the standard deviation of the peer's numbers over seeds.

    Its estimator parts equal values by noise from the global generator, so its numbers move where a
    factor is not known at all.
    """
    classes, codes = make(kind, ROWS)
    runs = []
    for seed in SEEDS:
        np.random.seed(seed)  # noqa: NPY002  (the peer has no other way to be seeded)
        scores = compute_infomec(classes, codes, discrete_latents=False)
        runs.append([scores[name] for name in ("infom", "infoe", "infoc")])
    record = {"kind": kind, "rows": ROWS}
    for name, numbers in zip(("infom", "infoe", "infoc"), np.transpose(runs), strict=True):
        record[name] = float(numbers.mean())
        record[f"{name}_spread"] = float(numbers.std())
    return record


if __name__ == "__main__":
    json.dump(
        {
            "source": "kylehkhsu/latent_quantization, disentangle/metrics/infomec.py",
            "packages": {name: version(name) for name in ("numpy", "scikit-learn")},
            "scores": [score(kind) for kind in KINDS],
        },
        sys.stdout,
        indent=1,
    )
    print()
