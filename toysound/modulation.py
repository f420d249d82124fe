"""How a sound moves while it lasts: the course of its pitch and of its loudness.

A vibrato, a glide and a tremolo leave the mean pitch and level where they are; they are seen only
in a *track*, the pitch or the envelope at a number of times within the sustained part. From a track
come its *slope* (a glide), its *depth* and its *rate* (a vibrato, a tremolo).

Conventions
-----------
audio : float, shape (n, T), full scale 1
windows_s : (start, stop) of the sustained part in seconds, for all sounds or for each, shape (n, 2)
A track is (times, values), shape (n, f) each; a value that is not defined is NaN.
"""

from itertools import pairwise
from typing import NamedTuple

import numpy as np
import scipy.ndimage
from numpy.typing import ArrayLike, NDArray

from toysound.measure import fundamental_hz
from toysound.scales import hz_to_midi

Floats = NDArray[np.float64]

#: Length of a frame of the pitch track in seconds: at least three periods from 100 Hz up, and at
#: most a quarter of a swing at 8 Hz.
_FRAME_S = 0.03

#: Values of a track, and what it is padded to for its spectrum.
_FRAMES, _PADDED = 48, 1024

#: Semitones between pitches whose periods are as small whole numbers.
_MISTAKEN = 12 * np.log2(sorted({p / q for p in range(1, 5) for q in range(1, 5)}))

#: Loudness is averaged over a Hann window of 30 ms in steps of 0.5 ms: a ripple within the periods
#: of a note is smoothed, a tremolo of 20 Hz is not.
_BLOCK_S, _SMOOTHED = 0.0005, 61


class Track(NamedTuple):
    """A quantity in the course of the sustained part: times in seconds, values, (n, f) each."""

    times_s: Floats
    values: Floats


def pitch_track(audio: NDArray[np.float32], sample_rate: int, windows_s: ArrayLike) -> Track:
    """Return the pitch of each sound as MIDI note numbers, in frames of 30 ms.

    In a frame so short several periods may seem to be one, above all while the sound decays. Each
    frame is therefore read as that multiple or fraction of what was found which lies nearest to
    the frame before: the course is right, its place at least up to a whole ratio. A frame without
    pitch holds the last one.
    """
    windows = np.broadcast_to(np.asarray(windows_s, dtype=np.float64), (len(audio), 2))
    starts = np.linspace(windows[:, 0], windows[:, 1] - _FRAME_S, _FRAMES, axis=1)
    columns = []
    for start in np.rint(starts * sample_rate).T / sample_rate:
        frame = np.stack([start, start + _FRAME_S], axis=1)
        columns.append(hz_to_midi(fundamental_hz(audio, sample_rate, frame)))
    values = np.stack(columns)
    first = np.argmax(np.isfinite(values), axis=0)
    values[0] = values[first, np.arange(len(audio))]
    for before, after in pairwise(values):
        candidates = after + _MISTAKEN[:, None]
        nearest = np.argmin(np.abs(candidates - before), axis=0)
        followed = candidates[nearest, np.arange(len(after))]
        after[:] = np.where(np.isfinite(after), followed, before)
    return Track(starts + _FRAME_S / 2, values.T)


def envelope_track(audio: NDArray[np.float32], sample_rate: int, windows_s: ArrayLike) -> Track:
    """Return the RMS envelope of each sound, relative to its mean over the sustained part."""
    windows = np.broadcast_to(np.asarray(windows_s, dtype=np.float64), (len(audio), 2))
    block = max(1, round(_BLOCK_S * sample_rate))
    count = audio.shape[1] // block
    parts = audio[:, : count * block].reshape(len(audio), count, block)
    power = np.einsum("nbk,nbk->nb", parts, parts, dtype=np.float64)
    smooth = scipy.ndimage.convolve1d(power, np.hanning(_SMOOTHED + 2)[1:-1], axis=1)
    envelope = np.sqrt(np.maximum(smooth, 0.0))
    times = np.linspace(windows[:, 0], windows[:, 1], 2 * _FRAMES, axis=1)
    columns = np.minimum((times * sample_rate / block).astype(np.int64), count - 1)
    values = np.take_along_axis(envelope, columns, axis=1)
    mean = values.mean(axis=1, keepdims=True)
    with np.errstate(invalid="ignore", divide="ignore"):
        return Track(times, np.where(mean > 0, values / mean, np.nan))


def slope(track: Track) -> Floats:
    """Return the slope of each track per second, shape (n,).

    The median of the slopes between values half a track apart: a few wrong values do not matter
    (H. Theil, "A rank-invariant method of linear regression", 1950).
    """
    half = track.values.shape[1] // 2
    rise = track.values[:, half:] - track.values[:, :-half]
    return np.asarray(
        np.median(rise / (track.times_s[:, half:] - track.times_s[:, :-half]), axis=1)
    )


def depth(track: Track) -> Floats:
    """Return half the distance from trough to crest of each track about its line, shape (n,)."""
    swings = _swings(track)
    return np.asarray((swings.max(axis=1) - swings.min(axis=1)) / 2)


def rate_hz(track: Track) -> Floats:
    """Return the strongest frequency of each track about its line in Hz, shape (n,)."""
    swings = _swings(track) * np.hanning(track.values.shape[1])
    power = np.square(np.abs(np.fft.rfft(np.nan_to_num(swings), _PADDED, axis=1)))
    step = np.diff(track.times_s[:, :2], axis=1)[:, 0]
    strongest = np.argmax(power[:, 1:], axis=1) + 1
    return np.where(np.isfinite(swings).all(axis=1), strongest / (_PADDED * step), np.nan)


def _swings(track: Track) -> Floats:
    """Return what is left of each track without its least-squares line."""
    times = track.times_s - track.times_s.mean(axis=1, keepdims=True)
    level = track.values - track.values.mean(axis=1, keepdims=True)
    gradient = (times * level).sum(axis=1) / np.square(times).sum(axis=1)
    return np.asarray(level - gradient[:, None] * times)
