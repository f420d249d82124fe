"""Playing a latent space: reconstructions, traversals, interpolations and samples, read as factors.

The two questions of an instrument are asked here: does it play what it was asked for, and can it be
steered? Everything is decoded from the model and read by the factor readers of the dataset
(:mod:`benchmark.control.readers`).

* **Reconstructions** (``factor_error``): the factors of the test sounds, read from what the model
  plays of them, against the truth.
* **Traversals** (``selectivity``, ``monotonicity``, ``range``, ``smoothness``): each latent alone,
  from sixteen sounds, over the middle 98 % of the values it takes
  (:mod:`benchmark.metrics.control.traversal`).
* **Interpolation** (``interpolation_error``): nine points between the codes of pairs of sounds
  (:mod:`benchmark.metrics.control.interpolation`).
* **Prior** (``prior_validity``, ``prior_coverage``): samples of the model's own prior, else of the
  standard normal one of a VAE, else, for a deterministic encoder, of the Gaussian with the mean and
  covariance of its codes (:mod:`benchmark.metrics.control.prior`).

A model of more than 32 latents is swept along the 32 whose means vary most.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from benchmark.bootstrap import interval
from benchmark.control.readers import Readers
from benchmark.metrics.control import traversal
from benchmark.metrics.control.axes import Axis, distances, parts, positions
from benchmark.metrics.control.descriptors import listen
from benchmark.metrics.control.interpolation import interpolation_error
from benchmark.metrics.control.prior import NEIGHBOURS, coverage, validity
from benchmark.metrics.information import Floats
from benchmark.metrics.reconstruction.embedding import embed
from benchmark.metrics.registry import Output
from benchmark.protocol import Floats as Audio
from benchmark.protocol import to_float32
from toysound.progress import bar

STARTS, STEPS, MAX_LATENTS = 16, 13, 32
PAIRS, BETWEEN = 64, 9
SAMPLES = 512

_BATCH = 64
_RESAMPLES = 200

#: Sweeps leave out the outermost codes.
_REACH = (0.01, 0.99)

COLUMNS: tuple[Output, ...] = (
    Output(
        "factor_error",
        "factor_error",
        "factor error",
        "How far the factors read from reconstructions are from the truth, in shares of each "
        "factor's range, mean over factors: 0 to 1. The ceiling is the readers' own error on true "
        "sounds.",
        False,
    ),
    Output(
        "selectivity",
        "selectivity",
        "selectivity",
        "When a latent is moved alone: the share of all movement that is the factor's that it "
        "moves most. 1 if everything else stays still; mean over factors, 0 for one that no latent "
        "moves.",
        True,
    ),
    Output(
        "monotonicity",
        "monotonicity",
        "monotonicity",
        "When a latent is moved alone: does its factor go one way? 1 if it never turns back, mean "
        "over factors.",
        True,
    ),
    Output(
        "range",
        "range",
        "range",
        "When a latent is moved alone: the share of its factor's range that it covers, mean over "
        "factors. 0 to 1.",
        True,
    ),
    Output(
        "smoothness",
        "smoothness",
        "smoothness",
        "When a latent is moved alone in equal steps: are the steps of its factor equal and in one "
        "direction? 1 if they are, small if it jumps or comes back; mean over factors that are not "
        "categorical.",
        True,
    ),
    Output(
        "interpolation_error",
        "interpolation_error",
        "interpolation",
        "Between the codes of two sounds: how far the factors of what is played are from the way "
        "between the two, in shares of their range. 0 to 1.",
        False,
    ),
    Output(
        "prior_validity",
        "prior_validity",
        "valid samples",
        "Share of samples of the prior that lie among the sounds of the dataset, by nearest "
        "neighbours.",
        True,
        "%",
    ),
    Output(
        "prior_coverage",
        "prior_coverage",
        "coverage",
        "Share of the sounds of the dataset near which some sample of the prior lies.",
        True,
        "%",
    ),
)

#: The error of each factor in its own unit; its name follows.
FACTOR_ERRORS = Output(
    "factor_error_",
    "factor_error_",
    "error of",
    "How far one factor, read from reconstructions, is from the truth, in its own unit, mean over "
    "test sounds; for a categorical factor the share of wrong values.",
    False,
)


@dataclass(frozen=True, eq=False)
class Playable:
    """What is played: a decoder and codes of sounds.

    Attributes
    ----------
    decode : latents (B, D) to audio (B, T)
    mean : codes of some sounds, shape (n, D)
    classes : true levels of these sounds, shape (n, k)
    prior : latents or None: samples of the prior, shape (SAMPLES, D)
    prior_audio : samples of the prior as audio, shape (SAMPLES, T), where the model draws sounds
    sample_rate : Hz
    """

    decode: Callable[[Audio], Audio]
    mean: Audio
    classes: NDArray[np.int64]
    prior: Audio | None
    prior_audio: Audio | None
    sample_rate: int


@dataclass(frozen=True, eq=False)
class LatentPlay:
    """What one latent does when it is moved alone.

    Attributes
    ----------
    index : its number
    factor : the one it moves most; None if it moves none beyond the readers' noise
    selectivity, monotonicity, range, smoothness : for that factor; None without one, smoothness
        also for a categorical one
    """

    index: int
    factor: str | None
    selectivity: float | None = None
    monotonicity: float | None = None
    range: float | None = None
    smoothness: float | None = None


@dataclass(frozen=True, eq=False)
class Played:
    """What was found.

    Attributes
    ----------
    values : column to number
    intervals : column to 95 % interval, where there is one
    latents : one for each latent that was swept
    """

    values: dict[str, float] = field(default_factory=dict)
    intervals: dict[str, tuple[float, float] | None] = field(default_factory=dict)
    latents: tuple[LatentPlay, ...] = ()


def read_reconstructions(
    readers: Readers,
    rows: Floats,
    classes: NDArray[np.int64],
    clusters: NDArray[np.int64] | None = None,
) -> Played:
    """Return the errors of the factors read from reconstructions.

    Parameters
    ----------
    readers : of the dataset
    rows : descriptors of the reconstructions of the test sounds, shape (m, P)
    classes : true levels of the test sounds, shape (m, k)
    clusters : shape (m,), which test sounds are of the same cell
    """
    read = readers.read(rows)
    apart = distances(readers.axes, read, positions(readers.axes, classes)).mean(axis=1)
    columns = {"factor_error": apart}
    own = zip(readers.axes, parts(readers.axes, read), classes.T, strict=True)
    columns |= {f"factor_error_{axis.name}": axis.error(part, c) for axis, part, c in own}
    return Played(
        {name: float(values.mean()) for name, values in columns.items()},
        {name: interval(values, "mean", clusters=clusters) for name, values in columns.items()},
    )


def play(
    playable: Playable,
    readers: Readers,
    *,
    label: str = "playing",
    progress: bool = False,
) -> Played:
    """Sweep, interpolate and sample a latent space.

    Parameters
    ----------
    playable : what is played
    readers : of the dataset
    label, progress : of the progress bar
    """
    values: dict[str, float] = {}
    intervals: dict[str, tuple[float, float] | None] = {}
    latents: tuple[LatentPlay, ...] = ()
    with bar(label, 3, "parts", progress) as drawn:
        if readers.axes:
            found, chosen = _sweep(playable, readers)
            values |= found.scores()
            intervals |= _intervals(found)
            latents = _latents(found, chosen, readers.axes)
            drawn.update()
            errors = _interpolate(playable, readers)
            values["interpolation_error"] = float(errors.mean())
            intervals["interpolation_error"] = interval(errors, "mean")
            drawn.update()
        if len(readers.true) > NEIGHBOURS:
            valid, covered = _sample(playable, readers)
            values |= {
                "prior_validity": float(valid.mean()),
                "prior_coverage": float(covered.mean()),
            }
            intervals |= {
                "prior_validity": interval(valid, "mean"),
                "prior_coverage": interval(covered, "mean"),
            }
        drawn.update()
    return Played(values, intervals, latents)


def gaussian_of(mean: Audio, count: int, seed: int) -> Audio:
    """Return draws of the Gaussian with the mean and covariance of codes, shape (count, D)."""
    rng = np.random.default_rng(seed)
    codes = mean.astype(np.float64)
    covariance = np.atleast_2d(np.cov(codes, rowvar=False))
    values, vectors = np.linalg.eigh(covariance)
    root = vectors * np.sqrt(np.maximum(values, 0))
    draws = rng.standard_normal((count, mean.shape[1])) @ root.T + codes.mean(axis=0)
    return to_float32(draws)


def _sweep(playable: Playable, readers: Readers) -> tuple[traversal.Sweeps, NDArray[np.int64]]:
    """Return what was found on the sweeps, and which latents were swept."""
    mean = playable.mean
    starts = mean[np.random.default_rng(0).permutation(len(mean))[:STARTS]]
    spread = mean.std(axis=0, dtype=np.float64)
    chosen = np.sort(np.argsort(-spread, kind="stable")[:MAX_LATENTS])
    low, high = np.quantile(mean[:, chosen].astype(np.float64), _REACH, axis=0)
    grid = np.repeat(starts[:, None, None], len(chosen), axis=1).repeat(STEPS, axis=2)
    for place, latent in enumerate(chosen):
        grid[:, place, :, latent] = np.linspace(low[place], high[place], STEPS)
    rows = _decoded_rows(playable, grid.reshape(-1, mean.shape[1]), listen)
    read = readers.read(rows).reshape(len(starts), len(chosen), STEPS, -1)
    return traversal.sweeps(readers.axes, read, readers.noise), chosen


def _interpolate(playable: Playable, readers: Readers) -> Floats:
    """Return the error of each pair of sounds."""
    rng = np.random.default_rng(1)
    pairs = rng.integers(len(playable.mean), size=(PAIRS, 2))
    share = (np.arange(1, BETWEEN + 1) / (BETWEEN + 1))[:, None]
    first, last = playable.mean[pairs[:, 0], None], playable.mean[pairs[:, 1], None]
    between = (first * (1 - share) + last * share).astype(np.float32)
    rows = _decoded_rows(playable, between.reshape(-1, playable.mean.shape[1]), listen)
    read = readers.read(rows).reshape(PAIRS, BETWEEN, -1)
    ends = [positions(readers.axes, playable.classes[pairs[:, side]]) for side in (0, 1)]
    return interpolation_error(readers.axes, ends[0], ends[1], read)


def _sample(playable: Playable, readers: Readers) -> tuple[Floats, Floats]:
    """Return validity of each sample and coverage of each true sound."""
    if playable.prior_audio is not None:
        rows = embed(playable.prior_audio, playable.sample_rate)
    else:
        prior = playable.prior
        if prior is None:
            prior = gaussian_of(playable.mean, SAMPLES, 2)
        rows = _decoded_rows(playable, prior, embed)
    return validity(readers.true, rows), coverage(readers.true, rows)


def _decoded_rows(
    playable: Playable, latents: Audio, describe: Callable[[Audio, int], Floats]
) -> Floats:
    """Return the descriptors of decoded latents, a batch at a time."""
    parts_ = []
    for start in range(0, len(latents), _BATCH):
        audio = playable.decode(np.ascontiguousarray(latents[start : start + _BATCH]))
        parts_.append(describe(audio, playable.sample_rate))
    return np.concatenate(parts_)


def _intervals(found: traversal.Sweeps) -> dict[str, tuple[float, float] | None]:
    """Return bootstrap intervals over the sounds from which the sweeps start."""
    rng = np.random.default_rng(0)
    count = len(found.variance)
    draws = [found.scores(rng.integers(count, size=count)) for _ in range(_RESAMPLES)]
    intervals: dict[str, tuple[float, float] | None] = {}
    for name in draws[0]:
        values = np.array([draw[name] for draw in draws])
        low, high = np.quantile(values, [0.025, 0.975])
        intervals[name] = (float(low), float(high)) if np.isfinite(values).all() else None
    return intervals


def _latents(
    found: traversal.Sweeps, chosen: NDArray[np.int64], axes: Sequence[Axis]
) -> tuple[LatentPlay, ...]:
    moved = found.movement()
    plays = []
    for place, index in enumerate(chosen.tolist()):
        factor = int(moved[place].argmax())
        if moved[place, factor] == 0:
            plays.append(LatentPlay(index, None))
            continue
        numbers = {
            name: float(getattr(found, name)[:, place, factor].mean())
            for name in ("monotonicity", "range", "smoothness")
        }
        smooth = numbers.pop("smoothness")
        plays.append(
            LatentPlay(
                index,
                axes[factor].name,
                selectivity=float(moved[place, factor] / moved[place].sum()),
                smoothness=smooth if np.isfinite(smooth) else None,
                **numbers,
            )
        )
    return tuple(plays)
