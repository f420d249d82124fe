"""``correlated/...``: two factors of ``tones`` that go together in training.

In the world, factors are correlated: large instruments are low and slow. These datasets have the
cells of ``tones``, all of them, but their training split holds mostly cells where two factors agree
(Träuble et al., ICML 2021), while the test split is drawn evenly. A model that takes the two for
one is punished where it should be: on the cells it was hardly shown. What the correlation leaves
out of training is the split ``composition``.
"""

from dataclasses import replace

from toysound.catalog.grids import TONES
from toysound.catalog.spec import Correlation, DatasetSpec

#: Widths of the band of cells that are kept, after Träuble et al.
STRENGTHS = {"weak": 0.7, "medium": 0.4, "strong": 0.2}

_PAIRS = (("pitch", "brightness"), ("level", "attack"))


def _correlated(first: str, second: str, strength: str) -> DatasetSpec:
    return replace(
        TONES,
        name=f"correlated/{first}-{second}-{strength}",
        question=f"{first} and {second} go together in training ({strength}): "
        "are they still found apart?",
        composition=None,
        correlation=Correlation((first, second), STRENGTHS[strength]),
        tier="correlated",
    )


CORRELATED = tuple(
    _correlated(first, second, strength) for first, second in _PAIRS for strength in STRENGTHS
)
