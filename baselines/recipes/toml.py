"""Write a recipe as TOML: the standard library reads TOML but does not write it."""

import json
from typing import Any

from pydantic import BaseModel


def to_toml(recipe: BaseModel) -> str:
    """Return a recipe as TOML text, plain values first, then one table for each part."""
    data = recipe.model_dump(mode="json")
    plain = [_line(key, value) for key, value in data.items() if not isinstance(value, dict)]
    blocks = ["\n".join(plain)]
    for key, table in data.items():
        if isinstance(table, dict):
            blocks.append("\n".join([f"[{key}]", *(_line(k, v) for k, v in table.items())]))
    return "\n\n".join(blocks) + "\n"


def _line(key: str, value: Any) -> str:
    """Return one ``key = value``; JSON's text, numbers and booleans are TOML's too."""
    return f"{key} = {json.dumps(value, ensure_ascii=False)}"
