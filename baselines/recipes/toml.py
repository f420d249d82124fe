"""Write a recipe as TOML: the standard library reads TOML but does not write it."""

import json
from collections.abc import Iterator
from typing import Any

from pydantic import BaseModel


def to_toml(recipe: BaseModel) -> str:
    """Return a recipe as TOML text, plain values first, then one table for each part."""
    return "\n\n".join(_blocks("", recipe.model_dump(mode="json"))) + "\n"


def _blocks(head: str, data: dict[str, Any]) -> Iterator[str]:
    """Yield a table, and those within it; what is None is left out."""
    plain = {k: v for k, v in data.items() if v is not None and not isinstance(v, dict)}
    lines = [f"[{head}]"] if head else []
    if lines or plain:
        yield "\n".join([*lines, *(_line(key, value) for key, value in plain.items())])
    for key, table in data.items():
        if isinstance(table, dict):
            yield from _blocks(f"{head}.{key}" if head else key, table)


def _line(key: str, value: Any) -> str:
    """Return one ``key = value``; JSON's text, numbers and booleans are TOML's too."""
    return f"{key} = {json.dumps(value, ensure_ascii=False)}"
