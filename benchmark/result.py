"""One scored (model, dataset, seed), as validated JSON.

A result is what the harness writes and the leaderboard reads, so it is checked at both ends: a
missing field, a foreign field or a number that is not finite is refused with a sentence that names
it. A value that could not be computed is ``null`` and carries a ``reason``; it is never 0 or NaN.

The layout is documented field by field below; ``SCHEMA_VERSION`` changes when it does.
"""

import json
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from toysound.errors import ToySoundError, clause
from toysound.files import write_text

SCHEMA_VERSION: Literal["1"] = "1"

Family = Literal["reconstruction", "disentanglement", "dimension", "control", "likelihood", "cost"]


#: Fields of a measurement that are left out of the JSON where they are null.
_ONLY_IF_THERE = ("reason", "net", "composition", "space", "seed_spread")


class _Strict(BaseModel):
    """A record that refuses foreign fields and numbers that are not finite."""

    model_config = ConfigDict(extra="forbid", allow_inf_nan=False, frozen=True)


class Measurement(_Strict):
    """One number with what is needed to read it.

    Attributes
    ----------
    value : the number, or None with a ``reason``
    interval : 95 % interval (low, high), or None where none is defined
    floor : what a model that knows nothing gets on this dataset, or None
    ceiling : what can be reached at best on this dataset, or None
    higher_is_better : direction; None for a number that is neither good nor bad
    unit : ``"dB"``, ``"cents"``, ``"nat"``, ``"ms"``, ``""`` for a bare number
    reason : why the value is None; None otherwise
    net : of a reconstruction, the value less the model's own ceiling: what its code loses and its
        representation does not; None where there is no ceiling of its own
    composition : the same metric on the cells of the composition split, or None
    space : of a likelihood, what the density is of; numbers of other spaces are not comparable
    seed_spread : standard deviation over seeds of the metric's own randomness, or None where
        nothing in it is random
    """

    value: float | None
    interval: tuple[float, float] | None = None
    floor: float | None = None
    ceiling: float | None = None
    higher_is_better: bool | None = None
    unit: str = ""
    reason: str | None = None
    net: float | None = None
    composition: float | None = None
    space: str | None = None
    seed_spread: float | None = None

    @model_validator(mode="after")
    def _a_missing_value_says_why(self) -> "Measurement":
        if self.value is None and not self.reason:
            raise ValueError("a null value needs a 'reason'")
        if self.value is not None and self.reason is not None:
            raise ValueError("'reason' is only for a null value")
        return self


class ModelInfo(_Strict):
    """Which model was scored.

    Attributes
    ----------
    name : name of the row on the leaderboard
    source : what was named on the command line, without the folders of this machine
    format : ``python``, ``entry-point``, ``safetensors``, ...
    parameters : number of trainable numbers, or None where the model does not say
    citation : reference, or None
    representation : the view of sound that the model works in, as it names it; None, and left out
        of the JSON, where it does not say
    supervision : what its training was told besides the sounds; None, and left out of the JSON,
        where it was told nothing
    """

    name: str
    source: str
    format: str
    parameters: int | None = Field(default=None, ge=0)
    citation: str | None = None
    representation: str | None = None
    supervision: str | None = None


class DatasetInfo(_Strict):
    """Which sounds it was scored on: name, generator version, hash of the samples, cells."""

    name: str
    version: str
    audio_sha256: str = Field(pattern=r"^[0-9a-f]{64}$")
    size: int = Field(gt=0)


class Cells(_Strict):
    """Which sounds a family of metrics saw.

    Attributes
    ----------
    split : ``test``, ``grid`` (all splits) or ``composition``
    count : how many
    of : how many the split has
    drawn : how they were chosen, in words
    """

    split: str
    count: int = Field(ge=0)
    of: int = Field(ge=0)
    drawn: str


class SpotCheck(_Strict):
    """How far two runs of a model on the same sounds are apart.

    Attributes
    ----------
    method : what was run
    how : what was changed between the runs
    size : largest difference in standard deviations of the output
    limit : up to where it is rounding
    stable : whether it is
    """

    method: str
    how: str
    size: float
    limit: float
    stable: bool


class Latent(_Strict):
    """What one latent does when it is moved alone.

    Attributes
    ----------
    index : its number, from 0
    factor : the factor that it moves most, or None if it moves none
    selectivity : share of all movement that is this factor's, 0 to 1
    monotonicity : how steadily it moves it, 0 to 1
    range : share of the factor's range that it covers
    smoothness : how even its steps are, 0 to 1
    """

    index: int = Field(ge=0)
    factor: str | None
    selectivity: float | None
    monotonicity: float | None
    range: float | None
    smoothness: float | None


class Environment(_Strict):
    """The machine: Python version, versions of the packages that decide numbers, platform, CPU."""

    python: str
    packages: dict[str, str]
    platform: str
    cpu: str


class Timing(_Strict):
    """Median milliseconds to encode and to decode one sound, seconds for the whole score."""

    encode_ms: float | None
    decode_ms: float | None
    score_s: float


class Result(_Strict):
    """One scored (model, dataset, seed); see the module for the rules.

    Attributes
    ----------
    metrics : family to name to number
    cells : what was seen by ``reconstruction``, by ``codes`` (disentanglement and dimension), and
        by their ``composition``; the last is absent where the split is too small for any number
    unstable : whether a spot check found more than rounding
    spot_checks : two batch sizes, another order, the same twice
    latents : what each latent does in a traversal
    estimators : metric to the kind and version of the estimator that decides its numbers
    notes : what a reader of the numbers should know, one sentence each
    """

    schema_version: Literal["1"] = SCHEMA_VERSION
    model: ModelInfo
    dataset: DatasetInfo
    seed: int = Field(ge=0)
    metrics: dict[Family, dict[str, Measurement]]
    cells: dict[str, Cells] = Field(default_factory=dict)
    unstable: bool = False
    spot_checks: tuple[SpotCheck, ...] = ()
    latents: tuple[Latent, ...] = ()
    estimators: dict[str, str] = Field(default_factory=dict)
    notes: tuple[str, ...] = ()
    environment: Environment
    timing: Timing
    assurance: Literal["self-reported", "recomputed", "re-run"] = "self-reported"

    def to_json(self) -> str:
        """Return the result as indented JSON text that ends in a newline."""
        data = self.model_dump(mode="json")
        for name in ("representation", "supervision"):
            if data["model"][name] is None:
                del data["model"][name]
        for family in data["metrics"].values():
            for measurement in family.values():
                for name in _ONLY_IF_THERE:
                    if measurement[name] is None:
                        del measurement[name]
        return json.dumps(data, indent=2, ensure_ascii=False) + "\n"

    def save(self, path: str | Path) -> None:
        """Write the result as JSON; the file is complete or not there at all."""
        write_text(Path(path), self.to_json())


def load_result(path: str | Path) -> Result:
    """Read and validate a result.

    Raises
    ------
    ToySoundError
        If the file cannot be read, is not JSON, or a field is missing, foreign or of a wrong kind;
        the message names the first such field.
    """
    path = Path(path)
    try:
        text = path.read_text(encoding="utf-8")
        return Result.model_validate_json(text)
    except (OSError, UnicodeDecodeError) as error:
        raise ToySoundError(f"result '{path}' cannot be read: {error}") from None
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"]) or "the file"
        what = {"missing": "is missing", "extra_forbidden": "is not a field of a result"}.get(
            first["type"], f"is wrong ({clause(first['msg'])})"
        )
        more = f" (and {error.error_count() - 1} more)" if error.error_count() > 1 else ""
        raise ToySoundError(
            f"result '{path}': {where} {what}{more}; 'toysound score' writes a valid one"
        ) from None
