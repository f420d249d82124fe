"""Between NumPy, which the harness speaks, and torch, which a model may speak.

Imported only where torch is in use anyway.
"""

from typing import Any

import numpy as np
import torch


def to_tensor(value: Any, device: torch.device | None = None) -> Any:
    """Return an array as a tensor of its own; anything else as it is."""
    if not isinstance(value, np.ndarray):
        return value
    return torch.from_numpy(np.array(value)).to(device)


def to_arrays(value: Any) -> Any:
    """Return tensors as arrays, also within tuples; a distribution as (mean, log_variance).

    Numbers of fewer than 32 bits become float32: NumPy has no bfloat16.
    """
    if isinstance(value, torch.Tensor):
        plain = value.detach().cpu()
        return plain.float().numpy() if plain.dtype in _SHORT else plain.numpy()
    if isinstance(value, torch.distributions.Distribution):
        return to_arrays((value.mean, value.variance.log()))
    if isinstance(value, tuple | list):
        return tuple(to_arrays(part) for part in value)
    return value


_SHORT = (torch.float16, torch.bfloat16)
