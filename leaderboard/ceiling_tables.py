"""Ceilings as text for a terminal and as Markdown for a page.

Nothing is computed here. Numbers have at most three significant digits and two decimals, as on the
leaderboard; the JSON has all of them. A missing value is an en dash, never 0.
"""

import textwrap
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from benchmark.metrics.reconstruction import SET_METRICS
from benchmark.metrics.registry import Output
from benchmark.result import Measurement
from leaderboard.ceilings import COLUMNS, Ceiling, Ceilings
from leaderboard.tables import MISSING, number, printable

#: Measures of a first look, in the terminal; Markdown and JSON have all.
_FIRST = (
    "log_spectral_distance",
    "mel_distance",
    "spectral_convergence",
    "si_sdr",
    "level_error",
    "f0_error",
    "attack_error",
    "frechet_distance",
)

_MEASURES: tuple[Output, ...] = (
    *COLUMNS,
    *(output for metric in SET_METRICS.values() for output in metric.outputs),
)


@dataclass(frozen=True)
class _Head:
    """A column: its words, its unit with an arrow, and what it says of a row."""

    words: str
    unit: str
    cell: Callable[[Ceiling], str]


def to_text(ceilings: Ceilings, width: int = 120) -> str:
    """Return a table of at most ``width`` columns for a terminal, ending in a newline.

    Where not all columns fit they go on below, each time beside the names of the views; a width
    that holds a name and no number is overrun.

    Parameters
    ----------
    ceilings : what to show
    width : of the terminal, in characters
    """
    first = tuple(m for m in _MEASURES if m.column in _FIRST)
    heads = [*_facts(), _snr(), *(_measure(m) for m in first), *_times()]
    groups = [
        group
        for exact in (True, False)
        if (group := [row for row in ceilings.rows if row.exact is exact])
    ]
    names = [printable(row.representation) for row in ceilings.rows]
    name_width = max(len("representation"), *map(len, names))
    widths = [
        max(map(len, [*h.words.split(), h.unit, *(h.cell(r) for r in ceilings.rows)]))
        for h in heads
    ]
    blocks = []
    for chosen in _packed(widths, width - name_width):
        shown = [(heads[i], widths[i]) for i in chosen]
        blocks.append(_block(groups, shown, name_width))
    title, legend = (_wrapped(text, width) for text in (_title(ceilings), _legend(ceilings)))
    return "\n\n".join([title, *blocks, legend]) + "\n"


def to_markdown(ceilings: Ceilings) -> str:
    """Return two tables in Markdown: what each view is, and what its round trip loses.

    Parameters
    ----------
    ceilings : what to show
    """
    views = [
        *_facts(),
        _Head("likelihood", "", lambda row: row.likelihood),
        _Head("ln det", "nat", lambda row: _plain(row.log_determinant)),
        *_times(),
        _Head("lost", "", lambda row: row.loss or "nothing but rounding"),
    ]
    losses = [_snr(intervals=True), *(_measure(m, intervals=True) for m in _MEASURES)]
    cells = ceilings.sounds.cells
    machine = ceilings.environment
    return "\n".join(
        [
            f"{_title(ceilings)}. Times: processor time of one thread of {machine.cpu}, median of "
            f"{ceilings.rows[0].timed} single sounds, Python {machine.python}.",
            "",
            *_markdown(ceilings.rows, views),
            "",
            f"Round trip of the {cells.count:,} sounds, with 95 % intervals; ↑ higher is better, "
            f"↓ lower is better, {MISSING} no value.",
            "",
            *_markdown(ceilings.rows, losses),
            "",
        ]
    )


def _title(ceilings: Ceilings) -> str:
    sounds = ceilings.sounds
    cells = sounds.cells
    drawn = "" if cells.count == cells.of else f", drawn by seed {ceilings.seed}"
    return (
        f"Ceilings on {printable(sounds.dataset)}: {cells.count:,} of {cells.of:,} test sounds"
        f"{drawn}, {sounds.num_samples / sounds.sample_rate:g} s at {sounds.sample_rate:,} Hz"
    )


def _legend(ceilings: Ceilings) -> str:
    return (
        f"↑ higher is better, ↓ lower is better, {MISSING} no value: every sound comes back to the "
        "bit, or the measure is not defined. The round trip of each view alone, exact ones first, "
        "then by LSD: a model that answers in a view and uses its inverse starts from here. SNR "
        "and SI-SDR compare waveforms: they mean nothing where the phase is made anew. Times are "
        f"medians of {ceilings.rows[0].timed} single sounds, of one thread's processor time. "
        "--json has the intervals and all measures."
    )


def _wrapped(text: str, width: int) -> str:
    return textwrap.fill(text, max(width, 40), break_on_hyphens=False)


def _facts() -> list[_Head]:
    return [
        _Head("shape", "", lambda row: "x".join(map(str, row.shape))),
        _Head("per sample", "", lambda row: f"{row.redundancy:.2f}"),
    ]


def _times() -> list[_Head]:
    return [
        _Head("analysis", "ms ↓", lambda row: number(row.analysis_ms)),
        _Head("inverse", "ms ↓", lambda row: number(row.inverse_ms)),
    ]


def _snr(intervals: bool = False) -> _Head:
    return _Head("SNR", "dB ↑", lambda row: _value(row.snr, intervals))


def _measure(output: Output, intervals: bool = False) -> _Head:
    arrow = {True: "↑", False: "↓", None: ""}[output.higher_is_better]
    return _Head(
        output.label,
        f"{output.unit} {arrow}".strip(),
        lambda row: _value(row.reconstruction[output.column], intervals),
    )


def _value(measurement: Measurement, interval: bool) -> str:
    shown = number(measurement.value)
    if not interval or measurement.interval is None:
        return shown
    low, high = (number(end) for end in measurement.interval)
    return shown if low == high == shown else f"{shown} ({low} to {high})"


def _plain(value: float | None) -> str:
    return MISSING if value is None else f"{value:g}"


def _packed(widths: Sequence[int], room: int) -> list[list[int]]:
    """Return which columns stand side by side, two characters apart, in each block."""
    blocks: list[list[int]] = [[]]
    used = 0
    for i, size in enumerate(widths):
        if used + size + 2 > room and blocks[-1]:
            blocks.append([])
            used = 0
        blocks[-1].append(i)
        used += size + 2
    return blocks


def _block(
    groups: Sequence[Sequence[Ceiling]], shown: Sequence[tuple[_Head, int]], name_width: int
) -> str:
    height = max(len(head.words.split()) for head, _ in shown) + 1

    def line(first: str, texts: Sequence[str]) -> str:
        cells = (text.rjust(size) for text, (_, size) in zip(texts, shown, strict=True))
        return "  ".join([first.ljust(name_width), *cells]).rstrip()

    above = [[*head.words.split(), head.unit] for head, _ in shown]
    above = [[""] * (height - len(words)) + words for words in above]
    lines = [
        line("representation" if level == height - 1 else "", [words[level] for words in above])
        for level in range(height)
    ]
    rule = "─" * (name_width + sum(size + 2 for _, size in shown))
    for group in groups:
        lines.append(rule)
        lines += [
            line(printable(row.representation), [head.cell(row) for head, _ in shown])
            for row in group
        ]
    return "\n".join(lines)


def _markdown(rows: Sequence[Ceiling], heads: Sequence[_Head]) -> list[str]:
    titles = ["representation", *(f"{h.words} {h.unit}".strip() for h in heads)]
    left = {"representation", "shape", "likelihood", "lost"}
    return [
        _row(titles),
        _row([":---" if title in left else "---:" for title in titles]),
        *(_row([f"`{row.representation}`", *(h.cell(row) for h in heads)]) for row in rows),
    ]


def _row(cells: Sequence[str]) -> str:
    return f"| {' | '.join(printable(cell).replace('|', '/') for cell in cells)} |"
