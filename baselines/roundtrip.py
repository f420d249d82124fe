"""A sound file through a representation and back, to hear what the view alone loses.

No model takes part: what is heard is the *ceiling* of every model that works on this view.

Conventions
-----------
* A representation knows sounds of one length. A file of up to :data:`BLOCK` samples (65 s at 16
  kHz, 24 s at 44.1 kHz) is one sound. A longer one is cut into blocks of that length, which overlap
  by :data:`FADE` samples and are cross-faded with raised cosines that sum to 1: memory does not
  grow with the file. An exact view stays exact. One that makes up a phase has two unrelated ones
  under a fade, which is heard, if at all, as a dip of about 3 dB for a fraction of a second.
* Several channels are averaged into one, as every dataset here is mono.
* The rate is kept. Views whose windows are given in samples see another stretch of time then.
* The signal-to-noise ratio is ``10 log10 (sum x^2 / sum (x - y)^2)`` over the whole file, before it
  is rounded to 16 bit (which alone is 98 dB below a full-scale sine). Where the phase is lost it is
  about -3 dB or 0 dB whatever one hears: it says that the waveform is another one and nothing else.
"""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import soundfile
from numpy.typing import NDArray

from baselines.chosen_view import ChosenView
from baselines.threads import one_thread
from toysound.errors import ToySoundError, UsageError
from toysound.files import atomic
from toysound.progress import bar
from toysound.rendering import FULL_SCALE, to_float

Audio = NDArray[np.float32]

#: Samples that are seen as one sound, at most. The largest view has 12 coefficients a sample; the
#: process then takes 0.8 GB.
BLOCK = 2**20

#: Samples under a cross-fade.
FADE = 2**13

#: Samples of a first run that is not timed: compiling, loading and planning are no part of a view.
_WARM_UP = 2**13


@dataclass(frozen=True)
class RoundTrip:
    """What came back.

    Attributes
    ----------
    file : what was written
    representation : as it is typed
    sample_rate, num_samples, channels : of the file that was read
    peak : its largest sample, full scale 1; views expect at most 1
    blocks : into how many it was cut
    shape : of the coefficients of one block
    redundancy : coefficients per sample
    unit, likelihood : of the coefficients
    exact, loss : whether the inverse gives the sound back to rounding; else what is lost
    snr_db : signal-to-noise ratio; None for silence, and where every sample came back to the bit
    level_change_db : level of what came back, re that of the sound; None where either is silent
    identical : whether every sample came back to the bit
    clipped : samples that are cut off at full scale and were not there before
    analysis_s, inverse_s : processor time of all blocks together, on one thread
    """

    file: str
    representation: str
    sample_rate: int
    num_samples: int
    channels: int
    peak: float
    blocks: int
    shape: tuple[int, ...]
    redundancy: float
    unit: str
    likelihood: str
    exact: bool
    loss: str
    snr_db: float | None
    level_change_db: float | None
    identical: bool
    clipped: int
    analysis_s: float
    inverse_s: float

    @property
    def seconds(self) -> float:
        """Duration of the sound."""
        return self.num_samples / self.sample_rate


def round_trip(
    source: Path, choice: ChosenView, out: Path, *, floating: bool = False, show: bool = False
) -> RoundTrip:
    """Write what a representation keeps of a sound file.

    Parameters
    ----------
    source : a file that libsndfile reads: WAV, FLAC, Ogg, AIFF, MP3
    choice : the representation
    out : WAV file to write, mono, at the rate of the source
    floating : write 32-bit floating point instead of 16-bit integers
    show : draw a progress bar on a terminal

    Raises
    ------
    UsageError
        If ``out`` is not named ``.wav`` or is the source itself, or the representation does not fit
        the sounds.
    ToySoundError
        If the source cannot be read, holds no samples, or holds NaN or infinity.
    """
    _check_out(source, out)
    with _opened(source) as file:
        player = _Player(choice, file.samplerate, min(file.frames, BLOCK))
        meter = _Meter()
        with (
            one_thread(),
            bar(choice.text, file.frames, "samples", show) as drawn,
            _new_wav(out, file.samplerate, floating) as written,
        ):
            for sound, made in segments(_reader(file, source), player, BLOCK, FADE):
                samples = to_int16(made)
                written.write(made if floating else samples)
                meter.add(sound, made, made if floating else to_float(samples))
                drawn.update(len(sound))
        view = player.view
        return RoundTrip(
            file=str(out),
            representation=choice.text,
            sample_rate=file.samplerate,
            num_samples=meter.count,
            channels=file.channels,
            peak=meter.peak,
            blocks=player.blocks,
            shape=view.shape,
            redundancy=float(np.prod(view.shape) / view.num_samples),
            unit=view.unit,
            likelihood=view.likelihood,
            exact=view.exact,
            loss=view.loss,
            snr_db=_decibels(meter.energy, meter.error),
            level_change_db=_decibels(meter.made, meter.energy),
            identical=meter.error == 0,
            clipped=meter.clipped,
            analysis_s=player.analysis_s,
            inverse_s=player.inverse_s,
        )


def write_mono(source: Path, out: Path, *, floating: bool = False) -> None:
    """Write a sound file's channels averaged into one, to hear beside its round trips.

    Parameters and errors are those of :func:`round_trip`.
    """
    _check_out(source, out)
    with _opened(source) as file, _new_wav(out, file.samplerate, floating) as written:
        read = _reader(file, source)
        while len(sound := read(BLOCK)):
            written.write(sound if floating else to_int16(sound))


def segments(
    read: Callable[[int], Audio],
    play: Callable[[Audio], Audio],
    size: int = BLOCK,
    fade: int = FADE,
) -> Iterator[tuple[Audio, Audio]]:
    """Yield one piece after the other of a sound, with the same piece after a round trip.

    Parameters
    ----------
    read : returns the next samples of a sound, as many as asked for unless it ends before; at
        least one at the first call
    play : the round trip of one block; a sound that is longer than a block comes in blocks of
        ``size`` samples, the last one followed by silence
    size, fade : of a block and of a cross-fade, in samples; at most half of a block is faded

    Returns
    -------
    iterator of (sound, made), two arrays of one length; together they are as long as the sound
    """
    step = size - fade
    rising = (0.5 - 0.5 * np.cos(np.pi * (np.arange(fade) + 0.5) / fade)).astype(np.float32)
    block = read(size)
    made = play(block)
    valid = len(block)
    while len(fresh := read(step)):
        yield block[:step], made[:step]
        tail = made[step:]
        valid = fade + len(fresh)
        block = np.concatenate((block[step:], fresh, np.zeros(size - valid, np.float32)))
        made = play(block)
        made = np.concatenate((tail + rising * (made[:fade] - tail), made[fade:]))
    yield block[:valid], made[:valid]


def to_int16(audio: Audio) -> NDArray[np.int16]:
    """Return audio, full scale 1, as 16-bit samples; what lies beyond full scale is cut off."""
    scaled = np.rint(audio.astype(np.float64) * FULL_SCALE)
    return np.clip(scaled, -FULL_SCALE, FULL_SCALE - 1).astype(np.int16)


class _Player:
    """Round trips of blocks, and the processor time they take."""

    def __init__(self, choice: ChosenView, sample_rate: int, num_samples: int) -> None:
        self.view = choice.open(sample_rate, num_samples)
        self.blocks = 0
        self.analysis_s = self.inverse_s = 0.0
        short = choice.open(sample_rate, min(num_samples, _WARM_UP))
        short.inverse(short.forward(np.full((1, short.num_samples), 0.1, dtype=np.float32)))

    def __call__(self, block: Audio) -> Audio:
        start = time.thread_time()
        coefficients = self.view.forward(block[None])
        middle = time.thread_time()
        made: Audio = self.view.inverse(coefficients)[0]
        self.blocks += 1
        self.analysis_s += middle - start
        self.inverse_s += time.thread_time() - middle
        return made


class _Meter:
    """Sums over a file that is seen piece by piece."""

    def __init__(self) -> None:
        self.count = self.clipped = 0
        self.energy = self.made = self.error = self.peak = 0.0

    def add(self, sound: Audio, made: Audio, stored: Audio) -> None:
        x, y = sound.astype(np.float64), made.astype(np.float64)
        self.count += len(x)
        self.peak = max(self.peak, float(np.abs(x).max()))
        self.energy += float(x @ x)
        self.made += float(y @ y)
        self.error += float((x - y) @ (x - y))
        # One step of 16 bit is no clipping: full scale itself has no such sample above 0.
        moved = np.abs(stored.astype(np.float64) - x) > 1 / FULL_SCALE
        self.clipped += int(np.count_nonzero((np.abs(y) >= 1) & moved))


def _decibels(power: float, reference: float) -> float | None:
    """Return a ratio of powers in dB, None where either is 0."""
    return float(10 * np.log10(power / reference)) if power > 0 and reference > 0 else None


def _check_out(source: Path, out: Path) -> None:
    if out.suffix.lower() != ".wav":
        raise UsageError(f"'{out}' is written as WAV; give it a name that ends in .wav")
    if out.exists() and source.exists() and out.samefile(source):
        raise UsageError(f"'{out}' is the sound itself; write the round trip to another file")


@contextmanager
def _new_wav(out: Path, sample_rate: int, floating: bool) -> Iterator[Any]:
    """Open a mono WAV file for writing; it is complete or not there at all.

    Raises
    ------
    OSError
        If it cannot be written; it says why, which libsndfile does not.
    """
    subtype = "FLOAT" if floating else "PCM_16"
    with (
        atomic(out) as partial,
        partial.open("wb") as file,
        soundfile.SoundFile(file, "w", sample_rate, 1, subtype=subtype, format="WAV") as written,
    ):
        yield written


@contextmanager
def _opened(source: Path) -> Iterator[Any]:
    """Open a sound file for reading.

    Raises
    ------
    ToySoundError
        If there is none, it is no sound file, or it has no samples.
    OSError
        If it may not be read.
    """
    if not source.is_file():
        raise ToySoundError(f"there is no file '{source}'")
    source.open("rb").close()  # says why it may not be read, which libsndfile does not
    try:
        file = soundfile.SoundFile(source)
    except soundfile.LibsndfileError as error:
        raise ToySoundError(
            f"'{source}' is no sound file that can be read ({error.error_string.rstrip('. ')}); "
            "WAV, FLAC, AIFF and Ogg can"
        ) from None
    with file:
        if file.frames == 0:
            raise ToySoundError(f"'{source}' holds no samples")
        yield file


def _reader(file: Any, source: Path) -> Callable[[int], Audio]:
    """Return a function that reads so many samples, channels averaged, none of them NaN."""
    place = 0

    def read(count: int) -> Audio:
        nonlocal place
        try:
            frames = file.read(count, dtype="float32", always_2d=True)
        except soundfile.LibsndfileError as error:
            raise ToySoundError(
                f"'{source}' is damaged after {place / file.samplerate:.3f} s "
                f"({error.error_string.rstrip('. ')})"
            ) from None
        if len(frames) < min(count, file.frames - place):
            raise ToySoundError(
                f"'{source}' is cut off: only {place + len(frames):,} of {file.frames:,} samples "
                "are there"
            )
        audio: Audio = frames[:, 0] if frames.shape[1] == 1 else frames.mean(axis=1)
        if not np.isfinite(audio).all():
            first = place + int(np.argmin(np.isfinite(audio)))
            raise ToySoundError(
                f"'{source}' holds NaN or infinity, first at {first / file.samplerate:.3f} s; "
                "every sample must be a number"
            )
        place += len(audio)
        return audio

    return read
