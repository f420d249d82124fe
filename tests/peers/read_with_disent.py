"""Let disent read a dataset through its own classes, and compare with toysound.

Runs in an environment of its own, see README.md:

    python read_with_disent.py FOLDER       # the sounds are kept there, 92 MB
"""

import sys
from importlib.metadata import version

import numpy as np
import torch
from disent.dataset import DisentDataset
from disent.dataset.data import GroundTruthData
from disent.dataset.sampling import GroundTruthPairSampler
from disent.dataset.transform import ToImgTensorF32
from disent.metrics import metric_factor_vae, metric_mig
from oracle import Oracle, levels_apart
from torch.utils.data import DataLoader

import toysound
from toysound.adapters.disent import SoundData
from toysound.adapters.views import get_view


def main():
    """Read, compare, score; the exit code is 1 if anything differs."""
    packages = ("disent", "torch", "torchvision", "lightning", "numpy")
    print(", ".join(f"{name} {version(name)}" for name in packages))
    np.random.seed(0)  # noqa: NPY002  (disent draws from NumPy's global state)
    sounds = toysound.load("tones").cached(sys.argv[1])
    data = SoundData(sounds)
    print(
        f"{data.name}: a {GroundTruthData.__name__}: {isinstance(data, GroundTruthData)}; "
        f"{len(data)} observations of {data.x_shape}; "
        + ", ".join(f"{n} {s}" for n, s in zip(data.factor_names, data.factor_sizes, strict=True))
    )
    view = get_view("log_mel")
    pictures = view.floats(sounds.samples(np.arange(len(sounds))), sounds.sample_rate)

    single = DisentDataset(data, transform=ToImgTensorF32())
    batch, factors = single.dataset_sample_batch_with_factors(200, mode="input")
    cells = sounds.space.index_of(np.asarray(factors))
    found = {"200 observations": (batch.movedim(1, -1), pictures[cells])}
    checks = {
        "200 rows of factors are the classes of their cells": np.array_equal(
            data.idx_to_pos(cells), sounds.classes(cells)
        )
    }

    _, positions, traversal = data.sample_random_obs_traversal(f_idx=0)
    found["a traversal of pitch"] = np.stack(traversal) / 255, pictures[positions]

    pairs = DisentDataset(data, GroundTruthPairSampler(), transform=ToImgTensorF32())
    codes = Oracle(pictures, sounds.classes(np.arange(len(sounds))))
    for side in next(iter(DataLoader(pairs, batch_size=16, num_workers=2)))["x_targ"]:
        same = sounds.space.index_of(codes(side.movedim(1, -1)).astype(np.int64))
        found[f"16 of a pair, from 2 workers ({len(found) - 1})"] = (
            side.movedim(1, -1),
            pictures[same],
        )

    def represent(observations):
        return torch.from_numpy(codes(observations.movedim(1, -1)))

    mig = metric_mig(single, represent, num_train=2000)["mig.discrete_score"]
    factor_vae = metric_factor_vae(
        single, represent, num_train=100, num_eval=50, num_variance_estimate=500
    )["factor_vae.eval_accuracy"]
    print(f"disent's MIG of an oracle: {mig:.3f}; its FactorVAE score: {factor_vae:.3f}")
    checks["the oracle's scores"] = mig > 0.95 and factor_vae == 1

    for name, (theirs, ours) in found.items():
        apart = levels_apart(theirs, ours)
        print(f"{name}: at most {apart} of 255 levels apart")
        checks[name] = apart <= 1
    for name in [name for name, equal in checks.items() if not equal]:
        print(f"DIFFERENT: {name}")
    return 0 if all(checks.values()) else 1


if __name__ == "__main__":
    sys.exit(main())
