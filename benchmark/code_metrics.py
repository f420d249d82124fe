"""Every metric of codes, on the codes of one model: numbers, or the reason why there is none."""

import warnings
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from benchmark.metrics import METRICS, compute
from benchmark.protocol import Floats
from toysound.errors import ToySoundError
from toysound.progress import bar


@dataclass(frozen=True)
class Reading:
    """One number of a metric.

    Attributes
    ----------
    value : the number, or None
    reason : why there is no number; None if there is one
    """

    value: float | None
    reason: str | None = None


def read_codes(
    classes: NDArray[np.int64],
    mean: Floats,
    log_variance: Floats | None,
    *,
    seed: int = 0,
    label: str = "metrics",
    progress: bool = False,
) -> dict[str, Reading]:
    """Compute every registered metric of codes.

    Parameters
    ----------
    classes : true levels, shape (n, k), rows in the order train then test; k is 0 without labels
    mean : shape (n, d)
    log_variance : shape (n, d), or None for a deterministic encoder
    seed : of the metrics' own randomness
    label, progress : of the progress bar

    Returns
    -------
    dict
        Column to number. A metric that cannot be computed gives its sentence as the reason; a
        number that is not finite is none.
    """
    readings: dict[str, Reading] = {}
    undefined = "it is not defined for these codes"
    if classes.shape[1] == 1:
        undefined = "it compares factors with each other, and this dataset has one"
    factors = classes if classes.shape[1] else None
    with bar(label, len(METRICS), "metrics", progress) as drawn:
        for metric in METRICS.values():
            drawn.set_postfix_str(metric.name)
            options = {"log_variance": log_variance} if metric.needs_log_variance else {}
            reason = undefined
            values: dict[str, float] = {}
            try:
                with warnings.catch_warnings():
                    # Estimators warn of grids with one sound for each class, as mono/* are.
                    warnings.simplefilter("ignore", UserWarning)
                    values = compute(metric.name, factors=factors, codes=mean, seed=seed, **options)
            except ToySoundError as error:
                reason = str(error)
            for output in metric.outputs:
                value = float(values.get(output.key, np.nan))
                finite = bool(np.isfinite(value))
                readings[output.column] = Reading(value) if finite else Reading(None, reason)
            readings |= {k: Reading(v) for k, v in values.items() if metric.in_series(k)}
            drawn.update()
    return readings


def all_missing(reason: str) -> dict[str, Reading]:
    """Return every column without a number, for one reason."""
    outputs = (output for metric in METRICS.values() for output in metric.outputs)
    return {output.column: Reading(None, reason) for output in outputs}
