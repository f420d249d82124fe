"""What a model is.

The harness scores anything that turns sound into a few numbers and back:

``encode(audio (B, T)) -> (mean (B, D), log_variance (B, D) or None)`` and
``decode(latent (B, D)) -> audio (B, T)``.

Arrays at this border are NumPy ``float32``, so a model may be PyTorch, JAX or plain NumPy inside.
Nothing has to be inherited: a class with these names is a model. Pieces that it may have beyond
them, and what each one adds to its score, are listed in :data:`OPTIONAL`.

Conventions
-----------
audio : float32, shape (B, T), mono, in [-1, 1]; T is that of the dataset
mean : float32, shape (B, D), the centre of the posterior q(z|x); D is ``latent_dim``
log_variance : float32, shape (B, D), ln of the variance of q(z|x), or None if the encoder gives a
    point and no distribution
latent : float32, shape (B, D), a point to decode, usually a mean

References
----------
D. P. Kingma and M. Welling, "Auto-encoding variational Bayes", ICLR 2014.
"""

import operator
from dataclasses import dataclass
from typing import Literal, Protocol, SupportsIndex

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]

#: Letters of a value that a sentence quotes.
_LONGEST = 60


class Model(Protocol):
    """The pieces that every model has.

    Attributes
    ----------
    sample_rate : Hz of the audio it reads and plays
    latent_dim : number D of its latent dimensions
    """

    sample_rate: int
    latent_dim: int

    def encode(self, audio: Floats, /) -> tuple[Floats, Floats | None]:
        """Return the posterior's mean and log-variance, each (B, D), of sounds (B, T)."""
        ...

    def decode(self, latent: Floats, /) -> Floats:
        """Return the sounds, (B, T), of points of the latent space, (B, D)."""
        ...


@dataclass(frozen=True)
class Piece:
    """A piece that a model may have beyond the protocol.

    Attributes
    ----------
    names : the attributes that make it up; all are needed
    form : how it is called
    gain : what a model that has it gets
    suggested : whether its absence is worth a word
    kind : what it is: methods, a text that is not empty, or a whole number from 0 on
    """

    names: tuple[str, ...]
    form: str
    gain: str
    suggested: bool = True
    kind: Literal["method", "text", "count"] = "method"


#: Everything optional that the harness reads.
OPTIONAL: tuple[Piece, ...] = (
    Piece(
        ("round_trip",),
        "round_trip(audio (B, T)) -> audio (B, T)",
        "the ceiling of its reconstruction: its representation of sound without the latent code",
    ),
    Piece(
        ("coefficients", "decode_coefficients"),
        "coefficients(audio (B, T)) and decode_coefficients(latent (B, D)) -> (B, ...) in dB",
        "the error in its own view of sound, 'rmse_db', before anything is made audible",
    ),
    Piece(
        ("log_likelihood",),
        "log_likelihood(audio (B, T)) -> nats (B,)",
        "its likelihood, in nats and bits per sample, in the space that the attribute "
        "'likelihood_space' names",
    ),
    Piece(
        ("decoder_log_prob",),
        "decoder_log_prob(audio (B, T), latent (B, D)) -> nats (B,)",
        "the same by importance sampling from its posterior, where log p(x) has no closed form",
        suggested=False,
    ),
    Piece(
        ("prior_sample",),
        "prior_sample(n, seed) -> latents (n, D) or audio (n, T)",
        "its own prior for the sounds it makes up; without it latents are standard normal",
        suggested=False,
    ),
    Piece(("name",), "name: str", "its name on the leaderboard", kind="text"),
    Piece(("citation",), "citation: str", "a reference beside its row", kind="text"),
    Piece(
        ("representation_name",),
        "representation_name: str",
        "the view of sound that it works in, such as 'raw' or 'log_magnitude', in its row",
        kind="text",
    ),
    Piece(
        ("supervision",),
        "supervision: str",
        "what its training was told besides the sounds, such as 'labels' or 'pairs': a class of "
        "its own on the leaderboard",
        suggested=False,
        kind="text",
    ),
    Piece(
        ("num_parameters",),
        "num_parameters: int",
        "the number of its parameters in the table",
        kind="count",
    ),
    Piece(
        ("opaque_latent",),
        "opaque_latent: str",
        "no misleading scores: says in a sentence why its latent is only a label, as the index of "
        "a stored sound is; disentanglement and dimension are then left out",
        suggested=False,
        kind="text",
    ),
)


def offers(model: object, *names: str) -> bool:
    """Return whether a model has all of these attributes, none of them None."""
    return all(read_piece(model, name) is not None for name in names)


def missing_pieces(model: object) -> list[str]:
    """Return one sentence for each required piece that a model lacks; none if it is complete."""
    sentences = []
    for name, example in (("sample_rate", "16000"), ("latent_dim", "10")):
        value = read_piece(model, name)
        if value is None:
            sentences.append(f"it has no attribute '{name}'; add for instance {name} = {example}")
        elif as_count(value) is None:
            sentences.append(f"{name} is {value!r}; it must be a positive integer")
    for name, form in (
        ("encode", "encode(self, audio) -> (mean, log_variance or None)"),
        ("decode", "decode(self, latent) -> audio"),
    ):
        method = read_piece(model, name)
        if method is None:
            sentences.append(f"it has no method '{name}'; add {form}")
        elif not callable(method):
            sentences.append(f"{name} is {method!r}; it must be a method: {form}")
    return sentences


def odd_pieces(model: object) -> dict[str, str]:
    """Return what an optional attribute of a model is where it is not what it should be.

    Returns
    -------
    dict
        Attribute to one sentence. Such an attribute is ignored; one that is None is absent. Methods
        are not looked at: whether they work shows when they are called.
    """
    sentences = {}
    for name, kind in ((name, piece.kind) for piece in OPTIONAL for name in piece.names):
        value = read_piece(model, name)
        if value is None or kind == "method":
            continue
        if kind == "text" and read_text(model, name) is None:
            expected = "a text that is not empty"
        elif kind == "count" and read_count(model, name) is None:
            expected = "a whole number from 0 on"
        else:
            continue
        what = "a method" if callable(value) else short(value)
        sentences[name] = f"{name} is {what}; it must be {expected}, and is ignored"
    return sentences


def short(value: object) -> str:
    """Return a value as a few words on one line."""
    try:
        text = " ".join(repr(value).split())
    except Exception:  # a stranger's class may raise anything
        return f"a {type(value).__name__}"
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}..."


def to_float32(array: NDArray[np.float64]) -> Floats:
    """Return numbers as float32; what is beyond its range, or infinite, becomes its largest."""
    largest = np.finfo(np.float32).max
    return np.clip(array, -largest, largest).astype(np.float32)


def as_count(value: object) -> int | None:
    """Return a positive integer of any integer type as ``int``; None for anything else."""
    return _whole(value) or None


def read_count(model: object, name: str) -> int | None:
    """Return an attribute that is a whole number from 0 on as ``int``; None for anything else."""
    return _whole(read_piece(model, name))


def _whole(value: object) -> int | None:
    """Return a number from 0 on of any integer type as ``int``; None for anything else."""
    if isinstance(value, bool) or not isinstance(value, SupportsIndex):
        return None
    try:
        number = operator.index(value)
    except TypeError:  # an array has the method, but holds one whole number only by chance
        return None
    return number if number >= 0 else None


def read_text(model: object, name: str) -> str | None:
    """Return an attribute that is a text, on one line; None where it is none, or empty."""
    value = read_piece(model, name)
    return " ".join(value.split()) or None if isinstance(value, str) else None


def read_piece(model: object, name: str) -> object:
    """Return an attribute of a model, or None where it is absent or cannot be read."""
    try:
        return getattr(model, name, None)
    except Exception:  # a property of a stranger's class may raise anything
        return None
