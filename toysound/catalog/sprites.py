"""``sprites``: dSprites, for the ear.

dSprites (Matthey et al., 2017) moves a white shape over a picture: 1 colour, 3 shapes, 6 scales, 40
orientations, 32 positions x and 32 positions y, 737,280 pictures. Here each of them has a twin in
sound, of the same size and the same topology, so that a result on images and one on sounds can be
laid side by side, factor by factor:

=============  ======================  =================================================
dSprites       here                    and
=============  ======================  =================================================
colour         ``colour``              a constant there and here
shape          ``waveform``            three categories
scale          ``duration``            six, growing by equal ratios
orientation    ``chroma``              forty around a circle; dSprites has its first angle
                                       twice (0 and 2 pi), here the end is left out
position x     ``onset``               thirty-two places in time
position y     ``register``            thirty-two places in frequency
=============  ======================  =================================================

``sprites/small`` thins every factor out to 7,680 sounds.
"""

from collections.abc import Sequence

from toysound.catalog.known_factors import COLOUR, KNOWN, SHEPARD_WAVEFORM
from toysound.catalog.spec import DatasetSpec
from toysound.factors import FactorSpace
from toysound.scales import linear_steps, log_steps


def _sprites(
    name: str,
    durations: Sequence[float],
    chromas: Sequence[float],
    onsets: Sequence[float],
    registers: Sequence[float],
) -> DatasetSpec:
    return DatasetSpec(
        name=name,
        question="dSprites for the ear: do results on images hold for sounds?",
        space=FactorSpace(
            [
                COLOUR.over([0.0]),
                SHEPARD_WAVEFORM.over(range(3)),
                KNOWN["duration"].over(durations),
                KNOWN["chroma"].over(chromas),
                KNOWN["onset"].over(onsets),
                KNOWN["register"].over(registers),
            ]
        ),
        voice="shepard",
        constants={"attack": 0.005, "level": -18.0},
        composition=("chroma", "register"),
        tier="sprites",
    )


SPRITES = _sprites(
    "sprites",
    durations=log_steps(0.06, 0.24, 6),
    chromas=linear_steps(0, 0.3, 40),
    onsets=linear_steps(0, 0.008, 32),
    registers=linear_steps(50, 1.5, 32),
)

SPRITES_SMALL = _sprites(
    "sprites/small",
    durations=log_steps(0.06, 0.24, 4),
    chromas=linear_steps(0, 1.2, 10),
    onsets=linear_steps(0, 0.032, 8),
    registers=linear_steps(50, 6, 8),
)
