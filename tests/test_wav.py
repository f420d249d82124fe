"""The folder of wav files with its table."""

import csv
import math
from pathlib import Path

import numpy as np
import pytest
import soundfile
from numpy.typing import NDArray

from toysound import ToySoundError
from toysound.catalog import get_spec
from toysound.publish.rows import column_names
from toysound.publish.wav import file_name, read_block

TONES = get_spec("tones")


def table(folder: Path) -> list[dict[str, str]]:
    with (folder / "wav" / "metadata.csv").open(newline="") as file:
        return list(csv.DictReader(file))


def test_every_cell_has_a_file(published: Path, tones: NDArray[np.int16]) -> None:
    names = {path.name for path in (published / "wav").iterdir()}
    assert names == {"metadata.csv", *map(file_name, range(200))}
    for cell in (0, 63, 64, 199):
        path = published / "wav" / file_name(cell)
        samples, rate = soundfile.read(path, dtype="int16")
        np.testing.assert_array_equal(samples, tones[cell])
        assert rate == 16000
        assert soundfile.info(path).subtype == "PCM_16"
    np.testing.assert_array_equal(read_block(published, TONES, [], 60, 70), tones[60:70])


def test_the_table_has_a_row_for_each_in_order(published: Path) -> None:
    rows = table(published)
    assert list(rows[0]) == ["file_name", *column_names(TONES)]
    assert [row["file_name"] for row in rows] == [file_name(cell) for cell in range(200)]
    assert [int(row["index"]) for row in rows] == list(range(200))


def test_numbers_in_the_table_read_back_exactly(published: Path) -> None:
    rows = table(published)
    classes = TONES.space.classes_of(np.arange(200))
    values = TONES.space.values_of(classes)
    for column, name in enumerate(TONES.space.names):
        assert [int(row[f"{name}_class"]) for row in rows] == classes[:, column].tolist()
        assert [float(row[f"{name}_value"]) for row in rows] == values[:, column].tolist()
    measured = [row["measured_attack_s"] for row in rows]
    assert [not text for text in measured] == (values[:, -1] > 0).tolist()
    assert all(math.isfinite(float(text)) for text in measured if text)


def test_files_that_cannot_be_read(published_copy: Path) -> None:
    paths = [published_copy / "wav" / file_name(cell) for cell in range(4)]
    paths[0].unlink()
    paths[1].write_bytes(b"RIFF")
    soundfile.write(paths[2], np.zeros(5, np.int16), 16000)
    soundfile.write(paths[3], np.zeros(8000, np.int16), 8000)
    for cell, message in enumerate(("damaged", "damaged", r"shape \(5,\)", "at 8000 Hz")):
        with pytest.raises(ToySoundError, match=f"{file_name(cell)}' is damaged.*"):
            read_block(published_copy, TONES, [], cell, cell + 1)
        with pytest.raises(ToySoundError, match=message):
            read_block(published_copy, TONES, [], cell, cell + 1)
