"""The registry of datasets: every name that ``toysound list`` shows, in curriculum order."""

from toysound.catalog.correlated import CORRELATED
from toysound.catalog.grids import GRIDS
from toysound.catalog.instruments import INSTRUMENTS
from toysound.catalog.mono import MONO
from toysound.catalog.pairs import PAIRS
from toysound.catalog.spec import DatasetSpec
from toysound.catalog.sprites import SPRITES, SPRITES_SMALL
from toysound.catalog.variants import VARIANTS
from toysound.errors import unknown_name

CATALOG: dict[str, DatasetSpec] = {
    spec.name: spec
    for spec in (*MONO, *PAIRS, *GRIDS, SPRITES_SMALL, SPRITES, *CORRELATED, *VARIANTS, INSTRUMENTS)
}


def list_datasets() -> list[str]:
    """Return the names of all datasets, in the order of the curriculum."""
    return list(CATALOG)


def get_spec(name: str) -> DatasetSpec:
    """Return the specification of a dataset.

    Raises
    ------
    UsageError
        If there is none of that name; the message suggests the nearest.
    """
    if name not in CATALOG:
        raise unknown_name("dataset", name, CATALOG, see="'toysound list' shows all")
    return CATALOG[name]
