"""The metrics of disentanglement_lib 1.5 beside ours, on the same codes.

MIG and DCI have this in ``test_mig.py`` and ``test_dci.py``.
"""

import json
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from peers.code_sets import make
from peers.grids import ENOUGH_ROWS, models, one_of_each_cell

from benchmark.metrics import compute
from benchmark.metrics.disentanglement.udr import model_scores, udr

PEER = json.loads((Path(__file__).parent / "peers" / "disentanglement_lib.json").read_text())

#: Metric, its number, whether the peer splits the rows, and how near ours must come.
NUMBERS = [
    ("sap", "sap_r2", True, 1e-4),
    ("sap", "sap_svm", True, 1e-4),
    ("irs", "irs", False, 1e-4),
    ("modularity", "modularity", False, 1e-4),
    ("explicitness", "explicitness", True, 0.005),
]

#: The peer's random scores have a standard deviation of up to 0.008 over seeds, and ours, with more
#: test votes, of up to 0.004. So the means of five runs of the peer's and three of ours differ with
#: one of 0.004, and five of these are allowed.
RANDOM = 0.02


@pytest.mark.parametrize(("name", "key", "splits", "tolerance"), NUMBERS, ids=lambda v: str(v))
@pytest.mark.parametrize("score", PEER["scores"], ids=lambda s: f"{s['kind']}-{s['train']}")
def test_the_number_is_the_peers(
    score: dict[str, Any], name: str, key: str, splits: bool, tolerance: float
) -> None:
    factors, codes = make(score["kind"], score["train"] + score["test"])
    options = {"train": score["train"]} if splits else {}
    found = compute(name, factors=factors, codes=codes, **options)[key]
    assert found == pytest.approx(score[key], abs=tolerance)


@cache
def grid(kind: str) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    return one_of_each_cell(*make(kind, ENOUGH_ROWS))


# Of the other two grids, ``mixed`` and ``warped``, both have 1 as for ``perfect``.
INFORMATIVE = [s for s in PEER["grids"] if s["kind"] not in ("mixed", "warped")]


@pytest.mark.parametrize("name", ["beta_vae", "factor_vae"])
@pytest.mark.parametrize("score", INFORMATIVE, ids=lambda s: s["kind"])
def test_the_random_number_is_the_peers_on_average(score: dict[str, Any], name: str) -> None:
    factors, codes = grid(score["kind"])
    found = [compute(name, factors=factors, codes=codes, seed=seed)[name] for seed in range(3)]
    assert np.mean(found) == pytest.approx(np.mean(score[name]), abs=RANDOM)


@pytest.mark.parametrize("filtered", [False, True], ids=["all", "informative"])
@pytest.mark.parametrize("score", PEER["models"], ids=lambda s: s["kind"])
def test_the_agreement_of_models_is_the_peers(score: dict[str, Any], filtered: bool) -> None:
    means, log_variances = models(score["kind"], make("perfect", score["rows"])[1])
    log_variance = log_variances if filtered else None
    found = udr(codes=means, log_variance=log_variance)
    for method, key in (("lasso", "udr"), ("spearman", "udr_spearman")):
        theirs = score[f"{method}_filtered" if filtered else method]
        ours = model_scores(means, log_variance, method=method)
        assert ours == pytest.approx(theirs, abs=1e-6)
        assert found[key] == pytest.approx(np.median(theirs), abs=1e-6)
