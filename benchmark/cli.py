"""The subcommands ``check`` and ``score``.

A model may print; what it prints goes to standard error, so that standard output holds the answer
and nothing else.
"""

import json
import os
import sys
from argparse import ArgumentParser, Namespace
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stdout
from pathlib import Path

from toysound.command import Command
from toysound.errors import UsageError


def _common(parser: ArgumentParser) -> None:
    parser.add_argument(
        "model", metavar="MODEL", help="file.py:Class, package.module:Class, a file, or a name"
    )
    parser.add_argument(
        "--dataset", metavar="NAME", required=True, help="name or folder of a dataset"
    )
    parser.add_argument(
        "--trust", action="store_true", help="open a file that can run code, in a limited process"
    )
    parser.add_argument(
        "--isolate", action="store_true", help="run the model in a limited process, whatever it is"
    )
    parser.add_argument("--json", action="store_true", help="print JSON for a program")


def _score_arguments(parser: ArgumentParser) -> None:
    _common(parser)
    parser.add_argument("--out", type=Path, metavar="FILE", help="result.json to write")
    parser.add_argument("--seed", type=int, default=0, help="of cells and metrics (default: 0)")


def _check(args: Namespace) -> int:
    from benchmark.check import check
    from toysound.dataset import load

    with _model_may_print():
        report = check(args.model, load(args.dataset), trust=args.trust, isolate=args.isolate)
    print(json.dumps(report.to_json(), indent=2) if args.json else report.to_text())
    return 0 if report.can_be_scored else 1


def _score(args: Namespace) -> int:
    if args.seed < 0:
        raise UsageError(f"--seed must be 0 or more, got {args.seed}")
    if args.out is not None:
        _can_write(args.out)
    from benchmark.audition import audition_path
    from benchmark.items import items_path
    from benchmark.scoring import evaluate
    from benchmark.summary import summarise_result

    with _model_may_print():
        evaluation = evaluate(
            args.model,
            args.dataset,
            seed=args.seed,
            trust=args.trust,
            isolate=args.isolate,
            progress=True,
        )
    for sentence in evaluation.warnings:
        print(f"warning: {sentence}", file=sys.stderr)
    result = evaluation.result
    if args.out is not None:
        evaluation.audition.save(audition_path(args.out))
        evaluation.items.save(items_path(args.out))
        result.save(args.out)
    if args.json:
        print(result.to_json(), end="")
        return 0
    print(summarise_result(result))
    if args.out is not None:
        print(f"\nwrote {args.out}, with its sounds and single numbers in .npz beside it")
    return 0


def _can_write(path: Path) -> None:
    """Refuse a path that cannot be written before a minute has been spent on it."""
    if path.is_dir():
        raise UsageError(f"--out '{path}' is a folder; name a file, such as {path / 'result.json'}")
    folder = next(parent for parent in path.absolute().parents if parent.exists())
    if not folder.is_dir() or not os.access(folder, os.W_OK):
        raise UsageError(f"--out '{path}' cannot be written: '{folder}' is not a writable folder")


@contextmanager
def _model_may_print() -> Iterator[None]:
    """Send standard output to standard error, also that of compiled code."""
    sys.stdout.flush()
    saved = os.dup(1)
    os.dup2(2, 1)
    try:
        with redirect_stdout(sys.stderr):
            yield
    finally:
        os.dup2(saved, 1)
        os.close(saved)


CHECK = Command("say whether a model keeps the protocol, and what is missing", _common, _check)
SCORE = Command("compute every metric of a model on a dataset", _score_arguments, _score)
