"""``codes.npz``: a model that stays with its owner.

Everything that a score needs to know of a model is what it says of the sounds. A model that cannot
be given away brings that: its codes and reconstructions, computed at home, in one ``.npz`` without
pickle.

=========================  ==============================================================
``index``                  int, (n,): the cells of the dataset
``mean``                   float, (n, D): their codes
``log_variance``           float, (n, D), optional
``reconstruction_index``   int, (m,), optional: the cells that were decoded
``reconstruction``         int16 (full scale 32768) or float, (m, T), optional
``sample_rate``            int, Hz
``audio_sha256``           text: which sounds they are codes of (``dataset.audio_sha256``)
``name``                   text, optional: of its row on the leaderboard
``representation_name``    text, optional: the view of sound that the model works in
``supervision``            text, optional: what its training was told besides the sounds
=========================  ==============================================================

:func:`required_cells` and :func:`required_reconstructions` say which cells a score with a certain
seed sees. A sound is recognised by its samples; a code that is decoded, by its numbers. What the
file does not hold, such a model cannot answer: metrics that decode other points of the latent space
are left out, and ``closed`` says so.
"""

import dataclasses
import hashlib
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from benchmark.audition import to_int16
from benchmark.formats.kind import Kind
from benchmark.protocol import Floats
from toysound.errors import ToySoundError

if TYPE_CHECKING:
    from toysound.dataset import Dataset

_NEEDED = ("index", "mean", "sample_rate", "audio_sha256")

#: Sounds rendered at a time.
_BATCH = 256

#: Numbers of sounds, spread over the whole grid, on which ``check`` and ``score`` try a model.
_TRIED = (32, 64)

_FULL_SCALE = 32768.0

Cells = NDArray[np.int64]


def required_cells(dataset: "Dataset", seed: int = 0) -> Cells:
    """Return the cells whose codes a score needs, ascending.

    Parameters
    ----------
    dataset : on which the model is scored
    seed : of the score
    """
    from benchmark.codes import make_plan

    plan = make_plan(dataset, seed)
    parts = [getattr(plan, part.name) for part in dataclasses.fields(plan)]
    return np.unique(np.concatenate([*parts, _tried_cells(dataset)])).astype(np.int64)


def required_reconstructions(dataset: "Dataset", seed: int = 0) -> Cells:
    """Return the cells whose reconstructions a score needs, ascending; parameters as above."""
    from benchmark.codes import make_plan

    plan = make_plan(dataset, seed)
    return np.unique(np.concatenate([plan.test, plan.audition, _tried_cells(dataset)]))


class ClosedModel:
    """Codes and reconstructions in place of a model.

    Parameters
    ----------
    path : of the file
    dataset : whose sounds it has codes of; its cells in the file are rendered once

    Attributes
    ----------
    sample_rate, latent_dim : as in the protocol
    name : as the file says, else the name of the file
    representation_name, supervision : as the file says, or None
    fingerprint : SHA-256 of the file
    closed : why it cannot be asked for anything else

    Raises
    ------
    ToySoundError
        If the file cannot be read, contradicts itself, or is of other sounds.
    """

    closed = (
        "the model is closed: only its codes and reconstructions of sounds of the dataset are known"
    )

    def __init__(self, path: Path, dataset: "Dataset") -> None:
        self._file = path.name
        data = _load(path)
        self.fingerprint = hashlib.sha256(path.read_bytes()).hexdigest()
        sounds = _text(data, "audio_sha256", path.name) or "none"
        if sounds != dataset.audio_sha256:
            raise ToySoundError(
                f"'{path.name}' has codes of other sounds than those of '{dataset.name}' here "
                f"(audio_sha256 {sounds[:12]} and {dataset.audio_sha256[:12]})"
            )
        self._dataset = dataset.name
        self.sample_rate = _rate(data, path.name)
        self.name = _text(data, "name", path.name) or path.stem
        self.representation_name = _text(data, "representation_name", path.name)
        self.supervision = _text(data, "supervision", path.name)
        index = _cells(data, "index", len(dataset), path.name)
        self._mean = _numbers(data, "mean", len(index), path.name)
        self.latent_dim = self._mean.shape[1]
        self._log_variance: Floats | None = None
        if "log_variance" in data:
            self._log_variance = _numbers(data, "log_variance", len(index), path.name)
            if self._log_variance.shape != self._mean.shape:
                raise ToySoundError(f"'{path.name}': log_variance and mean differ in shape")
        self._rows = _recognise(dataset, index)
        self._sounds, self._played = self._reconstructions(data, index, dataset)

    def encode(self, audio: Floats) -> tuple[Floats, Floats | None]:
        """Return the codes of sounds, each of which is one of the file's, sample for sample.

        Raises
        ------
        ToySoundError
            If one is not.
        """
        rows = [self._rows.get(_fingerprint(sound)) for sound in audio]
        if None in rows:
            raise ToySoundError(
                f"'{self._file}' lacks the codes of {rows.count(None)} of these {len(rows)} "
                f"sounds; benchmark.formats.closed.required_cells(toysound.load('{self._dataset}')"
                ", seed) lists the cells that a score with this seed needs"
            )
        found = np.array(rows, dtype=np.int64)
        log_variance = self._log_variance
        return self._mean[found], None if log_variance is None else log_variance[found]

    def decode(self, latent: Floats) -> Floats:
        """Return the reconstructions that belong to codes of the file.

        Raises
        ------
        ToySoundError
            If the file has none for one of them.
        """
        rows = [self._played.get(_code_key(code)) for code in latent]
        if None in rows:
            raise ToySoundError(
                f"'{self._file}' lacks the reconstructions of {rows.count(None)} of these "
                f"{len(rows)} codes; benchmark.formats.closed.required_reconstructions("
                f"toysound.load('{self._dataset}'), seed) lists the cells that a score needs"
            )
        return self._sounds[np.array(rows, dtype=np.int64)]

    def _reconstructions(
        self, data: dict[str, Any], index: Cells, dataset: "Dataset"
    ) -> tuple[Floats, dict[bytes, int]]:
        """Return the sounds, and which row belongs to which code."""
        if "reconstruction" not in data:
            return np.empty((0, dataset.num_samples), dtype=np.float32), {}
        cells = _cells(data, "reconstruction_index", len(dataset), self._file)
        sounds = data["reconstruction"]
        if sounds.shape != (len(cells), dataset.num_samples):
            raise ToySoundError(
                f"'{self._file}': reconstruction has shape {sounds.shape}; expected "
                f"({len(cells)}, {dataset.num_samples}), a row for each reconstruction_index"
            )
        if sounds.dtype == np.int16:
            sounds = sounds.astype(np.float32) / _FULL_SCALE
        elif sounds.dtype.kind != "f":
            raise ToySoundError(
                f"'{self._file}': reconstruction is {sounds.dtype}; expected int16 or float32"
            )
        row_of_cell = {int(cell): row for row, cell in enumerate(index)}
        played: dict[bytes, int] = {}
        for row, cell in enumerate(cells):
            if int(cell) not in row_of_cell:
                raise ToySoundError(
                    f"'{self._file}' has a reconstruction of cell {cell}, but no code of it"
                )
            key = _code_key(self._mean[row_of_cell[int(cell)]])
            first = played.setdefault(key, row)
            if not np.array_equal(sounds[first], sounds[row]):
                raise ToySoundError(
                    f"'{self._file}': cells {cells[first]} and {cell} have the same code and "
                    "different reconstructions; a decoder plays one sound for one code"
                )
        return np.asarray(sounds, dtype=np.float32), played


def _load(path: Path) -> dict[str, Any]:
    try:
        with np.load(path, allow_pickle=False) as archive:
            data = {key: archive[key] for key in archive.files}
    except (OSError, EOFError, ValueError, zipfile.BadZipFile) as error:
        raise ToySoundError(f"'{path.name}' cannot be read: {error}") from None
    missing = [key for key in _NEEDED if key not in data]
    if missing:
        raise ToySoundError(
            f"'{path.name}' has no '{missing[0]}'; a closed model has {', '.join(_NEEDED)}"
        )
    return data


def _rate(data: dict[str, Any], name: str) -> int:
    """Return the sample rate, which is one whole number above 0."""
    rate = data["sample_rate"]
    whole = rate.size == 1 and rate.dtype.kind in "iuf" and float(rate.item()).is_integer()
    if not whole or rate.item() <= 0:
        told = repr(rate.item()) if rate.size == 1 else f"{rate.dtype} of shape {rate.shape}"
        raise ToySoundError(f"'{name}': sample_rate is {told}; expected one whole number of Hz")
    return int(rate.item())


def _text(data: dict[str, Any], key: str, name: str) -> str | None:
    """Return a single text, None where there is none."""
    if key not in data:
        return None
    text = data[key]
    if text.size != 1 or text.dtype.kind != "U":
        raise ToySoundError(
            f"'{name}': {key} is {text.dtype} of shape {text.shape}; expected one text"
        )
    return str(text.item())


def _cells(data: dict[str, Any], key: str, size: int, name: str) -> Cells:
    """Return an array of different cells of the dataset."""
    if key not in data:
        raise ToySoundError(f"'{name}' has no '{key}'; it says which cells the sounds are of")
    cells = data[key]
    if cells.ndim != 1 or cells.dtype.kind not in "iu":
        raise ToySoundError(
            f"'{name}': {key} is {cells.dtype} of shape {cells.shape}; expected integers, (n,)"
        )
    if len(cells) and (cells.min() < 0 or cells.max() >= size):
        raise ToySoundError(f"'{name}': {key} names cells beyond the {size} of the dataset")
    if len(np.unique(cells)) < len(cells):
        raise ToySoundError(f"'{name}': {key} names a cell twice")
    return np.asarray(cells, dtype=np.int64)


def _numbers(data: dict[str, Any], key: str, rows: int, name: str) -> Floats:
    """Return an array of finite numbers with a row for each cell."""
    numbers = data[key]
    if numbers.ndim != 2 or len(numbers) != rows or numbers.dtype.kind != "f":
        raise ToySoundError(
            f"'{name}': {key} is {numbers.dtype} of shape {numbers.shape}; expected floats, "
            f"({rows}, D), a row for each index"
        )
    if not np.isfinite(numbers).all():
        raise ToySoundError(f"'{name}': {key} holds NaN or infinity")
    return np.asarray(numbers, dtype=np.float32)


def _recognise(dataset: "Dataset", index: Cells) -> dict[bytes, int]:
    """Return which row of the file each sound belongs to, by a hash of its samples."""
    rows: dict[bytes, int] = {}
    order = np.argsort(index)  # in the order of the grid, in which sounds are rendered fastest
    for start in range(0, len(index), _BATCH):
        part = order[start : start + _BATCH]
        for row, sound in zip(part, dataset.audio(index[part]), strict=True):
            rows[_fingerprint(sound)] = int(row)
    return rows


def _fingerprint(sound: Floats) -> bytes:
    return hashlib.blake2b(to_int16(sound).tobytes(), digest_size=16).digest()


def _code_key(code: Floats) -> bytes:
    """Return a code as a key; -0 and 0 are the same number."""
    return (np.asarray(code, dtype=np.float32) + np.float32(0)).tobytes()


def _tried_cells(dataset: "Dataset") -> Cells:
    counts = (min(count, len(dataset)) for count in _TRIED)
    spread = [np.linspace(0, len(dataset) - 1, count).round() for count in counts]
    return np.concatenate(spread).astype(np.int64)


def _read(path: Path, dataset: "Dataset | None") -> ClosedModel:
    if dataset is None:
        raise ToySoundError(
            f"'{path.name}' holds codes of the sounds of a dataset; load it with dataset="
        )
    return ClosedModel(path, dataset)


CLOSED = Kind(
    name="codes",
    form="codes.npz",
    recognises=lambda path: path.suffix == ".npz",
    read=_read,
)
