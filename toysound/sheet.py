"""A contact sheet: one HTML page on which every factor of a dataset can be seen and heard.

Each row moves one factor through its values and holds the others at their middle; each picture is a
log-mel spectrogram and plays its sound when it is clicked or chosen with the keyboard. The page is
one file without any network: pictures are PNG and sounds FLAC, both within it, as they are in the
dataset. No sound is normalised, so that a level that is a factor is heard as one.
"""

import base64
import hashlib
import io
import shlex
from html import escape
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from toysound.catalog.spec import DatasetSpec
from toysound.dataset import Dataset
from toysound.describe import (
    about,
    known_of,
    length_in_words,
    step_in_words,
    steps_of,
    value_text,
    values_in_words,
)
from toysound.factors import Factor
from toysound.files import write_text
from toysound.identify import FLOOR_DB
from toysound.publish.parquet import encode
from toysound.publish.released import Step, released_fingerprints
from toysound.sheet_page import PAGE, SCRIPT, STYLE
from toysound.traversals import CEILING_DB, Traversal, open_dataset, traversals
from toysound.version import GENERATOR_VERSION

#: Colours of a picture: more are not told apart, and so a picture stays near 2 kB.
_COLOURS = 64


def write_sheet(name: str, out: Path) -> None:
    """Write the contact sheet of a dataset.

    Parameters
    ----------
    name : a dataset, the folder of a generated one, or ``folder:PATH``
    out : the HTML file

    Raises
    ------
    UsageError
        If the dataset is unknown.
    """
    write_text(out, sheet(open_dataset(name)))


def sheet(dataset: Dataset) -> str:
    """Return the contact sheet of a dataset, which must have all its cells, as HTML."""
    spec = dataset.spec
    sizes = ", ".join(f"{len(f)} of {f.name}" for f in spec.space.factors)
    combined = f": every combination of {sizes}" if len(spec.space.factors) > 1 else ""
    steps = steps_of(spec)
    return PAGE.substitute(
        name=escape(spec.name),
        question=escape(spec.question),
        facts=escape(
            f"{spec.space.size:,} sounds of {spec.duration_s:g} s at {spec.sample_rate} Hz "
            f"({length_in_words(spec)}){combined}."
        ),
        seconds=f"{spec.duration_s:g}",
        floor=f"{FLOOR_DB:g}",
        ceiling=f"{CEILING_DB:g}",
        rows="\n".join(_row(spec, n, t) for n, t in enumerate(traversals(dataset))),
        table="\n".join(_facts(f, steps.get(f.name)) for f in spec.space.factors),
        made="\n".join(f"<dt>{escape(k)}</dt><dd>{text}</dd>" for k, text in _made(spec).items()),
        style=STYLE,
        script=SCRIPT,
        script_hash=base64.b64encode(hashlib.sha256(SCRIPT.encode()).digest()).decode(),
    )


def picture(view: NDArray[np.float32]) -> bytes:
    """Return a log-mel view in dB, shape (64, 64), as a PNG with its lowest band at the bottom."""
    from matplotlib import colormaps
    from PIL import Image

    share = np.clip((view[::-1] - FLOOR_DB) / (CEILING_DB - FLOOR_DB), 0, 1)
    image = Image.fromarray(np.rint(share * (_COLOURS - 1)).astype(np.uint8), mode="P")
    colours = colormaps["magma"](np.linspace(0, 1, _COLOURS), bytes=True)[:, :3]
    image.putpalette(colours.tobytes())
    file = io.BytesIO()
    image.save(file, format="PNG", optimize=True)
    return file.getvalue()


def _row(spec: DatasetSpec, number: int, shown: Traversal) -> str:
    """Return one factor: its heading and a picture for each of its values."""
    factor = shown.factor
    notes = [factor.unit] if factor.unit and not factor.labels else []
    notes += ["circular: the last is next to the first"] if factor.kind == "circular" else []
    notes += [] if shown.is_whole else [f"{len(shown.levels)} of {len(factor)} values"]
    heading = "".join(f" ({escape('; '.join(notes))})" if notes else "")
    name = escape(factor.name)
    sounds = "\n".join(_sound(spec, shown, k) for k in range(len(shown.levels)))
    whole = (
        f'<button type="button" class="whole" aria-pressed="false" '
        f'aria-label="Play all of {name}">Play the row</button>'
    )
    return (
        f'<section aria-labelledby="row-{number}">\n'
        f'<div class="head"><h2 id="row-{number}">{name}</h2>'
        f"<p>{escape(factor.description)}{heading}</p>{whole}</div>\n"
        f'<ul class="row">\n{sounds}\n</ul>\n</section>'
    )


def _sound(spec: DatasetSpec, shown: Traversal, k: int) -> str:
    """Return one sound: a button with its picture, its value, and a player for want of script."""
    level = shown.levels[k]
    text = escape(value_text(shown.factor, level))
    spoken = escape(f"{shown.factor.name} {value_text(shown.factor, level, unit=True)}")
    png = _data_uri("image/png", picture(shown.views[k]))
    flac = _data_uri("audio/flac", encode(shown.samples[k], spec.sample_rate))
    return (
        f'<li><button type="button" class="sound" aria-pressed="false" aria-label="Play {spoken}">'
        f'<img src="{png}" alt="Log-mel spectrogram of {spoken}" width="64" height="64">'
        f'<span class="sign" aria-hidden="true"></span></button>'
        f'<audio controls preload="none" aria-label="{spoken}" src="{flac}"></audio>{text}</li>'
    )


def _facts(factor: Factor, step: Step | None) -> str:
    """Return a line of the table of factors."""
    known = known_of(factor)
    audible = escape(step_in_words(known)) or "–"
    reference = f"<small>{escape(known.reference)}</small>" if known else ""
    kind = factor.kind if known is None or known.scale == factor.kind else known.scale
    kinds = factor.kind if kind == factor.kind else f"{factor.kind}, {kind}"
    cells = [
        escape(factor.description) or "–",
        kinds,
        escape(f"{len(factor)}: {values_in_words(factor)}"),
        audible + reference,
        f"{step.smallest:g} dB" if step else "–",
    ]
    return (
        f'<tr><th scope="row">{escape(factor.name)}</th>'
        + "".join(f"<td>{cell}</td>" for cell in cells)
        + "</tr>"
    )


def _made(spec: DatasetSpec) -> dict[str, str]:
    """Return how the dataset was made: a term and HTML for each."""
    out = {"voice": escape(spec.voice)} if spec.labelled else {}
    out |= {term: escape(text) for term, text in about(spec).items()}
    if not spec.labelled:
        return out
    out["version of the sounds"] = GENERATOR_VERSION
    if sha256 := released_fingerprints().get(spec.name):
        out["SHA-256 of all samples"] = f"<code>{sha256}</code>"
    factor = spec.space.factors[-1]
    value = shlex.quote(f"{factor.name}={value_text(factor, len(factor) // 2)}")
    out["the same sounds again"] = "<br>".join(
        f"<code>{escape(command, quote=False)}</code>"
        for command in (
            f"toysound generate {spec.name} --out DIR",
            f"toysound render {spec.name} {value} --out sound.wav",
        )
    )
    return out


def _data_uri(kind: str, content: bytes) -> str:
    return f"data:{kind};base64,{base64.b64encode(content).decode('ascii')}"
