"""What every dataset keeps in every format and behind every adapter: the same sounds and labels.

Each dataset of the catalog is generated in all formats at once, its first cells only, in blocks
that do not divide them. The files are then read twice: through ``load``, and with the libraries
that a stranger would take, who knows the format and not this project.
"""

import csv
import io
import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pyarrow.parquet as pq
import pytest
import soundfile
import torch
from numpy.typing import NDArray
from torch.utils.data import DataLoader

from toysound import ToySoundError
from toysound.adapters.disent import SoundData
from toysound.adapters.disentanglement_lib import GroundTruthData
from toysound.catalog import CATALOG, get_spec
from toysound.dataset import load
from toysound.publish.formats import FORMATS
from toysound.publish.generate import generate
from toysound.publish.npz import images
from toysound.rendering import render_samples, to_float
from toysound.splits import SPLITS

LIMIT, BLOCK_SIZE = 12, 5


class Rows(NamedTuple):
    """What a file says of each sound, in index order."""

    cells: NDArray[np.int64]
    samples: NDArray[np.int16]
    classes: NDArray[np.int64]
    values: NDArray[np.float64]


class Published(NamedTuple):
    """A generated folder and what must be in it."""

    folder: Path
    rows: Rows


@pytest.fixture(scope="module", params=CATALOG)
def published_dataset(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Published:
    """The first cells of one dataset in all formats."""
    name: str = request.param
    spec = get_spec(name)
    out = tmp_path_factory.mktemp("contract")
    cells = np.arange(min(LIMIT, spec.space.size))
    try:
        samples = render_samples(spec, cells)
    except ToySoundError as error:  # a library or a font of an optional extra
        pytest.skip(str(error))
    generate(name, out, list(FORMATS), limit=LIMIT, block_size=BLOCK_SIZE)
    classes = spec.space.classes_of(cells)
    return Published(out / name, Rows(cells, samples, classes, spec.space.values_of(classes)))


def _labels(
    columns: dict[str, NDArray[np.float64]], names: tuple[str, ...]
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    classes = np.stack([columns[f"{name}_class"] for name in names], axis=1)
    values = np.stack([columns[f"{name}_value"] for name in names], axis=1)
    return classes.astype(np.int64), values.astype(np.float64)


def _sorted(rows: Rows) -> Rows:
    order = np.argsort(rows.cells)
    return Rows(rows.cells[order], rows.samples[order], rows.classes[order], rows.values[order])


def read_parquet(folder: Path, names: tuple[str, ...]) -> Rows:
    tables = [pq.read_table(path) for path in sorted((folder / "data").glob("*.parquet"))]
    rows = [row for table in tables for row in table.to_pylist()]
    sounds = [soundfile.read(io.BytesIO(r["audio"]["bytes"]), dtype="int16")[0] for r in rows]
    columns = {key: np.array([row[key] for row in rows]) for key in rows[0] if key != "audio"}
    return _sorted(Rows(columns["index"], np.stack(sounds), *_labels(columns, names)))


def read_npz(folder: Path, names: tuple[str, ...]) -> Rows:
    (path,) = folder.glob("*.npz")
    with np.load(path, allow_pickle=False) as archive:
        assert tuple(archive["latents_names"]) == names
        assert len(archive["imgs"]) == len(archive["audio"])
        return Rows(
            np.arange(len(archive["audio"])),
            archive["audio"],
            archive["latents_classes"],
            archive["latents_values"],
        )


def read_wav(folder: Path, names: tuple[str, ...]) -> Rows:
    with (folder / "wav" / "metadata.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    sounds = [soundfile.read(folder / "wav" / row["file_name"], dtype="int16")[0] for row in rows]
    labels = ["index", *(f"{name}_{kind}" for name in names for kind in ("class", "value"))]
    columns = {key: np.array([float(row[key]) for row in rows]) for key in labels}
    index = columns["index"].astype(np.int64)
    return _sorted(Rows(index, np.stack(sounds), *_labels(columns, names)))


READERS: dict[str, Callable[[Path, tuple[str, ...]], Rows]] = {
    "parquet": read_parquet,
    "npz": read_npz,
    "wav": read_wav,
}


def only(published: Published, form: str, tmp_path: Path) -> Path:
    """Return a copy of the folder that offers one format alone."""
    folder = Path(shutil.copytree(published.folder, tmp_path / "copy"))
    path = folder / "fingerprint.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), "formats": [form]}))
    return folder


def test_every_format_has_a_reader_here() -> None:
    assert set(READERS) == set(FORMATS)


@pytest.mark.parametrize("form", FORMATS)
def test_other_libraries_read_what_was_rendered(published_dataset: Published, form: str) -> None:
    folder, expected = published_dataset
    rows = READERS[form](folder, get_spec(load(folder).name).space.names)
    for name, column in rows._asdict().items():
        wanted = getattr(expected, name)
        assert column.dtype == wanted.dtype, name
        np.testing.assert_array_equal(column, wanted, err_msg=name)


@pytest.mark.parametrize("form", FORMATS)
def test_load_reads_what_was_rendered(
    published_dataset: Published, form: str, tmp_path: Path
) -> None:
    expected = published_dataset.rows
    dataset = load(only(published_dataset, form, tmp_path))
    assert len(dataset) == len(expected.cells)
    cells = np.random.default_rng(0).permutation(len(dataset))
    np.testing.assert_array_equal(dataset.samples(cells), expected.samples[cells])
    np.testing.assert_array_equal(dataset.audio(cells), to_float(expected.samples)[cells])
    np.testing.assert_array_equal(dataset.classes(cells), expected.classes[cells])
    np.testing.assert_array_equal(dataset.values(cells), expected.values[cells])
    np.testing.assert_array_equal(dataset.space.index_of(dataset.classes(cells)), cells)


@pytest.mark.parametrize("form", FORMATS)
def test_torch_reads_what_was_rendered(
    published_dataset: Published, form: str, tmp_path: Path
) -> None:
    expected = published_dataset.rows
    dataset = load(only(published_dataset, form, tmp_path))
    seen = []
    for split in SPLITS:
        items = dataset.torch(split, cache=tmp_path / "cache", dtype="int16")
        for audio, classes in DataLoader(items, batch_size=4):
            cells = dataset.space.index_of(classes.numpy())
            np.testing.assert_array_equal(audio.numpy(), expected.samples[cells])
            assert audio.dtype == torch.int16
            seen += cells.tolist()
    assert sorted(seen) == expected.cells.tolist()


def test_adapters_show_what_is_rendered(published_dataset: Published) -> None:
    expected = published_dataset.rows
    dataset = load(get_spec(load(published_dataset.folder).name).name)
    some = [0, len(expected.cells) - 1]
    pictures = images(expected.samples[some], dataset.sample_rate)
    theirs = GroundTruthData(dataset)
    observations = theirs.sample_observations_from_factors(
        expected.classes[some], np.random.RandomState(0)
    )
    np.testing.assert_array_equal(np.rint(observations[..., 0] * 255), pictures)
    assert theirs.factors_num_values == list(dataset.space.sizes)
    grid = SoundData(dataset)
    np.testing.assert_array_equal(grid.idx_to_pos(some), expected.classes[some])
    np.testing.assert_array_equal(np.stack([grid[cell] for cell in some])[..., 0], pictures)
    assert len(grid) == len(dataset)
