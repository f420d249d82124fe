"""A baseline as the harness meets it: arrays in, arrays out.

A :class:`Baseline` joins a representation (audio <-> coefficients) and a latent model (coefficients
<-> latent). It keeps the protocol of any other model, with every optional piece. Where sounds are
encoded in one view and played in another, the model's own view is the one that is heard.

Each sound is decoded on its own. That costs little, and makes the sound independent of its batch to
the last bit: a matrix product rounds differently for another number of rows, and a phase that is
integrated from the loudest bin outwards may take another path when one bin changes in its last bit.
"""

from collections.abc import Iterator
from typing import Protocol

import numpy as np
import torch
from numpy.typing import NDArray

from baselines.representations.protocol import Representation
from baselines.threads import one_thread
from toysound.errors import ToySoundError, UsageError

Floats = NDArray[np.float32]

#: Sounds that are encoded at a time.
_BLOCK = 64


class LatentModel(Protocol):
    """What turns flat coefficients into a latent and back; arguments and results are tensors.

    Attributes
    ----------
    latent_dim : D
    num_coefficients : P of the view that is played
    has_density : whether it says how probable a sound is
    """

    latent_dim: int
    num_coefficients: int
    has_density: bool

    def encode(self, coefficients: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor | None]:
        """Return mean and log-variance (or None), each (B, D), of coefficients (B, P)."""
        ...

    def decode(self, latent: torch.Tensor) -> torch.Tensor:
        """Return the coefficients (B, P) of latents (B, D)."""
        ...

    def log_likelihood(self, coefficients: torch.Tensor) -> torch.Tensor:
        """Return ln p(coefficients), nats, shape (B,)."""
        ...

    def state_dict(self) -> dict[str, torch.Tensor]:
        """Return every number the model has learnt, by name."""
        ...


class Baseline:
    """A model of the protocol.

    Attributes
    ----------
    name, citation : of its row on the leaderboard
    sample_rate : Hz
    num_samples : length T of its sounds
    latent_dim : D; the prior of the latent is standard normal
    num_parameters : how many numbers it has learnt, fixed components included
    representation_name : the view it works in, and the one it is played in if that is another
    supervision : what its training was told besides the sounds, or None
    likelihood_space : what ``log_likelihood`` is a density of: the coefficients of its view
    """

    def __init__(
        self,
        name: str,
        citation: str,
        representation: Representation,
        audio_representation: Representation,
        latent_model: LatentModel,
        supervision: str | None = None,
    ) -> None:
        self.name = name
        self.citation = citation
        self.supervision = supervision
        self.representation = representation
        self.audio_representation = audio_representation
        self.latent_model = latent_model
        self.sample_rate = representation.sample_rate
        self.num_samples = representation.num_samples
        self.latent_dim = latent_model.latent_dim
        if audio_representation.unit != "dB":  # its errors are not those of other views
            self.coefficients = None  # type: ignore[assignment, method-assign]
        if not latent_model.has_density:
            self.log_likelihood = None  # type: ignore[assignment, method-assign]
        self.representation_name = representation.name
        if audio_representation.name != representation.name:
            self.representation_name += f", played in {audio_representation.name}"
        self.likelihood_space = f"{representation.name}, {representation.unit}"
        self.num_parameters = sum(t.numel() for t in latent_model.state_dict().values())

    def __repr__(self) -> str:
        return (
            f"Baseline('{self.name}', {self.latent_dim} latents, {self.num_samples} samples at "
            f"{self.sample_rate} Hz)"
        )

    def encode(self, audio: Floats) -> tuple[Floats, Floats | None]:
        """Return the posterior's mean and log-variance, each (B, D), of sounds (B, T).

        The log-variance is None for a model whose encoder gives a point.

        Raises
        ------
        ToySoundError
            If the sounds have another length, or hold NaN.
        """
        mean = np.zeros((len(audio), self.latent_dim), dtype=np.float32)
        log_variance: Floats | None = None
        for place, block in self._blocks(audio):
            with torch.inference_mode(), one_thread():
                block_mean, block_log_variance = self.latent_model.encode(block)
            mean[place] = block_mean.numpy()
            if block_log_variance is not None:
                if log_variance is None:
                    log_variance = np.zeros_like(mean)
                log_variance[place] = block_log_variance.numpy()
        return mean, log_variance

    def decode(self, latent: Floats) -> Floats:
        """Return the sounds, (B, T) in [-1, 1], of latents (B, D).

        Raises
        ------
        ToySoundError
            If the latents have another size, or lead to no number.
        """
        return self.audio_representation.inverse(self.decode_coefficients(latent))

    def round_trip(self, audio: Floats) -> Floats:
        """Return what the representation alone keeps of sounds (B, T): the model's ceiling."""
        view = self.audio_representation
        return view.inverse(view.forward(audio))

    def coefficients(self, audio: Floats) -> Floats:
        """Return the model's own view of sounds (B, T), shape (B, *shape)."""
        return self.audio_representation.forward(audio)

    def decode_coefficients(self, latent: Floats) -> Floats:
        """Return latents (B, D) in the model's own view, shape (B, *shape).

        Raises
        ------
        UsageError
            If the latents have another size.
        """
        if latent.ndim != 2 or latent.shape[1] != self.latent_dim:
            raise UsageError(
                f"latent has shape {latent.shape}; '{self.name}' expects (B, {self.latent_dim})"
            )
        rows = torch.from_numpy(np.ascontiguousarray(latent, dtype=np.float32))
        flat = np.zeros((len(rows), self.latent_model.num_coefficients), dtype=np.float32)
        with torch.inference_mode(), one_thread():
            for i, row in enumerate(rows):
                flat[i] = self.latent_model.decode(row[None]).numpy()[0]
        view = self.audio_representation
        return view.clip(flat.reshape(len(rows), *view.shape))

    def log_likelihood(self, audio: Floats) -> NDArray[np.float64]:
        """Return ln p of the coefficients of sounds (B, T), nats, shape (B,).

        It is the density of the view in which sounds are encoded: models with different
        representations cannot be compared by it.
        """
        nats = np.zeros(len(audio))
        for place, block in self._blocks(audio):
            with torch.inference_mode(), one_thread():
                nats[place] = self.latent_model.log_likelihood(block).numpy()
        return nats

    def prior_sample(self, n: int, seed: int = 0) -> Floats:
        """Return ``n`` sounds, (n, T), decoded from draws of the prior."""
        rng = np.random.default_rng(seed)
        return self.decode(rng.standard_normal((n, self.latent_dim)).astype(np.float32))

    def _blocks(self, audio: Floats) -> Iterator[tuple[slice, torch.Tensor]]:
        """Yield the flat coefficients of a few sounds at a time, and where they belong."""
        if audio.ndim != 2 or audio.shape[1] != self.num_samples:
            raise ToySoundError(
                f"audio has shape {audio.shape}; '{self.name}' was trained on sounds of "
                f"{self.num_samples} samples at {self.sample_rate} Hz, shape (B, "
                f"{self.num_samples})"
            )
        for start in range(0, len(audio), _BLOCK):
            block = self.representation.forward(audio[start : start + _BLOCK])
            yield slice(start, start + len(block)), torch.from_numpy(block.reshape(len(block), -1))
