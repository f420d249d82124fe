"""The course of a sound in time: when it starts, how softly, and for how long it is heard.

Two envelopes serve three descriptors, because no single one is both sharp and smooth.

* The *peak envelope* is the magnitude of the samples, bridged over gaps of less than 20 ms (a
  morphological closing): it does not fall between the swings of a low note, and, unlike a moving
  average, it neither starts early nor ends late. *Onset* and *effective duration* are read from it.
* The *period-synchronous envelope* compares each stretch of the rise with the sustained part a
  whole number of periods later. It does not ripple within a period, so that it can time an attack
  of a few milliseconds, but it needs a sound with a period and a plateau.

Conventions
-----------
audio : float, shape (n, T), full scale 1
windows_s : (start, stop) of the sustained part in seconds, for all sounds or for each, shape (n, 2)
A descriptor that is not defined for a sound is NaN.

References
----------
G. Peeters, "A large set of audio features for sound description", IRCAM, 2004 (attack; effective
duration: the time for which the envelope is above 40 % of its maximum).
"""

from functools import reduce

import numpy as np
import scipy.ndimage
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]

#: Envelopes are taken every half millisecond.
_BLOCK_S = 0.0005

#: Gaps shorter than this belong to the sound: one period of the lowest pitch, 50 Hz.
_BRIDGED_S = 0.020

#: Fraction of the highest peak at which a sound has started, -30 dB: above the noise of a
#: recording, and so early in a rise that a tremolo cannot hold it back.
_STARTED = 10.0 ** (-30 / 20)

#: Fraction of the highest peak above which a sound is heard (Peeters 2004).
_EFFECTIVE = 0.4

#: Peak below which a clip is silence: -90 dB re full scale.
_SILENCE = 10.0 ** (-90 / 20)

#: Fractions of full level between which the attack is timed.
_ATTACK_LOW, _ATTACK_HIGH = 0.2, 0.8

#: Relative swing (highest / lowest - 1) of the sustained envelope above which it is no plateau that
#: an attack could lead to.
_PLATEAU = 0.2

#: Blocks in a stretch of the rise that is compared: 3 ms.
_STRETCH = 6

#: Blocks, at least, over which the swing of a plateau is measured: 20 ms, rounded up to periods.
_SWING_BLOCKS = 40

#: Blocks by which the time before the sustained part is rounded up, so that sounds form groups.
_LEAD_BLOCKS = 20


def peak_envelope(audio: NDArray[np.float32], sample_rate: int) -> tuple[NDArray[np.float32], int]:
    """Return the peak envelope of each sound.

    Returns
    -------
    ndarray, float32, shape (n, m) ; int
        One value for each block of samples, and the length of a block in samples.
    """
    block = max(1, round(_BLOCK_S * sample_rate))
    count = -(-audio.shape[1] // block)
    magnitude = np.zeros((len(audio), count * block), dtype=np.float32)
    np.abs(audio, out=magnitude[:, : audio.shape[1]])
    # Eight long maxima are four times as fast as many maxima of eight.
    peaks = reduce(np.maximum, (magnitude[:, at::block] for at in range(block)))
    half = round(_BRIDGED_S * sample_rate / block / 2)
    # Silence around the clip: a closing must not bridge the gap between its edge and the sound.
    peaks = np.pad(peaks, ((0, 0), (half, half)))
    closed = scipy.ndimage.grey_closing(peaks, size=(1, 2 * half + 1))
    return np.asarray(closed[:, half : half + count]), block


def onset_s(audio: NDArray[np.float32], sample_rate: int) -> Floats:
    """Return when each sound starts: when it first passes -30 dB re its highest peak, shape (n,).

    Under a linear attack that is 3 % of the attack after its first sample. NaN for silence.
    """
    return _onset(*peak_envelope(audio, sample_rate), sample_rate)


def duration_s(audio: NDArray[np.float32], sample_rate: int) -> Floats:
    """Return the effective duration: how long the envelope is above 40 % of its highest peak.

    Shape (n,); NaN for silence.
    """
    return _duration(*peak_envelope(audio, sample_rate), sample_rate)


def end_s(audio: NDArray[np.float32], sample_rate: int, level_db: float = -50.0) -> Floats:
    """Return when each sound ends: when it last passes a level re its highest peak, shape (n,).

    NaN for silence.
    """
    envelope, block = peak_envelope(audio, sample_rate)
    peak = envelope.max(axis=1, keepdims=True, initial=0.0)
    late = np.argmax(envelope[:, ::-1] >= 10.0 ** (level_db / 20) * peak, axis=1)
    last = (envelope.shape[1] - late) * (block / sample_rate)
    return np.where(peak[:, 0] > _SILENCE, last, np.nan)


def climb_s(audio: NDArray[np.float32], sample_rate: int) -> Floats:
    """Return the time from the onset until the envelope first passes 80 % of its highest peak.

    Rougher than :func:`attack_s`, by up to half a period, but defined for every sound; shape (n,),
    NaN for silence.
    """
    envelope, block = peak_envelope(audio, sample_rate)
    peak = envelope.max(axis=1, keepdims=True, initial=0.0)
    high = np.argmax(envelope >= _ATTACK_HIGH * peak, axis=1) * (block / sample_rate)
    return np.asarray(high - _onset(envelope, block, sample_rate))


def course(audio: NDArray[np.float32], sample_rate: int) -> tuple[Floats, Floats]:
    """Return :func:`onset_s` and :func:`duration_s` from one envelope."""
    envelope, block = peak_envelope(audio, sample_rate)
    return _onset(envelope, block, sample_rate), _duration(envelope, block, sample_rate)


def _onset(envelope: NDArray[np.float32], block: int, sample_rate: int) -> Floats:
    peak = envelope.max(axis=1, keepdims=True, initial=0.0)
    first = np.argmax(envelope >= _STARTED * peak, axis=1) if envelope.size else 0
    return np.where(peak[:, 0] > _SILENCE, first * (block / sample_rate), np.nan)


def _duration(envelope: NDArray[np.float32], block: int, sample_rate: int) -> Floats:
    peak = envelope.max(axis=1, keepdims=True, initial=0.0)
    heard = np.count_nonzero(envelope >= _EFFECTIVE * peak, axis=1)
    return np.where(peak[:, 0] > _SILENCE, heard * (block / sample_rate), np.nan)


def attack_s(
    audio: NDArray[np.float32],
    sample_rate: int,
    windows_s: ArrayLike,
    f0_hz: Floats,
    onsets_s: Floats | None = None,
) -> Floats:
    """Return the attack time of each sound: from silence to full level of a linear rise.

    Each stretch of 3 ms of the rise is compared, by least squares, with the stretch a whole number
    of periods later, in the sustained part: the gain is 1 at full level. The times at which it
    first passes 20 % and 80 % are extended to 0 and 100 %.

    Parameters
    ----------
    audio : shape (n, T)
    sample_rate : Hz
    windows_s : the sustained part
    f0_hz : the fundamental of the sustained part, NaN without pitch, shape (n,)
    onsets_s : when the sounds start, shape (n,); :func:`onset_s` by default

    Returns
    -------
    ndarray, float64, shape (n,)
        Seconds; NaN for sounds without pitch, and where the rise does not lead to a plateau of more
        than a period: from one envelope it cannot be told apart from a tremolo or a decay.
    """
    onsets = onset_s(audio, sample_rate) if onsets_s is None else onsets_s
    windows = np.broadcast_to(np.asarray(windows_s, dtype=np.float64), (len(audio), 2))
    starts, stops = np.rint(windows * sample_rate).astype(np.int64).T
    block = max(1, round(_BLOCK_S * sample_rate))
    out = np.full(len(audio), np.nan)
    rows = np.flatnonzero(np.isfinite(f0_hz) & np.isfinite(onsets))
    leads = starts[rows] - np.rint(onsets[rows] * sample_rate).astype(np.int64)
    soon = leads >= _STRETCH * block
    rows, leads = rows[soon], leads[soon]
    coarse = _LEAD_BLOCKS * block
    leads = np.minimum((leads // coarse + 1) * coarse, np.maximum(starts[rows], leads))
    lengths = stops[rows] - starts[rows]
    periods = sample_rate / f0_hz[rows]
    shifts = _whole_periods(periods, leads, leads + lengths - _ATTACK_HIGH * leads, block)
    for lead, length, shift in np.unique(np.stack([leads, lengths, shifts], axis=1), axis=0):
        chosen = (leads == lead) & (lengths == length) & (shifts == shift)
        group = rows[chosen]
        from_lead = starts[group, None] - lead + np.arange(lead + length)
        parts = audio[group[:, None], from_lead]
        flat = _swing(parts[:, lead:], periods[chosen], block) <= _PLATEAU
        envelope = _gain(parts[flat], int(shift), int(lead), block)
        envelope[envelope.max(axis=1, initial=0.0) > 1 + _PLATEAU] = np.nan
        rise = _first_above(envelope, _ATTACK_HIGH) - _first_above(envelope, _ATTACK_LOW)
        out[group[flat]] = rise * block / (_ATTACK_HIGH - _ATTACK_LOW) / sample_rate
    return out


def _whole_periods(
    periods: Floats, earliest: NDArray[np.int64], latest: Floats, block: int
) -> NDArray[np.int64]:
    """Return, for each period in samples, the shift that compares the rise with what follows.

    Of the whole numbers of periods between ``earliest`` and ``latest``, less a stretch, (or the
    first after ``earliest``) it is the one that lies closest to a whole number of samples.
    """
    out = np.empty(len(periods), dtype=np.int64)
    for row, period in enumerate(periods):
        first = np.ceil(earliest[row] / period)
        last = np.floor((latest[row] - _STRETCH * block) / period)
        shifts = period * np.arange(first, max(first, last) + 1)
        out[row] = round(float(shifts[np.argmin(np.abs(shifts - np.rint(shifts)))]))
    return out


def _gain(parts: NDArray[np.float32], shift: int, lead: int, block: int) -> Floats:
    """Return the gain of the rise relative to the sound ``shift`` samples later.

    Parameters
    ----------
    parts : the rise of ``lead`` samples and the sustained part, shape (n, t)
    shift : a whole number of periods in samples, at least ``lead``
    lead : length of the rise
    block : samples between the values

    Returns
    -------
    ndarray, float64, shape (n, m)
        Value i belongs to sample ``i * block`` and is taken over a stretch centred there, for as
        long as the later stretch stays within the sustained part.
    """
    half = _STRETCH // 2 * block
    length = min(lead, parts.shape[1] - half - shift)
    if length <= 0:
        return np.zeros((len(parts), 0))
    early = np.pad(parts[:, : length + half], ((0, 0), (half, 0)))
    late = parts[:, shift - half : shift + length + half]
    together = _moving_sum(_block_sums(early, late, block), _STRETCH)
    return together / np.maximum(_moving_sum(_block_sums(late, late, block), _STRETCH), 1e-12)


def _swing(plateau: NDArray[np.float32], periods: Floats, block: int) -> Floats:
    """Return how far each envelope swings: highest / lowest RMS of a few periods, less 1.

    Parameters
    ----------
    plateau : shape (n, m)
    periods : in samples, shape (n,)
    block : samples in whose multiples the stretches are measured
    """
    energies = _block_sums(plateau, plateau, block)
    whole = periods * np.ceil(_SWING_BLOCKS * block / periods)
    lengths = np.minimum(np.rint(whole / block).astype(int), energies.shape[1])
    out = np.empty(len(plateau))
    for length in np.unique(lengths):
        rows = lengths == length
        energy = np.maximum(_moving_sum(energies[rows], int(length)), 1e-12)
        out[rows] = np.sqrt(energy.max(axis=1) / energy.min(axis=1)) - 1
    return out


def _block_sums(
    first: NDArray[np.float32], second: NDArray[np.float32], block: int
) -> NDArray[np.float32]:
    """Return the sum of products over every full block of each row, shape (n, blocks)."""
    count = first.shape[1] // block
    shape = (len(first), count, block)
    first, second = (x[:, : count * block].reshape(shape) for x in (first, second))
    return np.asarray(np.einsum("nbk,nbk->nb", first, second))


def _moving_sum(values: NDArray[np.float32], length: int) -> Floats:
    """Return the sum of every full stretch of ``length`` values of each row."""
    total = np.zeros((len(values), values.shape[1] + 1))
    np.cumsum(values, axis=1, dtype=np.float64, out=total[:, 1:])
    return np.asarray(total[:, length:] - total[:, :-length])


def _first_above(envelope: Floats, level: float) -> Floats:
    """Return the (fractional) value at which each envelope first reaches a level, NaN if never.

    0 if it starts there.
    """
    if not envelope.shape[1]:
        return np.full(len(envelope), np.nan)
    index = np.argmax(envelope >= level, axis=1)
    rows = np.arange(len(envelope))
    below, above = envelope[rows, np.maximum(index - 1, 0)], envelope[rows, index]
    rise = np.where(index > 0, above - below, 1.0)
    first = np.where(index > 0, index - 1 + (level - below) / rise, 0.0)
    return np.asarray(np.where(above >= level, first, np.nan))
