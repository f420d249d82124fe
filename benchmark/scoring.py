"""Every metric of the harness for one model on one dataset.

The walk: choose the sounds (:func:`benchmark.codes.make_plan`), walk the model over them once,
compute every metric of its codes and reconstructions, and put each number between the floor and the
ceiling of this dataset (:mod:`benchmark.framing`).

A model that answers the same sounds differently, twice or in another batch, is scored all the same:
the numbers are what they are. It is said aloud, with the size of the difference.
"""

import os
import time
import warnings
from contextlib import suppress
from dataclasses import dataclass
from importlib.metadata import version
from numbers import Integral
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmark import environment, measurements
from benchmark.audition import Audition
from benchmark.cache import cache_key, digest_of, keep_newest
from benchmark.code_metrics import Reading, all_missing, read_codes
from benchmark.codes import Plan, listen, make_plan
from benchmark.control.measuring import measure_control
from benchmark.cost import measure_cost
from benchmark.framing import make_framing
from benchmark.guard import GuardedModel
from benchmark.heard import Heard, fingerprint
from benchmark.heard import load as load_heard
from benchmark.heard import save as save_heard
from benchmark.items import Items
from benchmark.likelihood import MAX_SOUNDS, measure_likelihood
from benchmark.loading import LoadedModel, open_dataset, open_model
from benchmark.metrics import METRICS
from benchmark.metrics.dimension.kl_spectrum import unmoved_nats
from benchmark.protocol import Floats, odd_pieces, read_text
from benchmark.result import (
    Cells,
    DatasetInfo,
    Family,
    Latent,
    Measurement,
    ModelInfo,
    Result,
    SpotCheck,
    Timing,
)
from benchmark.stability import measure_stability
from toysound.cache import cache_folder
from toysound.dataset import Dataset
from toysound.errors import ToySoundError, UsageError
from toysound.version import __version__

#: Sounds on which stability is tried.
_TRIED = 16

#: The code that decides what is heard of a model.
_WALKING = (
    "codes.py",
    "heard.py",
    "guard.py",
    "audition.py",
    "reference_models.py",
    "metrics/reconstruction",
    "metrics/control/descriptors.py",
)

#: Walks that are kept, some megabytes each.
_KEPT = 100

#: Sounds by whose answers a model is known again.
_PROBED = 64

#: Nats of a latent that are worth a word.
_COSTLY = 0.01

#: Fewer composition cells than this are no sample to compute metrics of codes on.
_FEWEST_COMPOSED = 50

_VERSIONS = f"toysound {__version__}, scikit-learn {version('scikit-learn')}"


class UnstableModelWarning(UserWarning):
    """A model whose score depends on how it was computed, or whose output had to be repaired."""


@dataclass(frozen=True, eq=False)
class Evaluation:
    """A result and what goes with it.

    Attributes
    ----------
    result : the numbers
    audition : the sounds
    items : the numbers behind the means
    warnings : what a reader of the numbers should know, one sentence each
    """

    result: Result
    audition: Audition
    items: Items
    warnings: tuple[str, ...]


def score(
    model: Any,
    dataset: Dataset | str | os.PathLike[str],
    *,
    seed: int = 0,
    trust: bool = False,
    isolate: bool = False,
) -> Result:
    """Score a model on a dataset.

    Parameters
    ----------
    model : an object that keeps :class:`benchmark.protocol.Model`, or its name on the command line
    dataset : a dataset, its name, or its folder
    seed : decides which cells are drawn and all randomness of the metrics
    trust : open a file that can run code, in a child process with limits
    isolate : run any model in such a process

    Raises
    ------
    ToySoundError
        If the model or dataset cannot be loaded, they do not fit, or the model breaks the protocol.

    Warns
    -----
    UnstableModelWarning
        If the model answers the same sounds differently, or its output had to be repaired.
    """
    evaluation = evaluate(model, dataset, seed=seed, trust=trust, isolate=isolate)
    for sentence in evaluation.warnings:
        warnings.warn(sentence, UnstableModelWarning, stacklevel=2)
    return evaluation.result


def evaluate(
    model: Any,
    dataset: Dataset | str | os.PathLike[str],
    *,
    seed: int = 0,
    trust: bool = False,
    isolate: bool = False,
    progress: bool = False,
) -> Evaluation:
    """Score a model on a dataset, as :func:`score`; return the sounds and warnings as well.

    Parameters
    ----------
    model, dataset, seed, trust, isolate : as in :func:`score`
    progress : draw progress bars on a terminal
    """
    start = time.perf_counter()
    if not isinstance(seed, Integral) or isinstance(seed, bool) or seed < 0:
        raise UsageError(f"seed is a whole number from 0 on, got {seed!r}")
    sounds = open_dataset(dataset)
    loaded = open_model(model, sounds, trust=trust, isolate=isolate)
    guarded = guard(loaded, sounds)
    plan = make_plan(sounds, seed)
    checks = measure_stability(guarded, _tried(sounds, plan))
    heard = _hear(guarded, sounds, plan, seed, progress=progress)
    framing = make_framing(sounds, plan, seed=seed, progress=progress)
    readings, composition = _of_codes(guarded, heard, seed, progress)
    control = measure_control(guarded, sounds, plan, heard, seed=seed, progress=progress)
    likely = _likelihood_cells(guarded, plan)
    likelihood = measure_likelihood(
        guarded,
        sounds.audio(likely),
        seed=seed,
        clusters=heard.test_clusters[np.searchsorted(plan.test, likely)],
    )
    spent = measure_cost(guarded, sounds.audio(plan.audition))
    closed = read_text(loaded.model, "closed")
    metrics: dict[Family, dict[str, Measurement]] = {
        "reconstruction": measurements.reconstruction(loaded.model, heard, framing),
        **measurements.of_codes(readings, composition, framing),
        "control": measurements.of_control(control, framing),
        "likelihood": measurements.of_likelihood(likelihood),
        "cost": measurements.of_cost(
            loaded.parameters, spent, closed=closed, isolated=loaded.isolated
        ),
    }
    unstable = [
        f"model '{loaded.name}' is unstable: {check}" for check in checks if not check.stable
    ]
    odd = [f"model '{loaded.name}': {text}" for text in odd_pieces(loaded.model).values()]
    told = (*loaded.notes, *odd, *unstable, *guarded.notes, *heard.notes, *_left_out(heard))
    notes = tuple(dict.fromkeys(told))
    result = Result(
        model=ModelInfo(
            name=loaded.name,
            source=loaded.source,
            format=loaded.format,
            parameters=loaded.parameters,
            citation=loaded.citation,
            representation=loaded.representation,
            supervision=loaded.supervision,
        ),
        dataset=DatasetInfo(
            name=sounds.name,
            version=str(sounds.version),
            audio_sha256=sounds.audio_sha256,
            size=len(sounds),
        ),
        seed=seed,
        metrics=metrics,
        cells=_cells(sounds, plan, heard),
        unstable=bool(unstable),
        spot_checks=tuple(
            SpotCheck(method=c.method, how=c.how, size=c.size, limit=c.limit, stable=c.stable)
            for c in checks
        ),
        latents=tuple(Latent(**vars(latent)) for latent in control.latents),
        estimators={
            name: f"{metric.estimator}; {_VERSIONS}"
            for name, metric in METRICS.items()
            if metric.estimator
        },
        notes=notes,
        environment=environment.describe(),
        timing=Timing(
            encode_ms=None if closed else spent.encode_ms,
            decode_ms=None if closed else spent.decode_ms,
            score_s=time.perf_counter() - start,
        ),
    )
    items = Items(
        dataset=sounds.name,
        audio_sha256=sounds.audio_sha256,
        seed=seed,
        cells=plan.test,
        clusters=heard.test_clusters,
        sounds=heard.errors,
        likelihood_cells=likely,
        likelihoods=likelihood.sounds,
        quarters={
            name: np.array(reading.replicates)
            for name, reading in readings.items()
            if reading.replicates
        },
        coded=plan.cells if heard.codes is not None else plan.cells[:0],
        mean=heard.codes.mean
        if heard.codes is not None
        else np.zeros((0, guarded.latent_dim), dtype=np.float32),
        log_variance=None if heard.codes is None else heard.codes.log_variance,
    )
    return Evaluation(result, heard.audition, items, notes)


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


def _hear(model: GuardedModel, dataset: Dataset, plan: Plan, seed: int, *, progress: bool) -> Heard:
    """Return what is kept of the model's walk, from the cache or walked and put there."""
    key = cache_key(dataset, seed, _WALKING) | {"model": fingerprint(model, _probe(dataset))}
    path = cache_folder() / "heard" / f"{digest_of(key)}.npz"
    heard = load_heard(path)
    if heard is not None:
        return heard
    heard = listen(model, dataset, plan, progress=progress)
    # A cache that cannot be written costs time and nothing else.
    with suppress(OSError):
        save_heard(heard, path)
        keep_newest(path.parent, _KEPT)
    return heard


def _probe(dataset: Dataset) -> Floats:
    """Return the sounds by whose answers a model is known again, spread over the grid."""
    count = min(_PROBED, len(dataset))
    return dataset.audio(np.linspace(0, len(dataset) - 1, count).round().astype(np.int64))


def _tried(dataset: Dataset, plan: Plan) -> Floats:
    """Return the sounds on which stability is tried."""
    test = dataset.split("test")[:_TRIED]
    return dataset.audio(test if len(test) > 1 else plan.audition)


def _of_codes(
    model: GuardedModel, heard: Heard, seed: int, progress: bool
) -> tuple[dict[str, Reading], dict[str, Reading]]:
    """Return the metrics of codes on the whole grid, and on the composition split."""
    if heard.codes is None or heard.composition is None:
        missing = all_missing(read_text(model.model, "opaque_latent") or "its latent is opaque")
        return missing, missing
    readings = read_codes(heard.codes, seed=seed, uncertainty=True, progress=progress)
    if len(heard.composition.mean) < _FEWEST_COMPOSED:
        return readings, all_missing("the composition split is too small")
    return readings, read_codes(
        heard.composition, seed=seed, label="composition", progress=progress
    )


def _left_out(heard: Heard) -> list[str]:
    """Return a sentence if latents that are dropped before every metric cost nats."""
    if heard.codes is None or heard.codes.log_variance is None:
        return []
    nats = unmoved_nats(heard.codes.mean, heard.codes.log_variance)
    costly = int((nats > _COSTLY).sum())
    if not costly:
        return []
    return [
        f"the mean of {costly} of {len(nats)} latents is the same for every sound; they are left "
        f"out of all metrics of codes, and kl_total lacks the {nats.sum():.3g} nats that they cost"
    ]


def _likelihood_cells(model: GuardedModel, plan: Plan) -> NDArray[np.int64]:
    """Return the test sounds whose likelihood is asked for: a fixed draw; one if there is none."""
    if not (model.offers("log_likelihood") or model.offers("decoder_log_prob")):
        return plan.test[:1]
    drawn = np.random.default_rng(0).permutation(len(plan.test))[:MAX_SOUNDS]
    return plan.test[np.sort(drawn)]


def _cells(dataset: Dataset, plan: Plan, heard: Heard) -> dict[str, Cells]:
    """Return which sounds each family saw."""
    test, composed = len(dataset.split("test")), len(dataset.split("composition"))
    seen: dict[str, Cells] = {
        "reconstruction": Cells(
            split="test",
            count=len(plan.test),
            of=test,
            drawn="all" if len(plan.test) == test else "a fixed draw, the same for every seed",
        )
    }
    if heard.codes is None:
        return seen
    whole = "all, in an order drawn by the seed"
    seen["codes"] = Cells(
        split="grid",
        count=len(plan.cells),
        of=len(dataset),
        drawn=whole
        if len(plan.cells) == len(dataset)
        else "drawn by the seed, every level of every factor alike",
    )
    if len(plan.composition) >= _FEWEST_COMPOSED:
        seen["composition"] = Cells(
            split="composition",
            count=len(plan.composition),
            of=composed,
            drawn=whole if len(plan.composition) == composed else "drawn by the seed",
        )
    return seen
