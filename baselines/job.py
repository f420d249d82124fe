"""A training under way: its sounds, its folder and its checkpoints."""

import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from baselines.coefficients import TrainingSounds, walk
from baselines.folder import Progress, RunFolder
from baselines.recipes.schema import TrainingTable
from baselines.representations.protocol import Representation
from baselines.training import State, Trainable, start
from toysound.dataset import Dataset

Tensors = Mapping[str, torch.Tensor]


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
    cpu_seconds_before : processor time of earlier processes
    """

    dataset: Dataset
    view: Representation
    audio_view: Representation
    folder: RunFolder
    seed: int
    checkpoint_every_s: float
    show: bool
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

    def checkpoint(self, state: State, part: str) -> None:
        """Write a checkpoint."""
        progress = Progress(state.tensors(), state.rows(), self.cpu_seconds)
        self.folder.save_progress(progress, part)

    def keeper(self, part: str) -> Callable[[State], None]:
        """Return a function that writes a checkpoint when the last one is old enough."""
        last = time.monotonic()

        def keep(state: State) -> None:
            nonlocal last
            if time.monotonic() - last >= self.checkpoint_every_s:
                self.checkpoint(state, part)
                last = time.monotonic()

        return keep
