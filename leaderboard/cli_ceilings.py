"""The subcommand ``ceilings``: what each view of sound loses before any model is trained."""

from argparse import ArgumentParser, Namespace
from pathlib import Path
from shutil import get_terminal_size

from toysound.command import Command
from toysound.errors import UsageError
from toysound.files import check_writable

#: Columns of the text when it goes into a pipe or a file.
_WIDTH_IN_A_PIPE = 120


def _add_arguments(parser: ArgumentParser) -> None:
    parser.add_argument("dataset", metavar="DATASET", help="name or folder of a dataset")
    parser.add_argument(
        "--representation",
        action="append",
        default=[],
        metavar="NAME[:option=value,...]",
        dest="chosen",
        help="a view, such as log_mel:bands=64; may be repeated (default: all, and variants)",
    )
    parser.add_argument("--limit", type=int, help="test sounds at most (default: 500)")
    parser.add_argument("--seed", type=int, default=0, help="draws these sounds (default: 0)")
    parser.add_argument("--out", type=Path, metavar="FILE.json", help="write everything as JSON")
    parser.add_argument("--plot", type=Path, metavar="FILE.png", help="draw loss against time")
    answer = parser.add_mutually_exclusive_group()
    answer.add_argument("--json", action="store_true", help="print JSON for a program")
    answer.add_argument("--markdown", action="store_true", help="print two tables in Markdown")


def _run(args: Namespace) -> int:
    from baselines.chosen_view import default_choices, parse
    from leaderboard.ceiling_figure import check_ending, draw
    from leaderboard.ceiling_tables import to_markdown, to_text
    from leaderboard.ceilings import LIMIT, measure
    from toysound.dataset import load

    for path in (args.out, args.plot):
        if path is not None and path.is_dir():
            raise UsageError(f"'{path}' is a folder; name a file to write")
        if path is not None:
            check_writable(path)
    if args.plot is not None:
        check_ending(args.plot)
    ceilings = measure(
        load(args.dataset),
        [parse(text) for text in args.chosen] or default_choices(),
        limit=LIMIT if args.limit is None else args.limit,
        seed=args.seed,
        show=True,
    )
    if args.out is not None:
        ceilings.save(args.out)
    if args.plot is not None:
        draw(ceilings, args.plot)
    if args.json:
        print(ceilings.to_json(), end="")
    elif args.markdown:
        print(to_markdown(ceilings), end="")
    else:
        print(to_text(ceilings, get_terminal_size((_WIDTH_IN_A_PIPE, 24)).columns), end="")
    return 0


CEILINGS = Command(
    "score the round trip of every representation on a dataset", _add_arguments, _run
)
