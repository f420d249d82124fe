"""The fingerprint: which sounds a folder holds, independent of how they are packed.

``audio_sha256`` is the SHA-256 of the little-endian 16-bit samples of all cells in index order. It
does not depend on the file format, the size of the shards or the number of workers, and not on
container bytes, which change with the version of an encoder while the samples stay the same. Each
shard's own hash lets ``verify`` say where a folder was damaged.
"""

import hashlib
import json
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from toysound.errors import ToySoundError
from toysound.files import write_text

FILE_NAME = "fingerprint.json"


@dataclass(frozen=True)
class Shard:
    """A run of consecutive cells and the files it is stored in.

    Attributes
    ----------
    start, stop : the cells, half open
    sha256 : of their samples in index order
    files : path relative to the dataset's folder -> size in bytes
    """

    start: int
    stop: int
    sha256: str
    files: dict[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class Fingerprint:
    """What ``fingerprint.json`` holds.

    Attributes
    ----------
    generator_version : of the sounds
    dataset : the specification as JSON data
    num_sounds : how many of its cells, from the first on
    audio_sha256 : of all samples in index order
    formats : the formats they are stored in
    shards : the cells and the files of each block
    files : the files that hold more than one shard: relative path -> size in bytes

    Raises
    ------
    TypeError, ValueError
        If it cannot have been written by ``generate``: a field of another type, no format, or
        shards that do not cover the sounds one after the other.
    """

    generator_version: str
    dataset: dict[str, Any]
    num_sounds: int
    audio_sha256: str
    formats: list[str]
    shards: list[Shard]
    files: dict[str, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if not isinstance(self.dataset["name"], str):
            raise TypeError("the dataset's name is not text")
        if not self.formats or not all(isinstance(name, str) for name in self.formats):
            raise ValueError("it lists no formats")
        bounds = [bound for shard in self.shards for bound in (shard.start, shard.stop)]
        if not all(type(bound) is int for bound in [*bounds, self.num_sounds]):
            raise TypeError("a number of sounds is not a whole number")
        if bounds[:1] != [0] or bounds[-1] != self.num_sounds or bounds[1:-1:2] != bounds[2::2]:
            raise ValueError("its shards do not cover its sounds")
        if not all(type(size) is int for size in self.all_files().values()):
            raise TypeError("the size of a file is not a whole number")

    @property
    def name(self) -> str:
        """Name of the dataset."""
        return str(self.dataset["name"])

    def all_files(self) -> dict[str, int]:
        """Return every file that holds sounds or labels: relative path -> size in bytes."""
        sizes = dict(self.files)
        for shard in self.shards:
            sizes |= shard.files
        return sizes

    def to_text(self) -> str:
        """Return the text of the file."""
        return json.dumps(asdict(self), indent=1) + "\n"

    def save(self, folder: Path) -> None:
        """Write the file into the dataset's folder."""
        write_text(folder / FILE_NAME, self.to_text())


def load_fingerprint(folder: Path) -> Fingerprint:
    """Read the fingerprint of a dataset's folder.

    Raises
    ------
    ToySoundError
        If there is none (the folder is no dataset, or was not finished) or it is malformed.
    """
    path = folder / FILE_NAME
    try:
        text = path.read_text(encoding="utf-8") if path.is_file() else None
    except (OSError, ValueError) as error:
        raise _foreign(folder, error) from None
    return parse_fingerprint(text, folder)


def parse_fingerprint(text: str | None, where: object) -> Fingerprint:
    """Return the fingerprint in a text; ``where`` is its folder or address, for messages.

    Raises
    ------
    ToySoundError
        If there is none or it is malformed.
    """
    if text is None:
        raise ToySoundError(
            f"'{where}' has no {FILE_NAME}: it is not a finished dataset; "
            "run 'toysound generate NAME --out DIR', which goes on where it stopped"
        )
    try:
        data = json.loads(text)
        data["shards"] = [Shard(**shard) for shard in data["shards"]]
        return Fingerprint(**data)
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise _foreign(where, error) from None


def _foreign(where: object, error: Exception) -> ToySoundError:
    return ToySoundError(
        f"'{where}/{FILE_NAME}' is not a fingerprint that toysound wrote "
        f"({type(error).__name__}: {error}); remove it and generate the dataset again"
    )


def sample_bytes(samples: NDArray[np.int16]) -> memoryview:
    """Return samples as the bytes that are hashed: little-endian int16, index order."""
    return np.ascontiguousarray(samples, dtype="<i2").reshape(-1).data


def sha256(samples: NDArray[np.int16]) -> str:
    """Return the SHA-256 of samples as hexadecimal text."""
    return hashlib.sha256(sample_bytes(samples)).hexdigest()
