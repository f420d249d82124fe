"""The dSprites convention: one ``.npz`` in which row i is cell i.

Keys are those of dSprites (Matthey et al., 2017): ``imgs`` is a 64 x 64 log-mel view, so that code
written for images runs; ``audio`` holds the samples; ``latents_classes``, ``latents_values``,
``latents_names`` and ``latents_sizes`` the labels; ``metadata`` is a JSON string, never a pickle.
Members are stored uncompressed: sound hardly deflates, and a stored member can be memory-mapped.
"""

import json
import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from toysound.catalog.spec import DatasetSpec
from toysound.errors import ToySoundError
from toysound.files import atomic
from toysound.identify import FLOOR_DB, log_mel
from toysound.publish.blocks import Block
from toysound.publish.fingerprint import Fingerprint
from toysound.publish.problems import Problem
from toysound.rendering import to_float
from toysound.version import GENERATOR_VERSION

#: Blocks wait here for the archive to be assembled; the folder is removed with the partial state.
FOLDER = ".partial/npz/"

_IMAGE_STRIDE = 256


def file_name(spec: DatasetSpec) -> str:
    """Return the archive's name: the last part of the dataset's."""
    return f"{spec.name.rpartition('/')[2]}.npz"


def write_block(
    folder: Path, spec: DatasetSpec, block: Block, samples: NDArray[np.int16]
) -> list[Path]:
    """Put one block aside for :func:`finish`."""
    written = []
    for kind, array in (("audio", samples), ("imgs", images(samples, spec.sample_rate))):
        path = folder / FOLDER / f"{kind}-{block.tag}.npy"
        with atomic(path) as partial, partial.open("wb") as file:
            header = np.lib.format.header_data_from_array_1_0(array)
            np.lib.format.write_array_header_1_0(file, header)
            file.write(np.ascontiguousarray(array).data)  # np.save would not say why it failed
        written.append(path)
    return written


def images(samples: NDArray[np.int16], sample_rate: int) -> NDArray[np.uint8]:
    """Return the log-mel view as uint8, shape (n, 64, 64): 0 is -80 dB, 255 is 0 dB.

    The lowest band is the last row, so that the picture stands upright.
    """
    out = np.empty((len(samples), 64, 64), dtype=np.uint8)
    for start in range(0, len(samples), _IMAGE_STRIDE):
        part = slice(start, start + _IMAGE_STRIDE)
        view = log_mel(to_float(samples[part]), sample_rate)
        out[part] = np.clip(np.rint((view / -FLOOR_DB + 1) * 255), 0, 255)[:, ::-1]
    return out


def finish(folder: Path, spec: DatasetSpec, blocks: Sequence[Block]) -> Path:
    """Assemble the archive from the blocks, one block in memory at a time."""
    path = folder / file_name(spec)
    with atomic(path) as partial, zipfile.ZipFile(partial, "w", zipfile.ZIP_STORED) as archive:
        for kind in ("audio", "imgs"):
            _concatenate(archive, kind, [folder / FOLDER / f"{kind}-{b.tag}.npy" for b in blocks])
        for key, array in _labels(spec, blocks[-1].stop).items():
            with archive.open(_member(key), "w", force_zip64=True) as member:
                np.lib.format.write_array(member, array, allow_pickle=False)
    return path


def read_block(
    folder: Path, spec: DatasetSpec, files: Sequence[str], start: int, stop: int
) -> NDArray[np.int16]:
    """Read the samples of a block back, from the archive or from the block put aside.

    Raises
    ------
    ToySoundError
        If the file is missing, damaged or of another shape.
    """
    names = [name for name in files if name.endswith(".npz") or "audio-" in name]
    if not names:
        raise ToySoundError(f"the fingerprint of '{folder}' lists no npz file of these cells")
    path = folder / names[0]
    try:
        if path.suffix == ".npz":
            samples = np.array(mapped(path, "audio")[start:stop])
        else:
            samples = np.load(path, allow_pickle=False)
        if samples.shape != (stop - start, spec.num_samples) or samples.dtype != np.int16:
            raise ValueError(f"it holds {samples.dtype} of shape {samples.shape}")
    except (OSError, ValueError, KeyError, zipfile.BadZipFile) as error:
        raise ToySoundError(f"'{path}' is damaged ({error})") from None
    return samples


def check_labels(folder: Path, spec: DatasetSpec, num_sounds: int) -> list[Problem]:
    """Return what is wrong with the archive's labels and members."""
    path = folder / file_name(spec)
    try:
        with zipfile.ZipFile(path) as archive:
            damaged = archive.testzip()
        if damaged:
            sentences = [f"'{path}' is damaged at its member '{damaged}'"]
        else:
            with np.load(path, allow_pickle=False) as arrays:
                sentences = [
                    f"'{path}' has other {key} than the specification"
                    for key, expected in _labels(spec, num_sounds).items()
                    if not np.array_equal(arrays[key], expected)
                ]
    except (OSError, ValueError, KeyError, zipfile.BadZipFile) as error:
        sentences = [f"'{path}' is damaged ({error})"]
    return [Problem(sentence, (path.name,)) for sentence in sentences]


def mapped(path: Path, key: str) -> NDArray[np.generic]:
    """Return a stored member of an ``.npz`` as a read-only memory map.

    Raises
    ------
    ValueError
        If the member is compressed or no array.
    """
    with zipfile.ZipFile(path) as archive:
        info = archive.getinfo(f"{key}.npy")
        if info.compress_type != zipfile.ZIP_STORED:
            raise ValueError(f"member '{key}' is compressed")
        with archive.open(info) as member:
            version = np.lib.format.read_magic(member)
            read = np.lib.format.read_array_header_1_0
            if version != (1, 0):
                read = np.lib.format.read_array_header_2_0
            shape, fortran, dtype = read(member)
            header = member.tell()
    if fortran or dtype.hasobject:
        raise ValueError(f"member '{key}' is not a plain array")
    with path.open("rb") as file:
        file.seek(info.header_offset + 26)  # lengths of name and extra field, see the zip format
        name, extra = np.frombuffer(file.read(4), dtype="<u2")
    offset = info.header_offset + 30 + int(name) + int(extra) + header
    return np.memmap(path, dtype=dtype, mode="r", offset=offset, shape=shape)


class NpzSource:
    """The sounds of a generated dataset, from the memory-mapped archive."""

    def __init__(self, folder: Path, spec: DatasetSpec, fingerprint: Fingerprint) -> None:
        self._opened_with = (folder, spec, fingerprint)
        path = folder / file_name(spec)
        try:
            self._audio = mapped(path, "audio")
        except (OSError, ValueError, KeyError, zipfile.BadZipFile) as error:
            raise ToySoundError(f"'{path}' is damaged ({error})") from None

    def __reduce__(self) -> tuple[type["NpzSource"], tuple[Path, DatasetSpec, Fingerprint]]:
        """Send the name of the archive to another process, not its sounds."""
        return NpzSource, self._opened_with

    def samples(self, indices: NDArray[np.int64]) -> NDArray[np.int16]:
        """Return the samples of these cells, shape (n, T)."""
        return np.asarray(self._audio[indices], dtype=np.int16)


def _concatenate(archive: zipfile.ZipFile, key: str, paths: Sequence[Path]) -> None:
    """Write arrays one after the other as one member."""
    shapes = [np.load(path, mmap_mode="r", allow_pickle=False).shape for path in paths]
    shape = (sum(s[0] for s in shapes), *shapes[0][1:])
    first = np.load(paths[0], mmap_mode="r", allow_pickle=False)
    header = {
        "descr": np.lib.format.dtype_to_descr(first.dtype),
        "fortran_order": False,
        "shape": shape,
    }
    with archive.open(_member(key), "w", force_zip64=True) as member:
        np.lib.format.write_array_header_1_0(member, header)
        for path in paths:
            member.write(np.load(path, allow_pickle=False).tobytes())


def _member(key: str) -> zipfile.ZipInfo:
    """Return a member with a fixed date, so that the same data gives the same archive."""
    return zipfile.ZipInfo(f"{key}.npy", date_time=(2017, 1, 1, 0, 0, 0))


def _labels(spec: DatasetSpec, num_sounds: int) -> dict[str, NDArray[Any]]:
    """Return every member that the specification alone decides."""
    classes = spec.space.classes_of(np.arange(num_sounds))
    return {
        "latents_classes": classes,
        "latents_values": spec.space.values_of(classes),
        "latents_names": np.array(spec.space.names),
        "latents_sizes": np.array(spec.space.sizes),
        "metadata": np.array(_metadata(spec)),
    }


def _metadata(spec: DatasetSpec) -> str:
    return json.dumps(
        {
            "title": f"ToySound {spec.name}",
            "description": spec.question,
            "version": GENERATOR_VERSION,
            "license": "CC-BY-4.0",
            "latents_names": spec.space.names,
            "latents_sizes": spec.space.sizes,
            "latents_units": spec.space.units,
            "latents_kinds": spec.space.kinds,
            "latents_possible_values": dict(zip(spec.space.names, spec.space.values, strict=True)),
            "sample_rate": spec.sample_rate,
        }
    )
