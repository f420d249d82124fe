"""The texts in a dataset's folder: the card and the Croissant description.

Both follow from the specification and the fingerprint alone. They are what a stranger, and a search
engine, believe of the sounds, so that one that was altered by hand is as wrong as an altered label.
"""

from collections.abc import Sequence
from pathlib import Path

from toysound.catalog.spec import DatasetSpec
from toysound.publish.card import card
from toysound.publish.croissant import croissant
from toysound.publish.fingerprint import Fingerprint

DOCUMENTS = ("README.md", "croissant.json")


def documents(spec: DatasetSpec, fingerprint: Fingerprint) -> dict[str, str]:
    """Return the texts of a generated dataset: name of the file -> what it holds."""
    return {
        "README.md": card(spec, fingerprint),
        "croissant.json": croissant(spec, fingerprint),
    }


def check_documents(
    folder: Path,
    spec: DatasetSpec,
    fingerprint: Fingerprint,
    names: Sequence[str] = DOCUMENTS,
) -> list[str]:
    """Return what is wrong with the texts in a folder: one sentence for each.

    Parameters
    ----------
    folder : the dataset's folder
    spec : the dataset
    fingerprint : of the folder
    names : of the texts to look at
    """
    problems = []
    for name, expected in documents(spec, fingerprint).items():
        path = folder / name
        if name not in names:
            continue
        try:
            found = path.read_bytes().decode()
        except FileNotFoundError:
            problems.append(f"'{path}' is missing")
        except (OSError, UnicodeDecodeError) as error:
            problems.append(f"'{path}' cannot be read ({error})")
        else:
            if found != expected:
                problems.append(f"'{path}' {_difference(found, expected)}")
    return problems


def _difference(found: str, expected: str) -> str:
    """Return where two texts begin to differ."""
    lines, wanted = found.splitlines(), expected.splitlines()
    for number, (line, other) in enumerate(zip(lines, wanted, strict=False), start=1):
        if line != other:
            return (
                f"was altered: line {number} is {_short(line)}, this version of toysound writes "
                f"{_short(other)}"
            )
    if len(lines) == len(wanted):
        return "was altered: its line ends are not those that toysound writes"
    return f"was altered: it has {len(lines)} lines, this version of toysound writes {len(wanted)}"


def _short(line: str) -> str:
    return f"'{line[:40]}...'" if len(line) > 43 else f"'{line}'"
