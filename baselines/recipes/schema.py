"""The fields of a recipe, validated where they cross the border.

Every part of a model (representation, network, likelihood, divergence) is named by its entry in a
registry and takes the options of that entry: the keyword arguments of its function, with their
types and defaults. A new entry of a registry is thereby at once a valid part of a recipe.

A field that is unknown, missing, of the wrong type or out of range is refused with a sentence that
names it and the allowed ones.
"""

from collections.abc import Callable, Mapping
from types import NoneType
from typing import Annotated, Any, ClassVar, Literal, get_args

import torch
from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    TypeAdapter,
    ValidationError,
    ValidationInfo,
    model_validator,
)

from baselines.divergences import DIVERGENCES, compute
from baselines.divergences.registry import GIVEN
from baselines.likelihoods import LIKELIHOODS
from baselines.networks import NETWORKS
from baselines.options import Strict, complaint, options_table, place_of
from baselines.posteriors import POSTERIORS
from baselines.priors import PRIORS
from baselines.representations import REPRESENTATIONS
from baselines.schedule import Pressure, Shape
from baselines.stem import STEMS
from toysound.errors import ToySoundError, UsageError, unknown_name


class _Part(BaseModel):
    """A table that names an entry of a registry and gives its options."""

    model_config = ConfigDict(extra="allow", strict=True, allow_inf_nan=False, frozen=True)

    #: What the part is called in messages, its registry, and the arguments that are no options.
    kind: ClassVar[str]
    registry: ClassVar[Mapping[str, Callable[..., Any]]]
    given: ClassVar[tuple[str, ...]] = ()

    name: str

    @property
    def options(self) -> dict[str, Any]:
        """The options of the entry, defaults filled in."""
        return dict(self.__pydantic_extra__ or {})

    @model_validator(mode="after")
    def _options_of_the_entry(self) -> "_Part":
        if self.name not in self.registry:
            raise ValueError(str(unknown_name(self.kind, self.name, self.registry)))
        table = options_table(self.registry[self.name], self.given)
        try:
            checked = table(**self.options)
        except ValidationError as error:
            own = [name for name in type(self).model_fields if name != "name"]
            raise ValueError(_first_problem(error, [*own, *table.model_fields])) from None
        if self.__pydantic_extra__ is not None:
            self.__pydantic_extra__.clear()  # equal parts have their options in the same order
            self.__pydantic_extra__.update(checked.model_dump(mode="json"))
        return self


class RepresentationPart(_Part):
    """The view of sound: ``name`` and its options."""

    kind = "representation"
    registry = REPRESENTATIONS
    given = ("sample_rate", "num_samples")


class NetworkPart(_Part):
    """Encoder and decoder: ``name`` and its options, which are the same for both."""

    kind = "network"
    registry = {name: entry.encoder for name, entry in NETWORKS.items()}
    given = ("shape", "num_outputs")


class LikelihoodPart(_Part):
    """Density of the coefficients: ``name`` and its options."""

    kind = "likelihood"
    registry = LIKELIHOODS
    given = ("num_dims",)


class DivergencePart(_Part):
    """What keeps the posterior near the prior.

    Attributes
    ----------
    weight : factor of the divergence in the objective; 1 is the evidence lower bound
    warm_up : fraction of the training, or of each cycle, over which the weight rises from 0
    schedule, cycles : how it rises, see :class:`baselines.schedule.Pressure`
    """

    kind = "divergence"
    registry = {name: entry.function for name, entry in DIVERGENCES.items()}
    given = GIVEN

    weight: float = Field(default=1.0, ge=0)
    warm_up: float = Field(default=0.0, ge=0, le=1)
    schedule: Shape = "linear"
    cycles: int = Field(default=4, gt=0)

    @model_validator(mode="after")
    def _options_agree(self) -> "DivergencePart":
        """Refuse options that are fine each for itself: two sounds at the prior tell."""
        two = torch.zeros(2, 1)
        try:
            compute(self.name, two, two, **self.options)
        except UsageError as error:
            raise ValueError(str(error)) from None
        return self


class StemPart(_Part):
    """The fixed linear ends of the network: ``name`` and its options."""

    kind = "stem"
    registry = {name: kind.fit for name, kind in STEMS.items()}
    given = ("sounds",)


def _must_see_a_picture(network: NetworkPart, info: ValidationInfo) -> NetworkPart:
    """Refuse a network that looks at a picture behind a stem that leaves none."""
    stem = info.data.get("stem")
    if stem and NETWORKS[network.name].needs_picture and not STEMS[stem.name].keeps_picture:
        keep = " or ".join(f"'{name}'" for name in STEMS if STEMS[name].keeps_picture)
        raise ValueError(
            f"'{network.name}' looks at a picture, and stem '{stem.name}' leaves none; take stem "
            f"{keep}, or network 'mlp'"
        )
    return network


#: A network, checked against the stem, which stands before it in its table.
FittingNetworkPart = Annotated[NetworkPart, AfterValidator(_must_see_a_picture)]


class TrainingTable(Strict):
    """How the parameters are fitted.

    Attributes
    ----------
    epochs : passes over the training sounds, at most
    batch_size : sounds per step
    learning_rate : of AdamW after its own warm-up; falls to 0 along a half cosine
    learning_rate_warm_up : fraction of the training over which the rate rises linearly from 0
    weight_decay : of the weight matrices
    gradient_clip : largest norm of the gradient, in nats per coefficient
    patience : epochs without a better validation objective after which training stops
    """

    epochs: int = Field(gt=0)
    batch_size: int = Field(default=64, gt=0)
    learning_rate: float = Field(gt=0)
    learning_rate_warm_up: float = Field(default=0.02, ge=0, le=1)
    weight_decay: float = Field(default=0.0, ge=0)
    gradient_clip: float = Field(default=1.0, gt=0)
    patience: int = Field(gt=0)


class AudioTable(Strict):
    """A second decoder, from the frozen codes to a view of audio grade.

    See :mod:`baselines.audio_decoder`.

    Attributes
    ----------
    posterior_noise : the decoder is trained on codes that are moved by this multiple of their
        posterior's deviation; 0 for the means themselves
    """

    posterior_noise: float = Field(default=0.0, ge=0, le=1)
    representation: RepresentationPart
    stem: StemPart
    network: FittingNetworkPart
    likelihood: LikelihoodPart
    training: TrainingTable


class PairsTable(Strict):
    """Weak supervision by pairs of sounds; see :mod:`baselines.pairs`.

    Attributes
    ----------
    name : ``"ada_gvae"``, the adaptive group VAE
    partners : of each training sound
    """

    name: Literal["ada_gvae"]
    partners: int = Field(default=16, gt=0)


class RotationTable(Strict):
    """A linear map of the codes that is fitted after training; see :mod:`baselines.rotation`.

    Attributes
    ----------
    name : ``"ica"``, independent components of the means of the training sounds
    least_variance : dimensions whose mean varies less are left as they are
    """

    name: Literal["ica"]
    least_variance: float = Field(default=0.1, ge=0)


def _told(labels: str | None, rotation: RotationTable | None) -> str | None:
    """Return what a training and a rotation know besides the sounds, or None."""
    told = [labels, "that factors are independent" if rotation else None]
    return ", ".join(text for text in told if text) or None


class PosteriorPart(_Part):
    """The family of q(z|x): ``name``; see :mod:`baselines.posteriors`."""

    kind = "posterior"
    registry = POSTERIORS
    given = ("latent_dim",)


class PriorPart(_Part):
    """What is expected of a code: ``name``; see :mod:`baselines.priors`."""

    kind = "prior"
    registry = PRIORS
    given = ("latent_dim",)


#: What is put together from registries, by the name of its table.
_PARTS: dict[str, type[_Part]] = {
    part.kind: part
    for part in (
        RepresentationPart, StemPart, FittingNetworkPart, LikelihoodPart, DivergencePart,
        PosteriorPart, PriorPart,
    )
}  # fmt: skip


def known_options(table: str, name: str) -> set[str] | None:
    """Return the fields of a table that names this part, or None if there is no such part."""
    part = _PARTS.get(table)
    if part is None or name not in part.registry:
        return None
    options = options_table(part.registry[name], part.given)
    return {*part.model_fields, *options.model_fields}


class BoundTable(Strict):
    """Which bound of ln p(x) is trained; see :mod:`baselines.importance`.

    Attributes
    ----------
    alpha : order of the variational Renyi bound: 1 is the evidence lower bound, 0 that of the
        importance-weighted auto-encoder, "max" the largest weight alone
    samples : of each posterior
    """

    alpha: float | Literal["max"] = 1.0
    samples: int = Field(default=1, gt=0)


class VaeRecipe(Strict):
    """A variational auto-encoder; see :mod:`baselines.vae`.

    Attributes
    ----------
    name : of the model on the leaderboard
    latent_dim : number of latent dimensions
    citation : reference
    posterior, bound : what is sampled, and what is made of the samples
    pairs : of sounds that share factors, if it is trained on them
    prior : what is expected of the codes; a standard normal distribution by default
    audio : what is played where the view itself is not of audio grade
    rotation : of the codes, after training
    """

    name: str = Field(min_length=1)
    model: Literal["vae"]
    latent_dim: int = Field(gt=0)
    citation: str
    representation: RepresentationPart
    stem: StemPart
    network: FittingNetworkPart
    likelihood: LikelihoodPart
    divergence: DivergencePart
    training: TrainingTable
    posterior: PosteriorPart = PosteriorPart(name="gaussian")
    bound: BoundTable = BoundTable()
    prior: PriorPart | None = None
    pairs: PairsTable | None = None
    audio: AudioTable | None = None
    rotation: RotationTable | None = None

    @model_validator(mode="after")
    def _parts_fit(self) -> "VaeRecipe":
        if self.bound.alpha != 1 and self.divergence.name != "kl":
            raise ValueError(
                f"a bound of order {self.bound.alpha} takes the place of the divergence; "
                f"divergence '{self.divergence.name}' must be 'kl'"
            )
        if self.bound.alpha != 1 and self.divergence.weight != 1:
            raise ValueError(
                f"a bound of order {self.bound.alpha} is one at divergence.weight=1 only, got "
                f"{self.divergence.weight:g}"
            )
        if self.pairs is not None and not self.sampled:
            raise ValueError(
                f"posterior '{self.posterior.name}' has no variance to compare; pairs need another"
            )
        if not self.sampled and (self.bound.alpha != 1 or self.bound.samples > 1):
            raise ValueError(
                f"posterior '{self.posterior.name}' has no samples to weigh; bound.alpha and "
                "bound.samples must be 1"
            )
        if self.prior and not self.sampled:
            raise ValueError(
                f"posterior '{self.posterior.name}' is no distribution that a prior could be "
                f"compared with; take posterior 'gaussian', or leave out prior '{self.prior.name}'"
            )
        if self.training.batch_size == 1 and DIVERGENCES[self.divergence.name].needs_batch:
            raise ValueError(
                f"divergence '{self.divergence.name}' compares the sounds of a batch with each "
                "other; training.batch_size must be at least 2"
            )
        return self

    @property
    def learns(self) -> bool:
        """Whether there are epochs to watch."""
        return True

    @property
    def supervision(self) -> str | None:
        """What the model is told besides the sounds, or None."""
        return _told("pairs that share factors" if self.pairs else None, self.rotation)

    @property
    def sampled(self) -> bool:
        """Whether codes have a posterior, and are no points."""
        return POSTERIORS[self.posterior.name].sampled

    @property
    def trains(self) -> str:
        """What the validation figure is: the ELBO at weight 1 wherever that is defined."""
        if self.bound.alpha != 1:
            return f"bound of order {self.bound.alpha}"
        return "ELBO" if self.sampled and self.divergence.name == "kl" else "objective"

    @property
    def pressure(self) -> Pressure:
        """The weight of the divergence over the training."""
        part = self.divergence
        return Pressure(part.weight, part.warm_up, part.schedule, part.cycles)


class PcaRecipe(Strict):
    """Principal components; see :mod:`baselines.pca`.

    Attributes
    ----------
    name : of the model on the leaderboard
    model : ``"pca"``, whose codes are points, or ``"ppca"``, whose codes have a posterior
    latent_dim : number of components
    citation : reference
    audio : what is played where the view itself is not of audio grade
    rotation : of the codes, after training
    """

    name: str = Field(min_length=1)
    model: Literal["pca", "ppca"]
    latent_dim: int = Field(gt=0)
    citation: str
    representation: RepresentationPart
    audio: AudioTable | None = None
    rotation: RotationTable | None = None

    @property
    def learns(self) -> bool:
        """Whether there are epochs to watch: those of a second decoder."""
        return self.audio is not None

    @property
    def supervision(self) -> str | None:
        """What the model is told besides the sounds, or None."""
        return _told(None, self.rotation)

    @property
    def sampled(self) -> bool:
        """Whether codes have a posterior that is trained."""
        return False


Recipe = VaeRecipe | PcaRecipe

#: Every kind of model.
_MODELS = ("pca", "ppca", "vae")
_KNOWN = ", ".join(f"'{name}'" for name in _MODELS)

_ADAPTER: TypeAdapter[Recipe] = TypeAdapter(Annotated[Recipe, Field(discriminator="model")])


def validate(data: Mapping[str, Any], source: str) -> Recipe:
    """Return the recipe that plain data describe; ``source`` is what messages call it.

    Raises
    ------
    ToySoundError
        If a field is missing, unknown, of the wrong type or out of range.
    """
    try:
        return _ADAPTER.validate_python(dict(data))
    except ValidationError as error:
        place = place_of(error)
        allowed = list(_fields(place[:-1])) if place else []
        raise ToySoundError(f"recipe '{source}': {_first_problem(error, allowed)}") from None


def _fields(place: list[str]) -> Mapping[str, Any]:
    """Return the fields of the table at a place; the first step names the kind of model."""
    table: type[BaseModel] = VaeRecipe if place[:1] == ["vae"] else PcaRecipe
    for step in place[1:]:
        if step not in table.model_fields:  # a member of a union, whose place ends with its type
            break
        annotation: Any = table.model_fields[step].annotation
        parts = [part for part in get_args(annotation) if part is not NoneType] or [annotation]
        if not issubclass(type(parts[0]), type(BaseModel)):
            break
        table = parts[0]
    return table.model_fields


def _first_problem(error: ValidationError, allowed: list[str]) -> str:
    """Return the first thing that is wrong, as the end of a sentence."""
    first = error.errors()[0]
    place = place_of(error)
    field = ".".join(place[1:] if place and place[0] in _MODELS else place)
    known = f"; the fields here are {', '.join(sorted(allowed))}"
    match first["type"]:
        case "missing":
            return f"field '{field}' is missing{known}"
        case "extra_forbidden":
            return f"field '{field}' is unknown{known}"
        case "union_tag_not_found":
            return f"field 'model' is missing; it is one of {_KNOWN}"
        case "union_tag_invalid":
            return f"model '{first['ctx']['tag']}' is unknown; it is one of {_KNOWN}"
        case "value_error":
            return f"in '{field}', {first['ctx']['error']}" if field else str(first["ctx"]["error"])
        case _:
            return f"field '{field}' is wrong: {complaint(error)}"
