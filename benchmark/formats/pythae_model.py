"""A model of the library pythae.

pythae's models keep an ``encoder`` and a ``decoder``, both ``torch.nn.Module``; the encoder returns
``embedding`` and, if there is a distribution, ``log_covariance`` (the logarithm of the variances),
the decoder ``reconstruction``. They take data of the shape ``model_config.input_dim``, for sounds
usually (T,) or (1, T).

Two ways to bring one:

* a Python file whose function returns the model: ``my_file.py:make`` (the model needs an attribute
  ``sample_rate``, or is wrapped as ``PythaeModel(model, sample_rate=16000)``);
* the folder that ``model.save`` or pythae's trainer has written, with ``{"sample_rate": 16000}`` as
  ``model.json`` inside. With networks of your own, pythae pickles them into ``encoder.pkl`` and
  ``decoder.pkl``; such a folder runs code when it is opened.

The default decoder of pythae ends in a sigmoid: its output lies in [0, 1], as the brightness of
images does. Sounds lie in [-1, 1]; bring a decoder of your own.

References
----------
C. Chadebec, L. Vincent, S. Allassonniere, "Pythae: unifying generative autoencoders in Python",
NeurIPS Datasets and Benchmarks, 2022.
"""

import math
from pathlib import Path
from typing import Any

import torch

from benchmark.formats.tensors import to_arrays, to_tensor
from benchmark.protocol import Floats
from toysound.errors import ToySoundError


class PythaeModel:
    """A pythae model as the harness meets it.

    Parameters
    ----------
    model : with ``encoder``, ``decoder``, ``latent_dim`` and ``model_config.input_dim``
    sample_rate : Hz; by default what the model says
    name, citation, representation_name, supervision : of its row on the leaderboard

    Attributes
    ----------
    latent_dim : D
    num_parameters : how many numbers its parameters hold
    """

    def __init__(
        self,
        model: Any,
        sample_rate: int | None = None,
        name: str | None = None,
        citation: str | None = None,
        representation_name: str | None = None,
        supervision: str | None = None,
    ) -> None:
        self.model = model.eval()
        self.sample_rate = sample_rate or getattr(model, "sample_rate", None)
        self.latent_dim = int(model.latent_dim)
        self.name = name or getattr(model, "model_name", type(model).__name__)
        self.citation = citation
        self.representation_name = representation_name
        self.supervision = supervision
        self.num_parameters = sum(int(p.numel()) for p in model.parameters())
        self._shape = tuple(model.model_config.input_dim or ())

    def encode(self, audio: Floats) -> tuple[Any, Any]:
        """Return mean and log-variance (or None), each (B, D), of sounds (B, T).

        Raises
        ------
        ToySoundError
            If the model was made for sounds of another length.
        """
        if self._shape and math.prod(self._shape) != audio.shape[1]:
            raise ToySoundError(
                f"model '{self.name}' takes data of shape {self._shape}; these sounds have "
                f"{audio.shape[1]} samples"
            )
        sounds = to_tensor(audio, self._device).reshape(len(audio), *(self._shape or (-1,)))
        with torch.no_grad():
            output = self.model.encoder(sounds)
        log_variance = output.get("log_covariance")
        return to_arrays(output["embedding"]), to_arrays(log_variance)

    def decode(self, latent: Floats) -> Any:
        """Return the sounds, (B, T), of latents (B, D)."""
        with torch.no_grad():
            output = self.model.decoder(to_tensor(latent, self._device))
        return to_arrays(output["reconstruction"].reshape(len(latent), -1))

    @property
    def _device(self) -> torch.device | None:
        return next((p.device for p in self.model.parameters()), None)


def is_pythae(thing: object) -> bool:
    """Return whether this is a pythae model; pythae is not imported to find out."""
    return (
        any(kind.__module__.startswith("pythae.models") for kind in type(thing).__mro__)
        and hasattr(thing, "encoder")
        and hasattr(thing, "decoder")
    )


def read_folder(path: Path) -> Any:
    """Return the model in a folder that pythae has written."""
    from pythae.models import AutoModel

    return AutoModel.load_from_folder(str(path))
