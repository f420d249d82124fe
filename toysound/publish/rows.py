"""The columns of a published dataset beside the audio: labels and measurements.

``index``, then for each factor ``<factor>_class`` (integer level) and ``<factor>_value`` (physical
value in its unit), then the measured descriptors. These are null where they are not defined, and,
in a dataset of more than 30,000 sounds, for all but a stratified sample of 10,000: measuring takes
longer than rendering, and no question asked of a descriptor needs more.
"""

import numpy as np
from numpy.typing import NDArray

from toysound.catalog.spec import DatasetSpec
from toysound.factors import Factor
from toysound.measure import DESCRIPTORS, describe
from toysound.rendering import sustained_part, to_float
from toysound.sampling import stratified

#: Descriptors in the order of their columns.
MEASURED = tuple(DESCRIPTORS)

#: Every sound of a dataset of at most this size is measured, and so many of a larger one.
MEASURED_WHOLE, MEASURED_SAMPLE = 30_000, 10_000

#: Sounds described at a time: their spectra stay in the processor's cache (measured: a third
#: faster than 1024).
_STRIDE = 64


def column_names(spec: DatasetSpec) -> list[str]:
    """Return the names of all columns beside the audio, in order."""
    labels = [f"{name}_{kind}" for name in spec.space.names for kind in ("class", "value")]
    return ["index", *labels, *MEASURED]


def column_descriptions(spec: DatasetSpec) -> dict[str, str]:
    """Return what each column beside the audio holds, in one sentence, in the same order."""
    out = {"index": "cell of the grid: mixed radix, last factor fastest"}
    for factor in spec.space.factors:
        what = factor.description or factor.name
        out[f"{factor.name}_class"] = f"level of {factor.name}, from 0{_labels(factor)}: {what}"
        unit = f" in {factor.unit}" if factor.unit else ""
        out[f"{factor.name}_value"] = f"value of {factor.name}{unit} ({factor.kind}): {what}"
    only = "" if all_measured(spec) else f"; measured for {MEASURED_SAMPLE:,} sounds, else null"
    return out | {name: f"{text}{only}" for name, text in DESCRIPTORS.items()}


def _labels(factor: Factor) -> str:
    named = ", ".join(f"{level} {label}" for level, label in enumerate(factor.labels))
    return f" ({named})" if named else ""


def all_measured(spec: DatasetSpec) -> bool:
    """Return whether every sound of a dataset is measured, or a sample only."""
    return spec.space.size <= MEASURED_WHOLE


def is_measured(spec: DatasetSpec, cells: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Return which of some cells have measured descriptors, shape (n,)."""
    if all_measured(spec):
        return np.ones(len(cells), dtype=bool)
    return np.isin(cells, stratified(spec.space, MEASURED_SAMPLE, f"{spec.name}/measured"))


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
    return {**labels(spec, cells), **measurements(spec, cells, samples)}


def measurements(
    spec: DatasetSpec, cells: NDArray[np.int64], samples: NDArray[np.int16]
) -> dict[str, NDArray[np.float64]]:
    """Return the columns of measured descriptors for some cells, NaN where there is no value.

    Parameters
    ----------
    spec : the dataset
    cells : shape (n,)
    samples : their sounds, shape (n, T)
    """
    out = {name: np.full(len(cells), np.nan) for name in MEASURED}
    measured = np.flatnonzero(is_measured(spec, cells))
    for at in range(0, len(measured), _STRIDE):
        rows = measured[at : at + _STRIDE]
        windows_s = sustained_part(spec, cells[rows])
        for name, values in describe(to_float(samples[rows]), spec.sample_rate, windows_s).items():
            out[name][rows] = values
    return out


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
