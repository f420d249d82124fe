"""The catalog as tables of Markdown, for ``docs/datasets.md``.

``python -m toysound.catalog.reference docs/datasets.md`` writes the tables between their markers
anew, so that the page cannot say anything else than the code.
"""

import re
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np

from toysound.catalog import CATALOG
from toysound.catalog.known_factors import KNOWN
from toysound.catalog.spec import TIERS, DatasetSpec
from toysound.factors import Factor
from toysound.files import write_text
from toysound.splits import partition


def factors_table() -> str:
    """Return every known factor: what one hears, unit, kind, spacing, smallest audible step."""
    lines = [
        "| factor | what one hears | kind | unit | spacing | just noticeable | after |",
        "|---|---|---|---|---|---|---|",
    ]
    for known in KNOWN.values():
        if known.just_noticeable is None:
            step = "–"
        elif known.scale == "linear":
            step = f"{known.just_noticeable:g} {known.unit}".strip()
        else:
            step = f"x {known.just_noticeable:g}"
        lines.append(
            f"| `{known.name}` | {known.heard} | {known.kind} | {known.unit or '–'} "
            f"| {known.scale} | {step} | {known.reference} |"
        )
    return "\n".join(lines)


def tier_table(tier: str) -> str:
    """Return the datasets of one tier: factors with their ranges, size and question."""
    lines = ["| dataset | factors | sounds | voice | question |", "|---|---|---|---|---|"]
    for spec in CATALOG.values():
        if spec.tier == tier:
            factors = "; ".join(_range(factor) for factor in spec.space.factors)
            lines.append(
                f"| `{spec.name}` | {factors} | {spec.space.size:,} | {spec.voice} "
                f"| {spec.question} |"
            )
    return "\n".join(lines)


def correlations_table() -> str:
    """Return how strongly the two factors of each correlated dataset go together, as measured."""
    lines = [
        "| dataset | width | correlation in train | in test | train | test | composition |",
        "|---|---|---|---|---|---|---|",
    ]
    for spec in CATALOG.values():
        if spec.correlation is not None:
            splits = partition(spec)
            lines.append(
                f"| `{spec.name}` | {spec.correlation.width:g} "
                f"| {_correlation(spec, 'train'):.2f} | {_correlation(spec, 'test'):.2f} "
                f"| {len(splits['train']):,} | {len(splits['test']):,} "
                f"| {len(splits['composition']):,} |"
            )
    return "\n".join(lines)


def _correlation(spec: DatasetSpec, split: str) -> float:
    """Return Pearson's correlation of the levels of the two correlated factors in a split."""
    assert spec.correlation is not None
    classes = spec.space.classes_of(partition(spec)[split])
    first, second = (classes[:, spec.space.names.index(name)] for name in spec.correlation.factors)
    return float(np.corrcoef(first, second)[0, 1])


def _range(factor: Factor) -> str:
    """Return a factor, how many values it has, and from where to where."""
    if factor.kind == "categorical":
        return f"{factor.name} [{len(factor)}]"
    unit = f" {factor.unit}" if factor.unit else ""
    first, last = (f"{value:.3g}" for value in (factor.values[0], factor.values[-1]))
    return f"{factor.name} [{len(factor)}] {first} to {last}{unit}"


TABLES: dict[str, Callable[[], str]] = {
    "factors": factors_table,
    "correlations": correlations_table,
    **{tier: (lambda tier=tier: tier_table(tier)) for tier in TIERS},  # type: ignore[misc]
}


def with_tables(text: str) -> str:
    """Return a page with what stands between ``<!-- NAME -->`` and ``<!-- /NAME -->`` made anew.

    Raises
    ------
    KeyError
        If a marker names no table.
    """

    def made(match: re.Match[str]) -> str:
        name = match[1]
        return f"<!-- {name} -->\n{TABLES[name]()}\n<!-- /{name} -->"

    return re.sub(r"<!-- (\w+) -->\n.*?<!-- /\1 -->", made, text, flags=re.DOTALL)


if __name__ == "__main__":
    page = Path(sys.argv[1])
    write_text(page, with_tables(page.read_text(encoding="utf-8")))
