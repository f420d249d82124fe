"""TorchScript: one module with the methods ``encode`` and ``decode``, or a pair of files.

torch has deprecated TorchScript in favour of ``torch.export``; files that exist are read, and the
score carries a note. Attributes ``sample_rate`` and ``latent_dim`` of a scripted module are used;
otherwise they stand in ``model.json``.

A TorchScript file is a program. Its operations can read and write files.
"""

from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmark.formats.archive import holds_torchscript
from benchmark.formats.description import Description, read_description
from benchmark.formats.kind import Kind
from benchmark.formats.pair import find_pair, names_a_pair
from toysound.errors import ToySoundError

if TYPE_CHECKING:
    from toysound.dataset import Dataset

#: Endings under which TorchScript is saved; only the first two are used by torch.save as well.
_ENDINGS = (".pt", ".pth", ".ts", ".torchscript")


def _recognises(path: Path) -> bool:
    if path.is_file():
        return path.suffix in _ENDINGS and holds_torchscript(path)
    return any(names_a_pair(path, ending) and _is_pair(path, ending) for ending in _ENDINGS)


def _is_pair(path: Path, ending: str) -> bool:
    """Return whether a folder, or a name without a file, stands for two files that are there."""
    try:
        pair = find_pair(path, ending)
    except ToySoundError:
        return False
    return holds_torchscript(pair.encoder) and holds_torchscript(pair.decoder)


def _read(path: Path, dataset: "Dataset | None") -> Any:
    from benchmark.formats.torch_pair import TorchPair

    if path.is_file():
        module = _load(path)
        if hasattr(module, "encode") and hasattr(module, "decode"):
            told = _told(module, read_description(path.parent, path.stem))
            return TorchPair(module.encode, module.decode, told, f"'{path.name}'")
    ending = path.suffix if path.suffix in _ENDINGS else _ending_in(path)
    pair = find_pair(path, ending)
    encoder, decoder = _load(pair.encoder), _load(pair.decoder)
    told = _told(encoder, read_description(pair.encoder.parent, pair.stem))
    return TorchPair(encoder, decoder, told, f"'{pair.encoder.name}'")


def _load(path: Path) -> Any:
    import torch

    load: Any = torch.jit.load
    return load(path, map_location="cpu").eval()


def _ending_in(folder: Path) -> str:
    """Return the ending of the pair in a folder."""
    return next(ending for ending in _ENDINGS if _is_pair(folder, ending))


def _told(module: Any, description: Description) -> Description:
    """Return the description, completed by attributes of the module."""
    told = description.model_dump(exclude_none=True)
    for name in ("sample_rate", "latent_dim"):
        value = getattr(module, name, None)
        if isinstance(value, int) and value > 0:
            told.setdefault(name, value)
    return Description(**told)


TORCHSCRIPT = Kind(
    name="torchscript",
    form="model.pt (TorchScript)",
    recognises=_recognises,
    read=_read,
    danger=lambda path: "runs the program that it is",
    note="TorchScript is deprecated by torch; save the model with torch.export or torch.onnx",
)
