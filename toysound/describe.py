"""Datasets in words, for ``toysound list`` and ``toysound show``.

Each answer holds its ``text`` for a person and the same facts as data for a program. Numbers are
written as short as they stay distinct, and every one that is shown can be typed back: ``toysound
render`` understands a value that is rounded to what is written here.
"""

import math
import textwrap
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from toysound.catalog import CATALOG
from toysound.catalog.known_factors import COLOUR, KNOWN, SHEPARD_WAVEFORM, KnownFactor
from toysound.catalog.spec import TIERS, DatasetSpec
from toysound.errors import unknown_name
from toysound.factors import Factor
from toysound.publish.released import Step, released_distances
from toysound.splits import held_out_pairs, partition

#: Columns of a line of text, and what a terminal may make of them.
WIDTH, _NARROWEST, _WIDEST = 100, 80, 120

#: Values of a factor, and pairs of values held out, that are listed at most.
_VALUES, _PAIRS = 16, 8


def overview(wanted: str | None = None, width: int = WIDTH) -> dict[str, Any]:
    """Return datasets with their size and question, in the order of the curriculum.

    Parameters
    ----------
    wanted : a tier, or a factor that the datasets must vary; all datasets by default
    width : columns of the text, between 80 and 120

    Raises
    ------
    UsageError
        If ``wanted`` is neither.
    """
    specs = list(CATALOG.values())
    if wanted in TIERS:
        specs = [spec for spec in specs if spec.tier == wanted]
    elif wanted is not None:
        specs = [spec for spec in specs if wanted in spec.space.names]
        if not specs:
            factors = {name for spec in CATALOG.values() for name in spec.space.names}
            raise unknown_name("tier or factor", wanted, {*TIERS, *factors})
    rows = [
        {
            "name": spec.name,
            "tier": spec.tier,
            "sounds": spec.space.size,
            "seconds": spec.duration_s,
            "factors": dict(zip(spec.space.names, spec.space.sizes, strict=True)),
            "question": spec.question,
        }
        for spec in specs
    ]
    return {"datasets": rows, "text": "\n".join(_listing(rows, width))}


def _listing(rows: Sequence[dict[str, Any]], width: int) -> list[str]:
    """Return the lines of ``toysound list``: one block for each tier, its columns aligned."""
    lines: list[str] = []
    for tier, purpose in TIERS.items():
        members = [row for row in rows if row["tier"] == tier]
        if not members:
            continue
        lines += [*([""] if lines else []), *_wrapped(f"{tier}: {purpose}", width)]
        name = max(len(row["name"]) for row in members)
        size = max(len(f"{row['sounds']:,}") for row in members)
        for row in members:
            start = f"  {row['name']:{name}}  {row['sounds']:>{size},} sounds  "
            lines += _wrapped(row["question"], width, start, " " * len(start))
    sounds = sum(row["sounds"] for row in rows)
    many = f"{len(rows)} datasets" if len(rows) > 1 else "1 dataset"
    closing = f"{many}, {sounds:,} sounds; 'toysound show NAME' says more of each"
    return [*lines, "", *_wrapped(closing, width)]


def details(name: str, width: int = WIDTH) -> dict[str, Any]:
    """Return one dataset's factors, units, values, size and splits.

    Parameters
    ----------
    name : of the catalog, the folder of a generated dataset, or ``folder:PATH``
    width : columns of the text, between 80 and 120

    Raises
    ------
    UsageError
        If there is no such dataset.
    """
    spec = spec_of(name)
    steps = steps_of(spec)
    splits = {split: len(cells) for split, cells in partition(spec).items()}
    lines = [
        *_wrapped(f"{spec.name}: {spec.question}", width),
        f"{spec.space.size:,} sounds of {spec.duration_s:g} s at {spec.sample_rate} Hz "
        f"({length_in_words(spec)}), voice '{spec.voice}'",
    ]
    for factor in spec.space.factors:
        lines += ["", *_wrapped(f"{factor.name}: {factor.description}", width)]
        for sentence in _sentences(factor, steps.get(factor.name)):
            lines += _wrapped(sentence, width, "  ", "    ")
    lines.append("")
    for term, text in about(spec).items():
        lines += _wrapped(f"{term}: {text}", width, "", "  ")
    lines.append("splits: " + ", ".join(f"{split} {size:,}" for split, size in splits.items()))
    whole = spec.to_json()
    whole["factors"] = [
        {**data, **_known_facts(factor, steps.get(factor.name))}
        for data, factor in zip(whole["factors"], spec.space.factors, strict=True)
    ]
    return {
        **whole,
        "tier": spec.tier,
        "num_sounds": spec.space.size,
        "splits": splits,
        "text": "\n".join(lines),
    }


def spec_of(name: str) -> DatasetSpec:
    """Return the specification of a dataset of the catalog, or of one in a folder.

    Raises
    ------
    UsageError
        If there is no such dataset.
    ToySoundError
        If the folder holds none.
    """
    if name in CATALOG:
        return CATALOG[name]
    from toysound.dataset import load  # half a second to import, needed only here

    return load(name).spec


def steps_of(spec: DatasetSpec) -> dict[str, Step]:
    """Return how far apart neighbours of each factor are, where it has been measured."""
    known = released_distances().get(spec.name)
    return dict(known.steps) if known else {}


def known_of(factor: Factor) -> KnownFactor | None:
    """Return what is known of a factor beyond its values; None for one that is not of the table."""
    for known in (*KNOWN.values(), SHEPARD_WAVEFORM, COLOUR):
        if (known.name, known.heard) == (factor.name, factor.description):
            return known
    return None


def about(spec: DatasetSpec) -> dict[str, str]:
    """Return what else is to be said of a dataset beside its factors: a term and a text each."""
    out = {}
    if spec.constants:
        out["held constant"] = ", ".join(
            _constant(name, value) for name, value in spec.constants.items()
        )
    if spec.nuisances:
        out["drawn anew for each sound"] = " and ".join(spec.nuisances)
    if spec.sound_font:
        font = spec.sound_font
        out["sound font"] = f"{font['name']}, {font['licence']} licence"
    if spec.correlation:
        first, second = spec.correlation.factors
        out["correlated in train and validation"] = (
            f"{first} and {second}, width {spec.correlation.width:g} (0.2 strong, 0.7 weak); "
            "independent in test, what was left out is composition"
        )
    if spec.composition:
        one, other = (spec.space[name] for name in spec.composition)
        pairs = sorted(held_out_pairs(spec))
        texts = [f"{value_text(one, a)}/{value_text(other, b)}" for a, b in pairs[:_PAIRS]]
        more = f", ... ({len(pairs)} pairs)" if len(pairs) > _PAIRS else ""
        out[f"composition holds out {one.name}/{other.name}"] = ", ".join(texts) + more
    return out


def value_text(factor: Factor, level: int, unit: bool = False) -> str:
    """Return one value of a factor in words: its label, or a number.

    Parameters
    ----------
    factor : the factor
    level : which of its values
    unit : whether to add the unit
    """
    if factor.labels:
        return factor.labels[level]
    value = factor.values[level]
    with_unit = f" {factor.unit}" if unit and factor.unit else ""
    return f"{_number(value, factor)}{with_unit}"


def _number(value: float, factor: Factor) -> str:
    """Write a value exactly if that is short, else rounded as far as it stays unlike the others."""
    if math.isclose(float(f"{value:.4g}"), value, rel_tol=1e-12):
        return f"{value:.4g}"
    digits = max(3, len(f"{abs(value):.0f}"))
    while len({f"{v:.{digits}g}" for v in factor.values}) < len(factor.values):
        digits += 1
    return f"{value:#.{digits}g}".rstrip(".")


def values_in_words(factor: Factor, most: int = _VALUES) -> str:
    """Return the values of a factor with their unit, shortened in the middle if there are many."""
    texts = [value_text(factor, level) for level in range(len(factor))]
    if len(texts) > most:
        texts = [*texts[:4], "...", *texts[-3:]]
    unit = f" {factor.unit}" if factor.unit and not factor.labels else ""
    return (", " if factor.labels else " ").join(texts) + unit


def step_in_words(known: KnownFactor | None) -> str:
    """Return the smallest difference one hears, in words; empty if none is known."""
    if known is None or known.just_noticeable is None:
        return ""
    if known.scale == "logarithmic":
        return f"a ratio of {known.just_noticeable:g}"
    return f"{known.just_noticeable:g} {known.unit}".rstrip()


def _sentences(factor: Factor, step: Step | None) -> list[str]:
    """Return what ``show`` says of a factor."""
    known = known_of(factor)
    count = "1 value" if len(factor) == 1 else f"{len(factor)} values"
    spacing = f", {known.scale}" if known and known.scale != factor.kind else ""
    out = [f"{count}, {factor.kind}{spacing}: {values_in_words(factor)}"]
    if known and (audible := step_in_words(known)):
        out.append(f"just noticeable: {audible} ({known.reference})")
    elif known:
        out.append(f"after {known.reference}")
    if step:
        out.append(
            f"one step in the log-mel view: at least {step.smallest:g} dB, median {step.median:g}"
        )
    return out


def _known_facts(factor: Factor, step: Step | None) -> dict[str, Any]:
    """Return what is known of a factor beyond its definition, as data."""
    known = known_of(factor)
    return {
        "scale": known.scale if known else None,
        "just_noticeable": known.just_noticeable if known else None,
        "reference": known.reference if known else None,
        "step_db": asdict(step) if step else None,
    }


def _constant(name: str, value: float) -> str:
    known = KNOWN.get(name)
    if known and known.labels:
        return f"{name} {known.labels[int(value)]}"
    return f"{name} {value:.4g} {known.unit if known else ''}".rstrip()


def length_in_words(spec: DatasetSpec) -> str:
    """Return how long all sounds last."""
    seconds = spec.space.size * spec.duration_s
    if seconds < 120:
        return f"{seconds:.3g} seconds"
    return f"{seconds / 60:.1f} minutes" if seconds < 7200 else f"{seconds / 3600:.1f} hours"


def _wrapped(text: str, width: int, first: str = "", others: str = "") -> list[str]:
    """Return a text in lines of a width between the narrowest and the widest."""
    return textwrap.wrap(
        text,
        min(max(width, _NARROWEST), _WIDEST),
        initial_indent=first,
        subsequent_indent=others,
        break_on_hyphens=False,
        break_long_words=False,
    )
