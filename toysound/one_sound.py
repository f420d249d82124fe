"""One sound of a dataset as a wav file, chosen by the values of its factors.

A value is written as a person would: ``pitch=57``, ``level=-18dB``, ``waveform=square``. A number
may be rounded as ``toysound show`` prints it, so that the 0.0178885 s of a logarithmic scale is
``attack=0.0179``; it must still mean exactly one value of the grid.
"""

import io
import math
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import soundfile
from numpy.typing import NDArray

from toysound.catalog.spec import DatasetSpec
from toysound.describe import value_text
from toysound.errors import UsageError, unknown_name
from toysound.factors import Factor
from toysound.files import write_bytes
from toysound.traversals import middle, open_dataset

#: Digits to which a number may be rounded, at least: 0.02 does not stand for 0.0179.
_DIGITS = 3


def render_to_file(name: str, assignments: Sequence[str], out: Path) -> dict[str, Any]:
    """Render the cell with these values and write it as 16-bit wav.

    Parameters
    ----------
    name : a dataset, or the folder of one
    assignments : ``factor=value`` texts; a factor that is not named takes its middle value
    out : the wav file

    Raises
    ------
    UsageError
        If the dataset or a factor is unknown, named twice, or a value is not on the grid.
    """
    dataset = open_dataset(name)
    spec = dataset.spec
    classes = classes_of_assignments(spec, assignments)
    cell = int(spec.space.index_of(classes))
    buffer = io.BytesIO()
    soundfile.write(
        buffer, dataset.samples([cell])[0], spec.sample_rate, format="WAV", subtype="PCM_16"
    )
    write_bytes(out, buffer.getvalue())
    words = [
        f"{factor.name} {value_text(factor, level, unit=True)}"
        for factor, level in zip(spec.space.factors, classes.tolist(), strict=True)
    ]
    values = spec.space.values_of(classes).tolist()
    return {
        "file": str(out),
        "index": cell,
        "values": dict(zip(spec.space.names, values, strict=True)),
        "text": f"wrote {out}: cell {cell} of {name} ({', '.join(words)})",
    }


def classes_of_assignments(spec: DatasetSpec, assignments: Sequence[str]) -> NDArray[np.int64]:
    """Return the classes, shape (k,), that ``factor=value`` texts ask for.

    Raises
    ------
    UsageError
        As :func:`render_to_file`.
    """
    given: dict[str, int] = {}
    for text in assignments:
        name, equals, value = text.partition("=")
        if not equals:
            example = _example(spec.space.factors[0])
            raise UsageError(f"'{text}' is not of the form factor=value, such as {example}")
        if name not in spec.space.names:
            raise unknown_name("factor", name, spec.space.names)
        if name in given:
            raise UsageError(f"factor '{name}' is given twice")
        given[name] = level_of_text(spec.space[name], value)
    levels = zip(spec.space.names, middle(spec.space.sizes), strict=True)
    return np.array([given.get(name, level) for name, level in levels])


def level_of_text(factor: Factor, text: str) -> int:
    """Return which value of a factor a person means.

    Parameters
    ----------
    factor : the factor
    text : a label, or a number, rounded or not, with or without the factor's unit

    Raises
    ------
    UsageError
        If it is neither, or not on the grid.
    """
    if text in factor.labels:
        return factor.labels.index(text)
    like = [k for k, label in enumerate(factor.labels) if _plain(label) == _plain(text)]
    if len(like) == 1:
        return like[0]
    number = text.strip()
    if factor.unit and number.lower().endswith(factor.unit.lower()):
        number = number[: -len(factor.unit)].rstrip()
    try:
        value = float(number)
    except ValueError:
        if factor.labels:
            raise unknown_name(factor.name, text, factor.labels) from None
        of_unit = f" of {factor.unit}" if factor.unit else ""
        raise UsageError(
            f"'{text}' is not a number{of_unit}; write for instance {_example(factor)}"
        ) from None
    digits = len(re.sub(r"\D", "", number.lower().partition("e")[0]).lstrip("0"))
    meant = [
        level
        for level, own in enumerate(factor.values)
        if digits >= _DIGITS
        and math.isfinite(value)
        and math.isclose(float(f"{own:.{digits}g}"), value, rel_tol=1e-12)
    ]
    return meant[0] if len(meant) == 1 else factor.class_of(value)


def _plain(label: str) -> str:
    """Return a label as it is compared: 'Minor-Third' is 'minor third'."""
    return re.sub(r"[\s_-]+", " ", label).strip().casefold()


def _example(factor: Factor) -> str:
    return f"{factor.name}={value_text(factor, len(factor) // 2)}"
