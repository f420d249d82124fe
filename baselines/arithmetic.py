"""Where a training computes, and how exactly: device and precision.

Everything is single precision on the processor unless something else is asked for, and only then
does a seed give the same bytes again on the same machine.

``bfloat16``
    The matrix products and convolutions of the networks are computed with 8 significant bits
    instead of 24, at the range of single precision, so that no gradient has to be scaled. What the
    networks answer is widened at once: weights, moments of the optimiser, stem, likelihood and
    divergence stay in single precision, where 8 bits would be a third of a decibel. It is faster
    where the hardware has such products, and slower where it has not.
``cuda``
    Model and sounds are moved to a GPU for the training and back after it. Order and noise are
    drawn on the processor all the same, so that a seed means the same draws everywhere; sums on a
    GPU are taken in another order, so that the bytes are others.

The model is single precision on the processor before and after, and so is its file.

References
----------
D. Kalamkar et al., "A study of bfloat16 for deep learning training", arXiv:1905.12322, 2019.
"""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Any, Literal, get_args

import torch
from torch import nn

from baselines.training import State
from toysound.errors import UsageError, unknown_name

Precision = Literal["float32", "bfloat16"]

#: What may be asked for.
DEVICES = ("cpu", "cuda", "auto")
PRECISIONS: tuple[str, ...] = get_args(Precision)

_CPU = torch.device("cpu")


@dataclass(frozen=True)
class Arithmetic:
    """How the numbers of a training are computed.

    Attributes
    ----------
    device : where
    precision : of the networks' products
    """

    device: torch.device = _CPU
    precision: Precision = "float32"

    @classmethod
    def chosen(cls, device: str = "cpu", precision: str = "float32") -> "Arithmetic":
        """Return what was asked for by name.

        Parameters
        ----------
        device : one of :data:`DEVICES`; ``"auto"`` takes a GPU where there is one
        precision : one of :data:`PRECISIONS`

        Raises
        ------
        UsageError
            If a name is unknown, or there is no GPU where one is asked for.
        """
        if device not in DEVICES:
            raise unknown_name("device", device, DEVICES)
        if precision not in PRECISIONS:
            raise unknown_name("precision", precision, PRECISIONS)
        found = torch.cuda.is_available()
        if device == "cuda" and not found:
            raise UsageError("device 'cuda' is not there; take 'cpu', or 'auto' for what there is")
        where = torch.device("cuda" if found and device != "cpu" else "cpu")
        return cls(where, "bfloat16" if precision == "bfloat16" else "float32")

    @contextmanager
    def applied(self, state: State) -> Iterator[None]:
        """Let a training compute like this within the block."""
        model: Any = state.model
        with ExitStack() as until_the_end:
            if self.device != _CPU:
                until_the_end.callback(model.to, _CPU)
                model.to(self.device)
                # Taking up its own state moves the moments to where the weights are now.
                state.optimizer.load_state_dict(state.optimizer.state_dict())
            if self.precision == "bfloat16":
                for network in state.model.networks:
                    until_the_end.enter_context(_in_bfloat16(network, self.device))
            yield


@contextmanager
def _in_bfloat16(network: nn.Module, device: torch.device) -> Iterator[None]:
    """Let a network compute in half precision and answer in that of its input."""
    exact = network.forward

    def forward(inputs: torch.Tensor) -> torch.Tensor:
        with torch.autocast(device.type, torch.bfloat16):
            answer: torch.Tensor = exact(inputs)
        return answer.to(inputs.dtype)

    network.forward = forward
    try:
        yield
    finally:
        del network.forward
