"""Samples of the prior: are they sounds of this dataset, and do they reach all of it?

Both are asked by neighbours. Around each true sound lies a ball that reaches to its fifth nearest
true sound. *Validity* is the share of samples that lie in some ball (the improved precision of
Kynkaanniemi et al.); *coverage* is the share of balls that hold some sample (Naeem et al.), which,
unlike recall by balls around the samples, is not fooled by a few outlying samples.

Conventions
-----------
Points are rows of the embedding (:mod:`benchmark.metrics.reconstruction.embedding`), as many
samples as true sounds. True sounds against other true sounds do not reach 100 %: that is the
ceiling.

References
----------
T. Kynkaanniemi et al., "Improved precision and recall metric for assessing generative models",
NeurIPS 2019.
M. F. Naeem et al., "Reliable fidelity and diversity metrics for generative models", ICML 2020.
"""

import numpy as np
from scipy.spatial.distance import cdist

from benchmark.metrics.information import Floats

NEIGHBOURS = 5


def validity(true: Floats, samples: Floats) -> Floats:
    """Return for each sample whether it lies among the true sounds: 100 or 0, shape (m,).

    Parameters
    ----------
    true : shape (n, E), n above 5
    samples : shape (m, E)
    """
    inside = cdist(samples, true) <= _radii(true)
    return np.where(inside.any(axis=1), 100.0, 0.0)


def coverage(true: Floats, samples: Floats) -> Floats:
    """Return for each true sound whether a sample lies near it: 100 or 0, shape (n,).

    Parameters
    ----------
    true, samples : as in :func:`validity`
    """
    near = cdist(true, samples) <= _radii(true)[:, None]
    return np.where(near.any(axis=1), 100.0, 0.0)


def _radii(true: Floats) -> Floats:
    """Return the distance of each true sound to its fifth nearest other."""
    if len(true) <= NEIGHBOURS:
        raise ValueError(f"more than {NEIGHBOURS} true sounds are needed, got {len(true)}")
    return np.asarray(np.partition(cdist(true, true), NEIGHBOURS, axis=1)[:, NEIGHBOURS])
