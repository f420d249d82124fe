"""Recipes: TOML files from which a baseline can be trained again.

A recipe names the parts of a model and their options; :mod:`baselines.recipes.schema` says which
fields there are. Those that come with the package lie beside this file. ``toysound train`` takes
the name of one, or the path of your own, and writes the *resolved* recipe, every default filled in,
beside the model it trained.

A recipe may say ``extends = "vae"``, or name a file, which is looked for beside it, and then only
what differs. A table is taken over field by field, unless it names another part: its options are
then its own. ``--set divergence.name=...`` keeps the options that the other part has, too.
"""

import os
import re
import tomllib
from collections.abc import Sequence
from importlib import resources
from itertools import takewhile
from pathlib import Path
from typing import Any

from baselines.recipes.schema import PcaRecipe, Recipe, VaeRecipe, known_options, validate
from baselines.recipes.toml import to_toml
from toysound.errors import ToySoundError, UsageError, unknown_name

__all__ = [
    "PcaRecipe", "Recipe", "VaeRecipe",
    "load", "names", "parse", "sentence", "to_toml", "unturned", "validate",
]  # fmt: skip

#: Where the first sentence of a comment ends: not at the stop of an abbreviation or a number.
_END = re.compile(r"\.(?=\s|$)")


def names() -> list[str]:
    """Return the names of the recipes that come with the package."""
    files = resources.files(__name__).iterdir()
    return sorted(Path(file.name).stem for file in files if file.name.endswith(".toml"))


def unturned(recipe: Recipe) -> str:
    """Return the recipe of what is trained before codes are turned, as TOML without a name.

    Recipes that are equal in it differ in their rotation only, and in what they are called.
    """
    return to_toml(recipe.model_copy(update={"rotation": None, "name": "", "citation": ""}))


def sentence(name: str) -> str:
    """Return what a recipe says of itself: the first sentence of the comment it begins with.

    Raises
    ------
    UsageError
        If there is no such recipe.
    """
    comment = takewhile(lambda line: line.startswith("#"), _read(name).splitlines())
    text = " ".join(line.removeprefix("#").strip() for line in comment)
    return _END.split(text, maxsplit=1)[0]


def load(name_or_path: str, changes: Sequence[str] = ()) -> Recipe:
    """Return a recipe, validated.

    Parameters
    ----------
    name_or_path : one of :func:`names`, or the path of a TOML file
    changes : ``"key=value"`` each, a dotted key and a TOML value, such as ``"training.epochs=10"``

    Raises
    ------
    UsageError
        If there is no such recipe, or a change is malformed.
    ToySoundError
        If the file cannot be read, is not TOML, or a field is missing, unknown or out of range.
    """
    text = _read(name_or_path)
    return parse(text, name_or_path, changes)


def _read(name_or_path: str) -> str:
    """Return the text of a recipe."""
    if name_or_path.endswith(".toml") or "/" in name_or_path:
        path = Path(name_or_path)
        if not path.is_file():
            raise UsageError(
                f"there is no recipe file '{path}'; a name without .toml is one of: "
                f"{', '.join(names())}"
            )
        try:
            return path.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise ToySoundError(f"recipe '{path}' cannot be read: {error}") from None
    else:
        if name_or_path not in names():
            raise unknown_name("recipe", name_or_path, names())
        return resources.files(__name__).joinpath(f"{name_or_path}.toml").read_text("utf-8")


def parse(text: str, source: str, changes: Sequence[str] = ()) -> Recipe:
    """Return the recipe of a TOML text; ``source`` is what error messages call it.

    Raises
    ------
    UsageError
        If a change is malformed.
    ToySoundError
        If the text is not TOML, or a field is missing, unknown or out of range.
    """
    data = _extended(text, source, ())
    for change in changes:
        _apply(data, change)
    return validate(data, source)


def _extended(text: str, source: str, before: tuple[str, ...]) -> dict[str, Any]:
    """Return the data of a recipe with what it extends; ``before`` are those that extend it."""
    try:
        data = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ToySoundError(f"recipe '{source}' is not TOML: {error}") from None
    base = data.pop("extends", None)
    if base is None:
        return data
    if not isinstance(base, str):
        raise ToySoundError(f"recipe '{source}': 'extends' is the name of a recipe, got {base!r}")
    beside = Path(source).parent / base
    if base.endswith(".toml") and source.endswith(".toml") and beside.is_file():
        base = os.path.normpath(beside)
    if base in (*before, source):
        raise ToySoundError(f"recipe '{source}' extends '{base}', which extends it in turn")
    return _merged(_extended(_read(base), base, (*before, base)), data)


def _merged(base: dict[str, Any], own: dict[str, Any]) -> dict[str, Any]:
    """Return a table with what another one says beyond it or otherwise."""
    merged = dict(base)
    for key, value in own.items():
        merged[key] = _merged(base[key], value) if _same_part(base.get(key), value) else value
    return merged


def _same_part(old: Any, new: Any) -> bool:
    """Tell whether two values are tables of the same part."""
    tables = isinstance(old, dict) and isinstance(new, dict)
    return tables and new.get("name", old.get("name")) == old.get("name")


def _apply(data: dict[str, Any], change: str) -> None:
    """Set one dotted key of a recipe."""
    key, equals, value = change.partition("=")
    parts = [part.strip() for part in key.split(".")]
    if not equals or not all(parts):
        raise UsageError(f"--set '{change}' must be key=value, such as training.epochs=10")
    table: Any = data
    for part in parts[:-1]:
        table = table.setdefault(part, {})
        if not isinstance(table, dict):
            raise UsageError(f"--set '{change}': '{part}' is no table of the recipe")
    new = _value(value.strip())
    if parts[-1] == "name" and len(parts) > 1:
        known = known_options(parts[-2], str(new))
        for option in [option for option in table if known is not None and option not in known]:
            del table[option]
    table[parts[-1]] = new


def _value(text: str) -> Any:
    """Return a TOML value; what is none is taken as text, so that quotes can be left out."""
    try:
        return tomllib.loads(f"value = {text}")["value"]
    except tomllib.TOMLDecodeError:
        return text
