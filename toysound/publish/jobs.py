"""What is there of a dataset already, and what remains to be written.

While a dataset is generated, ``.partial/`` in its folder holds ``job.json``, which says what for,
and a record of each block that is done: its cells, the hash of its samples and its files. A run
that was stopped goes on from these. A finished dataset has its fingerprint instead; when a format
is added to it, or a file of it was lost, both are there, and the fingerprint stays until the new
one takes its place.

A file counts as there when it has the size that was recorded. Bytes that changed are found by
``toysound verify``, and by the run itself wherever it reads a file back.
"""

import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, replace

from toysound.catalog.spec import DatasetSpec
from toysound.errors import ToySoundError
from toysound.files import is_partial
from toysound.publish.blocks import Block, blocks_of
from toysound.publish.documents import DOCUMENTS
from toysound.publish.fingerprint import FILE_NAME, Fingerprint, Shard, parse_fingerprint
from toysound.publish.formats import FORMATS
from toysound.publish.places import Place
from toysound.version import GENERATOR_VERSION

PARTIAL = ".partial/"
_JOB = f"{PARTIAL}job.json"


@dataclass(frozen=True)
class Job:
    """What to write, and what of it is there.

    Attributes
    ----------
    spec : the dataset
    blocks : its cells
    formats : to have in the end
    recorded : number of a block -> what is known of it
    sources : number of a block -> the formats in which it is there, and the files of each
    finished : the fingerprint, if the dataset was complete before in some format
    """

    spec: DatasetSpec
    blocks: Sequence[Block]
    formats: Sequence[str]
    recorded: dict[int, Shard]
    sources: dict[int, dict[str, list[str]]]
    finished: Fingerprint | None

    def missing(self, block: Block) -> list[str]:
        """Return the formats in which a block remains to be written."""
        there = self.sources.get(block.number, {})
        return [name for name in self.formats if name not in there]

    def shard(self, block: Block) -> Shard:
        """Return what is there of a block that is recorded."""
        shard = self.recorded[block.number]
        names = {name for files in self.sources[block.number].values() for name in files}
        return replace(shard, files={n: size for n, size in shard.files.items() if n in names})


def plan(
    place: Place, spec: DatasetSpec, num_sounds: int, block_size: int, formats: Sequence[str]
) -> Job:
    """Find out what there is and what remains to be done; nothing is changed.

    Parameters
    ----------
    place : where the dataset is or will be
    spec : the dataset
    num_sounds : how many of its cells
    block_size : cells in a block, if nothing is there yet
    formats : wanted ones; those that a finished dataset has are kept

    Raises
    ------
    ToySoundError
        If the place holds sounds of another version, or more sounds than are asked for.
    """
    sizes = place.sizes()
    finished = _finished(place, spec, num_sounds, sizes)
    if finished is None:
        blocks = blocks_of(num_sounds, block_size)
        recorded: dict[int, Shard] = {}
        whole: dict[str, int] = {}
    else:
        count = len(finished.shards)
        blocks = [Block(n, count, s.start, s.stop) for n, s in enumerate(finished.shards)]
        recorded = dict(enumerate(finished.shards))
        whole = finished.files
        formats = [*finished.formats, *formats]
    if place.read(_JOB) == _description(spec, blocks):
        for block in blocks:
            if _record_name(block) in sizes:
                _add_record(recorded, block, place.read(_record_name(block)))
    sources = {n: sources_of(shard, whole, spec, sizes) for n, shard in recorded.items()}
    return Job(spec, blocks, list(dict.fromkeys(formats)), recorded, sources, finished)


def is_complete(place: Place, job: Job) -> bool:
    """Return whether nothing remains to be done, and nothing to be cleared away."""
    return (
        job.finished is not None
        and not any(job.missing(block) for block in job.blocks)
        and not place.has(_JOB)
        and all(place.has(name) for name in DOCUMENTS)
    )


def prepare(place: Place, job: Job) -> None:
    """Clear away what an earlier run left that this one cannot use, and say what is being done.

    That is a file it was writing when it was killed; and everything, finished or not, if it was not
    this very job: a reader takes all files of a folder for the dataset.
    """
    description = _description(job.spec, job.blocks)
    names = place.sizes()
    place.remove(name for name in names if is_partial(name))
    if place.read(_JOB) == description:
        return
    kept = {} if job.finished is None else job.finished.all_files()
    place.remove([FILE_NAME] if job.finished is None else [])
    place.remove(name for name in _belonging(names, job.spec) if name not in kept)
    place.write(_JOB, description)


def record(place: Place, block: Block, shard: Shard) -> None:
    """Note that a block is done."""
    place.write(_record_name(block), json.dumps(asdict(shard)))


def is_recorded(place: Place, block: Block) -> bool:
    """Return whether a block was noted as done, as seen from this process."""
    return place.has(_record_name(block))


def clear(place: Place, job: Job, fingerprint: Fingerprint) -> None:
    """Remove all that is not of the finished dataset: records, parts, files of dead processes."""
    kept = fingerprint.all_files()
    names = place.sizes()
    foreign = (name for name in _belonging(names, job.spec) if name not in kept)
    place.remove([*foreign, *filter(is_partial, names)])


def _belonging(names: Iterable[str], spec: DatasetSpec) -> list[str]:
    """Return the names that only this program gives."""
    return [
        name
        for name in names
        if name.startswith(PARTIAL) or any(form.owns(name, spec) for form in FORMATS.values())
    ]


def _finished(
    place: Place, spec: DatasetSpec, num_sounds: int, sizes: dict[str, int]
) -> Fingerprint | None:
    """Return the fingerprint of a dataset of this very size; None if there is none or a part."""
    if FILE_NAME not in sizes:
        return None
    found = parse_fingerprint(place.read(FILE_NAME), place)
    if found.generator_version != GENERATOR_VERSION or found.dataset != spec.to_json():
        raise ToySoundError(
            f"'{place}' holds version {found.generator_version} of '{found.name}', this is "
            f"version {GENERATOR_VERSION} of '{spec.name}'; remove it or choose another --out"
        )
    if found.num_sounds > num_sounds:
        raise ToySoundError(
            f"'{place}' holds {found.num_sounds} sounds of '{spec.name}', more than the "
            f"{num_sounds} that are asked for; remove it or choose another --out"
        )
    return found if found.num_sounds == num_sounds else None


def _description(spec: DatasetSpec, blocks: Sequence[Block]) -> str:
    return json.dumps(
        {
            "generator_version": GENERATOR_VERSION,
            "dataset": spec.to_json(),
            "num_sounds": blocks[-1].stop,
            "block_size": blocks[0].stop,
        },
        sort_keys=True,
    )


def _record_name(block: Block) -> str:
    return f"{PARTIAL}blocks/{block.tag}.json"


def _add_record(recorded: dict[int, Shard], block: Block, text: str | None) -> None:
    """Add what a record says to what is known of its block; ignore one that is damaged."""
    try:
        shard = Shard(**json.loads(text or ""))
    except (ValueError, TypeError):
        return
    known = recorded.get(block.number, shard)
    if (shard.start, shard.stop, shard.sha256) == (block.start, block.stop, known.sha256):
        recorded[block.number] = replace(shard, files={**known.files, **shard.files})


def sources_of(
    shard: Shard, whole: dict[str, int], spec: DatasetSpec, sizes: dict[str, int]
) -> dict[str, list[str]]:
    """Return the formats in which a block is there, none of its files missing or cut short.

    Parameters
    ----------
    shard : what was recorded of it
    whole : recorded files that cover the whole dataset, and their sizes
    spec : the dataset
    sizes : the files that are there, and their sizes
    """
    found = {}
    for form in FORMATS.values():
        own = {name: size for name, size in shard.files.items() if form.owns(name, spec)}
        shared = {name: size for name, size in whole.items() if name == form.whole_name(spec)}
        covered = shared or any(name.startswith(form.folders[-1]) for name in own)
        files = own | shared
        if covered and all(sizes.get(name) == size for name, size in files.items()):
            found[form.name] = list(files)
    return found
