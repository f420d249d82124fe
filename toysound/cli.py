"""The subcommands of the generator. Only calls are made here; the work is done in the modules."""

import json
import os
import time
from argparse import ArgumentParser, Namespace
from pathlib import Path

from toysound.command import Command
from toysound.errors import ToySoundError, UsageError


def _name(parser: ArgumentParser) -> None:
    parser.add_argument("name", metavar="NAME", help="a dataset; 'toysound list' shows all")


def _json(parser: ArgumentParser) -> None:
    parser.add_argument("--json", action="store_true", help="print JSON for a program")


def _generate_arguments(parser: ArgumentParser) -> None:
    parser.add_argument("names", metavar="NAME", nargs="+", help="datasets")
    parser.add_argument("--out", type=Path, required=True, help="folder for NAME/")
    parser.add_argument("--format", default="parquet", help="parquet,npz,wav (default: parquet)")
    parser.add_argument("--workers", type=int, default=os.cpu_count() or 1, help="processes")
    parser.add_argument("--limit", type=int, help="only the first LIMIT cells")
    _json(parser)


def _generate(args: Namespace) -> int:
    from toysound.catalog import get_spec
    from toysound.publish.formats import parse_formats
    from toysound.publish.generate import generate
    from toysound.publish.verify import summary

    if args.workers < 1:
        raise UsageError(f"--workers must be at least 1, got {args.workers}")
    formats = [f.name for f in parse_formats(args.format)]
    specs = [get_spec(name) for name in dict.fromkeys(args.names)]
    for spec in specs:
        start = time.perf_counter()
        done = generate(spec.name, args.out, formats, args.workers, args.limit)
        seconds = time.perf_counter() - start
        _print(args.json, summary(args.out / spec.name, done, seconds))
    return 0


def _verify_arguments(parser: ArgumentParser) -> None:
    parser.add_argument("folder", metavar="DIR", type=Path, help="folder of a generated dataset")
    _json(parser)


def _verify(args: Namespace) -> int:
    from toysound.publish.verify import verify

    report = verify(args.folder)
    _print(args.json, report.to_json() if args.json else {"text": report.to_text()})
    if report.problems:
        raise ToySoundError(f"'{args.folder}' differs in {len(report.problems)} place(s)")
    return 0


def _render_arguments(parser: ArgumentParser) -> None:
    _name(parser)
    parser.add_argument("values", metavar="factor=value", nargs="*", help="others: the middle one")
    parser.add_argument("--out", type=Path, required=True, help="wav file to write")
    _json(parser)


def _render(args: Namespace) -> int:
    from toysound.one_sound import render_to_file

    _print(args.json, render_to_file(args.name, args.values, args.out))
    return 0


def _plot_arguments(parser: ArgumentParser) -> None:
    _name(parser)
    parser.add_argument("--out", type=Path, required=True, help="png file to write")


def _plot(args: Namespace) -> int:
    from toysound.plot import plot_traversals

    plot_traversals(args.name, args.out)
    print(f"wrote {args.out}")
    return 0


def _list(args: Namespace) -> int:
    from toysound.describe import overview

    _print(args.json, overview())
    return 0


def _show(args: Namespace) -> int:
    from toysound.describe import details

    _print(args.json, details(args.name))
    return 0


def _show_arguments(parser: ArgumentParser) -> None:
    _name(parser)
    _json(parser)


def _print(as_json: bool, answer: dict[str, object]) -> None:
    """Print an answer: its ``text`` for a person, everything else for a program."""
    if as_json:
        print(json.dumps({k: v for k, v in answer.items() if k != "text"}, indent=2))
    else:
        print(answer["text"])


LIST = Command("list the datasets and the question each asks", _json, _list)
SHOW = Command("show one dataset: factors, units, values, size", _show_arguments, _show)
PLOT = Command("draw a traversal of each factor", _plot_arguments, _plot)
GENERATE = Command("render datasets into files; run again to go on", _generate_arguments, _generate)
VERIFY = Command("recompute fingerprints and say what differs", _verify_arguments, _verify)
RENDER = Command("render one sound to a wav file", _render_arguments, _render)
