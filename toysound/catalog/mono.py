"""``mono/<factor>``: every factor alone, in 64 fine steps, or all its values if it is categorical.

The question of each is whether one factor becomes one clean direction: the first thing to look at
in a new model, and the finest ruler for how smooth a latent is. The other parameters are held where
the factor is heard best (an attack needs no tremolo beside it, a cutoff needs partials to cut).
"""

from collections.abc import Sequence

from toysound.catalog.known_factors import FM_RATIOS, KNOWN
from toysound.catalog.spec import DatasetSpec
from toysound.factors import FactorSpace
from toysound.scales import linear_steps, log_steps

STEPS = 64


def _mono(
    factor: str,
    values: Sequence[float],
    voice: str = "tone",
    duration_s: float = 0.5,
    **constants: float,
) -> DatasetSpec:
    known = KNOWN[factor]
    if known.kind == "categorical":
        question = f"Does each {factor} get a place of its own in the latent space?"
    elif known.kind == "circular":
        question = f"Is {factor} alone one clean circle of the latent space?"
    else:
        question = f"Is {factor} alone one clean direction of the latent space?"
    return DatasetSpec(
        name=f"mono/{factor}",
        question=question,
        space=FactorSpace([known.over(values)]),
        voice=voice,
        constants=constants,
        duration_s=duration_s,
        tier="mono",
    )


MONO = (
    _mono("pitch", linear_steps(33, 1, STEPS)),
    _mono("level", linear_steps(-49.5, 0.5, STEPS)),
    _mono("waveform", range(1, 6), brightness=0.0),
    _mono("brightness", linear_steps(-18.75, 0.25, STEPS)),
    _mono("partials", range(1, STEPS + 1), pitch=45.0, brightness=-3.0),
    _mono("odd_even", linear_steps(-31.5, 0.5, STEPS), brightness=-6.0),
    _mono("inharmonicity", linear_steps(-3.6, 0.04, STEPS), "string", pitch=45.0, brightness=-3.0),
    _mono("noisiness", linear_steps(-10, 0.75, STEPS), level=-15.0),
    _mono("fm_ratio", tuple(FM_RATIOS), "fm", fm_index=1.5),
    _mono("fm_index", log_steps(0.1, 3, STEPS), "fm"),
    _mono("cutoff", linear_steps(0, 1, STEPS), pitch=45.0, brightness=-3.0),
    _mono("resonance", log_steps(0.5, 16, STEPS), pitch=45.0, cutoff=36.0, brightness=-3.0),
    _mono("vowel", range(1, 8), pitch=45.0, brightness=-6.0),
    _mono("attack", log_steps(0.008, 0.2, STEPS)),
    _mono("decay", log_steps(0.02, 0.4, STEPS), attack=0.01, sustain=-30.0),
    _mono("sustain", linear_steps(-31.5, 0.5, STEPS), attack=0.01, decay=0.1),
    _mono("onset", linear_steps(0, 0.004, STEPS), attack=0.01, duration=0.2),
    _mono("duration", log_steps(0.06, 0.49, STEPS), attack=0.01),
    _mono("glide", linear_steps(-47.25, 1.5, STEPS), partials=16.0),
    _mono("vibrato_rate", log_steps(4, 16, STEPS), vibrato=100.0, partials=16.0),
    _mono("vibrato", linear_steps(0, 2.5, STEPS), vibrato_rate=6.0, partials=16.0),
    _mono("tremolo_rate", log_steps(4, 20, STEPS), tremolo=0.75),
    _mono("tremolo", linear_steps(0, 0.0125, STEPS)),
    _mono("chroma", linear_steps(0, 12 / STEPS, STEPS), "shepard"),
    _mono("register", linear_steps(48, 0.75, STEPS), "shepard"),
    _mono("interval", range(13), "chord"),
    _mono("chord", range(10), "chord"),
    _mono("echo", log_steps(0.03, 0.3, STEPS), attack=0.01, duration=0.1),
    _mono(
        "reverberation",
        log_steps(0.1, 2.0, STEPS),
        duration_s=1.0,
        attack=0.01,
        duration=0.1,
    ),
)
