"""The border between the harness and somebody's model.

Every call of a model goes through :class:`GuardedModel`. It hands over copies, so that a model that
works in place cannot change the data it is judged by; it checks what comes back; and it turns
whatever goes wrong into one sentence that names the model, the method and the cause. What can be
repaired without changing a meaning is repaired and noted: ``float64`` becomes ``float32``, audio
beyond full scale is clipped, as a sound card would.
"""

import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmark.protocol import Floats, as_count, missing_pieces, offers
from toysound.errors import ToySoundError


class GuardedModel:
    """A model that keeps the protocol or says in a sentence how it does not.

    Parameters
    ----------
    model : anything
    name : how error messages call it
    num_samples : length T of the sounds it is given

    Attributes
    ----------
    sample_rate, latent_dim : as in the protocol
    notes : what was repaired so far, one sentence each, in the order of first sight

    Raises
    ------
    ToySoundError
        If a required piece is missing.
    """

    def __init__(self, model: Any, name: str, num_samples: int) -> None:
        missing = missing_pieces(model)
        if missing:
            raise ToySoundError(
                f"model '{name}' does not keep the protocol: {'; '.join(missing)} "
                "('toysound check' explains)"
            )
        self.model = model
        self.name = name
        self.num_samples = num_samples
        self.sample_rate = as_count(model.sample_rate) or 0
        self.latent_dim = as_count(model.latent_dim) or 0
        self._notes: dict[str, None] = {}

    @property
    def notes(self) -> tuple[str, ...]:
        """What was repaired so far."""
        return tuple(self._notes)

    def offers(self, *names: str) -> bool:
        """Return whether the model has all of these optional pieces."""
        return offers(self.model, *names)

    def encode(self, audio: Floats) -> tuple[Floats, Floats | None]:
        """Return mean and log-variance (or None), each float32, shape (B, D).

        Raises
        ------
        ToySoundError
            If the model raises, or returns something else than two arrays of that shape, finite.
        """
        answer = self._call("encode", audio)
        if not isinstance(answer, tuple | list) or len(answer) != 2:
            raise self._error(
                "encode",
                f"returned {_describe(answer)}; expected a tuple (mean, log_variance), "
                "log_variance None for a deterministic encoder",
            )
        shape = (len(audio), self.latent_dim)
        why = f"since latent_dim is {self.latent_dim}"
        mean = self._array("encode", "a mean", answer[0], shape, why)
        if answer[1] is None:
            return mean, None
        return mean, self._array("encode", "a log_variance", answer[1], shape, why)

    def decode(self, latent: Floats) -> Floats:
        """Return sounds, float32, shape (B, T), clipped to [-1, 1].

        Raises
        ------
        ToySoundError
            If the model raises or returns something else.
        """
        return self._audio("decode", latent)

    def round_trip(self, audio: Floats) -> Floats:
        """Return the sounds that the model's representation keeps, as :meth:`decode`."""
        return self._audio("round_trip", audio)

    def coefficients(self, audio: Floats) -> Floats:
        """Return the model's own view of sounds in dB, float32, shape (B, ...)."""
        return self._coefficients("coefficients", audio)

    def decode_coefficients(self, latent: Floats) -> Floats:
        """Return points of the latent space in the model's own view, as :meth:`coefficients`."""
        return self._coefficients("decode_coefficients", latent)

    def prior_sample(self, count: int, seed: int) -> Floats:
        """Return sounds that the model draws from its prior, as :meth:`decode`.

        The model may give the latents (count, D), which are then decoded, or the sounds (count, T).
        """
        answer = self._call("prior_sample", count, seed)
        if np.shape(answer) == (count, self.num_samples):
            return self._clipped("prior_sample", answer, count)
        shape = (count, self.latent_dim)
        why = f"latents, or audio of {self.num_samples} samples each"
        return self.decode(self._array("prior_sample", "draws", answer, shape, why))

    def nats(self, method: str, *arguments: Floats) -> NDArray[np.float64]:
        """Return one number in nats for each row, float64, shape (B,).

        Parameters
        ----------
        method : ``log_likelihood`` or ``decoder_log_prob``
        arguments : of the method, each with B rows
        """
        answer = self._call(method, *arguments)
        shape = (len(arguments[0]),)
        return self._checked(method, "nats", answer, shape, "one for each sound").astype(np.float64)

    def _audio(self, method: str, argument: Floats) -> Floats:
        return self._clipped(method, self._call(method, argument), len(argument))

    def _clipped(self, method: str, answer: Any, rows: int) -> Floats:
        """Check audio that a model returned; what is beyond full scale is clipped and noted."""
        why = f"since the sounds of the dataset have {self.num_samples} samples"
        audio = self._array(method, "audio", answer, (rows, self.num_samples), why)
        peak = float(np.abs(audio).max(initial=0.0))
        if peak > 1.0:
            self._note(f"{method} returned audio beyond full scale; it was clipped to [-1, 1]")
            return np.clip(audio, -1.0, 1.0)
        return audio

    def _coefficients(self, method: str, argument: Floats) -> Floats:
        answer = self._call(method, argument)
        rows = len(argument)
        shape = np.shape(answer)
        if len(shape) < 2 or shape[0] != rows:
            raise self._error(method, f"returned {_describe(answer)}; expected shape ({rows}, ...)")
        return self._array(method, "coefficients", answer, shape, "")

    def _call(self, method: str, *arguments: Floats | int) -> Any:
        function: Callable[..., Any] = getattr(self.model, method)
        copies = [a if isinstance(a, int) else np.array(a, dtype=np.float32) for a in arguments]
        try:
            return function(*copies)
        except ToySoundError:
            raise
        except (Exception, SystemExit) as error:
            raise self._error(method, f"failed: {describe_error(error)}") from None

    def _array(
        self, method: str, what: str, answer: Any, shape: tuple[int, ...], why: str
    ) -> Floats:
        """Check one array that a model returned, and make it float32."""
        array = self._checked(method, what, answer, shape, why)
        if array.dtype != np.float32:
            self._note(f"{method} returned {array.dtype}; it was converted to float32")
        with np.errstate(over="ignore"):
            converted = array.astype(np.float32)
        if not np.isfinite(converted).all():
            raise self._error(method, f"returned {what} beyond the range of float32")
        return converted

    def _checked(
        self, method: str, what: str, answer: Any, shape: tuple[int, ...], why: str
    ) -> NDArray[np.floating[Any]]:
        """Check one array that a model returned: numbers, shape, finite."""
        try:
            array: NDArray[Any] = np.asarray(answer)
        except Exception as error:  # a tensor that needs grad, a device array, a ragged list
            raise self._error(
                method,
                f"returned {what} that is {_describe(answer)} and no NumPy array "
                f"({describe_error(error)}); a torch tensor needs .detach().cpu().numpy()",
            ) from None
        if array.dtype.kind != "f":
            raise self._error(method, f"returned {what} of {array.dtype}; expected float32")
        if array.shape != shape:
            because = f", {why}" if why else ""
            raise self._error(
                method, f"returned {what} of shape {array.shape}; expected {shape}{because}"
            )
        finite = np.isfinite(array)
        if not finite.all():
            bad = finite.size - int(finite.sum())
            kind = "NaN" if np.isnan(array).any() else "infinity"
            raise self._error(
                method, f"returned {what} with {kind} ({bad} of {finite.size} numbers)"
            )
        return array

    def _note(self, sentence: str) -> None:
        self._notes.setdefault(sentence)

    def _error(self, method: str, what: str) -> ToySoundError:
        return ToySoundError(f"model '{self.name}': {method} {what}")


def describe_error(error: BaseException) -> str:
    """Return an exception as one line: its class, its message, and where it was raised."""
    text = " ".join(str(error).split())
    if len(text) > 300:
        text = text[:300] + " ..."
    what = f"{type(error).__name__}: {text}" if text else type(error).__name__
    own = Path(__file__).name
    frames = [f for f in traceback.extract_tb(error.__traceback__) if Path(f.filename).name != own]
    near = [f for f in frames if "site-packages" not in f.filename and "<frozen" not in f.filename]
    place = (near or frames)[-1:]
    where = "".join(f" ({Path(f.filename).name}, line {f.lineno})" for f in place)
    return what + where


def _describe(answer: Any) -> str:
    """Return what a value is, in a few words."""
    kind = type(answer).__name__
    shape = getattr(answer, "shape", None)
    if shape is not None:
        return f"a {kind} of shape {tuple(shape)}"
    if isinstance(answer, tuple | list):
        return f"a {kind} of {len(answer)}"
    return f"a {kind}"
