"""The floors of the house: an import goes down only, and the lowest floor is light."""

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]

#: What each floor may import of this project.
BELOW = {
    "toysound": {"toysound"},
    "benchmark": {"benchmark", "toysound"},
    "baselines": {"baselines", "toysound"},
    "leaderboard": {"leaderboard", "benchmark", "baselines", "toysound"},
}

#: Heavy packages that the lowest floor keeps out of its modules, but for one adapter.
HEAVY = {"torch", "sklearn", "datasets", "pandas", "numba"}


def modules(floor: str) -> list[Path]:
    found = sorted((ROOT / floor).rglob("*.py"))
    assert found
    return found


def imported(tree: ast.AST) -> Iterator[str]:
    """Yield the top-level package of every import, also of those within functions."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name.partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert not node.level, "imports are absolute: a file's path is its import path"
            yield (node.module or "").partition(".")[0]


def parse(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"), str(path))


@pytest.mark.parametrize("floor", BELOW)
def test_imports_go_down_only(floor: str) -> None:
    for path in modules(floor):
        above = set(imported(parse(path))) & set(BELOW) - BELOW[floor]
        assert not above, f"{path.relative_to(ROOT)} imports {above}"


def test_the_lowest_floor_is_light() -> None:
    adapter = ROOT / "toysound" / "adapters" / "torch.py"
    for path in modules("toysound"):
        heavy = {
            name
            for node in parse(path).body  # what runs when the module is imported
            if isinstance(node, ast.Import | ast.ImportFrom)
            for name in imported(node)
        } & HEAVY
        assert not heavy or path == adapter, f"{path.relative_to(ROOT)} imports {heavy}"


def test_one_file_touches_pyo() -> None:
    users = [
        path.relative_to(ROOT).as_posix()
        for floor in BELOW
        for path in modules(floor)
        if {"pyo", "pyo64"} & set(imported(parse(path)))
    ]
    assert users == ["toysound/engine.py"]


def loaded_after(statement: str) -> set[str]:
    """Return the top-level packages that a fresh process has after a statement."""
    script = f"import sys\n{statement}\nprint(*{{name.partition('.')[0] for name in sys.modules}})"
    run = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True, cwd=ROOT
    )
    return set(run.stdout.split())


def test_importing_toysound_is_light() -> None:
    loaded = loaded_after("import toysound")
    assert "toysound" in loaded
    assert not loaded & {"torch", "pyo", "librosa", "scipy", "pyarrow", *HEAVY}


def test_generating_needs_none_of_the_heavy_packages(tmp_path: Path) -> None:
    loaded = loaded_after(
        "from pathlib import Path\n"
        "from toysound.publish.generate import generate\n"
        f"generate('mono/pitch', Path({str(tmp_path)!r}), limit=2)"
    )
    assert "pyo" in loaded
    assert not loaded & (HEAVY | {"librosa", "matplotlib"})


def test_loading_and_labels_need_no_synthesis() -> None:
    loaded = loaded_after("import toysound\nd = toysound.load('tones')\nd.values(d.split('test'))")
    assert not loaded & {"pyo", "torch", "librosa"}
