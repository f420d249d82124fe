"""Recompute scikit_dimension.json: scikit-dimension on our manifolds and code sets.

Runs in an environment of its own, see README.md.

    python scikit_dimension_scores.py > scikit_dimension.json
"""

import json
import sys
import warnings
from importlib.metadata import version

import code_sets
import manifolds
import numpy as np
from skdim.id import MLE, TwoNN, lPCA

ROWS = 2000
DIMENSIONS = range(1, 11)

#: Code sets without many equal values: on a lattice nobody's neighbours mean anything.
BLURRED = ("noise", "mixed", "warped", "entangled")


def neighbour_scores(points):
    """Return the peer's dimensions from distances to neighbours, all settings at their defaults."""
    return {
        name: float(peer.fit(points).dimension_)
        for name, peer in (("twonn", TwoNN()), ("mle", MLE()))
    }


def components(codes):
    """Return the peer's parallel analysis of codes as they are and of standardised ones."""
    standard = (codes - codes.mean(axis=0)) / codes.std(axis=0)
    peer = lPCA(ver="parallel", n_permutations=20, random_state=0)
    return {
        "covariance": int(peer.fit(codes).dimension_),
        "correlation": int(peer.fit(standard).dimension_),
    }


def coinciding():
    """Return the peer's numbers on a plane of which some points are there twice."""
    plane = np.random.default_rng(0).random((ROWS, 2))
    scores = []
    for copies in (0, 1, ROWS // 4):
        with warnings.catch_warnings(), np.errstate(divide="ignore"):
            warnings.simplefilter("ignore")
            found = neighbour_scores(np.vstack([plane, plane[:copies]]))
        scores.append({"copies": copies, **found})
    return scores


if __name__ == "__main__":
    json.dump(
        {
            "source": "scikit-dimension, skdim.id: TwoNN, MLE, lPCA(ver='parallel')",
            "packages": {
                name: version(name) for name in ("scikit-dimension", "numpy", "scikit-learn")
            },
            "rows": ROWS,
            "manifolds": [
                {
                    "kind": kind,
                    "dimension": dimension,
                    **neighbour_scores(manifolds.make(kind, dimension, ROWS)),
                }
                for kind in manifolds.KINDS
                for dimension in DIMENSIONS
            ],
            "codes": [
                {"kind": kind, **neighbour_scores(code_sets.make(kind, ROWS)[1])}
                for kind in BLURRED
            ],
            "components": [
                {"kind": kind, **components(code_sets.make(kind, ROWS)[1])}
                for kind in code_sets.KINDS
            ],
            "loudness": components(manifolds.copied_causes(ROWS)),
            "coinciding": coinciding(),
        },
        sys.stdout,
        indent=1,
    )
    print()
