"""The effect ``room``: an echo, and the reverberation of a room.

What comes in has its envelope already, because an effect outlasts the sound. The *echo* is one
repetition, 6 dB below the direct sound. The *reverberation* is Schroeder's ("Natural sounding
artificial reverberation", JAES 10, 1962): four combs in parallel whose feedback makes them die away
by 60 dB in the reverberation time, then two all-passes.
"""

import numpy as np
from numpy.typing import NDArray

from toysound.engine import Engine, Signal
from toysound.scales import round_significant
from toysound.voices.parts import Values

#: Loop times of the combs, mutually prime in samples at 16 kHz, and of the all-passes, in seconds.
_COMBS_S = (0.0297, 0.0371, 0.0411, 0.0437)
_ALLPASSES_S = (0.005, 0.0017)
_ALLPASS_GAIN = 0.7

_ECHO_GAIN = 0.5
_WET_GAIN = 0.25


def variants(values: Values) -> NDArray[np.int64]:
    """Return which graph each sound needs, shape (n,): bit 0 echo, bit 1 reverberation."""
    return np.asarray((values["echo"] > 0) + 2 * (values["reverberation"] > 0), dtype=np.int64)


def room(engine: Engine, dry: Signal, values: Values) -> Signal:
    """Build the effect for a batch of sounds of one variant.

    Parameters
    ----------
    dry : the sounds
    values : ``echo`` (delay in s, 0 for none), ``reverberation`` (s until -60 dB, 0 for none),
        shape (n,) each
    """
    wet = dry
    if values["echo"][0] > 0:
        once = engine.delay(dry, values["echo"], np.zeros(len(values["echo"])))
        wet = wet + engine.scale(once, np.full(len(values["echo"]), _ECHO_GAIN))
    if values["reverberation"][0] > 0:
        wet = wet + _tail(engine, wet, values["reverberation"])
    return wet


def _tail(engine: Engine, signal: Signal, reverberation_s: NDArray[np.float64]) -> Signal:
    """Return what a room adds to a sound."""
    combs: Signal | None = None
    for loop_s in _COMBS_S:
        feedback = round_significant(np.power(10.0, -3 * loop_s / reverberation_s))
        comb = engine.delay(signal, np.full(len(feedback), loop_s), feedback)
        # A longer reverberation adds up to more power in the comb; it should last, not grow.
        comb = engine.scale(comb, _WET_GAIN * np.sqrt(1 - feedback * feedback))
        combs = comb if combs is None else combs + comb
    assert combs is not None
    for delay_s in _ALLPASSES_S:
        combs = engine.allpass(combs, delay_s, _ALLPASS_GAIN)
    return combs
