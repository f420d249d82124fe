"""Recompute the fingerprint of a dataset from its files and say what differs.

Every shard is checked by itself, and each that is damaged is named with its files. Delete these,
and ``toysound generate`` with the same arguments makes them, and nothing else, again. Datasets in a
store are copied to a temporary folder first.
"""

import hashlib
import shlex
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from tqdm import tqdm

from toysound.catalog import get_spec
from toysound.catalog.spec import DatasetSpec
from toysound.errors import ToySoundError
from toysound.publish.documents import DOCUMENTS, check_documents
from toysound.publish.fingerprint import (
    FILE_NAME,
    Fingerprint,
    Shard,
    parse_fingerprint,
    sample_bytes,
    sha256,
)
from toysound.publish.formats import FORMATS, Format
from toysound.publish.jobs import PARTIAL
from toysound.publish.places import Place, place_at
from toysound.publish.problems import Problem
from toysound.publish.released import released_fingerprints
from toysound.rendering import render_samples
from toysound.version import GENERATOR_VERSION

#: Files named in the advice on how to mend a dataset, at most; ``--json`` names all.
_NAMED = 12


@dataclass(frozen=True)
class Report:
    """What ``verify`` found.

    Attributes
    ----------
    fingerprint : what the folder says of itself
    problems : one sentence for each thing that differs; empty if all is well
    published : True if the sounds are those of the released dataset, False if not, None if this
        folder cannot be compared (a part of a dataset, another version)
    damaged_files : the files that, once deleted, ``generate`` makes again, relative to the folder
    place : the folder or address
    """

    fingerprint: Fingerprint
    problems: list[str]
    published: bool | None
    damaged_files: tuple[str, ...] = ()
    place: str = ""

    def to_json(self) -> dict[str, Any]:
        """Return the report as data."""
        return {
            "dataset": self.fingerprint.name,
            "audio_sha256": self.fingerprint.audio_sha256,
            "problems": self.problems,
            "damaged_files": list(self.damaged_files),
            "published": self.published,
        }

    def to_text(self) -> str:
        """Return the report as lines of text."""
        if self.problems:
            return "\n".join([*self.problems, *self._advice()])
        own = self.fingerprint
        verdict = {
            True: "they are the published sounds of this version",
            False: "but they are not the published sounds of this version (another architecture "
            "may differ by one quantisation step)",
            None: "there is no published fingerprint to compare them with",
        }[self.published]
        return (
            f"{own.name}: {own.num_sounds} sounds agree with their fingerprint "
            f"{own.audio_sha256[:12]}; {verdict}"
        )

    def _advice(self) -> list[str]:
        if not self.damaged_files:
            return []
        files = [shlex.quote(name) for name in self.damaged_files[:_NAMED]]
        more = len(self.damaged_files) - len(files)
        and_more = f" (and {more} more, see --json)" if more else ""
        return [
            f"delete these files in '{self.place}' and run 'toysound generate' as before, which "
            f"makes only them again: {' '.join(files)}{and_more}"
        ]


def verify(where: str | Path) -> Report:
    """Compare every sound of a generated dataset with its fingerprint, every label with the grid.

    Parameters
    ----------
    where : the folder of a generated dataset, or its address if it is in a store

    Raises
    ------
    ToySoundError
        If it is not a finished dataset, or the store cannot be read.
    """
    place = place_at(where)
    fingerprint = parse_fingerprint(place.read(FILE_NAME), place)
    problems = _differences_of_spec(fingerprint)
    if not problems:
        problems = _differences_of_files(place, fingerprint)
    known = released_fingerprints().get(fingerprint.name)
    whole = not problems and fingerprint.num_sounds == get_spec(fingerprint.name).space.size
    return Report(
        fingerprint,
        [problem.sentence for problem in problems],
        fingerprint.audio_sha256 == known if whole and known else None,
        tuple(dict.fromkeys(name for problem in problems for name in problem.files)),
        str(place),
    )


def _differences_of_spec(fingerprint: Fingerprint) -> list[Problem]:
    sentences = [f"format '{n}' is unknown" for n in fingerprint.formats if n not in FORMATS]
    if fingerprint.dataset != get_spec(fingerprint.name).to_json():
        sentences = [f"the specification of '{fingerprint.name}' is not the one of this version"]
    if fingerprint.generator_version != GENERATOR_VERSION:
        sentences = [
            f"generated by version {fingerprint.generator_version} of the sounds, this is version "
            f"{GENERATOR_VERSION}"
        ]
    return [Problem(sentence) for sentence in sentences]


def _differences_of_files(place: Place, fingerprint: Fingerprint) -> list[Problem]:
    sizes = place.sizes()
    names = [name for name in sizes if not name.startswith(PARTIAL)]
    problems: list[Problem] = []
    with place.local(names) as folder:
        for name in fingerprint.formats:
            problems += _verify_format(folder, fingerprint, FORMATS[name], sizes)
        spec = get_spec(fingerprint.name)
        for name in DOCUMENTS:
            problems += [
                Problem(sentence, (name,))
                for sentence in check_documents(folder, spec, fingerprint, (name,))
            ]
    # What the format says of a file of the lent folder is true of the one in its place.
    return [replace(p, sentence=p.sentence.replace(f"'{folder}", f"'{place}")) for p in problems]


def _verify_format(
    folder: Path, fingerprint: Fingerprint, form: Format, sizes: dict[str, int]
) -> list[Problem]:
    """Return what is wrong with one format of a dataset."""
    spec = get_spec(fingerprint.name)
    whole = {n: size for n, size in fingerprint.files.items() if form.owns(n, spec)}
    altered = [name for name in whole if sizes.get(name) != whole[name]]
    if altered:
        return [_wrong_size(form.name, altered)]
    digest = hashlib.sha256()
    problems: list[Problem] = []
    for shard in _progress(fingerprint, form):
        where = f"{form.name} shard of cells {shard.start} to {shard.stop - 1}"
        names = [name for name in shard.files if form.owns(name, spec)]
        altered = [name for name in names if sizes.get(name) != shard.files[name]]
        if altered:
            problems.append(_wrong_size(where, altered))
            continue
        files = [*names, *whole]
        try:
            samples = form.read_block(folder, spec, files, shard.start, shard.stop)
        except ToySoundError as error:
            named = [name for name in files if f"'{folder / name}'" in str(error)]
            problems.append(Problem(f"{where}: {error}", tuple(named or files)))
            continue
        if sha256(samples) != shard.sha256:
            problems.append(_other_samples(where, spec, shard, samples, names or list(whole)))
        digest.update(sample_bytes(samples))
    if problems:
        return problems
    if digest.hexdigest() != fingerprint.audio_sha256:
        sentence = f"{form.name}: all shards agree but audio_sha256 does not: it was altered"
        return [Problem(sentence)]
    return [
        replace(problem, sentence=f"{form.name} labels: {problem.sentence}")
        for problem in form.check_labels(folder, spec, fingerprint.num_sounds)
    ]


def _other_samples(
    where: str,
    spec: DatasetSpec,
    shard: Shard,
    samples: NDArray[np.int16],
    files: list[str],
) -> Problem:
    """Say that samples differ, and at which cells if rendering them again can tell."""
    sentence = f"{where}: the samples differ from those that were generated"
    cells = np.arange(shard.start, shard.stop)
    rendered = render_samples(spec, cells)
    if sha256(rendered) != shard.sha256:
        return Problem(sentence, tuple(files))
    wrong = cells[(samples != rendered).any(axis=1)]
    more = f" and {len(wrong) - 1} more" if len(wrong) > 1 else ""
    own = {f"{cell:07d}" for cell in wrong}
    named = [name for name in files if Path(name).stem in own]
    return Problem(f"{sentence}, at cell {wrong[0]}{more}", tuple(named or files))


def _wrong_size(where: str, names: list[str]) -> Problem:
    more = f" and {len(names) - 1} more" if len(names) > 1 else ""
    is_or_are = "are" if more else "is"
    sentence = f"{where}: '{names[0]}'{more} {is_or_are} missing or of another size"
    return Problem(sentence, tuple(names))


def _progress(fingerprint: Fingerprint, form: Format) -> Iterator[Shard]:
    yield from tqdm(fingerprint.shards, unit=" shards", desc=form.name, disable=None)


def summary(place: object, fingerprint: Fingerprint, seconds: float) -> dict[str, Any]:
    """Return what ``toysound generate`` says when it is done."""
    spec = get_spec(fingerprint.name)
    size = sum(fingerprint.all_files().values())
    played = fingerprint.num_sounds * spec.duration_s
    return {
        "dataset": fingerprint.name,
        "folder": str(place),
        "num_sounds": fingerprint.num_sounds,
        "formats": fingerprint.formats,
        "bytes": size,
        "seconds": round(seconds, 3),
        "audio_sha256": fingerprint.audio_sha256,
        "text": f"{place}: {fingerprint.num_sounds} sounds, {size / 1e6:.1f} MB of "
        f"{', '.join(fingerprint.formats)} in {seconds:.1f} s ({played / seconds:.0f} times real "
        f"time), sha256 {fingerprint.audio_sha256[:12]}",
    }
