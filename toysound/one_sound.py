"""One sound of a dataset as a wav file, chosen by the values of its factors."""

import io
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import soundfile

from toysound.catalog import get_spec
from toysound.catalog.spec import DatasetSpec
from toysound.errors import UsageError, unknown_name
from toysound.files import write_bytes
from toysound.rendering import render_samples


def render_to_file(name: str, assignments: Sequence[str], out: Path) -> dict[str, Any]:
    """Render the cell with these values and write it as 16-bit wav.

    Parameters
    ----------
    name : a dataset
    assignments : ``factor=value`` texts; a factor that is not named takes its middle value
    out : the wav file

    Raises
    ------
    UsageError
        If the dataset or a factor is unknown, named twice, or a value is not on the grid.
    """
    spec = get_spec(name)
    classes = classes_of_assignments(spec, assignments)
    cell = int(spec.space.index_of(classes))
    buffer = io.BytesIO()
    soundfile.write(
        buffer, render_samples(spec, [cell])[0], spec.sample_rate, format="WAV", subtype="PCM_16"
    )
    write_bytes(out, buffer.getvalue())
    values = dict(zip(spec.space.names, spec.space.values_of(classes).tolist(), strict=True))
    units = dict(zip(spec.space.names, spec.space.units, strict=True))
    words = ", ".join(f"{k} {v:g} {units[k]}".strip() for k, v in values.items())
    return {
        "file": str(out),
        "index": cell,
        "values": values,
        "text": f"wrote {out}: cell {cell} of {name} ({words})",
    }


def classes_of_assignments(spec: DatasetSpec, assignments: Sequence[str]) -> np.ndarray:
    """Return the classes, shape (k,), that ``factor=value`` texts ask for.

    Raises
    ------
    UsageError
        As :func:`render_to_file`.
    """
    given: dict[str, float] = {}
    for text in assignments:
        key, equals, number = text.partition("=")
        if not equals:
            raise UsageError(f"'{text}' is not of the form factor=value, such as pitch=57")
        if key not in spec.space.names:
            raise unknown_name("factor", key, spec.space.names)
        if key in given:
            raise UsageError(f"factor '{key}' is given twice")
        try:
            given[key] = float(number)
        except ValueError:
            raise UsageError(f"'{number}' is not a number; write for instance {key}=57") from None
    middle = {f.name: f.values[len(f) // 2] for f in spec.space.factors}
    return spec.space.classes_from_values(**{**middle, **given})
