"""What the views of sound share: the checks at the border, NumPy and torch, limits.

A view says two things in torch: how a batch of sounds becomes coefficients, and back. Everything
around it is the same for all and stands here: refusing wrong shapes, whole numbers (whose full
scale is not 1) and what is no number, keeping NumPy in NumPy (float32) and torch in torch (float32
or float64, gradients included), empty batches.

Two kinds of view build on it:

:class:`LinearView`
    An exact, linear map and its inverse, both batched and differentiable.
:class:`MagnitudeView`
    Levels in decibels. The phase is lost, so the inverse makes one sound at a time, outside of
    automatic differentiation, always with the same operations in the same order: a sound does not
    depend on its batch.
"""

from abc import ABC, abstractmethod

import numpy as np
import torch
from numpy.typing import NDArray

from baselines.representations.protocol import Array, check_rows
from toysound.errors import ToySoundError, UsageError


class View(ABC):
    """A view of sounds of one length.

    Parameters
    ----------
    sample_rate : Hz
    num_samples : length T of every sound

    Attributes
    ----------
    name : its name in the registry
    shape : shape of the coefficients of one sound
    unit : unit of the coefficients
    likelihood : name of the likelihood that suits the coefficients
    exact : whether the inverse gives the sound back to rounding
    loss : what is lost where it does not, one sentence
    linear : whether the coefficients of a sum of sounds are the sum of their coefficients
    tight : whether the squares of a sound's coefficients sum to those of its samples

    Raises
    ------
    ValueError
        If the rate or the length is not positive.
    """

    name: str
    shape: tuple[int, ...]
    unit: str
    likelihood: str
    exact: bool
    loss: str
    linear: bool = False
    tight: bool = False

    def __init__(self, sample_rate: int, num_samples: int) -> None:
        if sample_rate < 1:
            raise ValueError(f"sample_rate must be at least 1 Hz, got {sample_rate}")
        if num_samples < 1:
            raise ValueError(f"num_samples must be at least 1, got {num_samples}")
        self.sample_rate = sample_rate
        self.num_samples = num_samples

    def forward(self, audio: Array) -> Array:
        """Return the coefficients of sounds, differentiable where audio is a tensor.

        Parameters
        ----------
        audio : shape (B, T), full scale 1, NumPy (any float type, taken as float32) or torch
            (float32 or float64)

        Returns
        -------
        same kind of array, shape (B, *shape)

        Raises
        ------
        UsageError
            If the sounds have another length, or are no floating-point numbers.
        ToySoundError
            If they hold NaN or infinity.
        """
        check_rows("audio", audio, (self.num_samples,))
        _check_type("audio", audio)
        if isinstance(audio, torch.Tensor):
            if not torch.isfinite(audio).all():
                raise ToySoundError("audio holds NaN or infinity; every sample must be a number")
            return self._analyse(audio) if len(audio) else audio.new_zeros((0, *self.shape))
        with torch.no_grad():
            return _to_numpy(self.forward(_to_torch(audio)))

    def inverse(self, coefficients: Array) -> Array:
        """Return the sounds of coefficients.

        Parameters
        ----------
        coefficients : shape (B, *shape), NumPy (any float type, taken as float32) or torch
            (float32 or float64)

        Returns
        -------
        same kind of array, shape (B, T)

        Raises
        ------
        UsageError
            If the coefficients have another shape, or are no floating-point numbers.
        ToySoundError
            If they hold NaN or infinity.
        """
        check_rows("coefficients", coefficients, self.shape)
        _check_type("coefficients", coefficients)
        if isinstance(coefficients, torch.Tensor):
            if not torch.isfinite(coefficients).all():
                raise ToySoundError("coefficients hold NaN or infinity; there is no such sound")
            empty = coefficients.new_zeros((0, self.num_samples))
            return self._synthesise(coefficients) if len(coefficients) else empty
        with torch.no_grad():
            return _to_numpy(self.inverse(_to_torch(coefficients)))

    @abstractmethod
    def clip(self, coefficients: Array) -> Array:
        """Return the nearest coefficients in the range of sounds in [-1, 1], in the same shape.

        Parameters
        ----------
        coefficients : shape (B, *shape), or flat, (B, P)
        """

    def log_determinant(self) -> float | None:
        """Return ln |det| of the map from a sound to its coefficients, in nats.

        None where the map is not square, so that densities of its coefficients cannot be compared
        with densities of samples, or where the determinant is another for each sound.
        """
        return None

    @abstractmethod
    def _analyse(self, audio: torch.Tensor) -> torch.Tensor:
        """Return the coefficients (B, *shape) of at least one sound, (B, T)."""

    @abstractmethod
    def _synthesise(self, coefficients: torch.Tensor) -> torch.Tensor:
        """Return the sounds (B, T) of coefficients (B, *shape) of at least one sound."""


class LinearView(View):
    """An exact linear view: its inverse is batched and differentiable too.

    Attributes
    ----------
    limit : no coefficient of a sound in [-1, 1] is larger
    """

    exact = True
    loss = ""
    linear = True
    limit: float

    def clip(self, coefficients: Array) -> Array:
        """Return coefficients of any shape, each cut off at ``limit`` on either side."""
        return coefficients.clip(-self.limit, self.limit)


class MagnitudeView(View):
    """A view in decibels whose inverse makes up the phase, one sound at a time."""

    unit = "dB"
    likelihood = "gaussian"
    exact = False

    def _synthesise(self, coefficients: torch.Tensor) -> torch.Tensor:
        rows = coefficients.detach().cpu().numpy()
        sounds = np.stack([self._sound(row) for row in rows])
        return torch.from_numpy(sounds).to(coefficients)

    @abstractmethod
    def _sound(self, coefficients: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return one sound (T,) of its coefficients, which are finite and not written to."""


def _check_type(what: str, array: Array) -> None:
    if isinstance(array, torch.Tensor):
        if array.dtype not in (torch.float32, torch.float64):
            raise UsageError(f"{what} is {array.dtype}; a view takes torch.float32 or float64")
    elif not np.issubdtype(array.dtype, np.floating):
        raise UsageError(
            f"{what} is {array.dtype}; a view takes floating-point numbers, with a full scale of 1"
        )


def _to_torch(array: NDArray[np.float32]) -> torch.Tensor:
    return torch.from_numpy(np.ascontiguousarray(array, dtype=np.float32))


def _to_numpy(tensor: torch.Tensor) -> NDArray[np.float32]:
    return np.ascontiguousarray(tensor.numpy())
