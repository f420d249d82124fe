"""``<name>+phase`` and ``<name>+noise``: the same grids with a nuisance turned on.

A model of spectrograms should not mind the phase, a model of waveforms has to; noise is a cause of
variation that no latent should spend itself on.
"""

from dataclasses import replace

from toysound.catalog.grids import GESTURE, MODULATION, TIMBRE, TONES
from toysound.catalog.spec import DatasetSpec
from toysound.catalog.sprites import SPRITES_SMALL

#: Signal-to-noise ratio where noise is turned on and is no factor of the grid, dB.
NOISE_DB = 30.0


def _with_phase(spec: DatasetSpec) -> DatasetSpec:
    return replace(
        spec,
        name=f"{spec.name}+phase",
        question=f"{spec.name}, each sound with its own phase: does it disturb the factors?",
        nuisances=("phase",),
        tier="nuisance",
    )


def _with_noise(spec: DatasetSpec) -> DatasetSpec:
    noisiness = {} if "noisiness" in spec.space.names else {"noisiness": NOISE_DB}
    return replace(
        spec,
        name=f"{spec.name}+noise",
        question=f"{spec.name}, each sound with its own noise: does it disturb the factors?",
        nuisances=("noise",),
        constants={**spec.constants, **noisiness},
        tier="nuisance",
    )


VARIANTS = (
    *(_with_phase(spec) for spec in (TONES, TIMBRE, GESTURE, MODULATION, SPRITES_SMALL)),
    *(_with_noise(spec) for spec in (TONES, TIMBRE, GESTURE)),
)
