"""Floors and ceilings: what a number is worth on this dataset.

A score of 0.3 says nothing until one knows what noise gets and what a perfect code gets, with the
same metric on the same sounds. The reference codes of :mod:`benchmark.reference_codes` answer that
for disentanglement and dimension, and a training sound played at random answers it for
reconstruction:

=============== ================================== ==============================================
family          floor                              ceiling
=============== ================================== ==============================================
reconstruction  random training sounds             the model's own round trip (not from here)
disentanglement noise                              perfect codes
dimension       noise                              the true number of factors
control         a decoder that plays noise         the generator itself as a decoder
=============== ================================== ==============================================

A measure that compares whole sets of sounds (Frechet distance) would find nothing wrong with random
training sounds: as a set they are as good as the test sounds. There one training sound, played for
all, is the floor.

The ceiling of a latent dimension is the number of factors itself and not what an estimator finds on
perfect codes: the grid is discrete, and the estimators' own error should be seen, not hidden. A
column of that family in a unit, such as nats, is an amount and no count of dimensions: it has no
frame, since how many nats a factor is worth is up to the model.

They depend on the sounds, the seed and the code that computes them, and on no model, so they are
computed once and kept as JSON in the user's cache folder (``$TOYSOUND_CACHE`` moves it). The key
holds all that they depend on; a file that is damaged or of another key is computed again.
"""

from collections.abc import Mapping
from pathlib import Path

import numpy as np
from pydantic import BaseModel, ConfigDict, ValidationError

from benchmark import reference_codes
from benchmark.bootstrap import summarise
from benchmark.cache import cache_key, digest_of
from benchmark.code_metrics import read_codes
from benchmark.codes import Plan, hear_random_sounds, truth_of
from benchmark.control import references
from benchmark.control.readers import fit_readers
from benchmark.data_dimension import COLUMNS as DATA
from benchmark.data_dimension import measure_data
from benchmark.dimension_estimate import DIMENSION_ERROR, DIMENSION_ESTIMATE
from benchmark.heard import Codes
from benchmark.metrics import METRICS
from benchmark.metrics.reconstruction import COLUMNS, SET_METRICS
from benchmark.result import Family
from toysound.cache import cache_folder
from toysound.dataset import Dataset
from toysound.errors import ToySoundError
from toysound.files import write_text

FLOOR, CEILING = "noise", "perfect"


class Framing(BaseModel):
    """What reference codes and random sounds score on one dataset.

    Attributes
    ----------
    key : all that the numbers depend on
    factors : true number of factors that vary
    references : name of a reference code to its column values; None where there is no value
    random_sound : column values of reconstruction for a training sound played at random
    data : dimension of the sounds themselves; None where there is no value
    data_reasons : why there is none, for those columns
    control : what a deaf decoder (``floor``) and the generator (``ceiling``) get; empty where
        factor readers cannot be learnt
    """

    model_config = ConfigDict(extra="forbid", allow_inf_nan=False, frozen=True)

    key: dict[str, str]
    factors: int
    references: dict[str, dict[str, float | None]]
    random_sound: dict[str, float | None]
    data: dict[str, float | None]
    data_reasons: dict[str, str]
    control: dict[str, dict[str, float]]

    def floor(self, family: Family, column: str) -> float | None:
        """Return what a model that knows nothing gets, or None."""
        if family == "reconstruction":
            return self.random_sound.get(column)
        if family == "dimension" and column not in _counts():
            return None
        if family == "control":
            return self.control.get("floor", {}).get(column)
        if family not in ("disentanglement", "dimension"):
            return None
        return self.references[FLOOR].get(column)

    def ceiling(self, family: Family, column: str) -> float | None:
        """Return what can be reached at best, or None where it depends on the model."""
        if family == "disentanglement":
            return self.references[CEILING].get(column)
        if family == "control":
            return self.control.get("ceiling", {}).get(column)
        if family != "dimension" or not self.factors:
            return None
        if column == DIMENSION_ERROR.column:
            return 0.0
        return float(self.factors) if column in _counts() else None


def make_framing(dataset: Dataset, plan: Plan, *, seed: int = 0, progress: bool = False) -> Framing:
    """Return floors and ceilings of a dataset, from the cache or computed and put there.

    Parameters
    ----------
    dataset : the dataset
    plan : the sounds that the score sees, made with the same seed
    seed : of the score
    progress : draw progress bars on a terminal
    """
    key = cache_key(dataset, seed)
    path = cache_folder() / "framing" / f"{digest_of(key)}.json"
    cached = _read(path, key)
    if cached is not None:
        return cached
    framing = _compute(dataset, plan, seed, key, progress)
    try:
        write_text(path, framing.model_dump_json(indent=2) + "\n")
    except OSError:
        return framing  # a cache that cannot be written costs time and nothing else
    return framing


def _compute(
    dataset: Dataset, plan: Plan, seed: int, key: Mapping[str, str], progress: bool
) -> Framing:
    truth = truth_of(dataset, plan.cells)
    references: dict[str, dict[str, float | None]] = {}
    for name in reference_codes.NAMES:
        if not truth.sizes:
            references[name] = {}  # nothing is known of the sounds that a code could know
            continue
        made = reference_codes.make(name, truth.classes, truth.sizes, seed=seed)
        codes = Codes(truth.classes, *made, truth.kinds)
        readings = read_codes(codes, seed=seed, label=f"{name} codes", progress=progress)
        references[name] = {column: reading.value for column, reading in readings.items()}
    random = hear_random_sounds(dataset, plan.test, progress=progress)
    summaries = {column.column: column.summary for column in COLUMNS}
    floors: dict[str, float | None] = {
        name: summarise(values, summaries[name]) for name, values in random.errors.items()
    }
    # A set of random training sounds is as good a set as the test sounds; one sound for all is not.
    for name, metric in SET_METRICS.items():
        if name not in random.rows:
            continue
        collapsed = np.broadcast_to(random.rows[name][:1], random.rows[name].shape)
        values = metric.finish(random.reference_rows[name], collapsed)
        for output in metric.outputs:
            value = float(values[output.key])
            floors[output.column] = value if np.isfinite(value) else None
    data = measure_data(dataset, plan.cells, seed=seed, progress=progress)
    return Framing(
        key=dict(key),
        factors=len(truth.sizes),
        references=references,
        random_sound=floors,
        data={name: reading.value for name, reading in data.items()},
        control=_control(dataset, plan, progress),
        data_reasons={name: r.reason for name, r in data.items() if r.reason is not None},
    )


def _control(dataset: Dataset, plan: Plan, progress: bool) -> dict[str, dict[str, float]]:
    try:
        readers = fit_readers(dataset, progress=progress)
    except ToySoundError:
        return {}
    return references.frame(dataset, readers, plan.cells, plan.test, progress=progress)


def _counts() -> set[str]:
    """Return the columns that count dimensions: those of the family that have no unit."""
    outputs = [
        o for metric in METRICS.values() if metric.family == "dimension" for o in metric.outputs
    ]
    outputs += [DIMENSION_ESTIMATE, *DATA]
    return {output.column for output in outputs if not output.unit}


def _read(path: Path, key: Mapping[str, str]) -> Framing | None:
    """Return a cached framing, or None if there is no whole one of this key."""
    try:
        framing = Framing.model_validate_json(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, ValidationError):
        return None
    complete = set(framing.references) == set(reference_codes.NAMES)
    return framing if framing.key == key and complete else None
