"""The formats a dataset is published in, as one table.

Each format writes blocks (in a worker process), may have a file to assemble at the end (in the
parent), and reads the samples of a block back, which is what resuming and verifying rest on.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from toysound.catalog.spec import DatasetSpec
from toysound.errors import unknown_name
from toysound.publish import npz, parquet, wav
from toysound.publish.blocks import Block
from toysound.publish.problems import Problem

WriteBlock = Callable[[Path, DatasetSpec, Block, NDArray[np.int16]], list[Path]]
ReadBlock = Callable[[Path, DatasetSpec, Sequence[str], int, int], NDArray[np.int16]]
Finish = Callable[[Path, DatasetSpec, Sequence[Block]], Path]
CheckLabels = Callable[[Path, DatasetSpec, int], list[Problem]]


@dataclass(frozen=True)
class Format:
    """How a dataset is written and read in one format.

    Attributes
    ----------
    name : as given to ``--format``
    folders : where its files lie, relative to the dataset's folder; the first is published, unless
        the format is a single file
    write_block : writes one block and returns its files
    read_block : reads the samples of a block back from those files, or raises ToySoundError
    check_labels : says where the labels of a number of sounds are not those of the specification
    whole : the name of the file that covers the whole dataset, if the format has one
    finish : makes that file from the parts that the blocks have put aside in the last folder
    """

    name: str
    folders: tuple[str, ...]
    write_block: WriteBlock
    read_block: ReadBlock
    check_labels: CheckLabels
    whole: Callable[[DatasetSpec], str] | None = None
    finish: Finish | None = None

    def owns(self, name: str, spec: DatasetSpec) -> bool:
        """Return whether a file, by its relative name, is of this format."""
        return name.startswith(self.folders) or name == self.whole_name(spec)

    def whole_name(self, spec: DatasetSpec) -> str | None:
        """Return the name of the file that covers the whole dataset, if there is one."""
        return self.whole(spec) if self.whole else None


FORMATS: dict[str, Format] = {
    f.name: f
    for f in (
        Format(
            "parquet",
            ("data/",),
            parquet.write_block,
            parquet.read_block,
            parquet.check_labels,
        ),
        Format(
            "npz",
            (npz.FOLDER,),
            npz.write_block,
            npz.read_block,
            npz.check_labels,
            npz.file_name,
            npz.finish,
        ),
        Format(
            "wav",
            ("wav/", wav.ROWS),
            wav.write_block,
            wav.read_block,
            wav.check_labels,
            lambda spec: wav.TABLE,
            wav.finish,
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
