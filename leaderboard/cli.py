"""``toysound leaderboard``: the results as a table in the terminal and as a page."""

import json
import shutil
import sys
from argparse import ArgumentParser, Namespace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from toysound.command import Command
from toysound.errors import ToySoundError

if TYPE_CHECKING:
    from leaderboard.rows import Board

#: Columns of the text when it goes into a pipe or a file.
_WIDTH_IN_A_PIPE = 120


def _add_arguments(parser: ArgumentParser) -> None:
    commands = parser.add_subparsers(dest="leaderboard_command", metavar="COMMAND", required=True)

    show = commands.add_parser(
        "show",
        help="print a table of each dataset",
        description="Print a table of each dataset: every model between floor and ceiling.",
    )
    _add_results(show)
    show.add_argument("--dataset", metavar="NAME", help="only this dataset, such as mono/pitch")
    show.add_argument("--json", action="store_true", help="print everything as JSON")
    show.set_defaults(leaderboard_run=_show)

    build = commands.add_parser(
        "build",
        help="write the page",
        description="Write DIR/index.html: tables, definitions, figures and sounds in one file.",
    )
    _add_results(build)
    build.add_argument("--out", metavar="DIR", required=True, help="folder of the page")
    build.set_defaults(leaderboard_run=_build)


def _add_results(parser: ArgumentParser) -> None:
    parser.add_argument(
        "result", nargs="*", help="further result files to show beside them, such as your own"
    )
    parser.add_argument(
        "--results", metavar="DIR", help="folder of results (default: those of the package)"
    )


def _run(arguments: Namespace) -> int:
    code: int = arguments.leaderboard_run(arguments)
    return code


def _boards(arguments: Namespace) -> "tuple[Board, ...]":
    from leaderboard.rows import boards_of, load_folder

    boards = boards_of(load_folder(arguments.results, arguments.result))
    if not boards:
        where = f"in '{arguments.results}'" if arguments.results else "in this package"
        raise ToySoundError(
            f"there is no result {where}; 'toysound score MODEL --dataset NAME --out result.json' "
            "writes one, then name that file here"
        )
    return boards


def _show(arguments: Namespace) -> int:
    from leaderboard.rows import select
    from leaderboard.tables import legend, to_json, to_text

    boards = select(_boards(arguments), arguments.dataset)
    if arguments.json:
        print(json.dumps(to_json(boards), indent=2, ensure_ascii=False))
        return 0
    fallback = (_WIDTH_IN_A_PIPE, 24)
    width = shutil.get_terminal_size(fallback).columns
    print("\n".join([*(to_text(board, width) for board in boards), legend()]), end="")
    return 0


def _build(arguments: Namespace) -> int:
    from leaderboard.page import build

    path = build(_boards(arguments), arguments.out, datetime.now(UTC))
    print(path)
    if sys.stdout.isatty():
        print("Open it in a browser; it needs no server and no network.", file=sys.stderr)
    return 0


LEADERBOARD = Command(
    help="show the results as a table, or build the page",
    add_arguments=_add_arguments,
    run=_run,
)
