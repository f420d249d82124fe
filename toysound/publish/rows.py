"""The columns of a published dataset beside the audio: labels and measurements.

``index``, then for each factor ``<factor>_class`` (integer level) and ``<factor>_value`` (physical
value in its unit), then the measured descriptors, which are null where they are not defined.
"""

import numpy as np
from numpy.typing import NDArray

from toysound.catalog.spec import DatasetSpec
from toysound.measure import describe
from toysound.rendering import to_float

#: Descriptors in the order of their columns.
MEASURED = (
    "measured_f0_hz",
    "measured_level_db",
    "measured_centroid_hz",
    "measured_attack_s",
)

#: Sounds described at a time: their spectra stay in the processor's cache (measured: a third
#: faster than 1024).
_STRIDE = 64


def column_names(spec: DatasetSpec) -> list[str]:
    """Return the names of all columns beside the audio, in order."""
    labels = [f"{name}_{kind}" for name in spec.space.names for kind in ("class", "value")]
    return ["index", *labels, *MEASURED]


def columns(
    spec: DatasetSpec, cells: NDArray[np.int64], samples: NDArray[np.int16]
) -> dict[str, NDArray[np.int64] | NDArray[np.float64]]:
    """Return every column beside the audio for some cells.

    Parameters
    ----------
    spec : the dataset
    cells : shape (n,)
    samples : their sounds, shape (n, T)
    """
    parts = [
        describe(to_float(samples[at : at + _STRIDE]), spec.sample_rate, spec.level_window_s)
        for at in range(0, len(samples), _STRIDE)
    ]
    described = {name: np.concatenate([part[name] for part in parts]) for name in MEASURED}
    return {**labels(spec, cells), **described}


def labels(
    spec: DatasetSpec, cells: NDArray[np.int64]
) -> dict[str, NDArray[np.int64] | NDArray[np.float64]]:
    """Return the columns that the specification alone decides, for some cells of shape (n,)."""
    classes = spec.space.classes_of(cells)
    values = spec.space.values_of(classes)
    out: dict[str, NDArray[np.int64] | NDArray[np.float64]] = {"index": cells}
    for column, name in enumerate(spec.space.names):
        out[f"{name}_class"] = classes[:, column]
        out[f"{name}_value"] = values[:, column]
    return out
