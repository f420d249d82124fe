"""The tables of ``docs/mnist.md``, from committed results.

    python -m leaderboard.experiments.mnist --write docs/mnist.md

Nothing is trained here: numbers are read from ``docs/data``, where ``results.json`` of ``toysound
mnist`` was copied to; the page says with which options. Cited numbers are those of
:mod:`baselines.mnist.published`.
"""

import argparse
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path

from baselines.mnist.outcome import Outcome, read_all
from baselines.mnist.published import CITED
from leaderboard.experiments.marked import markdown, with_table
from toysound.command import said
from toysound.files import write_text

#: Files of results: of the test digits, and of held-out training digits.
RESULTS_FILE, STEPS_FILE = "mnist.json", "mnist-steps.json"


def results_table(found: Sequence[Outcome]) -> str:
    """Return what each N_z came to."""
    head = ["N_z", "test ELBO", "training ELBO", "KL", "NLL", "active units", "over 0.1 nat"]
    head += ["CPU s"]
    rows = [
        [
            f"{row.trial.latent_dim}{', warm-up' if row.trial.warm_up else ''}",
            *_nats(row.test_elbo, row.train_elbo, row.test_rate, row.importance_nll),
            str(row.active_units),
            str(row.informed_dimensions),
            f"{row.cpu_seconds:.0f}",
        ]
        for row in found
    ]
    return markdown(head, rows)


def steps_table(found: Sequence[Outcome]) -> str:
    """Return the ELBO for each of Adam's steps and each N_z."""
    elbo = {(row.trial.step, row.trial.latent_dim): row.test_elbo for row in found}
    steps, latents = (sorted(set(values)) for values in zip(*elbo, strict=True))
    head = ["Adam's largest step", *(f"N_z = {latent_dim}" for latent_dim in latents)]
    rows = [[f"{step:g}", *_nats(*(elbo[step, n] for n in latents))] for step in steps]
    return markdown(head, rows)


def cited_table() -> str:
    """Return published numbers; a protocol stands beside the first number that it is of."""
    protocols = [f"{row.source}: {row.protocol}" for row in CITED]
    said = [p if p != before else "as above" for before, p in pairwise(["", *protocols])]
    rows = [[row.model, f"{row.nll:.2f}", text] for row, text in zip(CITED, said, strict=True)]
    return markdown(["model", "NLL", "source and protocol"], rows)


def tables(data: Path) -> dict[str, str]:
    """Return every table of the page by its name.

    Parameters
    ----------
    data : folder of the results
    """
    found = read_all(data / RESULTS_FILE)
    grey, binarised = ([row for row in found if row.trial.binarised == b] for b in (False, True))
    return {
        "grey": results_table(grey),
        "binarised": results_table(binarised),
        "steps": steps_table(read_all(data / STEPS_FILE)),
        "cited": cited_table(),
    }


def _nats(*values: float) -> list[str]:
    return [f"{value:.2f}" for value in values]


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the tables, or write them into a page."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--data", type=Path, metavar="DIR", default=Path("docs/data"))
    parser.add_argument("--write", type=Path, metavar="PAGE", help="replace its tables")
    chosen = parser.parse_args(arguments)
    made = tables(chosen.data)
    if chosen.write is None:
        print("\n\n".join(f"{name}\n\n{table}" for name, table in made.items()))
        return 0
    text = chosen.write.read_text(encoding="utf-8")
    for name, table in made.items():
        text = with_table(text, name, table)
    write_text(chosen.write, text)
    return 0


if __name__ == "__main__":
    raise SystemExit(said(main))
