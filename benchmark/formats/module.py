"""A plain ``torch.nn.Module`` with ``encode`` and ``decode``.

A module that somebody has trained speaks tensors, and forgets to switch dropout off. This adapter
puts it in evaluation mode, hands it tensors on its own device without gradients, and brings back
arrays. ``encode`` may return

* ``(mean, log_variance)``, as the protocol asks for;
* one tensor: a deterministic encoder;
* a ``torch.distributions`` distribution: its mean and the logarithm of its variance.

Sounds come as (B, T). A module that wants (B, 1, T), or lacks ``sample_rate`` or ``latent_dim``,
needs three lines of its owner: see ``docs/models.md``.

A module that keeps the protocol itself, with arrays, is left to do so: a method that cannot take a
tensor (``TypeError`` or ``AttributeError``) is given the array, from then on.
"""

import sys
from functools import partial
from typing import Any

import torch

from benchmark.formats.tensors import to_arrays, to_tensor

_METHODS = (
    "encode",
    "decode",
    "round_trip",
    "coefficients",
    "decode_coefficients",
    "log_likelihood",
    "decoder_log_prob",
    "prior_sample",
)


def is_module(thing: object) -> bool:
    """Return whether this is a ``torch.nn.Module``; torch is not imported to find out."""
    known = sys.modules.get("torch")
    return known is not None and isinstance(thing, known.nn.Module)


class TorchModule:
    """A module as the harness meets it: arrays in, arrays out.

    Parameters
    ----------
    module : put in evaluation mode

    Attributes
    ----------
    module : the same
    num_parameters : what it says itself, else how many numbers its parameters hold
    """

    def __init__(self, module: torch.nn.Module) -> None:
        self.module = module.eval()
        said = getattr(module, "num_parameters", None)
        counted = sum(int(p.numel()) for p in module.parameters())
        self.num_parameters = counted if said is None or callable(said) else said
        self._wants_arrays: set[str] = set()

    def __getattr__(self, name: str) -> Any:
        value = getattr(self.__dict__["module"], name)
        if name in _METHODS and callable(value):
            return partial(self._call, name)
        return value

    def _call(self, name: str, *arguments: Any) -> Any:
        method = getattr(self.module, name)
        with torch.no_grad():
            if name in self._wants_arrays:
                return _answer(name, method(*arguments))
            device = next((p.device for p in self.module.parameters()), None)
            try:
                return _answer(name, method(*(to_tensor(a, device) for a in arguments)))
            except (TypeError, AttributeError) as error:
                try:
                    answer = _answer(name, method(*arguments))
                except Exception:
                    raise error from None
                self._wants_arrays.add(name)
                return answer


def _answer(name: str, value: Any) -> Any:
    """Return what a method gave as arrays."""
    alone = isinstance(value, torch.Tensor)
    arrays = to_arrays(value)
    return (arrays, None) if name == "encode" and alone else arrays
