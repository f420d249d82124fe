"""A folder that pythae has written: ``model_config.json``, ``model.pt``, and pickled networks.

The weights in ``model.pt`` are read as numbers alone. Networks that are not pythae's own come as
pickles, ``encoder.pkl`` and ``decoder.pkl``, and a pickle is a program.
"""

from pathlib import Path
from typing import TYPE_CHECKING

from benchmark.formats.description import read_description
from benchmark.formats.kind import Kind
from toysound.errors import ToySoundError

if TYPE_CHECKING:
    from toysound.dataset import Dataset

_CONFIG = "model_config.json"


def _read(path: Path, dataset: "Dataset | None") -> object:
    import torch

    from benchmark.formats.pythae_model import PythaeModel, read_folder

    told = read_description(path)
    sample_rate = told.needed("sample_rate", f"'{path.name}'")
    if _danger(path) is None:
        weights = path / "model.pt"
        if not weights.is_file():
            raise ToySoundError(f"'{path.name}' has no 'model.pt'; pythae's model.save writes it")
        torch.load(weights, map_location="cpu", weights_only=True)  # refuses what is no number
    return PythaeModel(
        read_folder(path),
        sample_rate,
        told.name,
        told.citation,
        told.representation_name,
        told.supervision,
    )


def _danger(path: Path) -> str | None:
    pickles = sorted(file.name for file in path.glob("*.pkl"))
    return f"unpickles '{pickles[0]}', which is a program" if pickles else None


PYTHAE = Kind(
    name="pythae",
    form="a folder that pythae has written",
    recognises=lambda path: (path / _CONFIG).is_file(),
    read=_read,
    danger=_danger,
    package="pythae",
)
