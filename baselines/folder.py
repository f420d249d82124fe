"""The folder of a training: what lies in it, whose it is, and how it is written.

=========================  =====================================================================
``recipe.toml``            the resolved recipe; train it again with it
``checkpoint.safetensors`` the state of a training that is not finished; gone at the end
``history.csv``            each epoch: the objective and what each dimension says, nats per sound
``tensorboard/``           the same for TensorBoard, if asked for
``samples/``               sounds after each epoch, if asked for
``curves.png, kl.png``     figures, if asked for
``bounds.csv``             ln p from below and above after each epoch, if asked for
``audio-*``                the same of the second decoder, where there is one
``summary.json``           the final figures
``model.safetensors``      the trained model, written last
=========================  =====================================================================

A folder belongs to one :class:`~baselines.checkpoint.Identity`. Every file is complete or not there
at all, whatever interrupts the training.
"""

import csv
import io
import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from itertools import zip_longest
from pathlib import Path
from typing import Any, NamedTuple

import torch

from baselines.checkpoint import (
    MODEL_FILE,
    MODEL_FORMAT,
    TRAINING_FORMAT,
    Identity,
    load_model,
    save_model,
)
from baselines.model import LatentModel
from baselines.tensors import load_tensors, save_tensors
from baselines.training import Epoch
from toysound.errors import ToySoundError, UsageError
from toysound.files import write_text

RECIPE_FILE, SUMMARY_FILE = "recipe.toml", "summary.json"

#: Parts of a training, in order; their files begin with these words.
CODES, AUDIO = "", "audio-"
PARTS = (CODES, AUDIO)

#: Files of each part.
CHECKPOINT_FILE, HISTORY_FILE = "checkpoint.safetensors", "history.csv"
CURVES_FILE, SPECTRUM_FILE, BOUNDS_FILE = "curves.png", "kl.png", "bounds.csv"

#: Folders of each part, and what in them is removed when a training begins anew.
SCALARS_FOLDER, SAMPLES_FOLDER = "tensorboard", "samples"
_MONITORED = (
    f"{SCALARS_FOLDER}/events.out.tfevents.*",
    f"{SAMPLES_FOLDER}/epoch-*/*",
    f"{SAMPLES_FOLDER}/originals/*",
)


@dataclass(frozen=True)
class Summary:
    """The final figures of a training.

    Attributes
    ----------
    recipe, dataset, seed : what was trained
    epochs : passes over the training sounds; 0 for a model that is fitted in closed form
    best_epoch : the one whose weights were kept
    audio_epochs : those of the second decoder, 0 without one
    cpu_seconds : processor time of all threads, preparation included
    validation_nats : mean over validation sounds of ln p, or of its lower bound
    nats_are : what they are: ``"ELBO"``, ``"log-likelihood"``, ``"bound of order 0.0"``, or
        ``"objective"`` where it is no bound of ln p
    validation_rmse : root mean square error of the coefficients decoded from the mean
    rmse_unit : its unit
    num_parameters : how many numbers the model has learnt
    relevance : of each dimension, in [0, 1], where the recipe names a prior; else None
    kl : of each dimension in the best epoch, nats; empty where codes are points
    active_units : dimensions whose mean varies over the validation sounds; None without epochs
    collapsed : whether no dimension says as much as 0.1 nat, see
        :mod:`baselines.monitoring.health`
    """

    recipe: str
    dataset: str
    seed: int
    epochs: int
    best_epoch: int
    cpu_seconds: float
    validation_nats: float
    nats_are: str
    validation_rmse: float
    rmse_unit: str
    num_parameters: int
    audio_epochs: int = 0
    relevance: list[float] | None = None
    kl: list[float] = field(default_factory=list)
    active_units: int | None = None
    collapsed: bool = False


@dataclass(frozen=True)
class Progress:
    """A training that was stopped.

    Attributes
    ----------
    tensors : of its state
    rows : its history as plain data
    cpu_seconds : spent so far
    """

    tensors: dict[str, torch.Tensor]
    rows: list[dict[str, Any]]
    cpu_seconds: float


class RunFolder:
    """The folder of one training.

    Parameters
    ----------
    path : made if it is missing
    identity : what is trained in it
    force : what an earlier training left is as if it were not there, and is removed when the first
        file of this one is written: not by a training that is refused before
    more : names of files that are this training's beyond those above, and go with them

    Raises
    ------
    UsageError
        If the path is a file, or cannot be written.
    ToySoundError
        If the folder holds another training, or a recipe of the user's that would be overwritten.
    """

    def __init__(
        self, path: Path, identity: Identity, force: bool = False, more: Sequence[str] = ()
    ) -> None:
        self.path = path
        self.identity = identity
        self._more = tuple(more)
        self._force, self._begun = force, False
        _make_writable(path)
        for partial in path.glob(".*.partial"):
            partial.unlink()
        if force:
            return
        files = [path / name for name in (MODEL_FILE, *(f"{p}{CHECKPOINT_FILE}" for p in PARTS))]
        found = [file for file in files if file.exists()]
        for file in found:
            self._must_be_mine(file)
        if not found:
            self._recipe_must_be_mine()

    @property
    def model_path(self) -> Path:
        """Where the trained model is written."""
        return self.path / MODEL_FILE

    def checkpoint_path(self, part: str = CODES) -> Path:
        """Return where the state of a part of the training is written."""
        return self.path / f"{part}{CHECKPOINT_FILE}"

    def finished(self) -> Summary | None:
        """Return the figures of a training that was finished before, or None."""
        if self._ignores_what_is_there or not self.model_path.exists():
            return None
        self._remove_checkpoints()
        return _read_summary(self.path)

    def load_progress(self, part: str = CODES) -> Progress | None:
        """Return a part of a training that was stopped, or None.

        Raises
        ------
        ToySoundError
            If its checkpoint is damaged.
        """
        path = self.checkpoint_path(part)
        if self._ignores_what_is_there or not path.exists():
            return None
        tensors, metadata = load_tensors(path)
        try:
            return Progress(
                tensors, json.loads(metadata["history"]), float(metadata["cpu_seconds"])
            )
        except (KeyError, ValueError):
            raise ToySoundError(f"'{path}' is damaged; --force trains anew") from None

    def save_progress(self, progress: Progress, part: str = CODES) -> None:
        """Write the checkpoint."""
        self._begin()
        metadata = self.identity.to_metadata(TRAINING_FORMAT)
        metadata |= {"history": json.dumps(progress.rows), "cpu_seconds": str(progress.cpu_seconds)}
        save_tensors(self.checkpoint_path(part), progress.tensors, metadata)

    def finish(
        self, model: LatentModel, histories: Mapping[str, Sequence[Epoch]], summary: Summary
    ) -> None:
        """Write the results; the model last, so that its presence means that all is there.

        Parameters
        ----------
        model : trained
        histories : part of the training to its epochs
        summary : the final figures
        """
        self._begin()
        for part, history in histories.items():
            write_text(self.path / f"{part}{HISTORY_FILE}", _table(history))
        write_text(self.path / SUMMARY_FILE, json.dumps(asdict(summary), indent=2) + "\n")
        save_model(self.model_path, model, self.identity)
        self._remove_checkpoints()

    @property
    def _ignores_what_is_there(self) -> bool:
        return self._force and not self._begun

    def _begin(self) -> None:
        """Before the first file is written, remove what is not to stay."""
        if self._ignores_what_is_there:
            self._remove_results()
        if not self._begun:
            write_text(self.path / RECIPE_FILE, self.identity.recipe_toml)
        self._begun = True

    def _remove_results(self) -> None:
        """Remove what an earlier training left; the model last, for without it nothing is final."""
        files = CHECKPOINT_FILE, HISTORY_FILE, CURVES_FILE, SPECTRUM_FILE
        names = [f"{part}{file}" for part in PARTS for file in files]
        for pattern in (f"{part}{pattern}" for part in PARTS for pattern in _MONITORED):
            names += [str(found.relative_to(self.path)) for found in self.path.glob(pattern)]
        for name in (*names, *self._more, BOUNDS_FILE, SUMMARY_FILE, MODEL_FILE):
            (self.path / name).unlink(missing_ok=True)

    def _remove_checkpoints(self) -> None:
        for part in PARTS:
            self.checkpoint_path(part).unlink(missing_ok=True)

    def _recipe_must_be_mine(self) -> None:
        """Refuse to overwrite a recipe that somebody wrote."""
        path = self.path / RECIPE_FILE
        if path.exists() and path.read_bytes() != self.identity.recipe_toml.encode():
            raise ToySoundError(
                f"'{path}' is not the recipe of this training and would be overwritten; choose "
                "another --out, or --force"
            )

    def _must_be_mine(self, path: Path) -> None:
        """Refuse a model or checkpoint of another identity."""
        other = "choose another --out, or --force to train anew"
        _, metadata = load_tensors(path)
        try:
            if metadata.get("format") not in (MODEL_FORMAT, TRAINING_FORMAT):
                raise ValueError("another format")
            found = Identity.from_metadata(metadata)
        except (KeyError, ValueError):
            raise ToySoundError(f"'{path}' is not of a toysound training; {other}") from None
        if found != self.identity:
            raise ToySoundError(f"'{self.path}' holds {_difference(found, self.identity)}; {other}")


class Finished(NamedTuple):
    """What a finished training left.

    Attributes
    ----------
    model : trained
    histories : part of the training to its epochs
    summary : the final figures
    """

    model: LatentModel
    histories: dict[str, list[Epoch]]
    summary: Summary


def open_unturned(path: Path, wanted: Identity) -> Finished:
    """Return what a finished training left, whose codes are to be turned.

    Parameters
    ----------
    path : the folder
    wanted : of a recipe with a rotation; the training has to be that of the same recipe without

    Raises
    ------
    ToySoundError
        If there is no finished training, or it is another one; the sentence names the difference.
    """
    model = load_model(path)
    found = Identity.from_metadata(load_tensors(path / MODEL_FILE)[1])
    if found.recipe.rotation is not None:
        raise ToySoundError(
            f"'{path}' holds codes that are turned already; name a training without a rotation"
        )
    found, wanted = found.unturned(), wanted.unturned()
    if found != wanted:
        raise ToySoundError(f"'{path}' holds {_difference(found, wanted)}")
    files = {part: path / f"{part}{HISTORY_FILE}" for part in PARTS}
    histories = {part: _epochs(file) for part, file in files.items() if file.exists()}
    return Finished(model.latent_model, histories, _read_summary(path))


def _read_summary(path: Path) -> Summary:
    try:
        return Summary(**json.loads((path / SUMMARY_FILE).read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError):
        raise ToySoundError(
            f"'{path}' holds a trained model but no valid {SUMMARY_FILE}; --force trains it anew"
        ) from None


def _epochs(path: Path) -> list[Epoch]:
    """Return the epochs of a table that :func:`_table` made."""
    names = Epoch.columns()
    try:
        with path.open(encoding="utf-8", newline="") as file:
            _, *rows = csv.reader(file)
        numbers: list[list[Any]] = [[int(epoch), *map(float, rest)] for epoch, *rest in rows]
        return [
            Epoch(**dict(zip(names, row, strict=False)), kl=tuple(row[len(names) :]))
            for row in numbers
        ]
    except (ValueError, TypeError):
        raise ToySoundError(f"'{path}' is damaged; --force trains anew") from None


def _table(history: Sequence[Epoch]) -> str:
    """Return epochs as CSV, with a column for the nats of each dimension."""
    dims = max((len(row.kl) for row in history), default=0)
    names = Epoch.columns()
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow([*names, *(f"kl_{i + 1}" for i in range(dims))])
    writer.writerows([*(getattr(row, name) for name in names), *row.kl] for row in history)
    return text.getvalue()


def _make_writable(path: Path) -> None:
    """Make the folder and refuse one that cannot be written, before any time is spent."""
    try:
        path.mkdir(parents=True, exist_ok=True)
    except FileExistsError:
        raise UsageError(f"--out '{path}' is a file; name a folder") from None
    except OSError as error:
        raise UsageError(f"--out '{path}' cannot be made: {error.strerror}") from None
    if not os.access(path, os.W_OK | os.X_OK):
        raise UsageError(f"--out '{path}' is not writable; name another folder")


def _difference(found: Identity, wanted: Identity) -> str:
    """Return what a folder holds, and the first thing in which it is another."""
    texts = (found.recipe_toml, wanted.recipe_toml)
    lines = ([line for line in text.splitlines() if line] for text in texts)
    for name in ("dataset", "seed", "dataset_version", "num_sounds", "precision"):
        old, new = getattr(found, name), getattr(wanted, name)
        if old != new:
            return f"a training with {name} {old}, not {new}"
    old, new = next(pair for pair in zip_longest(*lines) if pair[0] != pair[1])
    if old is None:
        return f"a training without {new}"
    return f"a training with {old}" + (f", not {new}" if new else "")
