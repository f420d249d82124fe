"""What a representation is."""

from typing import Protocol, TypeVar

import numpy as np
import torch
from numpy.typing import NDArray

from toysound.errors import UsageError

#: Audio or coefficients: what comes in as NumPy goes out as NumPy, torch as torch.
Array = TypeVar("Array", NDArray[np.float32], torch.Tensor)


class Representation(Protocol):
    """An invertible view of sounds of one length.

    Attributes
    ----------
    name : its name in the registry
    sample_rate : Hz
    num_samples : length T of every sound
    shape : shape of the coefficients of one sound
    unit : unit of the coefficients
    likelihood : name of the likelihood that suits the coefficients
    """

    name: str
    sample_rate: int
    num_samples: int
    shape: tuple[int, ...]
    unit: str
    likelihood: str

    def forward(self, audio: Array) -> Array:
        """Return the coefficients, shape (B, *shape), of sounds (B, T)."""
        ...

    def inverse(self, coefficients: Array) -> Array:
        """Return the sounds, shape (B, T), of coefficients (B, *shape)."""
        ...

    def clip(self, coefficients: Array) -> Array:
        """Return the nearest coefficients that a sound can have, same shape."""
        ...


def check_rows(what: str, array: NDArray[np.float32] | torch.Tensor, row: tuple[int, ...]) -> None:
    """Refuse an array whose rows have another shape.

    Raises
    ------
    UsageError
        The sentence says ``what`` it is, its shape and the one that was expected.
    """
    if tuple(array.shape[1:]) != row or array.ndim != len(row) + 1:
        expected = ", ".join(("B", *map(str, row)))
        raise UsageError(f"{what} has shape {tuple(array.shape)}; expected ({expected})")
