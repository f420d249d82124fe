"""The tables of docs/divergences.md: ours beside peers and closed forms, and what each one does.

    python tests/peers/divergence_parity.py                             # print all
    python tests/peers/divergence_parity.py --write docs/divergences.md

All numbers are computed anew, ours and the references': torch.distributions, quadrature and linear
assignment of SciPy, NumPy's covariance, pythae 0.1.2. Takes about half a minute.
"""

import argparse
import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from divergence_effects import correlation_table, effects_table
from numpy.typing import NDArray
from pythae.models import WAE_MMD, BetaTCVAE, BetaTCVAEConfig, WAE_MMD_Config
from scipy.integrate import quad
from scipy.special import ndtri
from tables import with_table
from torch.distributions import Categorical, Independent, MixtureSameFamily, Normal, kl_divergence

from baselines.divergences import DIVERGENCES, compute
from baselines.divergences.beta_tc import aggregate_log_densities
from baselines.divergences.drawing import standard_normal
from baselines.divergences.factor import critic_loss, make_critic
from baselines.importance import cubo, iwae, renyi_bound
from baselines.priors import Ard

#: Difference that rounding and quadrature may leave, as a fraction of 1 + the value; and where the
#: peer has constants in single precision.
CLOSE, SINGLE = 1e-8, 1e-6

QUAD, TORCH, PYTHAE = "SciPy's quadrature", "torch.distributions", "pythae 0.1.2"


@dataclass(frozen=True)
class Row:
    """One number of ours and what it should be.

    Attributes
    ----------
    name : of the divergence, with its options
    reference : what the other number comes from
    ours, theirs : the two
    allowed : the largest difference: rounding, or five standard errors of what is sampled
    """

    name: str
    reference: str
    ours: float
    theirs: float
    allowed: float

    @property
    def difference(self) -> float:
        """How far the two are apart."""
        return abs(self.ours - self.theirs)


def example(sounds: int = 6, dims: int = 3) -> tuple[torch.Tensor, torch.Tensor]:
    """Return means and log-variances as a training meets them."""
    mean = standard_normal((sounds, dims), torch.zeros(()).double(), 0, "means of the table")
    width = standard_normal((sounds, dims), torch.zeros(()).double(), 0, "widths of the table")
    return mean, width.clamp(max=0.5) - 0.5


MEAN, LOG_VARIANCE = example()
POSTERIOR = Normal(MEAN, torch.exp(LOG_VARIANCE / 2))
PRIOR = Normal(torch.zeros_like(MEAN), torch.ones_like(MEAN))


def _ours(name: str, **options: Any) -> float:
    """Return a divergence of the example, in the mean over its sounds."""
    return compute(name, MEAN, LOG_VARIANCE, **options).mean().item()


def _row(label: str, reference: str, ours: float, theirs: float, allowed: float = 0.0) -> Row:
    return Row(label, reference, ours, theirs, allowed or CLOSE * (1 + abs(theirs)))


def _flat(*tensors: torch.Tensor) -> list[list[float]]:
    """Return the numbers of tensors as plain lists."""
    return [tensor.flatten().tolist() for tensor in tensors]


def _power_integrals(alpha: float) -> NDArray[np.float64]:
    """Return the integral of q^alpha p^(1 - alpha) of each dimension by quadrature, (B, D)."""

    def of(mean: float, log_variance: float) -> float:
        def density(z: float) -> float:
            log_q = -((z - mean) ** 2 * math.exp(-log_variance) + log_variance) / 2
            log_p = -(z**2) / 2
            exponent = alpha * log_q + (1 - alpha) * log_p
            return math.exp(exponent - math.log(2 * math.pi) / 2)

        s = alpha + (1 - alpha) * math.exp(log_variance)
        centre, width = alpha * mean / s, math.sqrt(math.exp(log_variance) / s)
        ends = centre - 12 * width, centre + 12 * width
        return float(quad(density, *ends, epsabs=1e-13, epsrel=1e-12, limit=200)[0])

    found = [of(*pair) for pair in zip(*_flat(MEAN, LOG_VARIANCE), strict=True)]
    return np.array(found).reshape(MEAN.shape)


def of_kl_family() -> Iterator[Row]:
    """Yield the KL divergence in both directions, and what is made of it."""
    parts = kl_divergence(POSTERIOR, PRIOR)
    forward = parts.sum(dim=1)
    yield _row("kl", TORCH, _ours("kl"), forward.mean().item())
    reverse = kl_divergence(PRIOR, POSTERIOR).sum(dim=1)
    yield _row("reverse_kl", TORCH, _ours("reverse_kl"), reverse.mean().item())
    expected = abs(forward.mean().item() - 4)
    yield _row("capacity capacity=4", TORCH, _ours("capacity", capacity=4.0), expected)
    expected = float(np.maximum(parts.mean(dim=0).numpy(), 0.4).sum())
    yield _row("free_bits free_nats=0.4", TORCH, _ours("free_bits", free_nats=0.4), expected)


def of_orders() -> Iterator[Row]:
    """Yield the divergences that have an order."""
    for alpha in (0.1, 0.5, 0.999, 1.5, 2.0):
        integrals = _power_integrals(alpha)
        theirs = np.log(integrals).sum(axis=1).mean() / (alpha - 1)
        # What quadrature leaves is divided by alpha - 1.
        allowed = CLOSE * (1 + theirs) / min(1, 10 * abs(alpha - 1))
        yield _row(f"renyi alpha={alpha:g}", QUAD, _ours("renyi", alpha=alpha), theirs, allowed)
    limit = kl_divergence(POSTERIOR, PRIOR).sum(dim=1).mean().item()
    yield _row("renyi alpha=1", f"KL, {TORCH}", _ours("renyi", alpha=1.0), limit)
    for alpha in (0.5, 1.5):
        theirs = (_power_integrals(alpha).prod(axis=1).mean() - 1) / (alpha * (alpha - 1))
        yield _row(f"alpha alpha={alpha:g}", QUAD, _ours("alpha", alpha=alpha), theirs)
    other_way = kl_divergence(PRIOR, POSTERIOR).sum(dim=1).mean().item()
    yield _row("alpha alpha=0", f"KL(p, q), {TORCH}", _ours("alpha", alpha=0.0), other_way)
    theirs = _power_integrals(2.0).prod(axis=1).mean() - 1
    yield _row("chi_square", QUAD, _ours("chi_square"), theirs)


def of_jensen_shannon() -> Iterator[Row]:
    """Yield the arithmetic and the geometric Jensen-Shannon divergences."""

    def integrand(z: float, mean: float, deviation: float) -> float:
        log_q = -(((z - mean) / deviation) ** 2) / 2 - math.log(deviation)
        log_p = -(z**2) / 2
        mixture = np.logaddexp(log_q, log_p) - math.log(2)
        total = math.exp(log_q) * (log_q - mixture) + math.exp(log_p) * (log_p - mixture)
        return float(total) / (2 * math.sqrt(2 * math.pi))

    expected = [
        quad(integrand, -12, 12, args=(m, s), epsabs=1e-12, limit=400)[0]
        for m, s in zip(*_flat(MEAN, POSTERIOR.scale), strict=True)
    ]
    theirs = sum(expected) / len(MEAN)
    runs = [
        _ours("jensen_shannon", per_dimension=True, num_samples=1000, seed=s) for s in range(100)
    ]
    error = float(np.std(runs)) / math.sqrt(len(runs))
    label = "jensen_shannon per_dimension=True, 100 seeds of 1000 samples"
    yield _row(label, QUAD, float(np.mean(runs)), theirs, 5 * error)
    for dual in (False, True):
        skew = 0.3
        precision = skew / POSTERIOR.variance + (1 - skew)
        middle = Normal(skew * MEAN / POSTERIOR.variance / precision, precision.rsqrt())
        ends = (POSTERIOR, PRIOR)
        parts = [kl_divergence(*((middle, e) if dual else (e, middle))).sum(dim=1) for e in ends]
        theirs = ((1 - skew) * parts[0] + skew * parts[1]).mean().item()
        ours = _ours("geometric_jensen_shannon", skew=skew, dual=dual)
        yield _row(f"geometric_jensen_shannon skew={skew}, dual={dual}", TORCH, ours, theirs)


def of_transport() -> Iterator[Row]:
    """Yield the Wasserstein distances, by integrals over quantiles."""

    def gap(u: float, mean: float, deviation: float) -> float:
        return float((mean + (deviation - 1) * ndtri(u)) ** 2)

    pairs = zip(*_flat(MEAN, POSTERIOR.scale), strict=True)
    theirs = sum(quad(gap, 0, 1, args=pair)[0] for pair in pairs) / len(MEAN)
    yield _row("wasserstein", QUAD, _ours("wasserstein"), theirs)

    directions = standard_normal((3, 5), MEAN, 0, "directions of sliced_wasserstein")
    ranked = np.sort((MEAN @ (directions / directions.norm(dim=0))).numpy(), axis=0)
    count = len(ranked)
    theirs = np.mean(
        [
            quad(lambda u, x=x: (x - ndtri(u)) ** 2, k / count, (k + 1) / count)[0] * count
            for column in ranked.T
            for k, x in enumerate(column)
        ]
    )
    ours = _ours("sliced_wasserstein", latent=MEAN, num_projections=5)
    yield _row("sliced_wasserstein num_projections=5", QUAD, ours, float(theirs))


def of_mmd() -> Iterator[Row]:
    """Yield the maximum mean discrepancies of pythae on the same two samples."""
    prior = standard_normal((6, 3), MEAN, 0, "prior of mmd")
    for kernel, scales in (("imq", [0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0]), ("rbf", [1.0])):
        config = WAE_MMD_Config(
            input_dim=(1,), latent_dim=3, kernel_choice=kernel, scales=scales, kernel_bandwidth=1.0
        )
        zeros = torch.zeros(6, 1)
        theirs = WAE_MMD(config).loss_function(zeros, zeros, MEAN, prior)[2].item()
        ours = _ours("mmd", latent=MEAN, kernel=kernel, scales=scales)
        yield _row(f"mmd kernel={kernel}", PYTHAE, ours, theirs)
        if kernel == "imq":
            kl = kl_divergence(POSTERIOR, PRIOR).sum(dim=1).mean().item()
            ours = _ours("info_vae", latent=MEAN, alpha=0.5, scale=10.0)
            label = f"{TORCH} and {PYTHAE}"
            yield _row("info_vae alpha=0.5, scale=10", label, ours, 0.5 * kl + 9.5 * theirs)


def of_total_correlation() -> Iterator[Row]:
    """Yield the beta-TCVAE's parts, where pythae's plain weights are ours too, and stratified."""
    latent = standard_normal((6, 3), MEAN, 0, "samples of the table")
    zeros = torch.zeros(6, 1)

    def pythae(beta: float, gamma: float) -> float:
        config = BetaTCVAEConfig(
            input_dim=(1,), latent_dim=3, alpha=1.0, beta=beta, gamma=gamma, use_mss=False
        )
        # With a dataset of 1 its weights are 1 / B, and no constant is added.
        losses = BetaTCVAE(config).loss_function(zeros, zeros, MEAN, LOG_VARIANCE, latent, 1)
        return float(losses[2])

    def ours(beta: float, gamma: float) -> float:
        return _ours("beta_tc", latent=latent, beta=beta, gamma=gamma)

    # Differences, because pythae samples the KL divergence that has a closed form here.
    label = "beta_tc beta=6 less beta=1"
    yield _row(label, PYTHAE, ours(6, 1) - ours(1, 1), pythae(6, 1) - pythae(1, 1), SINGLE)
    label = "beta_tc gamma=3 less gamma=1"
    yield _row(label, PYTHAE, ours(1, 3) - ours(1, 1), pythae(1, 3) - pythae(1, 1), SINGLE)

    weights = torch.full((6, 6), 99 / 500).double().fill_diagonal_(1 / 100)

    def mixture(mean: torch.Tensor, deviation: torch.Tensor, z: torch.Tensor) -> torch.Tensor:
        parts = Independent(Normal(mean.expand(6, 6, -1), deviation.expand(6, 6, -1)), 1)
        density = MixtureSameFamily(Categorical(weights), parts)
        found: torch.Tensor = density.log_prob(z)  # type: ignore[no-untyped-call]
        return found

    joint, product = aggregate_log_densities(MEAN, LOG_VARIANCE, latent, 100)
    width = POSTERIOR.scale
    each = [mixture(MEAN[:, [i]], width[:, [i]], latent[:, [i]]) for i in range(3)]
    theirs = mixture(MEAN, width, latent) - torch.stack(each).sum(dim=0)
    label = "beta_tc total correlation, dataset_size=100"
    yield _row(label, TORCH, (joint - product).mean().item(), theirs.mean().item())


def of_critic() -> Iterator[Row]:
    """Yield the total correlation that a critic finds in correlated codes."""
    correlation, generator = 0.8, torch.Generator().manual_seed(0)
    mixing = torch.linalg.cholesky(torch.tensor([[1.0, correlation], [correlation, 1.0]]))
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        critic = make_critic(2, width=64, depth=2)
    optimizer = torch.optim.Adam(critic.parameters(), lr=2e-3)
    steps = 3000
    for step in range(steps):
        optimizer.param_groups[0]["lr"] = 2e-3 * (1 - step / steps)
        codes = torch.randn(1000, 2, generator=generator) @ mixing.T
        optimizer.zero_grad()
        critic_loss(critic, codes, seed=step).backward()  # type: ignore[no-untyped-call]
        optimizer.step()
    codes = torch.randn(200_000, 2, generator=generator) @ mixing.T
    nothing = torch.zeros_like(codes)
    with torch.no_grad():
        ours = [
            compute("factor", nothing, nothing, latent=codes, critic=critic, gamma=gamma).item()
            for gamma in (1.0, 0.0)
        ]
    exact = -math.log(1 - correlation**2) / 2
    yield _row("factor total correlation, trained critic", "exact", ours[0] - ours[1], exact, 0.005)


def of_covariance() -> Iterator[Row]:
    """Yield the two DIP-VAEs from NumPy's covariance."""
    kl = kl_divergence(POSTERIOR, PRIOR).sum(dim=1).mean().item()
    of_means = np.cov(MEAN.numpy().T, bias=True)
    of_latents = of_means + np.diag(POSTERIOR.variance.numpy().mean(axis=0))
    for name, matrix, weight in (("dip_i", of_means, 100.0), ("dip_ii", of_latents, 10.0)):
        own = np.diag(matrix)
        others = (matrix**2).sum() - (own**2).sum()
        theirs = kl + 10 * float(others) + weight * float(((own - 1) ** 2).sum())
        yield _row(name, f"{TORCH} and numpy.cov", _ours(name), theirs)


def of_priors() -> Iterator[Row]:
    """Yield the KL divergence from a prior with variances of its own."""
    prior = Ard(3).double()
    with torch.no_grad():
        prior.log_variance.copy_(torch.tensor([-1.5, 0.0, 2.5]))
    wide = Normal(torch.zeros(3).double(), torch.exp(prior.log_variance.detach() / 2))

    def integrand(z: float, mean: float, deviation: float, width: float) -> float:
        log_q = -(((z - mean) / deviation) ** 2) / 2 - math.log(deviation)
        log_p = -((z / width) ** 2) / 2 - math.log(width)
        return math.exp(log_q) * (log_q - log_p) / math.sqrt(2 * math.pi)

    triples = zip(*_flat(MEAN, POSTERIOR.scale, wide.scale.expand(6, 3)), strict=True)
    parts = [
        quad(integrand, t[0] - 12 * t[1], t[0] + 12 * t[1], args=t, epsabs=1e-12, limit=200)[0]
        for t in triples
    ]
    ours = compute("kl", *prior.standardised(MEAN, LOG_VARIANCE)).mean().item()
    yield _row("priors.ard kl", QUAD, ours, sum(parts) / len(MEAN))


def _log_normal(z: torch.Tensor, mean: torch.Tensor | float, variance: float) -> torch.Tensor:
    return -((z - mean).square() / variance + math.log(2 * math.pi * variance)) / 2


def of_importance() -> Iterator[Row]:
    """Yield the bounds from importance weights, on a model whose ln p(x) is known."""
    # z ~ N(0, 1), x | z ~ N(z, 1/2), x = 1.3; q is wider than the true posterior and off it.
    x, noise, count = 1.3, 0.5, 400_000
    true_mean, true_variance = x / (1 + noise), noise / (1 + noise)
    centre, width = true_mean + 0.4, math.sqrt(true_variance * 1.3)
    draws = standard_normal((count,), torch.zeros(()).double(), 0, "importance of the table")
    z = centre + width * draws
    of_sound = _log_normal(torch.tensor(x), z, noise) + _log_normal(z, 0.0, 1.0)
    log_weights = (of_sound - _log_normal(z, centre, width**2))[:, None]
    log_p = _log_normal(torch.tensor(x).double(), 0.0, 1 + noise).item()

    def exact(alpha: float) -> float:
        """Return ln p(x) less Renyi's divergence from the true posterior, by quadrature."""

        def density(z: float) -> float:
            log_q = -(((z - centre) / width) ** 2) / 2 - math.log(width)
            log_p = -((z - true_mean) ** 2 / true_variance + math.log(true_variance)) / 2
            return math.exp(alpha * log_q + (1 - alpha) * log_p) / math.sqrt(2 * math.pi)

        area = quad(density, -15, 15, epsabs=1e-13, limit=400)[0]
        return log_p - float(math.log(area)) / (alpha - 1)

    cases: tuple[tuple[str, Callable[[torch.Tensor], torch.Tensor], float, float], ...] = (
        ("importance.iwae", iwae, log_p, 1.0),
        ("importance.renyi_bound alpha=0.5", lambda w: renyi_bound(w, 0.5), exact(0.5), 0.5),
        ("importance.renyi_bound alpha=1.5", lambda w: renyi_bound(w, 1.5), exact(1.5), -0.5),
        ("importance.cubo", cubo, exact(-1.0), 2.0),
    )
    for label, bound, theirs, power in cases:
        # The error of ln(mean of w^c) / c.
        powers = torch.exp(power * (log_weights - log_weights.mean()))
        error = (powers.std() / powers.mean() / abs(power) / math.sqrt(count)).item()
        reference = "ln p(x)" if bound is iwae else QUAD
        yield _row(
            f"{label} of 400,000 samples", reference, bound(log_weights).item(), theirs, 5 * error
        )


GROUPS: tuple[Callable[[], Iterator[Row]], ...] = (
    of_kl_family,
    of_orders,
    of_jensen_shannon,
    of_transport,
    of_mmd,
    of_total_correlation,
    of_critic,
    of_covariance,
    of_priors,
    of_importance,
)


def all_rows() -> list[Row]:
    """Return every number beside its reference."""
    return [row for group in GROUPS for row in group()]


def parity_table(rows: list[Row]) -> str:
    """Return the rows as Markdown."""
    lines = ["| number | reference | ours | reference's | difference | allowed |", "|---" * 6 + "|"]
    for row in rows:
        name, _, chosen = row.name.partition(" ")
        small = "below 1e-9" if row.difference < 1e-9 else f"{row.difference:.1e}"
        lines.append(
            f"| `{name}` {chosen} | {row.reference} | {row.ours:.6f} | {row.theirs:.6f} "
            f"| {small} | {row.allowed:.1e} |"
        )
    return "\n".join(lines)


def registry_table() -> str:
    """Return what the registry knows of each divergence as Markdown."""
    lines = [
        "| name | options | formula | estimator | a bound from weight | reference |",
        "|---|---|---|---|---|---|",
    ]
    for entry in DIVERGENCES.values():
        least = entry.least_weight
        bound = "depends" if callable(least) else "–" if math.isinf(least) else f"{least:g}"
        options = ", ".join(f"`{name}`" for name in entry.defaults) or "–"
        cells = [f"`{entry.name}`", options, entry.formula, entry.estimator, bound, entry.reference]
        lines.append("| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |")
    return "\n".join(lines)


def main() -> None:
    """Print the tables, or write them into a page."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--write", type=Path, metavar="PAGE", help="replace the tables of a page")
    args = parser.parse_args()
    tables = {
        "registry": registry_table(),
        "effects": effects_table(),
        "correlation": correlation_table(),
        "parity": parity_table(all_rows()),
    }
    if args.write is None:
        print("\n\n".join(f"{name}\n\n{table}" for name, table in tables.items()))
        return
    text = args.write.read_text(encoding="utf-8")
    for name, table in tables.items():
        text = with_table(text, name, table)
    args.write.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
