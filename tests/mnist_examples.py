"""Pictures in the format of MNIST that take no download: one soft spot each, anywhere."""

import gzip
from pathlib import Path

import numpy as np

from baselines.mnist import idx
from baselines.mnist.digits import CHECKSUMS, SIDE, Digits, DigitSet

TRAIN, TEST = 400, 120


def spots(count: int, seed: int) -> Digits:
    """Pictures of a spot; the label is the quarter that it is in."""
    rng = np.random.default_rng(seed)
    places = rng.uniform(6, SIDE - 7, (count, 2, 1, 1))
    rows, columns = np.mgrid[:SIDE, :SIDE]
    distance = (rows - places[:, 0]) ** 2 + (columns - places[:, 1]) ** 2
    images = np.round(255 * np.exp(-distance / 18)).astype(np.uint8).reshape(count, -1)
    quarters = (places[:, :, 0, 0] > SIDE / 2) @ np.array([2, 1])
    return Digits(images, quarters.astype(np.uint8))


def spot_set() -> DigitSet:
    """Pictures to train on and others to test with."""
    return DigitSet("spots", spots(TRAIN, 1), spots(TEST, 2))


def write_folder(folder: Path, digits: DigitSet, packed: bool = False) -> Path:
    """Write a folder of IDX files."""
    folder.mkdir(parents=True, exist_ok=True)
    parts = []
    for part in (digits.train, digits.test):
        parts += [part.images.reshape(-1, SIDE, SIDE), part.labels]
    for name, array in zip(CHECKSUMS, parts, strict=True):
        data = idx.encode(array)
        if packed:
            (folder / f"{name}.gz").write_bytes(gzip.compress(data, compresslevel=1))
        else:
            (folder / name).write_bytes(data)
    return folder
