"""Let disentanglement_lib's own reader of dSprites read ``sprites``, and compare.

Runs in the library's own environment, which is older than toysound's; see README.md, which also
says how FOLDER, with the first cells of ``sprites`` in it, is made by toysound:

    DISENTANGLEMENT_LIB_DATA=FOLDER python read_with_disentanglement_lib.py FOLDER
"""

import sys
from pathlib import Path

import numpy as np
import pkg_resources
from disentanglement_lib.data.ground_truth import dsprites, named_data
from oracle import levels_apart


def main(folder):
    """Read, compare; the exit code is 1 if anything differs."""
    packages = ("disentanglement_lib", "tensorflow", "numpy")
    print(", ".join(f"{name} {pkg_resources.get_distribution(name).version}" for name in packages))
    with np.load(folder / "sprites" / "sprites.npz", allow_pickle=False) as archive:
        published = {name: archive[name] for name in archive.files}
    print(f"sprites.npz of toysound: {', '.join(published)}; {len(published['imgs'])} sounds")

    written = dsprites.DSPRITES_PATH
    dsprites.DSPRITES_PATH = str(folder / "sprites" / "sprites.npz")
    try:
        dsprites.DSprites()
    except TypeError as error:
        print(f"the reader on sprites.npz itself: {type(error).__name__}: {error}")
    dsprites.DSPRITES_PATH = written

    data = named_data.get_named_ground_truth_data("dsprites_full")
    print(f"the reader on {Path(written).relative_to(folder)}: {type(data).__name__}")
    print(f"observation_shape {data.observation_shape}, values {data.factors_num_values}")
    sizes = published["latents_sizes"].tolist()
    cells = np.random.RandomState(0).randint(len(published["imgs"]), size=500)
    factors = published["latents_classes"][cells]
    pictures = published["imgs"][cells, :, :, None] / np.float32(255)
    theirs = data.sample_observations_from_factors(factors[:, 1:], np.random.RandomState(1))
    apart = levels_apart(theirs, pictures)
    print(f"500 observations: {theirs.dtype} {theirs.shape}, at most {apart} of 255 levels apart")

    drawn = data.sample_factors(10000, np.random.RandomState(2))
    state = np.random.RandomState(2)
    ours = np.stack([state.randint(size, size=10000) for size in sizes[1:]], axis=1)
    checks = {
        "sizes": data.factors_num_values == sizes[1:],
        "observations": apart == 0 and theirs.shape == pictures.shape,
        "draws of factors, which the adapter repeats": np.array_equal(drawn, ours),
    }
    for name, equal in checks.items():
        print(f"{name}: {'equal' if equal else 'DIFFERENT'}")
    return 0 if all(checks.values()) else 1


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
