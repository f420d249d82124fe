"""Tensors and text in one file that can run nothing when it is opened.

The format is safetensors: a JSON header and raw numbers, no pickle. The writer of the library puts
the entries of its metadata in an order that changes from process to process, so the header is
rewritten here in sorted order: equal tensors and equal text give equal bytes.

References
----------
https://huggingface.co/docs/safetensors
"""

import json
from collections.abc import Mapping
from pathlib import Path

import safetensors
import safetensors.torch
import torch

from toysound.errors import ToySoundError
from toysound.files import write_bytes

#: Bytes of the length that stands before the header, and what the header's length is a multiple of.
_PREFIX = 8


def save_tensors(
    path: Path, tensors: Mapping[str, torch.Tensor], metadata: Mapping[str, str]
) -> None:
    """Write named tensors and texts, complete or not at all.

    Raises
    ------
    OSError
        If the file cannot be written.
    """
    plain = {name: tensor.detach().cpu().contiguous() for name, tensor in tensors.items()}
    data = safetensors.torch.save(plain, metadata=dict(metadata))
    size = int.from_bytes(data[:_PREFIX], "little")
    header = json.loads(data[_PREFIX : _PREFIX + size])
    header["__metadata__"] = dict(sorted(header["__metadata__"].items()))
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % _PREFIX)
    write_bytes(path, len(text).to_bytes(_PREFIX, "little") + text + data[_PREFIX + size :])


def load_tensors(path: Path) -> tuple[dict[str, torch.Tensor], dict[str, str]]:
    """Read named tensors and texts.

    Raises
    ------
    ToySoundError
        If the file cannot be read or is no complete safetensors file.
    """
    try:
        with safetensors.safe_open(path, framework="pt") as file:
            metadata = dict(file.metadata() or {})
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
    except OSError as error:
        raise ToySoundError(f"'{path}' cannot be read: {error.strerror or error}") from None
    except safetensors.SafetensorError as error:
        raise ToySoundError(
            f"'{path}' is not a complete safetensors file ({error}); copy or train it again"
        ) from None
    return tensors, metadata
