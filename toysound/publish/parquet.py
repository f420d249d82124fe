"""Parquet that ``datasets.load_dataset`` opens, one file per split and block.

The ``audio`` column is ``struct{bytes: FLAC, path: string}`` and the schema carries the Hugging
Face feature ``Audio(decode=False)``, so that opening needs neither torch nor FFmpeg; the bytes
decode with soundfile. Files are written with pyarrow alone, with a checksum for each page, so that
a byte that was changed is noticed when it is read.
"""

import io
import json
from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import soundfile
from numpy.typing import NDArray

from toysound.catalog.spec import DatasetSpec
from toysound.errors import ToySoundError
from toysound.files import atomic
from toysound.publish.blocks import Block
from toysound.publish.fingerprint import Fingerprint
from toysound.publish.problems import Problem
from toysound.publish.rows import MEASURED, column_names, columns, labels
from toysound.splits import partition

#: Rows decoded together when a few sounds are read: about 0.5 MB of FLAC.
_ROW_GROUP = 64

#: FLAC's fastest; the best would save 3 % of the bytes and cost a quarter more time.
_FLAC_LEVEL = 0.0

_FEATURE = {"class": ("int64", pa.int64()), "other": ("float64", pa.float64())}


def schema(spec: DatasetSpec) -> pa.Schema:
    """Return the Arrow schema of a dataset with its Hugging Face features."""
    fields = [pa.field("audio", pa.struct([("bytes", pa.binary()), ("path", pa.string())]))]
    features: dict[str, dict[str, object]] = {
        "audio": {"sampling_rate": spec.sample_rate, "decode": False, "_type": "Audio"}
    }
    labels = {f"{factor.name}_class": factor.labels for factor in spec.space.factors}
    for name in column_names(spec):
        whole = name == "index" or name.endswith("_class")
        dtype, arrow = _FEATURE["class" if whole else "other"]
        fields.append(pa.field(name, arrow))
        if labels.get(name):
            features[name] = {"names": list(labels[name]), "_type": "ClassLabel"}
        else:
            features[name] = {"dtype": dtype, "_type": "Value"}
    metadata = {"huggingface": json.dumps({"info": {"features": features}})}
    return pa.schema(fields, metadata=metadata)


def write_block(
    folder: Path, spec: DatasetSpec, block: Block, samples: NDArray[np.int16]
) -> list[Path]:
    """Write one block, one file for each split that has cells in it.

    Parameters
    ----------
    folder : the dataset's folder
    block : which cells
    samples : their sounds, shape (n, T)

    Returns
    -------
    list of Path
        The files, below ``folder/data``.
    """
    table = _table(spec, block.cells, samples)
    written = []
    for split, cells in partition(spec).items():
        first, last = np.searchsorted(cells, (block.start, block.stop))
        rows = cells[first:last] - block.start
        if len(rows):
            path = folder / "data" / f"{split}-{block.tag}.parquet"
            with atomic(path) as partial:
                pq.write_table(
                    table.take(_numbers(rows, pa.int64())),
                    partial,
                    row_group_size=_ROW_GROUP,
                    write_page_checksum=True,
                )
            written.append(path)
    return written


def read_block(
    folder: Path, spec: DatasetSpec, files: Iterable[str], start: int, stop: int
) -> NDArray[np.int16]:
    """Read the samples of a block back, in index order, shape (stop - start, T).

    Raises
    ------
    ToySoundError
        If a file is missing or damaged, or does not hold exactly these cells.
    """
    samples = np.zeros((stop - start, spec.num_samples), dtype=np.int16)
    seen = np.zeros(stop - start, dtype=bool)
    for name in files:
        try:
            table = _read_table(folder / name, ["index", "audio"])
            cells = table["index"].to_numpy() - start
            if ((cells < 0) | (cells >= stop - start)).any():
                raise ValueError("it holds cells of another shard")
            encoded = table["audio"].combine_chunks().field("bytes")
            for cell, data in zip(cells, encoded, strict=True):
                samples[cell] = decode(data.as_py(), spec)
            seen[cells] = True
        except (OSError, pa.ArrowException, IndexError, KeyError, TypeError, ValueError) as error:
            raise ToySoundError(f"'{folder / name}' is damaged ({_first_line(error)})") from None
    if not seen.all():
        missing = start + int(np.argmin(seen))
        raise ToySoundError(f"cell {missing} is missing from the parquet files of '{folder}'")
    return samples


def check_labels(folder: Path, spec: DatasetSpec, num_sounds: int) -> list[Problem]:
    """Return what is wrong with the labels: one thing a file, or one on the whole."""
    splits = partition(spec)
    times = np.zeros(num_sounds, dtype=np.int64)
    problems = []
    for path in sorted((folder / "data").glob("*-of-*.parquet")):
        try:
            problem = _wrong_labels(path, spec, splits[path.name.partition("-")[0]], times)
        except (OSError, pa.ArrowException, KeyError) as error:
            problem = f"is damaged ({_first_line(error)})"
        if problem:
            problems.append(Problem(f"'{path}' {problem}", (f"data/{path.name}",)))
    if not problems and (times != 1).any():
        cell = int(np.argmax(times != 1))
        sentence = f"cell {cell} occurs {times[cell]} times in the files of '{folder}/data'"
        problems.append(Problem(sentence))
    return problems


def _wrong_labels(
    path: Path, spec: DatasetSpec, split: NDArray[np.int64], times: NDArray[np.int64]
) -> str:
    """Return what is wrong with one file, empty if nothing; count its cells in ``times``."""
    if not pq.read_schema(path).equals(schema(spec), check_metadata=True):
        return "has other columns or features than this version writes"
    table = _read_table(path, [n for n in column_names(spec) if n not in MEASURED])
    cells = table["index"].to_numpy()
    if ((cells < 0) | (cells >= len(times))).any():
        return "holds a cell that the dataset does not have"
    if not np.isin(cells, split).all():
        return "holds a cell of another split"
    times += np.bincount(cells, minlength=len(times))
    for name, expected in labels(spec, cells).items():
        wrong = table[name].to_numpy() != expected
        if wrong.any():
            return f"has another {name} at cell {cells[np.argmax(wrong)]} than the specification"
    return ""


def encode(samples: NDArray[np.int16], sample_rate: int) -> bytes:
    """Return one sound as FLAC, 16 bit, lossless."""
    buffer = io.BytesIO()
    with soundfile.SoundFile(
        buffer,
        "w",
        sample_rate,
        channels=1,
        subtype="PCM_16",
        format="FLAC",
        compression_level=_FLAC_LEVEL,
    ) as file:
        file.buffer_write(np.ascontiguousarray(samples), "int16")
    return buffer.getvalue()


def decode(data: bytes, spec: DatasetSpec) -> NDArray[np.int16]:
    """Return the samples of one FLAC sound, shape (T,).

    Raises
    ------
    ValueError
        If it is not FLAC, or of another length or sample rate than the dataset's.
    """
    try:
        samples, sample_rate = soundfile.read(io.BytesIO(data), dtype="int16")
    except soundfile.SoundFileError as error:
        raise ValueError(f"a sound is not readable: {error}") from None
    if samples.shape != (spec.num_samples,) or sample_rate != spec.sample_rate:
        raise ValueError(f"a sound has shape {samples.shape} at {sample_rate} Hz")
    return np.asarray(samples)


class ParquetSource:
    """The sounds of a generated dataset, read from its parquet files as they are asked for."""

    def __init__(self, folder: Path, spec: DatasetSpec, fingerprint: Fingerprint) -> None:
        self.folder = folder
        self.spec = spec
        names = sorted(
            name for shard in fingerprint.shards for name in shard.files if name.startswith("data/")
        )
        if not names:
            raise ToySoundError(
                f"'{folder}' holds no parquet files; "
                f"run 'toysound generate {spec.name} --out {folder.parent} --format parquet'"
            )
        self._files = [folder / name for name in names]
        self._where: NDArray[np.int64] | None = None

    def samples(self, indices: NDArray[np.int64]) -> NDArray[np.int16]:
        """Return the samples of these cells, shape (n, T)."""
        if self._where is None:
            self._where = self._locate()
        out = np.empty((len(indices), self.spec.num_samples), dtype=np.int16)
        places = self._where[indices]
        for number in np.unique(places[:, 0]):
            wanted = np.flatnonzero(places[:, 0] == number)
            self._read(self._files[number], places[wanted, 1], out, wanted)
        return out

    def _read(
        self,
        path: Path,
        rows: NDArray[np.int64],
        out: NDArray[np.int16],
        wanted: NDArray[np.intp],
    ) -> None:
        """Decode some rows of one file into ``out[wanted]``, reading only their row groups."""
        try:
            file = pq.ParquetFile(path, page_checksum_verification=True)
            for group in np.unique(rows // _ROW_GROUP):
                column = file.read_row_group(int(group), columns=["audio"])["audio"]
                encoded = column.combine_chunks().field("bytes")
                for which in np.flatnonzero(rows // _ROW_GROUP == group):
                    data = encoded[int(rows[which] % _ROW_GROUP)].as_py()
                    out[wanted[which]] = decode(data, self.spec)
        except (OSError, pa.ArrowException, IndexError, TypeError, ValueError) as error:
            raise ToySoundError(
                f"'{path}' is damaged ({_first_line(error)}); 'toysound verify {self.folder}' "
                "names every damaged shard"
            ) from None

    def _locate(self) -> NDArray[np.int64]:
        """Return the file and row of each cell, shape (N, 2)."""
        places = np.full((self.spec.space.size, 2), -1, dtype=np.int64)
        for number, path in enumerate(self._files):
            try:
                cells = _read_table(path, ["index"])["index"].to_numpy()
                places[cells, 0] = number
                places[cells, 1] = np.arange(len(cells))
            except (OSError, pa.ArrowException, IndexError, KeyError) as error:
                raise ToySoundError(
                    f"'{path}' is damaged ({_first_line(error)}); "
                    f"'toysound verify {self.folder}' names every damaged shard"
                ) from None
        return places


def _table(spec: DatasetSpec, cells: NDArray[np.int64], samples: NDArray[np.int16]) -> pa.Table:
    """Return the rows of some cells as an Arrow table."""
    arrow = schema(spec)
    sounds = [encode(row, spec.sample_rate) for row in samples]
    paths = [f"{cell:07d}.flac".encode() for cell in cells]
    parts = [_byte_strings(sounds, pa.binary()), _byte_strings(paths, pa.string())]
    arrays = [pa.StructArray.from_arrays(parts, names=["bytes", "path"])]
    for name, column in columns(spec, cells, samples).items():
        arrays.append(_numbers(column, arrow.field(name).type))
    return pa.Table.from_arrays(arrays, schema=arrow)


def _numbers(column: NDArray[np.int64] | NDArray[np.float64], kind: pa.DataType) -> pa.Array:
    """Return a column for Arrow, NaN as null.

    ``pa.array`` would do the same, but imports pandas, which each worker would wait for; likewise
    below.
    """
    valid = np.packbits(~np.isnan(column), bitorder="little")
    buffers = [pa.py_buffer(valid), pa.py_buffer(np.ascontiguousarray(column))]
    return pa.Array.from_buffers(kind, len(column), buffers)


def _byte_strings(items: Sequence[bytes], kind: pa.DataType) -> pa.Array:
    """Return byte strings, or text in UTF-8, for Arrow."""
    ends = np.cumsum([0, *map(len, items)], dtype=np.int32)
    buffers = [None, pa.py_buffer(ends), pa.py_buffer(b"".join(items))]
    return pa.Array.from_buffers(kind, len(items), buffers)


def _read_table(path: Path, columns: list[str]) -> pa.Table:
    return pq.read_table(path, columns=columns, page_checksum_verification=True)


def _first_line(error: Exception) -> str:
    return str(error).splitlines()[0] if str(error) else type(error).__name__
