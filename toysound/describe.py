"""Datasets in words, for ``toysound list`` and ``toysound show``.

Each answer holds its ``text`` for a person and the same facts as data for a program.
"""

from typing import Any

from toysound.catalog import CATALOG, get_spec
from toysound.factors import Factor
from toysound.splits import held_out_pairs, partition


def overview() -> dict[str, Any]:
    """Return every dataset with its size and question."""
    rows = [
        {
            "name": spec.name,
            "sounds": spec.space.size,
            "factors": dict(zip(spec.space.names, spec.space.sizes, strict=True)),
            "question": spec.question,
        }
        for spec in CATALOG.values()
    ]
    width = max(len(str(row["name"])) for row in rows)
    lines = [
        f"{row['name']:{width}}  {row['sounds']:>7,} sounds  {row['question']}" for row in rows
    ]
    return {"datasets": rows, "text": "\n".join(lines)}


def details(name: str) -> dict[str, Any]:
    """Return one dataset's factors, units, values, size and splits.

    Raises
    ------
    UsageError
        If the dataset is unknown.
    """
    spec = get_spec(name)
    splits = {split: len(cells) for split, cells in partition(spec).items()}
    lines = [
        f"{spec.name}: {spec.question}",
        f"{spec.space.size:,} sounds of {spec.duration_s:g} s at {spec.sample_rate} Hz "
        f"({spec.space.size * spec.duration_s / 60:.1f} minutes), voice '{spec.voice}'",
        "",
    ]
    for factor in spec.space.factors:
        lines += [
            f"  {factor.name} ({len(factor)} values, {factor.kind}): {factor.description}",
            f"    {values_in_words(factor)}",
        ]
    held = ", ".join(f"{key} {value:g}" for key, value in spec.constants.items())
    lines += ["", f"  held constant: {held}"] if held else []
    lines += ["", "  splits: " + ", ".join(f"{k} {v}" for k, v in splits.items())]
    if spec.composition:
        first, second = (spec.space[factor] for factor in spec.composition)
        pairs = ", ".join(
            f"{first.values[a]:g}/{second.values[b]:g}" for a, b in sorted(held_out_pairs(spec))
        )
        lines.append(f"  composition holds out {first.name}/{second.name}: {pairs}")
    return {
        **spec.to_json(),
        "num_sounds": spec.space.size,
        "splits": splits,
        "text": "\n".join(lines),
    }


def values_in_words(factor: Factor, most: int = 16) -> str:
    """Return the values of a factor with their unit, shortened in the middle if there are many."""
    texts = [f"{v:.4g}" for v in factor.values]
    if len(texts) > most:
        texts = [*texts[:4], "...", *texts[-3:]]
    return " ".join(texts) + (f" {factor.unit}" if factor.unit else "")
