"""What the baselines know of each divergence: one table, not many branches.

Adding one is writing its module, with one entry at its end, and naming that entry in
:data:`baselines.divergences.DIVERGENCES`. The options of a divergence are the keyword arguments of
its function: their types say the ranges, which recipes and :func:`baselines.divergences.compute`
both check.
"""

import inspect
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple

import torch
from pydantic import ConfigDict, TypeAdapter, ValidationError
from torch import nn

from toysound.errors import UsageError

#: What a training knows and a divergence may ask for: how far it is, from 0 to 1; how many sounds
#: there are; a network trained beside the model.
CONTEXT = ("progress", "num_sounds", "critic")

#: Arguments of divergences that are no options.
GIVEN = ("mean", "log_variance", "latent", "seed", *CONTEXT)

#: The least weight of a divergence that is not known to bound anything, however much it weighs.
NEVER = math.inf

_STRICT = ConfigDict(strict=True, allow_inf_nan=False)


class Critic(NamedTuple):
    """A network that a divergence is found by, trained beside the model.

    Attributes
    ----------
    make : of the latent dimension and all options; its weights are drawn from torch's generator
    loss : of the network, codes (B, D) and a seed: what it is trained to make small
    """

    make: Callable[..., nn.Module]
    loss: Callable[[nn.Module, torch.Tensor, int], torch.Tensor]


@dataclass(frozen=True)
class Divergence:
    """A divergence and what is known of it.

    Attributes
    ----------
    name : its name in :func:`baselines.divergences.compute`
    function : of (mean, log_variance), keyword-only ``latent=``, ``seed=`` and its own options
    formula : in symbols
    estimator : how the formula is computed: ``"closed form"``, or what is sampled
    reference : the paper or textbook
    behaviour : what a training with it does to the aggregate posterior q(z), the mean of q(z|x)
    least_weight : the smallest weight from which on ``log_likelihood - weight * divergence`` is
        known to be a lower bound of ln p(x) (of its mean, for a divergence of the batch), as it is
        estimated; ``NEVER`` where none is; a function of all options where it depends on them
    per_sound : True if the result has shape (B,), False for a scalar of the whole batch
    needs_batch : True if it compares sounds with each other, which a single one does not allow
    needs_latent : True if it works on samples of the posteriors; they are drawn if none are given
    critic : the network it is found by; None for most
    """

    name: str
    function: Callable[..., torch.Tensor]
    formula: str
    estimator: str
    reference: str
    behaviour: str
    least_weight: float | Callable[[Mapping[str, Any]], float]
    per_sound: bool = True
    needs_batch: bool = False
    needs_latent: bool = False
    critic: Critic | None = None

    @property
    def is_bound(self) -> bool:
        """Whether the objective is a bound with the default options and a weight of 1."""
        return self.bounds()

    def bounds(self, weight: float = 1.0, **options: Any) -> bool:
        """Return whether ``log_likelihood - weight * divergence`` is known to bound ln p(x).

        Parameters
        ----------
        weight : of the divergence in the objective
        **options : those that are not left at their defaults

        Raises
        ------
        UsageError
            If an option is unknown or out of range.
        """
        chosen = self.defaults | self.checked(options)
        least = self.least_weight
        least = least(chosen) if callable(least) else least
        return least < NEVER and weight >= least

    @cached_property
    def context(self) -> tuple[str, ...]:
        """What of :data:`CONTEXT` it asks for."""
        return tuple(p for p in inspect.signature(self.function).parameters if p in CONTEXT)

    @cached_property
    def defaults(self) -> dict[str, Any]:
        """Every option and its default."""
        parameters = inspect.signature(self.function).parameters.values()
        return {p.name: p.default for p in parameters if p.name not in GIVEN}

    def checked(self, options: Mapping[str, Any]) -> dict[str, Any]:
        """Return options that are known and within their ranges.

        Raises
        ------
        UsageError
            If one is unknown, of the wrong type or out of range.
        """
        return {name: self._checked(name, value) for name, value in options.items()}

    def _checked(self, option: str, value: Any) -> Any:
        if option not in self._types:
            known = ", ".join(self._types) or "none"
            raise UsageError(
                f"divergence '{self.name}' has no option '{option}'; its options: {known}"
            )
        try:
            return self._types[option].validate_python(value)
        except ValidationError as error:
            problem = error.errors()[0]["msg"]
            raise UsageError(
                f"option '{option}' of divergence '{self.name}' is {value!r}; "
                f"{problem[0].lower()}{problem[1:]}"
            ) from None

    @cached_property
    def _types(self) -> dict[str, TypeAdapter[Any]]:
        """The checked type of each option."""
        parameters = inspect.signature(self.function).parameters.values()
        return {
            p.name: TypeAdapter(p.annotation, config=_STRICT)
            for p in parameters
            if p.name not in GIVEN
        }
