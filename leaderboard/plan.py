"""Plans: which models are trained and scored on which datasets with which seeds.

A plan is a TOML file:

    name = "betas"
    question = "How much pressure does a code need?"
    datasets = ["tones"]
    seeds = [0, 1, 2]
    set = ["training.epochs=50"]            # for every recipe, as --set of 'toysound train'

    [[models]]
    name = "beta-4"                         # the row on the leaderboard
    recipe = "vae"                          # a recipe's name, or a TOML file
    set = ["divergence.weight=4.0"]

    [[models]]
    name = "oracle"
    model = "oracle"                        # nothing to train: what 'toysound score' takes

    [[models]]
    name = "beta-4-turned"
    recipe = "vae"
    set = ["divergence.weight=4.0", "rotation.name='ica'"]
    turns = "beta-4"                        # train nothing again where that row's training is there

A model may have ``datasets`` and ``seeds`` of its own; one that is named twice is taken once. Names
and recipes are resolved and checked before any work begins. Whether a recipe fits the sounds of a
dataset shows when its training begins.
"""

import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from importlib import resources
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from baselines import recipes
from toysound.catalog import get_spec
from toysound.errors import ToySoundError, UsageError, clause, unknown_name

Name = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._+-]*$")]
Seed = Annotated[int, Field(ge=0, lt=2**63)]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class Entry(_Strict):
    """A row of the leaderboard.

    Attributes
    ----------
    name : of the row
    recipe : to train, a name or a path; or None
    model : to score as it is, what ``toysound score`` takes; or None
    set : changes of the recipe, ``key=value``
    turns : row whose codes a recipe with a rotation turns, as ``--turn`` of ``toysound train``;
        where that row's training is not there, the recipe is trained from the start
    datasets, seeds : of its own; None for those of the plan
    """

    name: Name
    recipe: str | None = None
    model: str | None = None
    set: list[str] = []
    turns: str | None = None
    datasets: list[str] | None = Field(default=None, min_length=1)
    seeds: list[Seed] | None = Field(default=None, min_length=1)

    @model_validator(mode="after")
    def _either(self) -> "Entry":
        if (self.recipe is None) == (self.model is None):
            raise ValueError(f"'{self.name}' needs either 'recipe' or 'model'")
        if self.model is not None and (self.set or self.turns):
            field = "set" if self.set else "turns"
            raise ValueError(f"'{self.name}' is a model: '{field}' is for recipes")
        return self


class Plan(_Strict):
    """A plan; see the module.

    Attributes
    ----------
    name : of the plan
    question : that it answers, one sentence
    datasets, seeds : of every model that has none of its own
    set : changes of every recipe
    models : the rows
    """

    name: Name
    question: str = Field(min_length=1)
    datasets: list[str] = Field(min_length=1)
    seeds: list[Seed] = Field(min_length=1)
    set: list[str] = []
    models: list[Entry] = Field(min_length=1)

    @model_validator(mode="after")
    def _names_differ(self) -> "Plan":
        names = [entry.name for entry in self.models]
        for name in names:
            if names.count(name) > 1:
                raise ValueError(f"two models are called '{name}'")
        for place, entry in enumerate(self.models):
            if entry.turns is not None and entry.turns not in names[:place]:
                raise ValueError(
                    f"'{entry.name}' turns '{entry.turns}', which is no model that stands before it"
                )
        return self


@dataclass(frozen=True)
class Job:
    """One model on one dataset with one seed.

    Attributes
    ----------
    row, dataset, seed : which
    recipe : resolved, as TOML; or None
    model : what is scored where nothing is trained; or None
    turns : row whose codes are turned; or None
    """

    row: str
    dataset: str
    seed: int
    recipe: str | None
    model: str | None
    turns: str | None = None

    @property
    def label(self) -> str:
        """What it is called in messages."""
        return f"{self.row} on {self.dataset}, seed {self.seed}"


def names() -> list[str]:
    """Return the names of the plans that come with the package."""
    files = (resources.files("leaderboard") / "plans").iterdir()
    return sorted(Path(file.name).stem for file in files if file.name.endswith(".toml"))


def load(name_or_path: str) -> Plan:
    """Return a plan, validated.

    Raises
    ------
    UsageError
        If there is no such plan.
    ToySoundError
        If it cannot be read, is not TOML, or a field is missing, unknown or wrong.
    """
    if name_or_path.endswith(".toml") or "/" in name_or_path:
        path = Path(name_or_path)
        if not path.is_file():
            known = ", ".join(names())
            raise UsageError(f"there is no plan '{path}'; those by name are {known}")
    else:
        if name_or_path not in names():
            raise unknown_name("plan", name_or_path, names())
        path = Path(str(resources.files("leaderboard") / "plans" / f"{name_or_path}.toml"))
    try:
        data = tomllib.loads(path.read_text(encoding="utf-8"))
        return Plan.model_validate(data)
    except (OSError, UnicodeDecodeError) as error:
        raise ToySoundError(f"plan '{path}' cannot be read: {error}") from None
    except tomllib.TOMLDecodeError as error:
        raise ToySoundError(f"plan '{path}' is not TOML: {error}") from None
    except ValidationError as error:
        raise ToySoundError(f"plan '{name_or_path}': {_first_problem(error)}") from None


def jobs(
    plan: Plan,
    only: Sequence[str] = (),
    datasets: Sequence[str] = (),
    seeds: Sequence[int] = (),
) -> list[Job]:
    """Return what is to be done, dataset by dataset, every recipe resolved.

    Parameters
    ----------
    plan : the plan
    only : patterns of rows such as ``vae-*``; all rows without any
    datasets, seeds : instead of those of the plan

    Raises
    ------
    UsageError
        If a pattern fits no row, or there is no such dataset or recipe.
    ToySoundError
        If a recipe is wrong; the sentence names the row.
    """
    for pattern in only:
        if not any(fnmatchcase(entry.name, pattern) for entry in plan.models):
            rows = ", ".join(entry.name for entry in plan.models)
            raise UsageError(f"no model of plan '{plan.name}' fits '{pattern}'; they are {rows}")
    chosen = [e for e in plan.models if not only or any(fnmatchcase(e.name, p) for p in only)]
    resolved = {entry.name: _resolved(plan, entry) for entry in chosen}
    for entry in chosen:
        if entry.turns is not None:
            _check_turned(plan, entry)
    found = [
        (dataset, Job(entry.name, dataset, seed, resolved[entry.name], entry.model, entry.turns))
        for entry in chosen
        for dataset in dict.fromkeys(datasets or entry.datasets or plan.datasets)
        for seed in dict.fromkeys(seeds or entry.seeds or plan.seeds)
    ]
    order = list(dict.fromkeys(dataset for dataset, _ in found))
    for dataset in order:
        if not Path(dataset).is_dir() and not dataset.startswith("folder:"):
            get_spec(dataset)
    return [job for dataset, job in sorted(found, key=lambda pair: order.index(pair[0]))]


def _resolved(plan: Plan, entry: Entry) -> str | None:
    recipe = _recipe(plan, entry)
    return None if recipe is None else recipes.to_toml(recipe)


def _recipe(plan: Plan, entry: Entry) -> recipes.Recipe | None:
    if entry.recipe is None:
        return None
    try:
        return recipes.load(entry.recipe, [*plan.set, *entry.set, f"name={entry.name}"])
    except ToySoundError as error:
        raise type(error)(f"model '{entry.name}': {error}") from None


def _check_turned(plan: Plan, entry: Entry) -> None:
    """Refuse what ``--turn`` of ``toysound train`` would refuse, before any work begins."""
    (other,) = (other for other in plan.models if other.name == entry.turns)
    own, turned = _recipe(plan, entry), _recipe(plan, other)
    head = f"model '{entry.name}' turns '{other.name}'"
    if own is None or own.rotation is None:
        raise ToySoundError(f"{head}, and its recipe has no rotation to turn it by")
    if turned is None or turned.rotation is not None:
        raise ToySoundError(f"{head}, which is no recipe without a rotation")
    if recipes.unturned(own) != recipes.unturned(turned):
        raise ToySoundError(f"{head}, and their recipes differ in more than the rotation")


def _first_problem(error: ValidationError) -> str:
    """Return the first thing that is wrong, as the end of a sentence."""
    first = error.errors()[0]
    field = ".".join(str(part) for part in first["loc"])
    table = Entry if first["loc"][:1] == ("models",) and len(first["loc"]) > 1 else Plan
    known = f"; the fields here are {', '.join(sorted(table.model_fields))}"
    match first["type"]:
        case "missing":
            return f"field '{field}' is missing{known}"
        case "extra_forbidden":
            return f"field '{field}' is unknown{known}"
        case "value_error":
            return str(first["ctx"]["error"])
        case _:
            return f"field '{field}' is wrong: {clause(first['msg'])}, got {first['input']!r}"
