"""A dataset small enough to score in a second: 96 quarter-second sounds of the voice ``tone``."""

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from toysound.catalog.spec import DatasetSpec
from toysound.dataset import Dataset, OnDemand
from toysound.factors import Factor, FactorSpace
from toysound.scales import linear_steps

SPEC = DatasetSpec(
    name="small",
    question="Do the tests of the harness run in a second?",
    space=FactorSpace(
        [
            Factor("pitch", linear_steps(57, 2, 8), "MIDI"),
            Factor("level", linear_steps(-30, 6, 3), "dB"),
            Factor("brightness", linear_steps(-18, 4, 4), "dB/octave"),
        ]
    ),
    voice="tone",
    constants={"attack": 0.02, "tremolo": 0.0},
    duration_s=0.25,
)


@lru_cache(maxsize=1)
def _samples() -> NDArray[np.int16]:
    return OnDemand(SPEC).samples(np.arange(SPEC.space.size))


class Kept:
    """The sounds of the small dataset, rendered once for all tests."""

    def samples(self, indices: NDArray[np.int64]) -> NDArray[np.int16]:
        return _samples()[indices]


def small_dataset(spec: DatasetSpec = SPEC) -> Dataset:
    """Return the small dataset, or one of another specification with its sounds."""
    return Dataset(spec, Kept())
