"""``pair/<a>-<b>``: two factors at once.

The first group are pairs that nothing ties together: a model that untangles anything untangles
these. The second group are known to be hard, because one factor does to the sound, or to the ear,
some of what the other does. They are published as what they are; ``question`` says why.
"""

from collections.abc import Sequence

from toysound.catalog.known_factors import FM_RATIOS, KNOWN
from toysound.catalog.spec import DatasetSpec
from toysound.factors import FactorSpace
from toysound.scales import linear_steps, log_steps


def _pair(
    first: str,
    second: str,
    values: tuple[Sequence[float], Sequence[float]],
    voice: str = "tone",
    why_hard: str = "",
    duration_s: float = 0.5,
    **constants: float,
) -> DatasetSpec:
    asked = f"Are {first} and {second} found apart?"
    return DatasetSpec(
        name=f"pair/{first}-{second}",
        question=f"Hard: {why_hard}. {asked}" if why_hard else asked,
        space=FactorSpace([KNOWN[first].over(values[0]), KNOWN[second].over(values[1])]),
        voice=voice,
        constants=constants,
        duration_s=duration_s,
        composition=(first, second),
        tier="pair",
    )


_PITCHES = linear_steps(45, 1, 24)
_LEVELS = linear_steps(-42, 2, 12)
_TILTS = linear_steps(-18, 1, 16)
_ATTACKS = log_steps(0.008, 0.2, 12)

INDEPENDENT = (
    _pair("pitch", "level", (_PITCHES, _LEVELS)),
    _pair("pitch", "brightness", (_PITCHES, _TILTS)),
    _pair("attack", "tremolo_rate", (_ATTACKS, log_steps(4, 20, 12)), tremolo=0.75),
    _pair("pitch", "vowel", (_PITCHES, range(1, 8)), brightness=-6.0),
    _pair("pitch", "noisiness", (_PITCHES, linear_steps(-6, 3, 12))),
    _pair(
        "onset", "duration", (linear_steps(0, 0.012, 20), log_steps(0.06, 0.25, 10)), attack=0.01
    ),
    _pair(
        "vibrato_rate",
        "vibrato",
        (log_steps(4, 16, 12), linear_steps(20, 12, 12)),
        partials=16.0,
    ),
    _pair("tremolo_rate", "tremolo", (log_steps(4, 20, 12), linear_steps(0.1, 0.05, 16))),
    _pair("fm_ratio", "fm_index", (tuple(FM_RATIOS), log_steps(0.25, 3, 20)), "fm"),
    _pair("chroma", "register", (linear_steps(0, 0.5, 24), linear_steps(54, 2, 16)), "shepard"),
    _pair("pitch", "chord", (_PITCHES, range(10)), "chord"),
    _pair(
        "pitch",
        "inharmonicity",
        (_PITCHES, linear_steps(-4, 0.2, 12)),
        "string",
        brightness=-6.0,
    ),
)

HARD = (
    _pair(
        "level",
        "brightness",
        (_LEVELS, _TILTS),
        why_hard="a brighter sound of equal power is a louder one to the ear",
    ),
    _pair(
        "pitch",
        "odd_even",
        (_PITCHES, linear_steps(-24, 4, 13)),
        brightness=-6.0,
        why_hard="a note whose even partials prevail is nearly the note an octave higher",
    ),
    _pair(
        "cutoff",
        "brightness",
        (linear_steps(6, 3, 16), linear_steps(-12, 1, 12)),
        pitch=45.0,
        why_hard="both take away the high partials",
    ),
    _pair(
        "decay",
        "reverberation",
        (log_steps(0.03, 0.4, 10), log_steps(0.15, 2.0, 12)),
        duration_s=1.0,
        attack=0.01,
        sustain=-40.0,
        duration=0.45,
        why_hard="both are how long the sound takes to die away",
    ),
    _pair(
        "vibrato",
        "glide",
        (linear_steps(0, 15, 12), linear_steps(-24, 4, 13)),
        vibrato_rate=4.0,
        partials=16.0,
        why_hard="half a second holds two swings, and a swing is a glide there and back",
    ),
    _pair(
        "decay",
        "duration",
        (log_steps(0.03, 0.18, 8), log_steps(0.2, 0.49, 6)),
        attack=0.01,
        sustain=-30.0,
        why_hard="a sound that has decayed has ended to the ear",
    ),
    _pair(
        "echo",
        "reverberation",
        (log_steps(0.05, 0.3, 10), log_steps(0.15, 2.0, 10)),
        duration_s=1.0,
        attack=0.01,
        duration=0.1,
        why_hard="a long reverberation hides the echo",
    ),
)

PAIRS = (*INDEPENDENT, *HARD)
