"""A sound as 64 numbers: an embedding that needs no network and no download.

The Frechet audio distance compares two sets of sounds in the space of an embedding. The usual ones
are large neural networks trained on recordings; what they hear of a synthetic tone is unknown, and
they have to be downloaded. This one is a formula. It measures 117 descriptors of a sound, which
together fix how it sounds up to what a listener would hardly notice:

========= ======= ==================================================================================
part      numbers what it tells
========= ======= ==================================================================================
spectrum  32      mean over time of the level in 32 mel bands: timbre, level
change    32      standard deviation over time of the same: what comes and goes
period    24      normalised autocorrelation of the power spectrum at 24 lags from 0.25 to 19 ms,
                  two and a half semitones and more apart: pitch, and how much of it there is
course    16      level in 16 equal parts of the clip: onset, duration, decay
rise      8       level 1, 2, 4, ... 128 ms before half the peak is reached, re the peak: attack
swing     5       how strongly the bands fluctuate, in octaves from 1.5 Hz: tremolo, vibrato
========= ======= ==================================================================================

Most of them move together. They are therefore turned, by numbers that are fixed and ship with the
project, into 64 that are uncorrelated and of unit variance over the sounds of the catalog: a
distance of 1 is as much as sounds of the catalog differ in one respect. The numbers stand in
``embedding.json``, which :mod:`benchmark.metrics.reconstruction.fit_embedding` makes.

Conventions
-----------
Sounds are brought to 16 kHz first: what lies above 8 kHz is not heard. Levels are in dB re full
scale, floor -80 dB, as everywhere.

Known failure: whitening makes all respects count by how much they vary over the catalog, whatever a
listener makes of them. On the test sounds of *tones*, the Frechet distance is 20 if all are played
a semitone higher and 1.7 if all are 6 dB quieter, since the catalog differs much in level; on those
of *gesture*, which have silence around them, noise 40 dB below the sound is 7. Read it beside the
errors that have a unit.

References
----------
K. Kilgour, M. Zuluaga, D. Roblek and M. Sharifi, "Frechet Audio Distance: A reference-free metric
for evaluating music enhancement algorithms", Interspeech 2019 (the distance, on another embedding).
"""

import json
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files

import numpy as np
import scipy.fft

from benchmark.metrics.reconstruction.mel_distance import HOP, N_FFT, log_mel
from benchmark.metrics.reconstruction.registry import Audio, Floats
from benchmark.metrics.reconstruction.sounds import Sounds
from benchmark.metrics.reconstruction.spectrum import hann
from toysound.envelopes import peak_envelope

#: Sounds are described at this rate in Hz.
SAMPLE_RATE = 16000

BANDS = 32
LAGS_S = np.geomspace(0.00025, 0.019, 24)
PARTS = 16
BEFORE_HALF_S = 0.001 * 2.0 ** np.arange(8)
SWING_HZ = 1.5 * 2.0 ** np.arange(6)

#: Descriptors of a sound, and numbers of its embedding.
DESCRIPTORS = 2 * BANDS + len(LAGS_S) + PARTS + len(BEFORE_HALF_S) + len(SWING_HZ) - 1
DIMENSIONS = 64

_FLOOR_DB = -80.0
_RISE_FLOOR_DB = -30.0

#: Sounds described at a time, in samples.
_SAMPLES_AT_ONCE = 64 * 8000


@dataclass(frozen=True, eq=False)
class Whitening:
    """The fixed numbers that turn descriptors into an embedding.

    Attributes
    ----------
    mean : shape (DESCRIPTORS,)
    directions : shape (DESCRIPTORS, DIMENSIONS)
    """

    mean: Floats
    directions: Floats


def embed(audio: Audio, sample_rate: int) -> Floats:
    """Return the embedding of each sound.

    Parameters
    ----------
    audio : shape (n, T)
    sample_rate : Hz

    Returns
    -------
    ndarray, float64, shape (n, 64)
        Each row depends on its own sound alone.
    """
    whitening = _whitening()
    return (describe(audio, sample_rate) - whitening.mean) @ whitening.directions


def describe(audio: Audio, sample_rate: int) -> Floats:
    """Return the descriptors of each sound, before they are whitened, shape (n, DESCRIPTORS)."""
    out = np.empty((len(audio), DESCRIPTORS))
    stride = max(1, _SAMPLES_AT_ONCE // max(1, audio.shape[1]))
    for start in range(0, len(audio), stride):
        rows = slice(start, start + stride)
        out[rows] = _describe(_at_16_khz(audio[rows], sample_rate))
    return out


def _describe(audio: Audio) -> Floats:
    sounds = Sounds(audio, SAMPLE_RATE)
    bands = log_mel(sounds, BANDS).astype(np.float64)
    parts = [
        bands.mean(axis=1),
        bands.std(axis=1),
        _periodicity(sounds.magnitude(N_FFT, HOP)),
        _course(audio),
        _rise(audio),
        _swing(bands),
    ]
    return np.concatenate(parts, axis=1)


def _periodicity(magnitudes: Audio) -> Floats:
    """Return the autocorrelation of each sound at the lags, 1 at lag 0; 0 for silence.

    It is that of the power spectrum, mean over frames, divided by that of the window.
    """
    power = np.square(magnitudes).mean(axis=1, dtype=np.float64)
    window = np.square(np.abs(scipy.fft.rfft(hann(N_FFT))))
    turns = np.outer(np.arange(power.shape[1]), LAGS_S * SAMPLE_RATE / N_FFT)
    cosines = np.cos(2 * np.pi * turns)
    weights = np.full(power.shape[1], 2.0)
    weights[[0, -1]] = 1.0
    energy = power @ weights
    lags = power @ (weights[:, None] * cosines)
    window_lags = (window * weights) @ cosines / (window @ weights)
    # A thousandth of the power at -80 dB: silence has no period, and no noise of rounding has.
    least = 1e-3 * 10 ** (_FLOOR_DB / 10) * N_FFT**2
    return np.asarray(lags / (energy + least)[:, None] / window_lags)


def _course(audio: Audio) -> Floats:
    """Return the RMS level in equal parts of the clip, dB."""
    edges = np.rint(np.linspace(0, audio.shape[1], PARTS + 1)).astype(int)
    total = np.zeros((len(audio), audio.shape[1] + 1))
    np.cumsum(np.square(audio, dtype=np.float64), axis=1, out=total[:, 1:])
    energy = np.diff(total[:, edges], axis=1)
    return _decibels(energy / np.maximum(np.diff(edges), 1))


def _rise(audio: Audio) -> Floats:
    """Return the level at fixed times before half the peak of the clip is reached, dB re the peak.

    The level is that of the peak envelope, at least -30 dB, and so before the clip and in silence.
    """
    envelope, block = peak_envelope(audio, SAMPLE_RATE)
    peak = envelope.max(axis=1, keepdims=True)
    half = np.argmax(envelope >= 0.5 * peak, axis=1)
    places = half[:, None] - np.rint(BEFORE_HALF_S * SAMPLE_RATE / block).astype(int)
    heights = np.take_along_axis(envelope, np.maximum(places, 0), axis=1)
    ratio = np.where(places < 0, 0.0, heights) / np.where(peak > 0, peak, 1.0)
    return np.asarray(20 * np.log10(np.maximum(ratio, 10 ** (_RISE_FLOOR_DB / 20))))


def _swing(bands: Floats) -> Floats:
    """Return the RMS fluctuation of the levels of all bands in octaves of its rate, dB."""
    frames = bands.shape[1]
    window = np.hanning(frames + 2)[1:-1]
    moving = (bands - bands.mean(axis=1, keepdims=True)) * window[:, None]
    spectrum = scipy.fft.rfft(moving, axis=1)
    power = np.square(np.abs(spectrum)).mean(axis=2) * 2 / (frames * np.square(window).sum())
    hz = np.arange(power.shape[1]) * SAMPLE_RATE / HOP / frames
    octaves = (hz[:, None] >= SWING_HZ[:-1]) & (hz[:, None] < SWING_HZ[1:])
    return np.asarray(np.sqrt(power @ octaves))


def _decibels(power: Floats) -> Floats:
    return np.asarray(10 * np.log10(np.maximum(power, 10 ** (_FLOOR_DB / 10))))


def _at_16_khz(audio: Audio, sample_rate: int) -> Audio:
    if sample_rate == SAMPLE_RATE:
        return audio
    import soxr

    changed = [soxr.resample(sound, sample_rate, SAMPLE_RATE, quality="HQ") for sound in audio]
    return np.stack(changed).astype(np.float32)


@lru_cache(maxsize=1)
def _whitening() -> Whitening:
    text = files(__package__).joinpath("embedding.json").read_text(encoding="utf-8")
    numbers = json.loads(text)
    mean, directions = (np.array(numbers[key]) for key in ("mean", "directions"))
    return Whitening(mean, directions)
