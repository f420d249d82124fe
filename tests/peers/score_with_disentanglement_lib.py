"""Let disentanglement_lib's metrics draw sounds through the adapter, and compare.

Runs in an environment of its own that has toysound too, see README.md:

    python score_with_disentanglement_lib.py FOLDER      # the sounds are kept there, 92 MB
"""

import sys
from importlib.metadata import version

import gin
import numpy as np
from oracle import Oracle, levels_apart

import toysound
from toysound.adapters.disentanglement_lib import GroundTruthData
from toysound.adapters.views import get_view

sys.modules["gin.tf"] = gin  # the metrics need the configuration alone, and no TensorFlow
gin.tf = gin

from disentanglement_lib.data.ground_truth.ground_truth_data import (  # noqa: E402
    GroundTruthData as Interface,
)
from disentanglement_lib.evaluation.metrics import (  # noqa: E402  (after the patch)
    beta_vae,
    factor_vae,
    mig,
    sap_score,
    utils,
)

gin.bind_parameter("discretizer.discretizer_fn", utils._histogram_discretize)
gin.bind_parameter("discretizer.num_bins", 20)


def main(folder):
    """Draw, compare, score; the exit code is 1 if anything differs."""
    packages = ("disentanglement_lib", "numpy", "scikit-learn")
    print(", ".join(f"{name} {version(name)}" for name in packages))
    sounds = toysound.load("tones").cached(folder)
    data = GroundTruthData(sounds)
    asked = [name for name in vars(Interface) if not name.startswith("_")]
    checks = {"methods": all(hasattr(data, name) for name in asked)}
    print(f"of the interface: {', '.join(asked)}: {'all there' if checks['methods'] else 'NOT'}")

    classes = sounds.classes(np.arange(len(sounds)))
    view = get_view("log_mel")
    pictures = view.floats(sounds.samples(np.arange(len(sounds))), sounds.sample_rate)
    drawn, observations = data.sample(200, np.random.RandomState(0))
    apart = levels_apart(observations, pictures[sounds.space.index_of(drawn)])
    print(f"200 observations {observations.shape}: at most {apart} of 255 levels apart")
    checks["observations"] = apart <= 1

    codes = Oracle(pictures, classes)
    scores = {
        "MIG": mig.compute_mig(data, codes, np.random.RandomState(0), num_train=2000)[
            "discrete_mig"
        ],
        "SAP": sap_score.compute_sap(
            data,
            codes,
            np.random.RandomState(0),
            num_train=2000,
            num_test=1000,
            continuous_factors=False,
        )["SAP_score"],
        "BetaVAE score": beta_vae.compute_beta_vae_sklearn(
            data, codes, np.random.RandomState(0), batch_size=16, num_train=500, num_eval=250
        )["eval_accuracy"],
        "FactorVAE score": factor_vae.compute_factor_vae(
            data,
            codes,
            np.random.RandomState(0),
            batch_size=16,
            num_train=500,
            num_eval=250,
            num_variance_estimate=500,
        )["eval_accuracy"],
    }
    print("of an oracle: " + ", ".join(f"{name} {score:.3f}" for name, score in scores.items()))
    checks["scores"] = scores["MIG"] > 0.95 and scores["FactorVAE score"] == 1
    return 0 if all(checks.values()) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
