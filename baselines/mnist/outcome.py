"""What a trial gave: plain data, in a file."""

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TypeVar

from pydantic import TypeAdapter, ValidationError

from baselines.mnist.experiment import Trial
from toysound.errors import ToySoundError
from toysound.files import write_text

Read = TypeVar("Read")


@dataclass(frozen=True)
class Scoring:
    """How the importance-weighted bound is measured.

    Attributes
    ----------
    samples : weights of each digit
    digits : how many test digits, the first ones
    """

    samples: int = 500
    digits: int = 1000


@dataclass(frozen=True)
class Point:
    """The bound after an epoch, nats per digit at weight 1.

    Attributes
    ----------
    seen : training digits evaluated so far, repetitions counted
    train, test : on the first training digits, and on the test digits
    """

    seen: int
    train: float
    test: float


@dataclass(frozen=True)
class Outcome:
    """What a trial gave; nats per digit.

    Attributes
    ----------
    trial : what was trained
    data, data_sha256 : on which digits
    train_digits, test_digits : how many
    test_elbo, train_elbo : at weight 1, with one sample; the latter on the first training digits
    test_distortion, test_rate : minus the two terms, ``test_elbo = -(distortion + rate)``
    importance_nll : minus the importance-weighted bound
    scoring : with how many samples, on how many test digits
    active_units : dimensions whose mean varies
    informed_dimensions : dimensions over 0.1 nat
    kl_spectrum : nats of each dimension, largest first
    kl_order : which dimensions these are, counted from 0
    curve : the bound after each epoch
    parameters : numbers that were learnt
    cpu_seconds : of training
    """

    trial: Trial
    data: str
    data_sha256: str
    train_digits: int
    test_digits: int
    test_elbo: float
    train_elbo: float
    test_distortion: float
    test_rate: float
    importance_nll: float
    scoring: Scoring
    active_units: int
    informed_dimensions: int
    kl_spectrum: list[float]
    kl_order: list[int]
    curve: list[Point]
    parameters: int
    cpu_seconds: float


_ONE, _MANY = TypeAdapter(Outcome), TypeAdapter(list[Outcome])


def read(path: Path) -> Outcome:
    """Return the outcome in a file.

    Raises
    ------
    ToySoundError
        If it is not one.
    """
    return _read(_ONE, path)


def read_all(path: Path) -> list[Outcome]:
    """Return the outcomes in a file; errors as for :func:`read`."""
    return _read(_MANY, path)


def write(path: Path, found: Outcome | list[Outcome]) -> None:
    """Write one outcome, or several."""
    plain = [asdict(row) for row in found] if isinstance(found, list) else asdict(found)
    write_text(path, f"{json.dumps(plain, indent=2)}\n")


def _read(adapter: TypeAdapter[Read], path: Path) -> Read:
    try:
        return adapter.validate_json(path.read_bytes())
    except OSError as error:
        raise ToySoundError(
            f"'{path}' cannot be read: {error.strerror or error}; --force trains anew"
        ) from None
    except (ValidationError, ToySoundError):
        raise ToySoundError(f"'{path}' is not of this experiment; --force trains anew") from None
