"""What the harness knows of one kind of model file."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from toysound.dataset import Dataset


def _harmless(path: Path) -> str | None:
    return None


@dataclass(frozen=True)
class Kind:
    """A kind of model that comes as data.

    Attributes
    ----------
    name : what stands as ``format`` in a result
    form : how it is named on the command line
    recognises : whether a path names a model of this kind; the path need not exist where the name
        stands for a pair of files
    read : makes the model; the dataset is None where none was given
    danger : what opening it can do beyond reading numbers, the end of a sentence; None if nothing
    package : what to install where a package is missing
    note : what a reader of the score should know
    """

    name: str
    form: str
    recognises: Callable[[Path], bool]
    read: Callable[[Path, "Dataset | None"], Any]
    danger: Callable[[Path], str | None] = _harmless
    package: str = "toysound[all]"
    note: str | None = None
