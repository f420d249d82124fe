"""Recompute disentanglement_lib.json: the metrics of disentanglement_lib 1.5 on our code sets.

Runs in an environment of its own, see README.md. Each DCI at 10,000 train rows takes minutes;
``--keep-dci`` takes those numbers from an earlier file. UDR is not in the wheel: ``--udr`` names
the file ``disentanglement_lib/evaluation/udr/metrics/udr.py`` of the repository.

    python disentanglement_lib_scores.py --udr UDR.PY > disentanglement_lib.json
    python disentanglement_lib_scores.py --udr UDR.PY --keep-dci disentanglement_lib.json > new.json

``scores`` are on rows of code sets, MIG, IRS and modularity on all, the others on train and test
rows. ``grids`` are the random ones, five runs each, which draw factors and ask for the codes of
sounds that have them, here those of a whole grid. ``models`` are of several models' codes.
"""

import argparse
import importlib.util
import json
import sys
import time
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

import gin
import numpy as np
from code_sets import KINDS, make
from grids import ENOUGH_ROWS, MODELS, models, one_of_each_cell

sys.modules["gin.tf"] = gin
gin.tf = gin

from disentanglement_lib.evaluation.metrics import (  # noqa: E402  (after the patch)
    beta_vae,
    dci,
    factor_vae,
    irs,
    mig,
    modularity_explicitness,
    sap_score,
    utils,
)

gin.bind_parameter("discretizer.discretizer_fn", utils._histogram_discretize)
gin.bind_parameter("discretizer.num_bins", 20)
gin.bind_parameter("prune_dims.threshold", 0.05)

RUNS = [(kind, 3000, 1500) for kind in KINDS] + [
    (kind, 10000, 5000) for kind in ("perfect", "rotated", "noise", "mixed")
]

DCI_KEYS = ("disentanglement", "completeness", "informativeness", "dci_seconds")

#: Sounds of the code set that the models of ``models`` make their own variants of.
MODEL_ROWS = 1000

SEEDS = range(5)


@dataclass(frozen=True)
class Rows:
    """Train rows, then test rows; where the train rows end; a code for each cell of a grid."""

    classes: np.ndarray
    codes: np.ndarray
    train: int
    grid: "Grid"

    def split(self):
        """Return what the peer wants: codes and factors, latents and factors in rows."""
        codes, classes = self.codes.T, self.classes.T
        return (
            codes[:, : self.train],
            classes[:, : self.train],
            codes[:, self.train :],
            classes[:, self.train :],
        )


class Grid:
    """Ground truth as the peer draws from it: an observation is a cell, which has one code."""

    def __init__(self, classes, codes):
        self.classes, self.codes = classes, codes
        self.sizes = classes.max(axis=0) + 1
        self.num_factors = len(self.sizes)

    def sample_factors(self, num, random_state):
        return np.stack([random_state.randint(size, size=num) for size in self.sizes], axis=1)

    def sample_observations_from_factors(self, factors, random_state):
        return np.ravel_multi_index(factors.T, self.sizes)

    def sample_observations(self, num, random_state):
        return self.sample_observations_from_factors(
            self.sample_factors(num, random_state), random_state
        )

    def representation(self, observations):
        return self.codes[observations]


def score_mig(rows, seed):
    return {"mig": mig._compute_mig(rows.codes.T, rows.classes.T)["discrete_mig"]}


def score_sap_r2(rows, seed):
    return {"sap_r2": sap_score._compute_sap(*rows.split(), True)["SAP_score"]}


def score_sap_svm(rows, seed):
    return {"sap_svm": sap_score._compute_sap(*rows.split(), False)["SAP_score"]}


def score_dci(rows, seed):
    np.random.seed(seed)  # noqa: NPY002  (the state that its classifiers draw from)
    found = dci._compute_dci(*rows.split())
    return {
        "disentanglement": found["disentanglement"],
        "completeness": found["completeness"],
        "informativeness": found["informativeness_test"],
    }


def score_irs(rows, seed):
    found = irs.scalable_disentanglement_score(rows.classes, rows.codes, 0.99)
    return {"irs": found["avg_score"]}


def score_modularity(rows, seed):
    information = utils.discrete_mutual_info(utils.make_discretizer(rows.codes.T), rows.classes.T)
    return {"modularity": modularity_explicitness.modularity(information)}


def score_explicitness(rows, seed):
    codes, classes, test_codes, test_classes = rows.split()
    codes, mean, deviation = utils.normalize_data(codes)
    test_codes, _, _ = utils.normalize_data(test_codes, mean, deviation)
    areas = [
        modularity_explicitness.explicitness_per_factor(codes, factor, test_codes, test_factor)[1]
        for factor, test_factor in zip(classes, test_classes, strict=True)
    ]
    return {"explicitness": np.mean(areas)}


def score_beta_vae(rows, seed):
    found = beta_vae.compute_beta_vae_sklearn(
        rows.grid,
        rows.grid.representation,
        np.random.RandomState(seed),
        batch_size=64,
        num_train=10000,
        num_eval=5000,
    )
    return {"beta_vae": found["eval_accuracy"]}


def score_factor_vae(rows, seed):
    found = factor_vae.compute_factor_vae(
        rows.grid,
        rows.grid.representation,
        np.random.RandomState(seed),
        batch_size=64,
        num_train=10000,
        num_eval=5000,
        num_variance_estimate=10000,
    )
    return {"factor_vae": found["eval_accuracy"]}


#: Everything the peer has, by the name of ours; SAP is two metrics there.
METRICS = {
    "mig": score_mig,
    "sap_r2": score_sap_r2,
    "sap_svm": score_sap_svm,
    "dci": score_dci,
    "irs": score_irs,
    "modularity": score_modularity,
    "explicitness": score_explicitness,
    "beta_vae": score_beta_vae,
    "factor_vae": score_factor_vae,
}

DETERMINISTIC = ("mig", "sap_r2", "sap_svm", "irs", "modularity", "explicitness")


def score_rows(kind, train, test, kept):
    """Return the peer's numbers for rows of one code set."""
    rows = Rows(*make(kind, train + test), train, None)
    record = {"kind": kind, "train": train, "test": test}
    earlier = kept.get((kind, train))
    if earlier is None:
        start = time.perf_counter()
        record.update(score_dci(rows, 0))
        record["dci_seconds"] = round(time.perf_counter() - start, 1)
    else:
        record.update({key: earlier[key] for key in DCI_KEYS})
    for name in DETERMINISTIC:
        record.update({key: float(value) for key, value in METRICS[name](rows, 0).items()})
    return record


def score_grid(kind):
    """Return the peer's random numbers, one for each seed, for the grid of one code set."""
    rows = Rows(None, None, 0, Grid(*one_of_each_cell(*make(kind, ENOUGH_ROWS))))
    return {
        "kind": kind,
        "beta_vae": [float(score_beta_vae(rows, seed)["beta_vae"]) for seed in SEEDS],
        "factor_vae": [float(score_factor_vae(rows, seed)["factor_vae"]) for seed in SEEDS],
    }


class AllRows:
    """Ground truth whose observations are all rows, once each."""

    def sample_observations(self, num, random_state):
        return np.arange(num)


def score_models(kind, udr):
    """Return the peer's UDR of each of several models; without log-variance all latents count."""
    means, log_variances = models(kind, make("perfect", MODEL_ROWS)[1])
    record = {"kind": kind, "rows": MODEL_ROWS}
    for filtered in (False, True):
        functions = [
            lambda rows, mean=mean, low=low: (
                mean[rows],
                np.mean(0.5 * (np.square(mean) + np.exp(low) - low - 1), axis=0)
                if filtered  # noqa: B023  (called in this round)
                else np.ones(mean.shape[1]),
            )
            for mean, low in zip(means, log_variances, strict=True)
        ]
        for method in ("lasso", "spearman"):
            found = udr.compute_udr_sklearn(
                AllRows(), functions, np.random.RandomState(0), MODEL_ROWS, MODEL_ROWS, method
            )
            name = f"{method}_filtered" if filtered else method
            record[name] = [float(score) for score in found["model_scores"]]
    return record


def load_udr(path):
    """Return the peer's module of that file."""
    spec = importlib.util.spec_from_file_location("udr", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--udr", type=Path, required=True)
    parser.add_argument("--keep-dci", type=Path)
    arguments = parser.parse_args()
    kept = {}
    if arguments.keep_dci:
        earlier = json.loads(arguments.keep_dci.read_text())["scores"]
        kept = {(record["kind"], record["train"]): record for record in earlier}
    packages = ("disentanglement_lib", "numpy", "scikit-learn")
    udr = load_udr(arguments.udr)
    result = {
        "source": "disentanglement_lib 1.5, evaluation/metrics/{mig,dci,sap_score,irs,"
        "modularity_explicitness,beta_vae,factor_vae}.py; UDR of its repository at 86a644d, "
        "evaluation/udr/metrics/udr.py",
        "packages": {name: version(name) for name in packages},
        "scores": [score_rows(*run, kept) for run in RUNS],
        "grids": [score_grid(kind) for kind in KINDS],
        "models": [score_models(kind, udr) for kind in MODELS],
    }
    json.dump(result, sys.stdout, indent=1)
    print()


if __name__ == "__main__":
    main()
