"""What is kept of a model's walk over a dataset, in memory and in a cache.

Nothing but codes, six reconstructions and small rows of numbers per sound is kept, so memory does
not grow with the dataset, and the walk need not be done again when only a metric has changed. It is
put into the user's cache folder (``$TOYSOUND_CACHE`` moves it) as an ``.npz`` without pickle, under
a key that holds the sounds, the seed, the code that walks and listens, and a *fingerprint of the
model*: a hash of all that it answers to a few sounds, to the last bit. A model that has learnt
anything more answers differently, and one that answers differently every time is never found again.
Models whose answers are looked up from stored tables say so by a fingerprint of their own.
"""

import hashlib
import zipfile
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmark.audition import Audition
from benchmark.guard import GuardedModel
from benchmark.protocol import OPTIONAL, Floats, odd_pieces, read_piece
from toysound.factors import Kind
from toysound.files import atomic

Indices = NDArray[np.int64]

#: Column, or set measure, to one number or row for each test sound.
PerSound = dict[str, NDArray[np.float64]]


@dataclass(frozen=True, eq=False)
class Codes:
    """Codes of some cells, with what is true of them.

    Attributes
    ----------
    classes : int64, shape (n, k), the true levels of the factors that vary; k is 0 without labels
    mean : float32, shape (n, d)
    log_variance : float32, shape (n, d), or None for a deterministic encoder
    kinds : kind of each of the k factors; empty where it is not known
    """

    classes: NDArray[np.int64]
    mean: Floats
    log_variance: Floats | None
    kinds: tuple[Kind, ...] = ()

    def take(self, rows: Indices) -> "Codes":
        """Return some of the rows."""
        log_variance = None if self.log_variance is None else self.log_variance[rows]
        return Codes(self.classes[rows], self.mean[rows], log_variance, self.kinds)


@dataclass(frozen=True, eq=False)
class Heard:
    """All that is kept of a model's walk over a dataset.

    Attributes
    ----------
    codes : of the plan's cells, in its order; None for a model with an opaque latent
    composition : of the plan's composition cells, likewise
    errors : column of reconstruction to one number per test sound
    ceilings : the same for the model's own round trip; empty without one
    floors : the same for what depends on the model's own view of sound
    reference_rows, rows, kept_rows : set measure to one row for each test sound, its reconstruction
        and its round trip (empty without one)
    listened : descriptors of the reconstructions, from which factors are read, float32, shape
        (m, P); without test sounds (0, 0)
    test_clusters : shape (m,), which test sounds are of the same cell of the grid
    audition : the sounds to listen to
    notes : what had to be repaired on the way, one sentence each
    """

    codes: Codes | None
    composition: Codes | None
    errors: PerSound
    ceilings: PerSound
    floors: PerSound
    reference_rows: PerSound
    rows: PerSound
    kept_rows: PerSound
    listened: Floats
    test_clusters: Indices
    audition: Audition
    notes: tuple[str, ...] = ()


def fingerprint(model: GuardedModel, audio: Floats) -> str:
    """Return a hash of all that a model answers to a few sounds, to the last bit.

    Parameters
    ----------
    model : the model
    audio : a few sounds, shape (n, T)
    """
    digest = hashlib.sha256()
    mean, log_variance = model.encode(audio)
    answers = [mean, model.decode(mean)]
    if log_variance is not None:
        answers.append(log_variance)
    if model.offers("round_trip"):
        answers.append(model.round_trip(audio))
    if model.offers("coefficients", "decode_coefficients"):
        answers += [model.coefficients(audio), model.decode_coefficients(mean)]
    for array in answers:
        digest.update(str(array.shape).encode())
        digest.update(np.ascontiguousarray(array).tobytes())
    offered = {name for piece in OPTIONAL for name in piece.names if model.offers(name)}
    digest.update(" ".join(sorted(offered - set(odd_pieces(model.model)))).encode())
    digest.update(str(read_piece(model.model, "fingerprint") or "").encode())
    return digest.hexdigest()


def save(heard: Heard, path: Path) -> None:
    """Write what was heard; the file is complete or not there at all."""
    arrays: dict[str, NDArray[Any]] = {}
    for field in fields(Heard):
        value = getattr(heard, field.name)
        if isinstance(value, Codes):
            for part in fields(Codes):
                inner = getattr(value, part.name)
                if inner is not None:
                    arrays[f"{field.name}/{part.name}"] = np.asarray(inner)
        elif isinstance(value, dict):
            arrays |= {f"{field.name}/{name}": array for name, array in value.items()}
        elif isinstance(value, Audition):
            arrays |= {f"{field.name}/{k}": np.asarray(v) for k, v in vars(value).items()}
        elif value is not None:
            arrays[field.name] = np.asarray(value)
    with atomic(path) as partial, partial.open("wb") as file:
        np.savez(file, allow_pickle=False, **arrays)


def load(path: Path) -> Heard | None:
    """Return what was written by :func:`save`, or None if there is no whole file."""
    try:
        with np.load(path, allow_pickle=False) as data:
            arrays = {name: data[name] for name in data.files}
        return Heard(
            codes=_codes(arrays, "codes"),
            composition=_codes(arrays, "composition"),
            errors=_under(arrays, "errors"),
            ceilings=_under(arrays, "ceilings"),
            floors=_under(arrays, "floors"),
            reference_rows=_under(arrays, "reference_rows"),
            rows=_under(arrays, "rows"),
            kept_rows=_under(arrays, "kept_rows"),
            listened=arrays["listened"],
            test_clusters=arrays["test_clusters"],
            audition=_audition(_under(arrays, "audition")),
            notes=tuple(str(note) for note in arrays["notes"]),
        )
    except (OSError, EOFError, KeyError, ValueError, TypeError, zipfile.BadZipFile):
        return None  # a cache that is damaged costs time and nothing else


def _under(arrays: dict[str, NDArray[Any]], prefix: str) -> dict[str, NDArray[Any]]:
    start = prefix + "/"
    return {n.removeprefix(start): a for n, a in arrays.items() if n.startswith(start)}


def _codes(arrays: dict[str, NDArray[Any]], prefix: str) -> Codes | None:
    parts = _under(arrays, prefix)
    if not parts:
        return None
    kinds: tuple[Any, ...] = tuple(str(kind) for kind in parts["kinds"])
    return Codes(parts["classes"], parts["mean"], parts.get("log_variance"), kinds)


def _audition(parts: dict[str, NDArray[Any]]) -> Audition:
    return Audition(
        original=parts["original"],
        reconstruction=parts["reconstruction"],
        indices=parts["indices"],
        values=parts["values"],
        names=tuple(str(name) for name in parts["names"]),
        sample_rate=int(parts["sample_rate"]),
    )
