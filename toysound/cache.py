"""A memory-mapped copy of a dataset's samples, made once and read by every process.

Training asks for sounds in random order, thousands of times each. An ``.npz`` archive answers at
the speed of memory, because it is mapped; FLAC in parquet files and wav files must be decoded
each time, in blocks of which most is thrown away. For those, the samples are written once into one
``.npy`` file of int16, shape (n, T), and mapped from then on: processes on one machine share the
same pages, and opening costs nothing, however large the file.

The file's name holds the number of sounds and their ``audio_sha256``, so that it can never be
mistaken for another dataset or version. While it is written it has another name; a run that was
stopped goes on where it was; before it gets its name all of it has been hashed and compared with
the dataset's fingerprint. It takes ``2 n T`` bytes: 92 MB for ``tones``, 12 GB for ``sprites``.
It may be deleted at any time.
"""

import fcntl
import hashlib
import io
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from tqdm import tqdm

from toysound.errors import ToySoundError
from toysound.publish.fingerprint import sample_bytes

if TYPE_CHECKING:
    from toysound.dataset import Dataset

#: Sounds written at a time: 16 MB at half a second and 16 kHz.
_STRIDE = 1024


def cache_folder() -> Path:
    """Return the folder of cached files: ``$TOYSOUND_CACHE``, or the user's cache folder."""
    folder = os.environ.get("TOYSOUND_CACHE")
    if folder:
        return Path(folder)
    import platformdirs

    return Path(platformdirs.user_cache_dir("toysound"))


class MappedSource:
    """The sounds of a dataset, from a memory-mapped ``.npy`` file.

    Raises
    ------
    ValueError
        If the file is not an int16 array of this shape, complete to the last byte.
    """

    def __init__(self, path: Path, shape: tuple[int, int]) -> None:
        self.path = path
        self.shape = shape
        header = _header(shape)
        with path.open("rb") as file:
            if file.read(len(header)) != header:
                raise ValueError(f"'{path}' does not begin like an int16 array of shape {shape}")
        if path.stat().st_size != len(header) + 2 * shape[0] * shape[1]:
            raise ValueError(f"'{path}' is cut short")
        # A plain array over the map: indexing a memmap makes memmaps, which takes longer.
        self._audio = np.asarray(np.memmap(path, "<i2", "r", len(header), shape))

    def __reduce__(self) -> tuple[type["MappedSource"], tuple[Path, tuple[int, int]]]:
        """Send the name of the file to another process, not its sounds."""
        return MappedSource, (self.path, self.shape)

    def samples(self, indices: NDArray[np.int64]) -> NDArray[np.int16]:
        """Return the samples of these cells, shape (n, T)."""
        return np.asarray(self._audio.take(indices, axis=0), dtype=np.int16)


def mapped_source(dataset: "Dataset", folder: str | os.PathLike[str] | None = None) -> MappedSource:
    """Return the sounds of a dataset from a memory-mapped file, which is made if it is missing.

    Processes that ask for the same file at the same time wait for the first.

    Parameters
    ----------
    dataset : the dataset
    folder : where the file is, or goes; by default ``samples`` in :func:`cache_folder`

    Raises
    ------
    ToySoundError
        If the file cannot be written, or the sounds are not those of the dataset's fingerprint.
    """
    where = cache_folder() / "samples" if folder is None else Path(folder)
    shape = (len(dataset), dataset.num_samples)
    name = f"{dataset.name.replace('/', '-')}-{len(dataset)}-{dataset.audio_sha256[:16]}.npy"
    path = where / name
    ready = _opened(path, shape)
    if ready is not None:
        return ready
    try:
        where.mkdir(parents=True, exist_ok=True)
        with _alone(path):
            if _opened(path, shape) is None:
                _check_space(where, 2 * shape[0] * shape[1])
                _write(dataset, path, shape)
    except OSError as error:
        raise ToySoundError(
            f"the samples of '{dataset.name}' cannot be cached in '{where}' "
            f"({error.strerror or error}); name another folder with cache=FOLDER or "
            "TOYSOUND_CACHE, or do without: cache=False"
        ) from None
    return MappedSource(path, shape)


def _opened(path: Path, shape: tuple[int, int]) -> MappedSource | None:
    """Return the file mapped, or None if it is missing or damaged."""
    try:
        return MappedSource(path, shape)
    except (OSError, ValueError):
        return None


@contextmanager
def _alone(path: Path) -> Iterator[None]:
    """Let one process at a time write a file; the system frees the lock of one that is killed."""
    with path.with_name(f".{path.name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _check_space(folder: Path, needed: int) -> None:
    free = shutil.disk_usage(folder).free
    if free < needed:
        raise OSError(f"it takes {needed / 1e9:.1f} GB, {free / 1e9:.1f} GB are free")


def _write(dataset: "Dataset", path: Path, shape: tuple[int, int]) -> None:
    """Write all samples in index order, going on where an earlier run was stopped.

    Raises
    ------
    OSError
        If the file cannot be written; nothing is left of it.
    ToySoundError
        If the samples are not those of the fingerprint; nothing is left of the file either.
    """
    partial = path.with_name(f".{path.name}.partial")
    partial.touch()
    try:
        with partial.open("r+b") as file:
            digest, done = _resume(file, shape)
            with tqdm(
                total=shape[0], initial=done, unit=" sounds", desc="cache", disable=None
            ) as bar:
                for start in range(done, shape[0], _STRIDE):
                    cells = np.arange(start, min(start + _STRIDE, shape[0]))
                    data = sample_bytes(dataset.samples(cells))
                    file.write(data)
                    digest.update(data)
                    bar.update(len(cells))
            file.flush()
            os.fsync(file.fileno())
    except OSError:
        partial.unlink(missing_ok=True)
        raise
    if digest.hexdigest() != dataset.audio_sha256:
        partial.unlink()
        raise ToySoundError(
            f"the sounds of '{dataset.name}' are not those of its fingerprint; 'toysound verify' "
            "on its folder says which differ"
        )
    partial.replace(path)


def _resume(file: IO[bytes], shape: tuple[int, int]) -> tuple["hashlib._Hash", int]:
    """Hash the whole sounds that a file begins with and leave it positioned after them."""
    header = _header(shape)
    digest = hashlib.sha256()
    size, row = os.fstat(file.fileno()).st_size, 2 * shape[1]
    if file.read(len(header)) != header:
        file.seek(0)
        file.write(header)
        size = len(header)
    done = min((size - len(header)) // row, shape[0])
    for start in range(0, done, _STRIDE):
        digest.update(file.read(row * min(_STRIDE, done - start)))
    file.truncate(len(header) + done * row)
    return digest, done


def _header(shape: tuple[int, int]) -> bytes:
    """Return the first bytes of an ``.npy`` file of int16 samples."""
    buffer = io.BytesIO()
    np.lib.format.write_array_header_1_0(
        buffer, {"descr": "<i2", "fortran_order": False, "shape": shape}
    )
    return buffer.getvalue()
