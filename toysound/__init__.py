"""ToySound: a dSprites for sound.

>>> import toysound
>>> tones = toysound.load("tones")
>>> tones.space
FactorSpace(pitch[12], level[4], brightness[6], attack[5], tremolo[4])

``load`` opens a dataset, ``render`` gives sounds, ``list_datasets`` names them. Everything else is
in the modules, each of which opens by saying what it is for.
"""

from typing import TYPE_CHECKING, Any

from toysound.errors import ToySoundError, UsageError
from toysound.factors import Factor, FactorSpace
from toysound.version import GENERATOR_VERSION, __version__

if TYPE_CHECKING:
    from toysound.catalog import list_datasets
    from toysound.dataset import Dataset, load
    from toysound.rendering import render

__all__ = [
    "GENERATOR_VERSION",
    "Dataset",
    "Factor",
    "FactorSpace",
    "ToySoundError",
    "UsageError",
    "__version__",
    "list_datasets",
    "load",
    "render",
]

_LAZY = {
    "list_datasets": "toysound.catalog",
    "Dataset": "toysound.dataset",
    "load": "toysound.dataset",
    "render": "toysound.rendering",
}


def __getattr__(name: str) -> Any:
    """Import the rest at first use, so that the command line answers at once."""
    import importlib

    if name in _LAZY:
        return getattr(importlib.import_module(_LAZY[name]), name)
    raise AttributeError(f"module 'toysound' has no attribute '{name}'")
