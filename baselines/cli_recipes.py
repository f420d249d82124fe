"""The subcommand ``recipes``: what there is to train, and every field of one."""

import json
from argparse import ArgumentParser, Namespace
from textwrap import shorten

from toysound.command import Command
from toysound.errors import UsageError

#: Characters of what a recipe says of itself.
_WIDTH = 100


def _add_arguments(parser: ArgumentParser) -> None:
    parser.add_argument(
        "recipe", metavar="RECIPE", nargs="?", help="print all fields of one: a name or a TOML file"
    )
    parser.add_argument(
        "--set",
        action="append",
        default=[],
        metavar="KEY=VALUE",
        dest="changes",
        help="with a field changed, as for 'toysound train'",
    )
    parser.add_argument("--json", action="store_true", help="print JSON for a program")


def _run(args: Namespace) -> int:
    from baselines import recipes

    if args.recipe is not None:
        recipe = recipes.load(args.recipe, args.changes)
        text = recipes.to_toml(recipe)
        print(json.dumps(recipe.model_dump(mode="json"), indent=2) if args.json else text.rstrip())
        return 0
    if args.changes:
        raise UsageError("--set changes one recipe; name it")
    about = {name: recipes.sentence(name) for name in recipes.names()}
    if args.json:
        print(json.dumps(about, indent=2))
        return 0
    width = max(map(len, about))
    for name, sentence in about.items():
        print(f"{name:<{width}}  {shorten(sentence, _WIDTH, placeholder=' ...')}")
    print("\ntry: toysound recipes vae > mine.toml")
    print("     toysound train mine.toml --dataset tones --out mine")
    return 0


RECIPES = Command("list the recipes, or print all fields of one", _add_arguments, _run)
