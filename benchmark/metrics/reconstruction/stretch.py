"""Where in a clip a sound can be asked for its pitch: its loudest stretch.

A clip may hold a short sound that starts late, a decay, or a note that lasts to the end. A fixed
part of the clip would fall into silence for the first and into noise for the second. So the part is
found in the sound itself: from its envelope it is known where it is heard, and within that, the
stretch of the highest energy is taken, as long as a pitch needs and the sound allows.
"""

import numpy as np

from benchmark.metrics.reconstruction.registry import Audio, Floats
from toysound.envelopes import peak_envelope

#: Longest stretch: 4 Hz between the bins of its spectrum, enough to tell a cent of a partial.
LONGEST_S = 0.256

#: Lengths of stretches are multiples of this one, so that equally long ones are measured together.
STEP_S = 0.016

#: A sound is heard where its envelope is at most 20 dB below its highest peak.
_HEARD = 10.0 ** (-20 / 20)

#: Peak below which a clip is silence: -90 dB re full scale.
_SILENCE = 10.0 ** (-90 / 20)


def loudest_stretch(audio: Audio, sample_rate: int) -> Floats:
    """Return the loudest stretch of each sound.

    Parameters
    ----------
    audio : shape (n, T)
    sample_rate : Hz

    Returns
    -------
    ndarray, float64, shape (n, 2)
        Start and stop in seconds, 0.016 to 0.256 s apart; NaN for a sound that is silent or is not
        heard for that long.
    """
    envelope, block = peak_envelope(audio, sample_rate)
    peak = envelope.max(axis=1, keepdims=True, initial=0.0)
    heard = envelope >= _HEARD * peak
    count = envelope.shape[1]
    first, last = heard.argmax(axis=1), count - heard[:, ::-1].argmax(axis=1)
    block_s = block / sample_rate
    steps = np.floor(np.minimum((last - first) * block_s, LONGEST_S) / STEP_S + 1e-9)
    lengths = np.floor(steps * STEP_S / block_s + 1e-9).astype(int)
    # The last block may reach beyond the clip, and a stretch of whole blocks must not.
    lasts = np.minimum(last, audio.shape[1] // block)
    start = _loudest(_energies(audio, block), first, lasts - lengths, lengths)
    out = np.stack([start, start + lengths], axis=1) * block_s
    out[(lengths == 0) | (lasts - lengths < first) | (peak[:, 0] <= _SILENCE)] = np.nan
    return np.asarray(out)


def _energies(audio: Audio, block: int) -> Floats:
    """Return the energy of the first i whole blocks of each sound, shape (n, blocks + 1)."""
    count = audio.shape[1] // block
    blocks = audio[:, : count * block].reshape(len(audio), count, block)
    energies = np.einsum("nbk,nbk->nb", blocks, blocks, dtype=np.float64)
    return np.concatenate([np.zeros((len(audio), 1)), np.cumsum(energies, axis=1)], axis=1)


def _loudest(
    energies: Floats,
    first: np.ndarray[tuple[int], np.dtype[np.intp]],
    last: np.ndarray[tuple[int], np.dtype[np.intp]],
    lengths: np.ndarray[tuple[int], np.dtype[np.intp]],
) -> np.ndarray[tuple[int], np.dtype[np.intp]]:
    """Return the first block of the loudest stretch that begins between two blocks."""
    starts = np.arange(energies.shape[1])[None]
    stops = np.minimum(starts + lengths[:, None], energies.shape[1] - 1)
    energy = np.take_along_axis(energies, stops, axis=1) - energies
    allowed = (starts >= first[:, None]) & (starts <= last[:, None])
    return np.asarray(np.where(allowed, energy, -1.0).argmax(axis=1))
