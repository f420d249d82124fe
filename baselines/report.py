"""What a training came to, in a few lines for a terminal."""

from collections.abc import Sequence
from pathlib import Path

from baselines.folder import Summary

#: Dimensions that are printed, at most; all are in summary.json.
_SHOWN = 40


def text(
    summary: Summary, dataset: str, model: Path, *, before: bool = False, turned: Path | None = None
) -> str:
    """Return the final figures for a person, and what to try next.

    Parameters
    ----------
    summary : of the training
    dataset : as it was named
    model : its file
    before : whether it had been finished before
    turned : folder of the training whose codes were turned, where nothing else was done
    """
    head = f"{summary.recipe} on {summary.dataset}, seed {summary.seed}"
    epochs = f"{summary.epochs} epochs (best: {summary.best_epoch}), " if summary.epochs else ""
    return "\n".join(
        [
            _done(head, before, turned),
            f"  {epochs}{summary.cpu_seconds:.0f} CPU seconds, "
            f"{summary.num_parameters:,} parameters",
            f"  validation {summary.nats_are} {summary.validation_nats:.0f} nats, "
            f"RMSE {summary.validation_rmse:.2f} {summary.rmse_unit}",
            *_used(summary),
            *_relevance(summary),
            f"{'found' if before else 'wrote'} {model}",
            f"try: toysound score {model} --dataset {dataset} --out result.json",
        ]
    )


def _done(what: str, before: bool, turned: Path | None) -> str:
    if before:
        return f"{what} was finished before; --force trains it anew"
    return f"trained {what}" if turned is None else f"turned to {what}, from '{turned}'"


def _used(summary: Summary) -> list[str]:
    """Return how many dimensions are in use and what each says, where that is known."""
    if summary.active_units is None:
        return []
    said = f", KL of each dimension (nats): {_largest(summary.kl)}" if summary.kl else ""
    return [f"  {summary.active_units} active units{said}"]


def _relevance(summary: Summary) -> list[str]:
    """Return how relevant the dimensions are, the most relevant first, where that is known."""
    if summary.relevance is None:
        return []
    return [f"  {sum(summary.relevance):.1f} relevant dimensions: {_largest(summary.relevance)}"]


def _largest(values: Sequence[float]) -> str:
    """Return numbers, the largest first, as many as fit a screen."""
    shown = [f"{value:.2f}" for value in sorted(values, reverse=True)[:_SHOWN]]
    left = len(values) - len(shown)
    return " ".join(shown) + (f" and {left} more" if left else "")
