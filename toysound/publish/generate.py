"""Render a dataset into files, in blocks that survive a kill.

Each block of consecutive cells is rendered, written in every wanted format and recorded in
``.partial/`` by one worker: a process, or a machine of a cluster. A run that was stopped, by
Ctrl-C, a crash or a full disk, is started again with the same command and goes on with the blocks
that are missing; the files, and the fingerprint, are those of an undisturbed run. The parent hashes
all samples in index order and writes ``fingerprint.json`` last: a folder with that file is
complete.

Run again on a complete folder, it makes what is missing or has another size and leaves the rest
alone. A format that is added is written from the samples of one that is there.

Memory does not grow with the dataset: a block is at most 82 MB of samples, and no more than
:data:`_HELD_BYTES` of them wait to be hashed.
"""

from collections.abc import Generator, Sequence
from contextlib import closing
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from tqdm import tqdm

from toysound import cluster
from toysound.catalog import get_spec
from toysound.errors import ToySoundError, UsageError
from toysound.publish import jobs
from toysound.publish.blocks import Block, default_block_size
from toysound.publish.documents import documents
from toysound.publish.duplicates import Hasher
from toysound.publish.fingerprint import FILE_NAME, Fingerprint, Shard
from toysound.publish.formats import FORMATS
from toysound.publish.places import Place, is_url, place_at
from toysound.publish.writing import Order, order_of, write_block
from toysound.rendering import check_ready
from toysound.version import GENERATOR_VERSION
from toysound.workers import Run, StartMethod, Task, run_tasks

#: Samples that wait for their turn to be hashed; blocks beyond are read back from their files.
_HELD_BYTES = 192 * 2**20

Written = tuple[Shard, NDArray[np.int16]]


def generate(
    name: str,
    out: str | Path,
    formats: Sequence[str] = ("parquet",),
    workers: int = 1,
    limit: int | None = None,
    block_size: int | None = None,
    start_method: StartMethod = "spawn",
    scheduler: str | None = None,
) -> Fingerprint:
    """Render a dataset into ``out/name`` and return its fingerprint.

    Parameters
    ----------
    name : a dataset of the catalog
    out : the folder, or an address of fsspec such as ``s3://bucket/data``, in which a folder of
        that name is made
    formats : out of ``parquet``, ``npz``, ``wav``
    workers : number of processes
    limit : only the first cells, in index order; all by default
    block_size : cells in a shard; does not change the fingerprint's ``audio_sha256``
    start_method : how worker processes start
    scheduler : address of a Dask scheduler whose workers do the work instead; all of them must
        reach ``out``

    Raises
    ------
    UsageError
        If the dataset is unknown, the limit is not positive or an address malformed.
    ToySoundError
        If the folder holds sounds of another version or more of them than are asked for, another
        process generates there, a worker dies again and again, the scheduler or the store does not
        answer, or two cells sound the same.
    OSError
        If the folder cannot be written.
    """
    spec = get_spec(name)
    if limit is not None and limit < 1:
        raise UsageError(f"--limit must be at least 1, got {limit}")
    if scheduler is None:
        check_ready(spec)
    size = spec.space.size if limit is None else min(limit, spec.space.size)
    if scheduler is None:
        run: Run = partial(run_tasks, workers=workers, start_method=start_method)
    else:
        run = partial(cluster.run_tasks, address=cluster.checked_address(scheduler))
        out = out if is_url(out) else Path(out).absolute()  # a worker has another folder
    place = place_at(out, name)
    wanted = (place, spec, size, block_size or default_block_size(size), formats)
    job = jobs.plan(*wanted)
    if jobs.is_complete(place, job) and job.finished is not None:
        return job.finished
    with place.locked():
        job = jobs.plan(*wanted)  # somebody else may have worked here until now
        jobs.prepare(place, job)
        if job.finished is None:
            shards, digest = _write_all(place, job, run)
        else:
            shards, digest = _write_missing(place, job, run), job.finished.audio_sha256
        return _complete(place, job, shards, digest)


def _write_all(place: Place, job: jobs.Job, run: Run) -> tuple[list[Shard], str]:
    """Write or read back every block and hash all of them in index order."""
    shards: dict[int, Shard] = {}
    held: dict[int, NDArray[np.int16]] = {}
    hasher = Hasher(job.spec.name)
    turn = 0
    with (
        _progress(job, job.blocks) as progress,
        closing(_results(place, job, job.blocks, run)) as results,
    ):
        for number, (shard, samples) in results:
            shards[number] = shard
            waiting = sum(array.nbytes for array in held.values())
            if number == turn or waiting + samples.nbytes <= _HELD_BYTES:
                held[number] = samples
            while turn in shards:
                block = job.blocks[turn]
                if turn not in held:
                    sources = jobs.sources_of(shards[turn], {}, job.spec, shards[turn].files)
                    again = Order(block, [], shards[turn], sources)
                    shards[turn], held[turn] = write_block(place, job.spec, again)
                hasher.update(block, held.pop(turn))
                progress.update(block.stop - block.start)
                turn += 1
    return [shards[b.number] for b in job.blocks], hasher.hexdigest()


def _write_missing(place: Place, job: jobs.Job, run: Run) -> list[Shard]:
    """Write what is missing of a finished dataset, whose hash is known."""
    missing = [block for block in job.blocks if job.missing(block)]
    shards = {b.number: job.shard(b) for b in job.blocks}
    with (
        _progress(job, missing) as progress,
        closing(_results(place, job, missing, run)) as results,
    ):
        for number, (shard, _) in results:
            if shard.sha256 != job.recorded[number].sha256:
                raise ToySoundError(
                    f"cells {shard.start} to {shard.stop - 1} of '{job.spec.name}' come out "
                    f"different from what '{place}' was made with, maybe on another architecture; "
                    "choose another --out"
                )
            shards[number] = shard
            progress.update(shard.stop - shard.start)
    return [shards[b.number] for b in job.blocks]


def _results(
    place: Place, job: jobs.Job, blocks: Sequence[Block], run: Run
) -> Generator[tuple[int, Written]]:
    """Have blocks written and yield the number, the files and the samples of each."""
    tasks = [
        Task(
            block.number,
            f"cells {block.start} to {block.stop - 1} of '{job.spec.name}'",
            (place, job.spec, order_of(job, block)),
        )
        for block in blocks
    ]
    for number, written in run(write_block, tasks):
        if not jobs.is_recorded(place, job.blocks[number]):
            raise ToySoundError(
                f"what a worker wrote is not in '{place}': give an --out that all workers share"
            )
        yield number, written


def _progress(job: jobs.Job, blocks: Sequence[Block]) -> "tqdm[Any]":
    total = sum(block.stop - block.start for block in blocks)
    return tqdm(total=total, unit=" sounds", desc=job.spec.name, disable=None)


def _complete(place: Place, job: jobs.Job, shards: Sequence[Shard], digest: str) -> Fingerprint:
    """Write what covers the whole dataset, the fingerprint last."""
    whole = {} if job.finished is None else dict(job.finished.files)
    for name in job.formats:
        if any(name in job.missing(block) for block in job.blocks) or job.finished is None:
            whole |= _finish(place, job, name, shards)
    fingerprint = Fingerprint(
        GENERATOR_VERSION,
        job.spec.to_json(),
        job.blocks[-1].stop,
        digest,
        list(job.formats),
        [_published(shard, job) for shard in shards],
        whole,
    )
    for name, text in documents(job.spec, fingerprint).items():
        place.write(name, text)
    place.write(FILE_NAME, fingerprint.to_text())
    jobs.clear(place, job, fingerprint)
    return fingerprint


def _published(shard: Shard, job: jobs.Job) -> Shard:
    """Return a shard with its files in the formats of the job, but not the parts put aside."""
    forms = [FORMATS[name] for name in job.formats]
    files = {
        name: size
        for name, size in sorted(shard.files.items())
        if not name.startswith(jobs.PARTIAL) and any(form.owns(name, job.spec) for form in forms)
    }
    return replace(shard, files=files)


def _finish(place: Place, job: jobs.Job, name: str, shards: Sequence[Shard]) -> dict[str, int]:
    """Make the file of a format that covers the whole dataset; return its name and size."""
    form = FORMATS[name]
    if form.finish is None:
        return {}
    parts = [[n for n in shard.files if n.startswith(form.folders[-1])] for shard in shards]
    names = [name for part in parts for name in part]
    if not all(parts):
        names.append(form.whole_name(job.spec) or "")  # what the other blocks put aside is in there
    with place.local(names) as folder:
        path = form.finish(folder, job.spec, job.blocks)
        found = {path.relative_to(folder).as_posix(): path.stat().st_size}
        place.deliver(folder, found)
    return found
