"""Pictures of a dataset: each factor moved alone, seen as log-mel strips."""

from pathlib import Path

from toysound.describe import value_text
from toysound.errors import UsageError
from toysound.files import atomic
from toysound.identify import FLOOR_DB
from toysound.sheet import write_sheet
from toysound.traversals import CEILING_DB, Traversal, open_dataset, traversals

#: The narrowest picture that its head and its scale of colours have room in, in strips.
_FEWEST = 5

#: Rows beside which the scale of colours stands, at most.
_BAR_ROWS = 3


def plot(name: str, out: Path) -> None:
    """Show the traversal of each factor: as a page with players if the ending is ``.html``.

    Parameters
    ----------
    name : a dataset, the folder of a generated one, or ``folder:PATH``
    out : the file; its ending decides the format

    Raises
    ------
    UsageError
        If the dataset, or the format that the ending asks for, is unknown.
    """
    show = write_sheet if out.suffix.lower() in (".html", ".htm") else plot_traversals
    show(name, out)


def plot_traversals(name: str, out: Path) -> None:
    """Draw one row for each factor: its values from left to right, the others at the middle.

    Parameters
    ----------
    name : a dataset, the folder of a generated one, or ``folder:PATH``
    out : the picture; its ending decides the format

    Raises
    ------
    UsageError
        If the dataset, or the format that the ending asks for, is unknown.
    """
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot as plt
    from matplotlib.backend_bases import FigureCanvasBase

    endings = FigureCanvasBase.get_supported_filetypes()
    ending = out.suffix.removeprefix(".").lower() or "png"
    if ending not in endings:
        known = ", ".join(sorted({*endings, "html"}))
        raise UsageError(f"'.{ending}' is not a picture; use one of {known}")
    dataset = open_dataset(name)
    rows = traversals(dataset)
    columns = max(_FEWEST, *(len(row.levels) for row in rows))
    figure, axes = plt.subplots(
        len(rows),
        columns,
        figsize=(1.2 * columns + 1.9, 1.7 * len(rows) + 0.7),
        squeeze=False,
        layout="constrained",
    )
    for line, row in zip(axes, rows, strict=True):
        for axis in line[len(row.levels) :]:
            axis.set_axis_off()
        for axis, level, view in zip(line, row.levels, row.views, strict=False):
            axis.imshow(
                view, origin="lower", aspect="auto", cmap="magma", vmin=FLOOR_DB, vmax=CEILING_DB
            )
            axis.set_title(_short(value_text(row.factor, level)), fontsize=9)
            axis.set_xticks([])
            axis.set_yticks([])
        line[0].set_ylabel(
            _label(row), fontsize=10, rotation=0, ha="right", va="center", linespacing=1.4
        )
    figure.suptitle(
        f"{dataset.name}: each factor alone; a strip is {dataset.spec.duration_s:g} s wide, "
        "64 mel bands high",
        fontsize=11,
    )
    figure.colorbar(
        axes[0, 0].images[0],
        ax=axes,
        label="dB re full scale",
        shrink=min(1.0, _BAR_ROWS / len(rows)),
        aspect=8 * min(len(rows), _BAR_ROWS),
        pad=0.015,
    ).ax.tick_params(labelsize=9)
    with atomic(out) as partial:
        figure.savefig(partial, dpi=110, format=ending)
    plt.close(figure)


def _label(row: Traversal) -> str:
    """Return what stands at the left of a row: the factor, its unit, what is not shown."""
    factor, shown = row.factor, len(row.levels)
    lines = [factor.name.replace("_", " ")]
    lines += [f"({factor.unit})"] if factor.unit and not factor.labels else []
    lines += ["circular"] if factor.kind == "circular" else []
    lines += [f"{shown} of {len(factor)}"] if shown < len(factor) else []
    return "\n".join(lines)


def _short(text: str, most: int = 16) -> str:
    """Return a label that fits above a strip; the name of a file is told by its end."""
    return text if len(text) <= most else "…" + text[1 - most :]
