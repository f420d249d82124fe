"""``torch.export`` pairs: ``encoder.pt2`` and ``decoder.pt2``.

Inputs and outputs are those of an ONNX pair (:mod:`benchmark.formats.onnx_pair`), with audio
(B, T); export with a dynamic batch dimension. ``sample_rate`` and ``latent_dim`` stand in
``model.json``.

The archive looks like data, but its loader falls back on pickle for parts of it, so a prepared file
can run any code.
"""

from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmark.formats.description import read_description
from benchmark.formats.kind import Kind
from benchmark.formats.pair import find_pair, names_a_pair

if TYPE_CHECKING:
    from toysound.dataset import Dataset

_ENDING = ".pt2"


def _read(path: Path, dataset: "Dataset | None") -> Any:
    import torch

    from benchmark.formats.torch_pair import TorchPair

    pair = find_pair(path, _ENDING)
    encoder, decoder = (torch.export.load(file).module() for file in (pair.encoder, pair.decoder))
    description = read_description(pair.encoder.parent, pair.stem)
    return TorchPair(encoder, decoder, description, f"'{pair.encoder.name}'")


def _danger(path: Path) -> str:
    find_pair(path, _ENDING)  # what is not there needs no trust
    return "may unpickle parts of it, and a pickle is a program"


PT2 = Kind(
    name="pt2",
    form="encoder.pt2 and decoder.pt2",
    recognises=lambda path: names_a_pair(path, _ENDING),
    read=_read,
    danger=_danger,
)
