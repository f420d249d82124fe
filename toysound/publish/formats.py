"""The formats a dataset is published in, as one table.

Each format writes blocks (in a worker process), may have something to assemble at the end (in the
parent), and reads the samples of a block back, which is what resuming and verifying rest on.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from toysound.catalog.spec import DatasetSpec
from toysound.errors import unknown_name
from toysound.publish import npz, parquet, wav
from toysound.publish.blocks import Block

WriteBlock = Callable[[Path, DatasetSpec, Block, NDArray[np.int16]], list[Path]]
ReadBlock = Callable[[Path, DatasetSpec, Sequence[str], int, int], NDArray[np.int16]]
Finish = Callable[[Path, DatasetSpec, Sequence[Block]], list[Path]]
Files = Callable[[Path, DatasetSpec], Iterable[Path]]
CheckLabels = Callable[[Path, DatasetSpec, int], list[str]]


@dataclass(frozen=True)
class Format:
    """How a dataset is written and read in one format.

    Attributes
    ----------
    name : as given to ``--format``
    folder : where its block files lie, relative to the dataset's folder
    write_block : writes one block and returns its files
    read_block : reads the samples of a block back from those files, or raises ToySoundError
    finish : makes the files that cover the whole dataset, and returns them
    files : the finished files of this format in a dataset's folder, of whatever run
    check_labels : says, in sentences, where the labels of a number of sounds are not those of the
        specification
    """

    name: str
    folder: str
    write_block: WriteBlock
    read_block: ReadBlock
    finish: Finish
    files: Files
    check_labels: CheckLabels


def _nothing(folder: Path, spec: DatasetSpec, blocks: Sequence[Block]) -> list[Path]:
    return []


FORMATS: dict[str, Format] = {
    f.name: f
    for f in (
        Format(
            "parquet",
            "data/",
            parquet.write_block,
            parquet.read_block,
            _nothing,
            parquet.files,
            parquet.check_labels,
        ),
        Format(
            "npz",
            npz.FOLDER,
            npz.write_block,
            npz.read_block,
            npz.finish,
            npz.files,
            npz.check_labels,
        ),
        Format(
            "wav",
            "wav/",
            wav.write_block,
            wav.read_block,
            wav.finish,
            wav.files,
            wav.check_labels,
        ),
    )
}


def parse_formats(text: str) -> list[Format]:
    """Return the formats named in a comma-separated list, without repeats.

    Raises
    ------
    UsageError
        If one is unknown.
    """
    names = dict.fromkeys(part.strip() for part in text.split(","))
    for name in names:
        if name not in FORMATS:
            raise unknown_name("format", name, FORMATS)
    return [FORMATS[name] for name in names]
