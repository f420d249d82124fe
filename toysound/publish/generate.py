"""Render a dataset into files, in blocks that survive a kill.

Each block of consecutive cells is rendered, written in every wanted format and recorded in
``.partial/`` by one worker process. A run that was stopped, by Ctrl-C, a crash or a full disk, is
started again with the same command and goes on with the blocks that are missing; the files, and the
fingerprint, are those of an undisturbed run. The parent hashes all samples in index order and
writes ``fingerprint.json`` last: a folder with that file is complete.

Memory does not grow with the dataset: a block is at most 16 MB, and no more than
:data:`_MOST_HELD` of them are held.
"""

import hashlib
import json
import shutil
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from tqdm import tqdm

from toysound.catalog import get_spec
from toysound.catalog.spec import DatasetSpec
from toysound.errors import ToySoundError, UsageError
from toysound.files import write_text
from toysound.publish import card, croissant, npz
from toysound.publish.blocks import BLOCK_SIZE, Block, blocks_of
from toysound.publish.fingerprint import (
    FILE_NAME,
    Fingerprint,
    Shard,
    load_fingerprint,
    sample_bytes,
    sha256,
)
from toysound.publish.formats import FORMATS
from toysound.rendering import render_samples
from toysound.version import GENERATOR_VERSION
from toysound.workers import StartMethod, Task, run_tasks

_PARTIAL = ".partial"

#: Blocks whose samples wait in memory for their turn to be hashed; more are read back from disk.
_MOST_HELD = 4


def generate(
    name: str,
    out: Path,
    formats: Sequence[str] = ("parquet",),
    workers: int = 1,
    limit: int | None = None,
    block_size: int = BLOCK_SIZE,
    start_method: StartMethod = "spawn",
) -> Fingerprint:
    """Render a dataset into ``out/name`` and return its fingerprint.

    Parameters
    ----------
    name : a dataset of the catalog
    out : the folder in which a folder of that name is made
    formats : out of ``parquet``, ``npz``, ``wav``
    workers : number of processes
    limit : only the first cells, in index order; all by default
    block_size : cells in a shard; does not change the fingerprint's ``audio_sha256``
    start_method : how worker processes start

    Raises
    ------
    UsageError
        If the dataset is unknown or the limit is not positive.
    ToySoundError
        If the folder holds sounds of another version, a worker dies twice, or two cells sound the
        same.
    OSError
        If the folder cannot be written.
    """
    spec = get_spec(name)
    if limit is not None and limit < 1:
        raise UsageError(f"--limit must be at least 1, got {limit}")
    size = spec.space.size if limit is None else min(limit, spec.space.size)
    folder = out / name
    wanted = list(dict.fromkeys(formats))
    existing = _existing(folder, spec)
    if existing is not None:
        if existing.num_sounds == size:
            if set(wanted) <= set(existing.formats) and _all_there(folder, existing):
                return existing
            wanted = list(dict.fromkeys([*existing.formats, *wanted]))
        (folder / FILE_NAME).unlink()
    _prepare(folder, spec, size, block_size, wanted)
    blocks = blocks_of(size, block_size)
    shards, digest = _run(folder, spec, blocks, wanted, workers, start_method)
    return _complete(folder, spec, blocks, shards, digest, wanted)


def write_block(
    folder: Path, spec: DatasetSpec, block: Block, formats: Sequence[str]
) -> tuple[Shard, NDArray[np.int16]]:
    """Render one block, write it in every format and record it as done.

    Returns
    -------
    Shard, ndarray
        What was written, and the samples, int16, shape (n, T).
    """
    samples = render_samples(spec, block.cells)
    files: dict[str, int] = {}
    for name in formats:
        for path in FORMATS[name].write_block(folder, spec, block, samples):
            files[path.relative_to(folder).as_posix()] = path.stat().st_size
    shard = Shard(block.start, block.stop, sha256(samples), files)
    write_text(_record(folder, block), json.dumps(asdict(shard)))
    return shard, samples


def _run(
    folder: Path,
    spec: DatasetSpec,
    blocks: Sequence[Block],
    formats: Sequence[str],
    workers: int,
    start_method: StartMethod,
) -> tuple[list[Shard], str]:
    """Write the blocks that are missing and hash all of them in index order."""
    shards = {b.number: shard for b in blocks if (shard := _done(folder, b)) is not None}
    missing = [b for b in blocks if b.number not in shards]
    tasks = [
        Task(
            b.number,
            f"cells {b.start} to {b.stop - 1} of '{spec.name}'",
            (folder, spec, b, formats),
        )
        for b in missing
    ]
    held: dict[int, NDArray[np.int16]] = {}
    hasher = _Hasher(spec)
    # A pool is not worth starting for a single block.
    results = run_tasks(write_block, tasks, workers if len(tasks) > 1 else 1, start_method)
    progress = tqdm(total=blocks[-1].stop, unit=" sounds", desc=spec.name, disable=None)
    with progress:
        turn = 0
        for number, (shard, samples) in _then_none(results):
            if shard is not None and samples is not None:
                shards[number] = shard
                if len(held) < _MOST_HELD or number == turn:
                    held[number] = samples
            while turn < len(blocks) and turn in shards:
                block = blocks[turn]
                if turn not in held:
                    shards[turn], held[turn] = _read_back(
                        folder, spec, block, shards[turn], formats
                    )
                hasher.update(block, held.pop(turn))
                progress.update(block.stop - block.start)
                turn += 1
    return [shards[b.number] for b in blocks], hasher.hexdigest()


def _then_none(
    results: Iterator[tuple[int, tuple[Shard, NDArray[np.int16]]]],
) -> Iterator[tuple[int, tuple[Shard | None, NDArray[np.int16] | None]]]:
    """Yield the results and one last empty one, so that blocks done earlier get their turn."""
    yield from results
    yield -1, (None, None)


class _Hasher:
    """Hash samples in index order and notice two cells that sound the same."""

    def __init__(self, spec: DatasetSpec) -> None:
        self._spec = spec
        self._digest = hashlib.sha256()
        self._seen: dict[bytes, int] = {}

    def update(self, block: Block, samples: NDArray[np.int16]) -> None:
        """Take the next block.

        Raises
        ------
        ToySoundError
            If a sound equals an earlier one.
        """
        self._digest.update(sample_bytes(samples))
        for cell, row in zip(block.cells.tolist(), np.ascontiguousarray(samples), strict=True):
            key = hashlib.sha256(row).digest()[:16]
            twin = self._seen.setdefault(key, cell)
            if twin != cell:
                raise ToySoundError(
                    f"cells {twin} and {cell} of '{self._spec.name}' have the same samples; "
                    "a dataset must not repeat a sound"
                )

    def hexdigest(self) -> str:
        """Return the SHA-256 of everything so far."""
        return self._digest.hexdigest()


def _read_back(
    folder: Path, spec: DatasetSpec, block: Block, shard: Shard, formats: Sequence[str]
) -> tuple[Shard, NDArray[np.int16]]:
    """Return the samples of a block that an earlier run wrote; write it again if damaged."""
    form = FORMATS[formats[0]]
    names = [name for name in shard.files if name.startswith(form.folder)]
    try:
        samples = form.read_block(folder, spec, names, block.start, block.stop)
    except ToySoundError:
        samples = None
    if samples is None or sha256(samples) != shard.sha256:
        return write_block(folder, spec, block, formats)
    return shard, samples


def _complete(
    folder: Path,
    spec: DatasetSpec,
    blocks: Sequence[Block],
    shards: Sequence[Shard],
    digest: str,
    formats: Sequence[str],
) -> Fingerprint:
    """Write what covers the whole dataset, the fingerprint last."""
    for name in formats:
        FORMATS[name].finish(folder, spec, blocks)
    if "npz" in formats:
        archive = folder / npz.file_name(spec)
        whole = {archive.name: archive.stat().st_size}
    else:
        whole = {}
    kept = [
        Shard(s.start, s.stop, s.sha256, {k: v for k, v in s.files.items() if k[0] != "."} | whole)
        for s in shards
    ]
    fingerprint = Fingerprint(
        GENERATOR_VERSION, spec.to_json(), blocks[-1].stop, digest, list(formats), kept
    )
    _remove_half_written(folder)
    write_text(folder / "README.md", card.card(spec, fingerprint))
    write_text(folder / "croissant.json", croissant.croissant(spec, fingerprint))
    fingerprint.save(folder)
    shutil.rmtree(folder / _PARTIAL)
    return fingerprint


def _existing(folder: Path, spec: DatasetSpec) -> Fingerprint | None:
    """Return the fingerprint of a finished dataset in the folder, None if there is none.

    Raises
    ------
    ToySoundError
        If the folder holds sounds that this version would not make.
    """
    if not (folder / FILE_NAME).exists():
        return None
    existing = load_fingerprint(folder)
    if existing.generator_version != GENERATOR_VERSION or existing.dataset != spec.to_json():
        raise ToySoundError(
            f"'{folder}' holds version {existing.generator_version} of '{existing.name}', this is "
            f"version {GENERATOR_VERSION} of '{spec.name}'; remove it or choose another --out"
        )
    return existing


def _all_there(folder: Path, fingerprint: Fingerprint) -> bool:
    """Return whether every file of a finished dataset is there with its size."""
    files = {name: size for shard in fingerprint.shards for name, size in shard.files.items()}
    return all(
        (folder / name).is_file() and (folder / name).stat().st_size == size
        for name, size in files.items()
    )


def _prepare(
    folder: Path, spec: DatasetSpec, size: int, block_size: int, formats: Sequence[str]
) -> None:
    """Make the folder, and remove what an earlier run left in it that this one cannot use.

    That is a file it was writing when it was killed; and everything, finished or not, if it was not
    this very job: a reader takes all files of a folder for the dataset.
    """
    job = json.dumps(
        {
            "generator_version": GENERATOR_VERSION,
            "dataset": spec.to_json(),
            "num_sounds": size,
            "block_size": block_size,
            "formats": sorted(formats),
        },
        sort_keys=True,
    )
    _remove_half_written(folder)
    path = folder / _PARTIAL / "job.json"
    if path.is_file() and path.read_text(encoding="utf-8") == job:
        return
    for form in FORMATS.values():
        for left in form.files(folder, spec):
            left.unlink()
    shutil.rmtree(folder / _PARTIAL, ignore_errors=True)
    write_text(path, job)


def _remove_half_written(folder: Path) -> None:
    """Remove what a process, this run's or an earlier one's, was writing when it was killed."""
    for path in folder.rglob(".*.partial"):
        path.unlink()


def _record(folder: Path, block: Block) -> Path:
    return folder / _PARTIAL / "blocks" / f"{block.tag}.json"


def _done(folder: Path, block: Block) -> Shard | None:
    """Return what an earlier run wrote of a block, None if it is missing or incomplete."""
    try:
        shard = Shard(**json.loads(_record(folder, block).read_text(encoding="utf-8")))
    except (FileNotFoundError, ValueError, TypeError):
        return None
    complete = all(
        (folder / name).is_file() and (folder / name).stat().st_size == size
        for name, size in shard.files.items()
    )
    return shard if complete else None
