"""Invertible views of sound, by name.

A representation turns audio into coefficients and back. What a model sees of sound decides much of
what it learns, so each view is an entry here that states its shape and the likelihood that suits
its coefficients. The round trip without any model is the *ceiling* of every model built on it.

>>> view = get("log_magnitude", sample_rate=16000, num_samples=8000)
>>> view.shape
(512, 32)
"""

import operator
from collections.abc import Callable
from typing import Any

from baselines.options import check_options
from baselines.representations.base import View
from baselines.representations.cochlear import Cochlear
from baselines.representations.complex_stft import ComplexStft
from baselines.representations.instantaneous_frequency import InstantaneousFrequency
from baselines.representations.log_magnitude import LogMagnitude
from baselines.representations.log_mel import LogMel
from baselines.representations.mdct import Mdct
from baselines.representations.modulation_spectrum import ModulationSpectrum
from baselines.representations.mu_law import MuLaw
from baselines.representations.nsgt import Cqt, Nsgt
from baselines.representations.raw import Raw
from baselines.representations.strf import Strf
from toysound.errors import unknown_name

#: Name -> a function of (sample_rate, num_samples, **options).
REPRESENTATIONS: dict[str, Callable[..., View]] = {
    "stft": ComplexStft,
    "log_magnitude": LogMagnitude,
    "log_mel": LogMel,
    "instantaneous_frequency": InstantaneousFrequency,
    "cochlear": Cochlear,
    "cqt": Cqt,
    "nsgt": Nsgt,
    "mdct": Mdct,
    "modulation_spectrum": ModulationSpectrum,
    "strf": Strf,
    "raw": Raw,
    "mu_law": MuLaw,
}


def names() -> list[str]:
    """Return the names of all representations."""
    return sorted(REPRESENTATIONS)


def get(name: str, sample_rate: int, num_samples: int, **options: Any) -> View:
    """Return the representation of sounds of this length.

    Parameters
    ----------
    name : one of :func:`names`
    sample_rate : Hz
    num_samples : length T of every sound
    **options : of the representation, such as the iterations of its inverse

    Raises
    ------
    UsageError
        If there is no representation of that name, or an option is unknown or out of range.
    ValueError, TypeError
        If the length or the rate is not positive, or no whole number.
    """
    if name not in REPRESENTATIONS:
        raise unknown_name("representation", name, REPRESENTATIONS)
    make = REPRESENTATIONS[name]
    check_options(f"representation '{name}'", make, options, given=("sample_rate", "num_samples"))
    return make(operator.index(sample_rate), operator.index(num_samples), **options)
