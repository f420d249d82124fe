"""Pickles are refused, with or without trust.

A pickle is a program for a small machine that can call anything. A pickled module also breaks with
the next version of the code that made it. What it holds can be brought in a better form in a few
lines, and the refusal says which.
"""

from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

from benchmark.formats.kind import Kind
from toysound.errors import ToySoundError, UsageError

if TYPE_CHECKING:
    from toysound.dataset import Dataset

_ENDINGS = (".pt", ".pth", ".ckpt", ".bin", ".pkl", ".pickle", ".joblib", ".dill", ".zip")


def _read(path: Path, dataset: "Dataset | None") -> NoReturn:
    if not path.exists():
        raise UsageError(f"model file '{path}' does not exist")
    if path.suffix == ".zip":
        raise ToySoundError(
            f"'{path.name}' is an archive; unpack it, look at what is inside, and name that"
        )
    raise ToySoundError(
        f"'{path.name}' is a pickle, which can run any code when it is opened and is not, also not "
        "with --trust; save the weights as .safetensors, export the model with torch.onnx, or "
        "name a Python file of yours that makes it (my_model.py:Name)"
    )


PICKLED = Kind(
    name="pickle",
    form="",
    recognises=lambda path: path.suffix in _ENDINGS,
    read=_read,
)
