"""A training under way: its sounds, its folder and its checkpoints."""

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, closing, suppress
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import torch
from numpy.typing import NDArray

from baselines.arithmetic import Arithmetic
from baselines.coefficients import TrainingSounds, walk
from baselines.folder import (
    AUDIO,
    BOUNDS_FILE,
    SAMPLES_FOLDER,
    SCALARS_FOLDER,
    Progress,
    RunFolder,
)
from baselines.monitoring import Monitoring
from baselines.monitoring.bounds import Bounds
from baselines.monitoring.health import Health
from baselines.monitoring.samples import Ends, Samples
from baselines.recipes.schema import TrainingTable
from baselines.representations.protocol import Representation
from baselines.schedule import Pressure
from baselines.training import Diverged, Sounds, State, Trainable, fit, start
from baselines.vae import VAE
from toysound.dataset import Dataset
from toysound.progress import say

Tensors = Mapping[str, torch.Tensor]
Watcher = Callable[[State], None]


class _Enough(Exception):
    """The epoch that is wanted has been done."""


class Movable(Sounds, Protocol):
    """Sounds to train on that can be moved to a device."""

    def to(self, device: torch.device) -> Sounds:
        """Return them where a model on this device finds them."""
        ...


@dataclass
class Job:
    """A training under way.

    Attributes
    ----------
    dataset : the sounds
    view, audio_view : in which they are encoded, and played
    folder : where it happens
    seed : of every random draw
    checkpoint_every_s : seconds between checkpoints
    show : draw progress bars where standard error is a terminal
    arithmetic : where and how exactly it computes
    monitoring : what is written beside the results
    cpu_seconds_before : processor time of earlier processes
    """

    dataset: Dataset
    view: Representation
    audio_view: Representation
    folder: RunFolder
    seed: int
    checkpoint_every_s: float
    show: bool
    arithmetic: Arithmetic
    monitoring: Monitoring
    cpu_seconds_before: float = 0.0

    def __post_init__(self) -> None:
        self._started = time.process_time()

    @property
    def cpu_seconds(self) -> float:
        """Processor time of all threads so far."""
        return self.cpu_seconds_before + time.process_time() - self._started

    @property
    def validation(self) -> NDArray[np.int64]:
        """The validation sounds; the training sounds where a dataset has none."""
        cells = self.dataset.split("validation")
        return cells if len(cells) else self.dataset.split("train")

    def sounds(self, view: Representation) -> TrainingSounds:
        """Return the training sounds, to fit something on."""
        return TrainingSounds(self.dataset, view, self.seed, self.show)

    def walk(self, indices: NDArray[np.int64], view: Representation) -> Iterator[torch.Tensor]:
        """Yield the coefficients of some sounds, in blocks."""
        return walk(self.dataset, indices, view, "preparing sounds", self.show)

    def resume(
        self, part: str, make: Callable[[Tensors | None], Trainable], table: TrainingTable
    ) -> State:
        """Return the state of a part of the training to go on from: the checkpoint's, or a new one.

        Parameters
        ----------
        part : of the training
        make : returns an untrained model; given the tensors of a checkpoint, one of that shape
        table : how it is trained
        """
        progress = self.folder.load_progress(part)
        if progress is None:
            state = start(make(None), table)
            self.checkpoint(state, part)
            return state
        self.cpu_seconds_before = max(self.cpu_seconds_before, progress.cpu_seconds)
        state = start(make(progress.tensors), table)
        state.restore(progress.tensors, progress.rows)
        return state

    def fit(
        self,
        state: State,
        table: TrainingTable,
        pressure: Pressure,
        train: Movable,
        validation: Movable,
        ends: Ends,
        part: str,
    ) -> None:
        """Train a part until its end, watched, with checkpoints; see :func:`training.fit`.

        Parameters
        ----------
        state, table, pressure, train, validation : as there
        ends : of the model, to hear it
        part : of the training

        Raises
        ------
        Diverged
            If the objective or a weight is not a finite number; the sentence names the step, and
            the checkpoint that is kept.
        """
        device, kept = self.arithmetic.device, len(state.history)
        last = time.monotonic()

        def keep(state: State) -> None:
            nonlocal last, kept
            for watch in watchers:
                watch(state)
            if time.monotonic() - last >= self.checkpoint_every_s:
                self.checkpoint(state, part)
                last, kept = time.monotonic(), len(state.history)

        with ExitStack() as stack:
            heard, seen = train.to(device), validation.to(device)
            watchers = self._watchers(state, table, pressure, seen, ends, part, stack)
            stack.enter_context(self.arithmetic.applied(state))
            try:
                fit(
                    state, table, pressure, heard, seen,
                    seed=self.seed, keep=keep, show=self.show,
                )  # fmt: skip
            except Diverged as error:
                if len(state.history) > kept:
                    kept = self._again(state, table, pressure, heard, seen, part)
                path = self.folder.checkpoint_path(part)
                field = "audio.training" if part == AUDIO else "training"
                raise Diverged(
                    error.what,
                    error.learning_rate,
                    f"the checkpoint after epoch {kept} is kept in '{path}'",
                    field,
                ) from None

    def _again(
        self,
        state: State,
        table: TrainingTable,
        pressure: Pressure,
        train: Sounds,
        validation: Sounds,
        part: str,
    ) -> int:
        """Do the epochs since the last checkpoint again, to keep the state after the last good one.

        Returns
        -------
        int
            The epoch that is kept now.
        """
        last = len(state.history)
        progress = self.folder.load_progress(part)
        if progress is None:
            raise ValueError("a training that begins has a checkpoint")
        state.restore(progress.tensors, progress.rows)

        def stop_in_time(state: State) -> None:
            if len(state.history) == last:
                self.checkpoint(state, part)
                raise _Enough

        with suppress(_Enough):
            fit(state, table, pressure, train, validation, seed=self.seed, keep=stop_in_time)
        return last

    def _watchers(
        self,
        state: State,
        table: TrainingTable,
        pressure: Pressure,
        validation: Sounds,
        ends: Ends,
        part: str,
        stack: ExitStack,
    ) -> list[Watcher]:
        """Return who looks at the state after each epoch; what they open, the stack closes."""
        wanted = self.monitoring
        watchers: list[Watcher] = [Health(pressure, table.epochs, say)]
        if wanted.tensorboard:
            from baselines.monitoring.scalars import Scalars

            folder = self.folder.path / f"{part}{SCALARS_FOLDER}"
            watchers.append(stack.enter_context(closing(Scalars(folder, state))))
        if wanted.samples:
            folder = self.folder.path / f"{part}{SAMPLES_FOLDER}"
            cells, count, every = self.validation, wanted.samples, wanted.samples_every
            watchers.append(Samples(folder, ends, self.dataset, cells, count, every, self.seed))
        if wanted.bounds and isinstance(state.model, VAE) and state.model.q.sampled:
            watchers.append(Bounds(self.folder.path / BOUNDS_FILE, validation, self.seed))
        return watchers

    def checkpoint(self, state: State, part: str) -> None:
        """Write a checkpoint."""
        progress = Progress(state.tensors(), state.rows(), self.cpu_seconds)
        self.folder.save_progress(progress, part)
