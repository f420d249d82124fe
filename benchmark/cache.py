"""Keys of what is computed once and kept: everything that it depends on, and nothing else.

Kept files lie in the user's cache folder (``$TOYSOUND_CACHE`` moves it) under a hash of their key.
The key holds a hash of the source code that computed them, so that no number outlives its formula.
"""

import hashlib
import json
from collections.abc import Mapping, Sequence
from pathlib import Path

from benchmark.environment import package_versions
from toysound.dataset import Dataset
from toysound.version import __version__

#: Descriptors of a sound that measures of reconstruction and control are made of.
_DESCRIPTORS = ("measure.py", "loudness.py", "envelopes.py", "modulation.py")


def cache_key(dataset: Dataset, seed: int, parts: Sequence[str] = ("",)) -> dict[str, str]:
    """Return all that a number of a dataset depends on, but for a model.

    Parameters
    ----------
    dataset : the sounds
    seed : of cells and metrics
    parts : files and folders of ``benchmark`` whose code computes it; all by default
    """
    packages = {name: text for name, text in package_versions().items() if name != "torch"}
    return {
        "dataset": dataset.name,
        "audio_sha256": dataset.audio_sha256,
        "size": str(len(dataset)),
        "seed": str(seed),
        "toysound": __version__,
        "packages": json.dumps(packages, sort_keys=True),
        "code": _code_digest(tuple(parts)),
    }


def digest_of(key: Mapping[str, str]) -> str:
    """Return a name for a key, the same for the same key."""
    return hashlib.sha256(json.dumps(key, sort_keys=True).encode()).hexdigest()[:32]


def keep_newest(folder: Path, count: int) -> None:
    """Delete all but the newest files of a cache folder.

    Parameters
    ----------
    folder : may be missing
    count : how many stay
    """
    files = [path for path in folder.glob("*") if path.is_file()] if folder.is_dir() else []
    for path in sorted(files, key=lambda path: path.stat().st_mtime, reverse=True)[count:]:
        path.unlink(missing_ok=True)


def _code_digest(parts: tuple[str, ...]) -> str:
    """Return a hash of the source that computes the numbers: they change only when it does."""
    here = Path(__file__).parent
    paths: list[Path] = []
    for part in parts:
        place = here / part
        paths += sorted(place.rglob("*.py")) if place.is_dir() else [place]
    paths += [here.parent / "toysound" / name for name in _DESCRIPTORS]
    digest = hashlib.sha256()
    for path in paths:
        digest.update(path.name.encode())
        digest.update(path.read_bytes())
    return digest.hexdigest()
