"""A few sounds to listen to: originals and what a model made of them.

Every model is heard on the same cells, so that ears can compare what the numbers compare. An
audition is a small ``.npz`` beside the result, without pickle: ``original`` and ``reconstruction``
(int16, (n, T)), ``indices`` (int64, (n,)), ``values`` (float64, (n, k)), ``names`` ((k,) text) and
``sample_rate``.
"""

import zipfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from toysound.errors import ToySoundError
from toysound.files import atomic

_KEYS = ("original", "reconstruction", "indices", "values", "names", "sample_rate")


@dataclass(frozen=True, eq=False)
class Audition:
    """Originals and reconstructions of a few cells.

    Attributes
    ----------
    original, reconstruction : int16, shape (n, T), full scale 32768
    indices : int64, shape (n,), the cells
    values : float64, shape (n, k), the physical value of each factor
    names : the k factors
    sample_rate : Hz
    """

    original: NDArray[np.int16]
    reconstruction: NDArray[np.int16]
    indices: NDArray[np.int64]
    values: NDArray[np.float64]
    names: tuple[str, ...]
    sample_rate: int

    def __post_init__(self) -> None:
        n = len(self.indices)
        if self.original.dtype != np.int16 or self.reconstruction.dtype != np.int16:
            raise ValueError("sounds of an audition must be int16")
        if self.original.ndim != 2 or self.original.shape != self.reconstruction.shape:
            raise ValueError("originals and reconstructions must both be (n, T)")
        if len(self.original) != n or self.values.shape != (n, len(self.names)):
            raise ValueError("an audition needs one index and one row of values for each sound")

    def save(self, path: str | Path) -> None:
        """Write the audition; the file is complete or not there at all."""
        with atomic(Path(path)) as partial, partial.open("wb") as file:
            np.savez_compressed(
                file,
                original=self.original,
                reconstruction=self.reconstruction,
                indices=self.indices,
                values=self.values,
                names=np.array(self.names, dtype=np.str_),
                sample_rate=np.int64(self.sample_rate),
            )


def audition_path(result_path: str | Path) -> Path:
    """Return where the audition of a result lies: ``0.json`` has ``0.audition.npz`` beside it."""
    path = Path(result_path)
    return path.with_name(f"{path.stem}.audition.npz")


def load_audition(path: str | Path) -> Audition:
    """Read an audition.

    Raises
    ------
    ToySoundError
        If the file cannot be read or is not an audition.
    """
    try:
        with np.load(Path(path), allow_pickle=False) as data:
            missing = [key for key in _KEYS if key not in data]
            if missing:
                raise ValueError(f"it has no '{missing[0]}'")
            return Audition(
                original=data["original"],
                reconstruction=data["reconstruction"],
                indices=data["indices"].astype(np.int64),
                values=data["values"].astype(np.float64),
                names=tuple(str(name) for name in data["names"]),
                sample_rate=int(data["sample_rate"]),
            )
    except (OSError, EOFError, ValueError, TypeError, zipfile.BadZipFile) as error:
        raise ToySoundError(
            f"audition '{path}' cannot be read: {error}; 'toysound score' writes one beside its "
            "result"
        ) from None


def to_int16(audio: NDArray[np.float32]) -> NDArray[np.int16]:
    """Return audio, full scale 1, as 16-bit samples; what lies beyond full scale is clipped."""
    return np.clip(np.rint(audio.astype(np.float64) * 32768), -32768, 32767).astype(np.int16)
