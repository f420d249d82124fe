"""One block, from cells to files: what a worker process does."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from toysound.catalog.spec import DatasetSpec
from toysound.errors import ToySoundError
from toysound.publish import jobs
from toysound.publish.blocks import Block
from toysound.publish.fingerprint import Shard, sha256
from toysound.publish.formats import FORMATS
from toysound.publish.places import Folder, Place
from toysound.rendering import render_samples


@dataclass(frozen=True)
class Order:
    """What to do with a block.

    Attributes
    ----------
    block : its cells
    formats : in which to write it
    known : what is there of it, None if nothing
    sources : the formats it can be read back from, and the files of each
    """

    block: Block
    formats: Sequence[str]
    known: Shard | None
    sources: Mapping[str, Sequence[str]]


def order_of(job: jobs.Job, block: Block) -> Order:
    """Return what remains to be done with a block."""
    if block.number not in job.recorded:
        return Order(block, job.formats, None, {})
    return Order(block, job.missing(block), job.shard(block), job.sources[block.number])


def write_block(place: Place, spec: DatasetSpec, order: Order) -> tuple[Shard, NDArray[np.int16]]:
    """Read a block back or render it, write it in the formats that lack and record it as done.

    Returns
    -------
    Shard, ndarray
        What is there now, and the samples, int16, shape (n, T).
    """
    block, formats = order.block, list(order.formats)
    kept = dict(order.known.files) if order.known else {}
    samples = read_back(place, spec, order)
    if samples is None:
        # What could not be read back is written again with the rest.
        formats = list(dict.fromkeys([*formats, *order.sources]))
        samples = render_samples(spec, block.cells)
    with place.local() as folder:
        files: dict[str, int] = {}
        for name in formats:
            for path in FORMATS[name].write_block(folder, spec, block, samples):
                files[path.relative_to(folder).as_posix()] = path.stat().st_size
        place.deliver(folder, files)
    shard = Shard(block.start, block.stop, sha256(samples), kept | files)
    if shard != order.known:
        jobs.record(place, block, shard)
    return shard, samples


def read_back(place: Place, spec: DatasetSpec, order: Order) -> NDArray[np.int16] | None:
    """Return the samples of a block from a file that holds them, None if no file does."""
    block = order.block
    for name, files in order.sources.items():
        if FORMATS[name].whole_name(spec) in files and not isinstance(place, Folder):
            continue  # to fetch the archive of all blocks for one takes longer than to render it
        try:
            with place.local(files) as folder:
                samples = FORMATS[name].read_block(folder, spec, files, block.start, block.stop)
        except ToySoundError:
            continue
        if order.known and sha256(samples) == order.known.sha256:
            return samples
    return None
