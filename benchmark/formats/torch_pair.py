"""A model of two torch programs, ``encoder`` and ``decoder``: what .pt2 and TorchScript share."""

from collections.abc import Callable
from typing import Any

import torch

from benchmark.formats.description import Description
from benchmark.formats.tensors import to_arrays, to_tensor
from benchmark.protocol import Floats

Program = Callable[[torch.Tensor], Any]


class TorchPair:
    """A model of two functions of tensors.

    Parameters
    ----------
    encoder : audio (B, T) -> mean (B, D), or (mean, log_variance)
    decoder : latent (B, D) -> audio (B, T)
    description : names ``sample_rate`` and ``latent_dim``
    what : how error messages call it

    Raises
    ------
    ToySoundError
        If the description lacks one of the two.
    """

    def __init__(
        self, encoder: Program, decoder: Program, description: Description, what: str
    ) -> None:
        self.sample_rate = description.needed("sample_rate", what)
        self.latent_dim = description.needed("latent_dim", what)
        self.name = description.name
        self.citation = description.citation
        self.representation_name = description.representation_name
        self.supervision = description.supervision
        self.num_parameters = description.num_parameters or _counted(encoder, decoder)
        self._encoder, self._decoder = encoder, decoder

    def encode(self, audio: Floats) -> Any:
        """Return mean and log-variance (or None), each (B, D), of sounds (B, T)."""
        with torch.no_grad():
            answer = self._encoder(to_tensor(audio))
        if isinstance(answer, tuple | list) and len(answer) == 1:
            answer = answer[0]
        arrays = to_arrays(answer)
        return (arrays, None) if isinstance(answer, torch.Tensor) else arrays

    def decode(self, latent: Floats) -> Any:
        """Return the sounds, (B, T), of latents (B, D)."""
        with torch.no_grad():
            answer = self._decoder(to_tensor(latent))
        if isinstance(answer, tuple | list) and len(answer) == 1:
            answer = answer[0]
        return to_arrays(answer)


def _counted(*programs: Program) -> int | None:
    """Return how many numbers the parameters of some modules hold; None where there are none."""
    modules = [program for program in programs if isinstance(program, torch.nn.Module)]
    return sum(int(p.numel()) for module in modules for p in module.parameters()) or None
