"""Hearing a training: reconstructions and draws of the prior after an epoch, as sound and picture.

=============================== ================================================================
``originals/CELL.wav``          validation sounds, evenly spaced over the grid
``epoch-NNN/CELL.wav``          what the model of that epoch makes of them, from their means
``epoch-NNN/prior-N.wav``       what it plays for draws of the prior, the same in every epoch
``epoch-NNN/spectrograms.png``  the first eight of each: log-mel bands in decibels against time
=============================== ================================================================

The rate of the means is told by the first two, what the prior knows by the third: a model that
reconstructs well and plays noise for draws of the prior has put its codes where the prior is not.

Files are 16-bit; each is complete or not there at all. An epoch that is done again after a
training was stopped writes the same bytes.
"""

import io
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import soundfile
import torch
from numpy.typing import NDArray

from baselines.representations.protocol import Representation
from baselines.training import State
from toysound.dataset import Dataset
from toysound.files import atomic, write_bytes
from toysound.identify import FLOOR_DB, log_mel
from toysound.publish.wav import file_name

Audio = NDArray[np.float32]
Codec = Callable[[torch.Tensor], torch.Tensor]

PICTURE_FILE = "spectrograms.png"

#: Digits of an epoch's number, at least.
_DIGITS = 3

#: Sounds that are encoded or played at a time.
_BLOCK = 64

#: Sounds of a kind that a picture shows, at most.
_SHOWN = 8


@dataclass(frozen=True)
class Ends:
    """What is between sound and code while a model is trained.

    Attributes
    ----------
    view, audio_view : in which sounds are encoded, and played
    encode : of coefficients of the first view, (B, P), gives means (B, D)
    decode : of codes (B, D) gives coefficients of the second
    """

    view: Representation
    audio_view: Representation
    encode: Codec
    decode: Codec

    def reconstruct(self, audio: Audio, device: torch.device) -> Audio:
        """Return what becomes of sounds (B, T)."""
        means = []
        for start in range(0, len(audio), _BLOCK):
            block = audio[start : start + _BLOCK]
            seen = torch.from_numpy(self.view.forward(block).reshape(len(block), -1))
            with torch.no_grad():
                means.append(self.encode(seen.to(device)))
        return self.play(torch.cat(means), device)

    def play(self, codes: torch.Tensor, device: torch.device) -> Audio:
        """Return the sounds, (B, T), of codes (B, D)."""
        view, sounds = self.audio_view, []
        for block in torch.split(codes, _BLOCK):
            with torch.no_grad():
                played = self.decode(block.to(device)).float().cpu().numpy()
            sounds.append(view.inverse(view.clip(played.reshape(len(played), *view.shape))))
        return np.concatenate(sounds)


class Samples:
    """A watcher that writes sounds and a picture.

    Parameters
    ----------
    folder : made if it is missing
    ends : of the model
    dataset : the sounds
    cells : to choose validation sounds from, at least one
    count : how many of each kind
    every : epochs from one time to the next
    seed : of the draws of the prior
    """

    def __init__(
        self,
        folder: Path,
        ends: Ends,
        dataset: Dataset,
        cells: NDArray[np.int64],
        count: int,
        every: int,
        seed: int,
    ) -> None:
        self._folder, self._ends, self._every, self._seed = folder, ends, every, seed
        self._count = count
        chosen = np.unique(np.linspace(0, len(cells) - 1, count).round().astype(np.int64))
        self._cells = cells[chosen]
        self._rate = dataset.sample_rate
        self._originals = dataset.audio(self._cells)
        for cell, sound in zip(self._cells, self._originals, strict=True):
            write_wav(folder / "originals" / file_name(cell), sound, self._rate)

    def __call__(self, state: State) -> None:
        """Write what the model plays now, if it is time."""
        epoch = state.history[-1].epoch
        if epoch % self._every and epoch > 1:
            return
        folder = self._folder / f"epoch-{epoch:0{_DIGITS}d}"
        device = next(state.model.parameters()).device
        reconstructions = self._ends.reconstruct(self._originals, device)
        draws = np.random.default_rng(self._seed).standard_normal(
            (self._count, state.model.latent_dim)
        )
        priors = self._ends.play(torch.from_numpy(draws.astype(np.float32)), device)
        for cell, sound in zip(self._cells, reconstructions, strict=True):
            write_wav(folder / file_name(cell), sound, self._rate)
        for number, sound in enumerate(priors, start=1):
            write_wav(folder / f"prior-{number}.wav", sound, self._rate)
        rows = {
            "original": self._originals,
            "reconstruction": reconstructions,
            "prior": priors,
        }
        draw(rows, self._rate, f"epoch {epoch}", folder / PICTURE_FILE)


def write_wav(path: Path, sound: Audio, sample_rate: int) -> None:
    """Write a sound, (T,) in [-1, 1], as 16-bit wav; what is beyond is clipped."""
    buffer = io.BytesIO()
    soundfile.write(buffer, np.clip(sound, -1, 1), sample_rate, format="WAV", subtype="PCM_16")
    write_bytes(path, buffer.getvalue())


def draw(rows: dict[str, Audio], sample_rate: int, title: str, out: Path) -> None:
    """Draw the first eight sounds of each kind as log-mel spectrograms, a row for each.

    Parameters
    ----------
    rows : label to sounds (B, T)
    sample_rate : Hz
    title : above all
    out : the PNG file
    """
    from matplotlib.figure import Figure

    rows = {label: sounds[:_SHOWN] for label, sounds in rows.items()}
    columns = max(map(len, rows.values()))
    size = 1.5 * columns + 1.4, 1.4 * len(rows) + 0.5
    figure = Figure(figsize=size, layout="constrained")
    axes = figure.subplots(len(rows), columns, squeeze=False)
    for line, (label, sounds) in zip(axes, rows.items(), strict=True):
        for axis in line:
            axis.set_xticks([])
            axis.set_yticks([])
            axis.spines[:].set_visible(False)
        for axis, view in zip(line, log_mel(sounds, sample_rate), strict=False):
            shown = axis.imshow(
                view, origin="lower", aspect="auto", cmap="magma", vmin=FLOOR_DB, vmax=0.0
            )
        line[0].set_ylabel(label)
    figure.colorbar(shown, ax=axes, label="dB re full scale")
    figure.suptitle(title)
    with atomic(out) as partial:
        figure.savefig(partial, dpi=80, format="png", metadata={"Software": None})
