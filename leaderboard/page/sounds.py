"""The sounds of the page: the same few items by every model, to hear and to see.

Numbers say how far a reconstruction is from its original; ears say how. Every model of a board is
heard on the same items. Samples go into the page as they are, as lossless FLAC: no sound is
normalised, so a model that is too quiet is heard to be too quiet, and one volume control serves
all.

Beside each sound stands its log-magnitude spectrogram: Hann window of ``WINDOW`` samples, time to
the right, frequency on the mel scale upwards from ``LOWEST_HZ`` to the Nyquist frequency, -80 to
0 dB re the peak bin of a full-scale sine, the same scale of colours for all sounds.

References
----------
Stevens, Volkmann and Newman (1937) for the mel scale; the formula is O'Shaughnessy's (1987):
mel = 2595 log10(1 + f / 700).
"""

import base64
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import soundfile
from matplotlib import colormaps
from numpy.typing import NDArray
from PIL import Image

from benchmark.audition import Audition, audition_path, load_audition
from leaderboard.rows import Board
from toysound.errors import ToySoundError

WINDOW = 1024
LOWEST_HZ = 60.0
FLOOR_DB = -80.0

#: Pixels of a spectrogram, and its number of colours: few, so that a picture stays near 3 kB.
PICTURE_WIDTH, PICTURE_HEIGHT, PICTURE_COLOURS = 96, 56, 24


@dataclass(frozen=True)
class Sound:
    """One sound as data URIs: FLAC audio and a PNG spectrogram."""

    audio: str
    picture: str


@dataclass(frozen=True)
class Listening:
    """The audition of one board.

    Attributes
    ----------
    items : for each item its factor values, as ``(factor, value)`` texts
    originals : one sound per item
    reconstructions : model -> one sound per item
    silent : models without an audition file
    seconds : duration of a sound
    sample_rate : Hz
    """

    items: tuple[tuple[tuple[str, str], ...], ...]
    originals: tuple[Sound, ...]
    reconstructions: Mapping[str, tuple[Sound, ...]]
    silent: tuple[str, ...]
    seconds: float
    sample_rate: int


def listen(board: Board) -> Listening | None:
    """Gather the audition of a board from the files beside its results; None if there is none.

    A model with several seeds is heard with the first seed that has an audition.

    Raises
    ------
    ToySoundError
        If an audition file cannot be read or its items are not those of the other models.
    """
    found: dict[str, Audition] = {}
    first: Audition | None = None
    for row in board.rows:
        paths = [audition_path(path) for path in row.paths if path is not None]
        path = next((path for path in paths if path.is_file()), None)
        if path is None:
            continue
        audition = load_audition(path)
        first = first or audition
        if not _same_items(first, audition):
            raise ToySoundError(
                f"audition '{path}' does not hold the same sounds as those of the other models on "
                f"'{board.dataset}'; score the model again with 'toysound score'"
            )
        found[row.model] = audition
    if first is None:
        return None
    return Listening(
        items=tuple(_label(first.names, values) for values in first.values),
        originals=_sounds(first.original, first.sample_rate),
        reconstructions={m: _sounds(a.reconstruction, a.sample_rate) for m, a in found.items()},
        silent=tuple(row.model for row in board.rows if row.model not in found),
        seconds=first.original.shape[1] / first.sample_rate,
        sample_rate=first.sample_rate,
    )


def flac(samples: NDArray[np.int16], sample_rate: int) -> bytes:
    """Return samples, shape (T,), as a lossless 16-bit FLAC file."""
    file = io.BytesIO()
    soundfile.write(file, samples, sample_rate, format="FLAC", subtype="PCM_16")
    return file.getvalue()


def spectrogram_db(samples: NDArray[np.int16], sample_rate: int) -> NDArray[np.float64]:
    """Return the picture of a sound in dB, shape (PICTURE_HEIGHT, PICTURE_WIDTH), lowest row last.

    Parameters
    ----------
    samples : shape (T,), full scale 32768
    sample_rate : Hz
    """
    window = np.hanning(WINDOW + 1)[:-1]
    padded = np.pad(samples / 32768.0, WINDOW // 2)
    centres = np.linspace(0, len(samples) - 1, PICTURE_WIDTH).round().astype(np.int64)
    frames = padded[centres[:, None] + np.arange(WINDOW)] * window
    magnitude = np.abs(np.fft.rfft(frames, axis=1)) / (window.sum() / 2)
    edges = _mel_spaced(LOWEST_HZ, sample_rate / 2, PICTURE_HEIGHT + 1) * WINDOW / sample_rate
    low = np.minimum(edges[:-1].round().astype(np.int64), magnitude.shape[1] - 1)
    high = np.maximum(edges[1:].round().astype(np.int64), low + 1)
    bands = np.stack([magnitude[:, a:b].max(axis=1) for a, b in zip(low, high, strict=True)])
    return np.asarray(20 * np.log10(np.maximum(bands[::-1], 10 ** (FLOOR_DB / 20))))


def png(level_db: NDArray[np.float64]) -> bytes:
    """Return levels between ``FLOOR_DB`` and 0 dB, any shape (h, w), as a palette PNG."""
    share = np.clip(1 - level_db / FLOOR_DB, 0, 1)
    image = Image.fromarray((share * (PICTURE_COLOURS - 1)).round().astype(np.uint8), mode="P")
    colours = colormaps["magma"](np.linspace(0, 1, PICTURE_COLOURS), bytes=True)[:, :3]
    image.putpalette(colours.tobytes())
    file = io.BytesIO()
    image.save(file, format="PNG", optimize=True)
    return file.getvalue()


def _mel_spaced(low_hz: float, high_hz: float, count: int) -> NDArray[np.float64]:
    low, high = (2595 * np.log10(1 + f / 700) for f in (low_hz, high_hz))
    return np.asarray(700 * (10 ** (np.linspace(low, high, count) / 2595) - 1))


def _same_items(a: Audition, b: Audition) -> bool:
    return a.sample_rate == b.sample_rate and np.array_equal(a.original, b.original)


def _sounds(samples: NDArray[np.int16], sample_rate: int) -> tuple[Sound, ...]:
    return tuple(
        Sound(
            _data_uri("audio/flac", flac(one, sample_rate)),
            _data_uri("image/png", png(spectrogram_db(one, sample_rate))),
        )
        for one in samples
    )


def _data_uri(kind: str, content: bytes) -> str:
    return f"data:{kind};base64,{base64.b64encode(content).decode('ascii')}"


def _label(names: Sequence[str], values: NDArray[np.float64]) -> tuple[tuple[str, str], ...]:
    return tuple((name, f"{v + 0.0:.4g}") for name, v in zip(names, values, strict=True))
