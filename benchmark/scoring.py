"""Every metric of the harness for one model on one dataset.

The walk: choose the sounds (:func:`benchmark.codes.make_plan`), walk the model over them once,
compute every metric of its codes and reconstructions, and put each number between the floor and the
ceiling of this dataset (:mod:`benchmark.framing`).

A model that answers the same sounds differently, twice or in another batch, is scored all the same:
the numbers are what they are. It is said aloud, with the size of the difference.
"""

import time
import warnings
from dataclasses import dataclass
from typing import Any

from benchmark import bootstrap, cost, environment
from benchmark.audition import Audition
from benchmark.code_metrics import Reading, all_missing, read_codes
from benchmark.codes import Heard, listen, make_plan
from benchmark.framing import Framing, make_framing
from benchmark.guard import GuardedModel
from benchmark.loading import LoadedModel, open_model
from benchmark.metrics import METRICS
from benchmark.metrics.reconstruction import COLUMNS, RMSE_DB, SoundColumn
from benchmark.result import DatasetInfo, Family, Measurement, ModelInfo, Result, Timing
from benchmark.stability import measure_stability
from toysound.dataset import Dataset, load
from toysound.errors import ToySoundError

#: Sounds on which stability is tried.
_TRIED = 16


class UnstableModelWarning(UserWarning):
    """A model whose score depends on how it was computed, or whose output had to be repaired."""


@dataclass(frozen=True, eq=False)
class Evaluation:
    """A result and what goes with it.

    Attributes
    ----------
    result : the numbers
    audition : the sounds
    warnings : what a reader of the numbers should know, one sentence each
    """

    result: Result
    audition: Audition
    warnings: tuple[str, ...]


def score(model: Any, dataset: Dataset | str, *, seed: int = 0) -> Result:
    """Score a model on a dataset.

    Parameters
    ----------
    model : an object that keeps :class:`benchmark.protocol.Model`, or its name on the command line
    dataset : a dataset, its name, or its folder
    seed : decides which cells are drawn and all randomness of the metrics

    Raises
    ------
    ToySoundError
        If the model or dataset cannot be loaded, they do not fit, or the model breaks the protocol.

    Warns
    -----
    UnstableModelWarning
        If the model answers the same sounds differently, or its output had to be repaired.
    """
    evaluation = evaluate(model, dataset, seed=seed)
    for sentence in evaluation.warnings:
        warnings.warn(sentence, UnstableModelWarning, stacklevel=2)
    return evaluation.result


def evaluate(
    model: Any, dataset: Dataset | str, *, seed: int = 0, progress: bool = False
) -> Evaluation:
    """Score a model on a dataset, as :func:`score`; return the sounds and warnings as well.

    Parameters
    ----------
    model, dataset, seed : as in :func:`score`
    progress : draw progress bars on a terminal
    """
    start = time.perf_counter()
    sounds = load(dataset) if isinstance(dataset, str) else dataset
    loaded = open_model(model, sounds)
    guarded = guard(loaded, sounds)
    plan = make_plan(sounds, seed)
    unstable = _instabilities(guarded, sounds, plan.audition)
    heard = listen(guarded, sounds, plan, progress=progress)
    framing = make_framing(sounds, plan, seed=seed, progress=progress)
    times = cost.measure_times(guarded, sounds.audio(plan.audition))
    metrics = {
        "reconstruction": _reconstruction(guarded, heard, framing),
        **_codes(guarded, heard, framing, seed, progress),
        "cost": _cost(loaded, times),
    }
    result = Result(
        model=ModelInfo(
            name=loaded.name,
            source=loaded.source,
            format=loaded.format,
            parameters=loaded.parameters,
            citation=loaded.citation,
        ),
        dataset=DatasetInfo(
            name=sounds.name,
            version=str(sounds.version),
            audio_sha256=sounds.audio_sha256,
            size=len(sounds),
        ),
        seed=seed,
        metrics=metrics,
        environment=environment.describe(),
        timing=Timing(
            encode_ms=times.encode_ms,
            decode_ms=times.decode_ms,
            score_s=time.perf_counter() - start,
        ),
    )
    return Evaluation(result, heard.audition, (*unstable, *guarded.notes))


def guard(loaded: LoadedModel, dataset: Dataset) -> GuardedModel:
    """Return a model behind the border of the harness, if it fits the dataset.

    Raises
    ------
    ToySoundError
        If it lacks a required piece or its sample rate is not that of the dataset.
    """
    guarded = GuardedModel(loaded.model, loaded.name, dataset.num_samples)
    if guarded.sample_rate != dataset.sample_rate:
        raise ToySoundError(
            f"model '{loaded.name}' works at {guarded.sample_rate} Hz, but '{dataset.name}' is at "
            f"{dataset.sample_rate} Hz; score it on a dataset of its own rate"
        )
    return guarded


def _instabilities(model: GuardedModel, dataset: Dataset, cells: Any) -> list[str]:
    """Return a sentence for each way in which the model contradicts itself."""
    test = dataset.split("test")[:_TRIED]
    audio = dataset.audio(test if len(test) > 1 else cells)
    return [
        f"model '{model.name}' is unstable: {difference}"
        for difference in measure_stability(model, audio)
        if not difference.stable
    ]


def _reconstruction(model: GuardedModel, heard: Heard, framing: Framing) -> dict[str, Measurement]:
    return {column.column: _sound_column(model, column, heard, framing) for column in COLUMNS}


def _sound_column(
    model: GuardedModel, column: SoundColumn, heard: Heard, framing: Framing
) -> Measurement:
    name, summary = column.column, column.summary
    values, kept = heard.errors.get(name), heard.ceilings.get(name)
    if name == RMSE_DB.column:
        own_floor = heard.floors.get(name)
        floor = None if own_floor is None else bootstrap.summarise(own_floor, summary)
        ceiling = None if own_floor is None else 0.0  # a view of sound is its own round trip
    else:
        floor = framing.floor("reconstruction", name)
        ceiling = None if kept is None else bootstrap.summarise(kept, summary)
    value = None if values is None else bootstrap.summarise(values, summary)
    return Measurement(
        value=value,
        interval=None if value is None or values is None else bootstrap.interval(values, summary),
        floor=floor,
        ceiling=ceiling,
        higher_is_better=column.higher_is_better,
        unit=column.unit,
        reason=None if value is not None else _why_none(model, column, heard),
    )


def _why_none(model: GuardedModel, column: SoundColumn, heard: Heard) -> str:
    if not heard.errors:
        return "the dataset has no test sounds"
    if column.column == RMSE_DB.column and column.column not in heard.errors:
        return "the model offers no coefficients"
    return column.undefined


def _codes(
    model: GuardedModel, heard: Heard, framing: Framing, seed: int, progress: bool
) -> dict[Family, dict[str, Measurement]]:
    codes = heard.codes
    if codes is None:
        readings = all_missing(str(model.model.opaque_latent))
    else:
        readings = read_codes(
            codes.classes, codes.mean, codes.log_variance, seed=seed, progress=progress
        )
    families: dict[Family, dict[str, Measurement]] = {"disentanglement": {}, "dimension": {}}
    for metric in METRICS.values():
        for output in metric.outputs:
            reading = readings[output.column]
            families[metric.family][output.column] = Measurement(
                value=reading.value,
                floor=framing.floor(metric.family, output.column),
                ceiling=framing.ceiling(metric.family, output.column),
                higher_is_better=output.higher_is_better,
                unit=output.unit,
                reason=reading.reason,
            )
        if metric.series is not None:
            families[metric.family] |= {
                name: Measurement(value=reading.value, unit=metric.series.unit)
                for name, reading in readings.items()
                if metric.in_series(name)
            }
    return families


def _cost(loaded: LoadedModel, times: cost.Times) -> dict[str, Measurement]:
    parameters = loaded.parameters
    readings = {
        "parameters": Reading(None, "the model does not say how many it has")
        if parameters is None
        else Reading(float(parameters)),
        "encode_ms": Reading(times.encode_ms),
        "decode_ms": Reading(times.decode_ms),
    }
    return {
        column.column: Measurement(
            value=readings[column.column].value,
            higher_is_better=column.higher_is_better,
            unit=column.unit,
            reason=readings[column.column].reason,
        )
        for column in cost.COLUMNS
    }
