"""The subcommands of the generator. Only calls are made here; the work is done in the modules."""

import json
import time
from argparse import ArgumentParser, Namespace
from pathlib import Path
from shutil import get_terminal_size

from toysound.command import Command
from toysound.errors import ToySoundError, UsageError


def _json(parser: ArgumentParser) -> None:
    parser.add_argument("--json", action="store_true", help="print JSON for a program")


def _dataset(parser: ArgumentParser) -> None:
    parser.add_argument("name", metavar="NAME", help="a dataset; 'toysound list' shows all")
    _json(parser)


def _generate_arguments(parser: ArgumentParser) -> None:
    parser.add_argument("names", metavar="NAME", nargs="+", help="datasets")
    parser.add_argument("--out", required=True, help="folder for NAME/, or a URL such as s3://...")
    parser.add_argument("--format", default="parquet", help="parquet,npz,wav (default: parquet)")
    parser.add_argument("--workers", type=int, help="processes (default: one for each core)")
    parser.add_argument("--scheduler", metavar="tcp://HOST:PORT", help="work on a Dask cluster")
    parser.add_argument("--limit", type=int, help="only the first LIMIT cells")
    _json(parser)


def _generate(args: Namespace) -> int:
    from toysound.catalog import get_spec
    from toysound.publish.formats import parse_formats
    from toysound.publish.generate import generate
    from toysound.publish.places import place_at
    from toysound.publish.verify import summary
    from toysound.workers import available_cores

    if args.workers is not None and args.workers < 1:
        raise UsageError(f"--workers must be at least 1, got {args.workers}")
    if args.workers is not None and args.scheduler is not None:
        raise UsageError("give --workers or --scheduler, not both: a cluster has its own workers")
    workers = args.workers or available_cores()
    formats = [f.name for f in parse_formats(args.format)]
    specs = [get_spec(name) for name in dict.fromkeys(args.names)]
    for spec in specs:
        start = time.perf_counter()
        done = generate(spec.name, args.out, formats, workers, args.limit, scheduler=args.scheduler)
        seconds = time.perf_counter() - start
        _print(args.json, summary(place_at(args.out, spec.name), done, seconds))
    return 0


def _verify_arguments(parser: ArgumentParser) -> None:
    parser.add_argument("folder", metavar="DIR", help="folder of a generated dataset, or its URL")
    _json(parser)


def _verify(args: Namespace) -> int:
    from toysound.publish.verify import verify

    report = verify(args.folder)
    _print(args.json, report.to_json() if args.json else {"text": report.to_text()})
    if report.problems:
        raise ToySoundError(f"'{args.folder}' differs in {len(report.problems)} place(s)")
    return 0


def _render_arguments(parser: ArgumentParser) -> None:
    _dataset(parser)
    parser.add_argument("values", metavar="factor=value", nargs="*", help="others: the middle one")
    parser.add_argument("--out", type=Path, required=True, help="wav file to write")


def _render(args: Namespace) -> int:
    from toysound.one_sound import render_to_file

    _print(args.json, render_to_file(args.name, args.values, args.out))
    return 0


def _plot_arguments(parser: ArgumentParser) -> None:
    _dataset(parser)
    parser.add_argument("--out", type=Path, required=True, help="picture, or .html to listen")


def _plot(args: Namespace) -> int:
    from toysound.plot import plot

    plot(args.name, args.out)
    _print(args.json, {"file": str(args.out), "text": f"wrote {args.out}"})
    return 0


def _list_arguments(parser: ArgumentParser) -> None:
    parser.add_argument("wanted", metavar="TIER|FACTOR", nargs="?", help="only its datasets")
    _json(parser)


def _list(args: Namespace) -> int:
    from toysound.describe import overview

    _print(args.json, overview(args.wanted, get_terminal_size((100, 24)).columns))
    return 0


def _show(args: Namespace) -> int:
    from toysound.describe import details

    _print(args.json, details(args.name, get_terminal_size((100, 24)).columns))
    return 0


def _publish_arguments(parser: ArgumentParser) -> None:
    parser.add_argument("folder", metavar="DIR", help="a generated dataset, or several")
    parser.add_argument("--repo", required=True, metavar="OWNER/NAME", help="a repository")
    parser.add_argument("--dry-run", action="store_true", help="only list what would go up")
    parser.add_argument("--private", action="store_true", help="make a new repository private")
    parser.add_argument("--revision", help="branch of the repository (default: main)")
    parser.add_argument("--no-verify", action="store_true", help="do not recompute fingerprints")
    _json(parser)


def _publish(args: Namespace) -> int:
    from toysound.publish.hub import publish_folder

    options = (not args.no_verify, args.private, args.revision, args.dry_run)
    _print(args.json, publish_folder(args.folder, args.repo, *options))
    return 0


def _print(as_json: bool, answer: dict[str, object]) -> None:
    """Print an answer: its ``text`` for a person, everything else for a program."""
    if as_json:
        print(json.dumps({k: v for k, v in answer.items() if k != "text"}, indent=2))
    else:
        print(answer["text"])


LIST = Command("list the datasets and the question each asks", _list_arguments, _list)
SHOW = Command("show one dataset: factors, units, values, size", _dataset, _show)
PLOT = Command("draw a traversal of each factor", _plot_arguments, _plot)
GENERATE = Command(
    "render datasets into files; run again to go on", _generate_arguments, _generate, resumes=True
)
VERIFY = Command("recompute fingerprints and say what differs", _verify_arguments, _verify)
RENDER = Command("render one sound to a wav file", _render_arguments, _render)
PUBLISH = Command("send generated datasets to the Hugging Face Hub", _publish_arguments, _publish)
