"""A folder of wav files with ``metadata.csv``: the convention of Hugging Face's audiofolder.

16-bit PCM: float wav files embed the time of writing, so that equal sounds would differ as files.
"""

import csv
import io
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import soundfile
from numpy.typing import NDArray

from toysound.catalog.spec import DatasetSpec
from toysound.errors import ToySoundError
from toysound.files import write_bytes, write_text
from toysound.publish.blocks import Block
from toysound.publish.fingerprint import Fingerprint
from toysound.publish.problems import Problem
from toysound.publish.rows import column_names, columns, labels

#: Where the rows of each block wait for the table, and the table.
ROWS = ".partial/wav/"
TABLE = "wav/metadata.csv"


def file_name(cell: int) -> str:
    """Return the name of a cell's file."""
    return f"{cell:07d}.wav"


def write_block(
    folder: Path, spec: DatasetSpec, block: Block, samples: NDArray[np.int16]
) -> list[Path]:
    """Write the sounds of one block, and put its rows of the table aside."""
    written = []
    for cell, row in zip(block.cells, samples, strict=True):
        path = folder / "wav" / file_name(cell)
        buffer = io.BytesIO()
        soundfile.write(buffer, row, spec.sample_rate, format="WAV", subtype="PCM_16")
        write_bytes(path, buffer.getvalue())
        written.append(path)
    rows = columns(spec, block.cells, samples)
    text = io.StringIO()
    table = csv.writer(text, lineterminator="\n")
    for number, cell in enumerate(block.cells):
        cells = [_text(column[number]) for column in rows.values()]
        table.writerow([file_name(cell), *cells])
    rows_path = folder / ROWS / f"{block.tag}.csv"
    write_text(rows_path, text.getvalue())
    return [*written, rows_path]


def finish(folder: Path, spec: DatasetSpec, blocks: Sequence[Block]) -> Path:
    """Join the rows of all blocks into ``wav/metadata.csv``.

    A block that has put no rows aside was finished before; its rows are those of the table there.
    """
    path = folder / TABLE
    before: list[str] = []
    parts = [",".join(["file_name", *column_names(spec)]) + "\n"]
    for block in blocks:
        rows = folder / ROWS / f"{block.tag}.csv"
        if rows.is_file():
            parts.append(rows.read_text(encoding="utf-8"))
            continue
        before = before or path.read_text(encoding="utf-8").splitlines(keepends=True)
        parts += before[1 + block.start : 1 + block.stop]
    write_text(path, "".join(parts))
    return path


def read_block(
    folder: Path, spec: DatasetSpec, files: Sequence[str], start: int, stop: int
) -> NDArray[np.int16]:
    """Read the samples of a block back.

    Raises
    ------
    ToySoundError
        If a file is missing or damaged.
    """
    return np.stack([_read(folder / "wav" / file_name(cell), spec) for cell in range(start, stop)])


def check_labels(folder: Path, spec: DatasetSpec, num_sounds: int) -> list[Problem]:
    """Return what is wrong with the labels in ``metadata.csv``: nothing or one thing."""
    wrong = _wrong_labels(folder / TABLE, spec, num_sounds)
    return [Problem(f"'{folder / TABLE}' {wrong}", (TABLE,))] if wrong else []


def _wrong_labels(path: Path, spec: DatasetSpec, num_sounds: int) -> str:
    """Return what is wrong with the table, empty if nothing."""
    expected = labels(spec, np.arange(num_sounds))
    try:
        with path.open(encoding="utf-8", newline="") as file:
            head, *rows = csv.reader(file)
    except (OSError, ValueError, csv.Error) as error:
        return f"is damaged ({error})"
    if head != ["file_name", *column_names(spec)] or len(rows) != num_sounds:
        return f"has not the columns, or not the {num_sounds} rows, of the dataset"
    for cell, row in enumerate(rows):
        texts = [file_name(cell), *(_text(column[cell]) for column in expected.values())]
        if row[: len(texts)] != texts:
            return f"has other labels at cell {cell} than the specification"
    return ""


class WavSource:
    """The sounds of a generated dataset, read from its wav files as they are asked for."""

    def __init__(self, folder: Path, spec: DatasetSpec, fingerprint: Fingerprint) -> None:
        self.folder = folder
        self.spec = spec

    def samples(self, indices: NDArray[np.int64]) -> NDArray[np.int16]:
        """Return the samples of these cells, shape (n, T)."""
        rows = [_read(self.folder / "wav" / file_name(int(i)), self.spec) for i in indices]
        return np.stack(rows) if rows else np.empty((0, self.spec.num_samples), np.int16)


def _read(path: Path, spec: DatasetSpec) -> NDArray[np.int16]:
    try:
        samples, sample_rate = soundfile.read(path, dtype="int16")
    except (OSError, soundfile.SoundFileError) as error:
        raise ToySoundError(f"'{path}' is damaged ({error})") from None
    if samples.shape != (spec.num_samples,) or sample_rate != spec.sample_rate:
        raise ToySoundError(f"'{path}' is damaged (shape {samples.shape} at {sample_rate} Hz)")
    return np.asarray(samples)


def _text(value: np.int64 | np.float64) -> str:
    """Return a number as text that reads back to the same number; empty for NaN."""
    if isinstance(value, np.integer):
        return str(int(value))
    return "" if np.isnan(value) else repr(float(value))
