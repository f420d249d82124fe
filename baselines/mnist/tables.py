"""Outcomes as text: one table for each kind of target, and one of cited numbers."""

import textwrap
from collections.abc import Sequence

from baselines.mnist.outcome import Outcome
from baselines.mnist.published import CITED, Cited

_HEAD = {
    "grey levels": (
        "grey levels as Bernoulli targets: minus a cross-entropy, the likelihood of nothing, and "
        "not comparable with binarised digits"
    ),
    "binarised": "binarised digits, training digits drawn anew in every epoch, test digits once",
}

_COLUMNS = "  N_z   beta  test ELBO  train ELBO      KL   IW NLL  active  > 0.1 nat  CPU s"


def results(outcomes: Sequence[Outcome]) -> str:
    """Return the outcomes as a table for each kind of target; never both in one.

    Raises
    ------
    ValueError
        If there is none.
    """
    if not outcomes:
        raise ValueError("there is no outcome to show")
    return "\n\n".join(
        _table(head, [row for row in outcomes if row.trial.targets == targets])
        for targets, head in _HEAD.items()
        if any(row.trial.targets == targets for row in outcomes)
    )


def cited(rows: Sequence[Cited] = CITED) -> str:
    """Return published numbers with their protocols, marked as cited."""
    width = max(len(row.model) for row in rows)
    lines = ["cited, not reproduced here: NLL of digits binarised anew in every epoch, nats"]
    protocol = ""
    for row in rows:
        if row.protocol != protocol:
            protocol = row.protocol
            note = f"[{row.source}: {row.protocol}]"
            lines += textwrap.wrap(note, 96, initial_indent="  ", subsequent_indent="   ")
        lines.append(f"    {row.model:{width}}  {row.nll:6.2f}")
    return "\n".join(lines)


def _table(head: str, rows: Sequence[Outcome]) -> str:
    first = rows[0]
    lines = [
        *textwrap.wrap(f"{first.data}, {head}", 96),
        f"{first.train_digits:,} training digits, {_epochs(rows)}, seed {_seeds(rows)}; nats per "
        "digit, higher ELBO and lower NLL are better",
        _COLUMNS,
    ]
    lines += [
        f"{row.trial.latent_dim:5}  {row.trial.beta:5g}  {row.test_elbo:9.2f}"
        f"  {row.train_elbo:10.2f}  {row.test_rate:6.2f}  {row.importance_nll:7.2f}"
        f"  {row.active_units:6}  {row.informed_dimensions:9}  {row.cpu_seconds:5.0f}"
        for row in rows
    ]
    count = min(first.scoring.digits, first.test_digits)
    lines.append(
        f"ELBO at weight 1 on all {first.test_digits:,} test digits; IW NLL with "
        f"{first.scoring.samples:,} samples on the first {count:,}"
    )
    return "\n".join(lines)


def _epochs(rows: Sequence[Outcome]) -> str:
    return _either(sorted({row.trial.epochs for row in rows}), "epochs")


def _seeds(rows: Sequence[Outcome]) -> str:
    return _either(sorted({row.trial.seed for row in rows}), "")


def _either(values: Sequence[int], unit: str) -> str:
    return f"{' or '.join(map(str, values))} {unit}".strip()
