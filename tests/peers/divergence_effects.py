"""What each divergence does to a model whose every quantity is known.

x = z + noise, with z standard normal and noise of variance 0.1: ln p(x), the true posterior and the
best code are known in closed form. The decoder is this model, fixed; the encoder is q(z|x) =
N(c x, s^2), which holds the true posterior. For each divergence the two numbers c and s that
maximise the mean of ``ln p(x|z) - weight * divergence`` are found, and what they make of the
aggregate posterior q(z) = N(0, c^2 Var x + s^2).
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch
from scipy.optimize import minimize

from baselines.divergences import DIVERGENCES, compute
from baselines.divergences.beta_tc import aggregate_log_densities

#: Variance of what the decoder cannot explain, and of a sound.
NOISE = 0.1
VARIANCE = 1 + NOISE

#: Sounds: quantiles of p(x), so that the mean over them is an integral.
COUNT = 512

#: The same for divergences of single sounds, where each may have a weight of its own: nodes of
#: Gauss and Hermite, which reach into the tails that some of them live on.
NODES = 160

#: Draws over which a divergence that draws is averaged, in the search and once it is over.
SEARCHED, REPORTED = range(2), range(1000, 1032)

#: Where the search for c and ln s starts, where it stays, and how it goes on.
START = (0.8, -1.0)
RANGES = ((0.0, 1.5), (-7.0, 1.0))
RESTARTS = 2
PRECISION = {"xatol": 1e-4, "fatol": 1e-6}

#: The search where nothing is drawn.
EXACT_RESTARTS = 20
EXACT = {"xatol": 1e-7, "fatol": 1e-10}


@dataclass(frozen=True)
class Setting:
    """A divergence with its weight and options."""

    name: str
    weight: float = 1.0
    options: dict[str, Any] = field(default_factory=dict)

    @property
    def label(self) -> str:
        """The setting in words, as a cell of a table."""
        chosen = ", ".join(f"{k}={v}" for k, v in self.options.items() if k != "outside")
        return f"`{self.name}`" + (f" {chosen}" if chosen else "")


SETTINGS = (
    Setting("kl"),
    Setting("kl", 4.0),
    Setting("kl", 0.25),
    Setting("reverse_kl"),
    Setting("capacity", 100.0, {"capacity": 0.5}),
    Setting("capacity", 100.0, {"capacity": 2.0}),
    Setting("capacity", 100.0, {"capacity": 0.5, "of": "sound"}),
    Setting("free_bits", 4.0, {"free_nats": 0.8}),
    Setting("renyi", 1.0, {"alpha": 0.1}),
    Setting("renyi", 1.0, {"alpha": 0.5}),
    Setting("renyi", 1.0, {"alpha": 2.0, "outside": "extend"}),
    Setting("alpha", 1.0, {"alpha": 0.5}),
    Setting("alpha", 2.0, {"alpha": 2.0, "outside": "extend"}),
    Setting("chi_square"),
    Setting("jensen_shannon", 1.0, {"num_samples": 64}),
    Setting("jensen_shannon", 10.0, {"num_samples": 64}),
    Setting("geometric_jensen_shannon", 1.0, {"skew": 0.1}),
    Setting("geometric_jensen_shannon", 1.0, {"skew": 0.5}),
    Setting("geometric_jensen_shannon", 1.0, {"skew": 0.5, "dual": True}),
    Setting("wasserstein"),
    Setting("mmd", 10.0),
    Setting("info_vae", 1.0, {"scale": 10.0}),
    Setting("sliced_wasserstein", 10.0),
    Setting("dip_i"),
    Setting("dip_ii"),
)


@dataclass(frozen=True)
class Effect:
    """What came of a setting; nats per sound.

    Attributes
    ----------
    slope, deviation : c and s of the encoder
    variance : of the aggregate posterior
    information : between z and x
    loss : by how much the evidence lower bound is below ln p(x)
    objective : by how much the objective exceeds ln p(x); above 0 it is no bound
    """

    slope: float
    deviation: float
    variance: float
    information: float
    loss: float
    objective: float


def sounds() -> torch.Tensor:
    """Return the sounds, shape (COUNT,), in an order that says nothing."""
    quantiles = (torch.arange(COUNT, dtype=torch.float64) + 0.5) / COUNT
    x: torch.Tensor = torch.special.ndtri(quantiles)
    x *= math.sqrt(VARIANCE / float(x.var(correction=0)))
    return x[torch.randperm(COUNT, generator=torch.Generator().manual_seed(0))]


def nodes() -> tuple[torch.Tensor, torch.Tensor]:
    """Return nodes and weights of an integral over p(x), shape (NODES,) each."""
    x, weights = np.polynomial.hermite_e.hermegauss(NODES)
    return torch.from_numpy(x * math.sqrt(VARIANCE)), torch.from_numpy(weights / weights.sum())


def fit(setting: Setting) -> Effect:
    """Return what the best encoder under a setting is like."""
    draws = DIVERGENCES[setting.name].needs_latent or setting.name == "jensen_shannon"
    per_sound = DIVERGENCES[setting.name].per_sound
    if per_sound:
        x, shares = nodes()
    else:
        x, shares = sounds(), torch.full((COUNT,), 1 / COUNT, dtype=torch.float64)

    def terms(encoder: Sequence[float], seeds: range) -> tuple[float, float, float]:
        slope, log_deviation = encoder
        mean = (slope * x)[:, None]
        log_variance = torch.full_like(mean, 2 * log_deviation)
        error = (1 - slope) ** 2 * VARIANCE + math.exp(2 * log_deviation)
        log_likelihood = -(error / NOISE + math.log(2 * math.pi * NOISE)) / 2
        found = [
            compute(setting.name, mean, log_variance, seed=s, **setting.options) for s in seeds
        ]
        values = torch.stack(found) @ shares if per_sound else torch.stack(found)
        kl = float(compute("kl", mean, log_variance) @ shares)
        return log_likelihood, float(values.mean()), kl

    def loss(encoder: Sequence[float]) -> float:
        log_likelihood, divergence, _ = terms(encoder, SEARCHED if draws else range(1))
        return setting.weight * divergence - log_likelihood

    # Without gradients: a capacity makes a sharp valley. Started anew, the simplex gets out of it.
    best, precision = START, PRECISION if draws else EXACT
    for _ in range(RESTARTS if draws else EXACT_RESTARTS):
        best = minimize(loss, best, method="Nelder-Mead", bounds=RANGES, options=precision).x
    log_likelihood, divergence, kl = terms(best, REPORTED if draws else range(1))
    slope, deviation = float(best[0]), math.exp(best[1])
    log_p = -(1 + math.log(2 * math.pi * VARIANCE)) / 2
    signal = slope**2 * VARIANCE
    return Effect(
        slope=slope,
        deviation=deviation,
        variance=signal + deviation**2,
        information=math.log1p(signal / deviation**2) / 2,
        loss=log_p - (log_likelihood - kl),
        objective=log_likelihood - setting.weight * divergence - log_p,
    )


def effects_table() -> str:
    """Return the effect of every setting as Markdown."""
    lines = [
        "| divergence | weight | c | s | variance of q(z) | information | ELBO below ln p "
        "| objective above ln p | bound |",
        "|---|---|---|---|---|---|---|---|---|",
    ]
    for setting in SETTINGS:
        effect = fit(setting)
        bound = DIVERGENCES[setting.name].bounds(setting.weight, **setting.options)
        grows = effect.deviation < 1.01 * math.exp(RANGES[1][0])  # posteriors become points
        cells = [
            setting.label,
            f"{setting.weight:g}",
            f"{effect.slope:.3f}",
            "→ 0" if grows else f"{effect.deviation:.3f}",
            f"{effect.variance:.3f}",
            "→ ∞" if grows else f"{effect.information:.2f}",
            "→ ∞" if grows else f"{abs(effect.loss):.3f}",
            f"{round(effect.objective, 3) + 0.0:+.3f}",  # no minus before 0
            "yes" if bound else "no",
        ]
        lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines)


def correlation_rows() -> Iterator[tuple[int, float, int, int, float]]:
    """Yield dims, deviation, dataset size, batch size and the estimated total correlation.

    The latents are independent and q(z) is the prior: over all sounds there could be, it is 0.
    """
    for dims in (2, 5, 10):
        for deviation in (0.9, 0.3, 0.1):
            for dataset_size, batch_size in ((10_000, 64), (10_000, 512), (0, 512)):
                generator = torch.Generator().manual_seed(0)
                found = []
                for _ in range(4):
                    noise = torch.randn(
                        2, batch_size, dims, generator=generator, dtype=torch.float64
                    )
                    mean = math.sqrt(1 - deviation**2) * noise[0]
                    samples = mean + deviation * noise[1]
                    log_variance = torch.full_like(mean, 2 * math.log(deviation))
                    joint, product = aggregate_log_densities(
                        mean, log_variance, samples, dataset_size
                    )
                    found.append(float((joint - product).mean()))
                yield dims, deviation, dataset_size, batch_size, sum(found) / len(found)


def correlation_table() -> str:
    """Return the estimated total correlation of independent latents as Markdown, nats."""
    found = {row[:4]: row[4] for row in correlation_rows()}
    columns = list(dict.fromkeys(key[2:] for key in found))
    heads = [
        f"N = {size:,}, B = {batch}" if size else f"N unknown, B = {batch}"
        for size, batch in columns
    ]
    lines = ["| dimensions | deviation of a posterior | " + " | ".join(heads) + " |"]
    lines.append("|---" * (len(heads) + 2) + "|")
    for dims, deviation in dict.fromkeys(key[:2] for key in found):
        cells = [f"{found[dims, deviation, *column]:.2f}" for column in columns]
        lines.append(f"| {dims} | {deviation:g} | " + " | ".join(cells) + " |")
    return "\n".join(lines)
