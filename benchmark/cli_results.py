"""The subcommands ``compare``, ``udr`` and ``metrics``: what is known of results and of metrics."""

import json
from argparse import ArgumentParser, Namespace
from dataclasses import asdict
from pathlib import Path

from toysound.command import Command
from toysound.errors import UsageError


def _compare_arguments(parser: ArgumentParser) -> None:
    parser.add_argument("first", type=Path, metavar="RESULT", help="result.json of one model")
    parser.add_argument("second", type=Path, metavar="RESULT", help="result.json of the other")
    parser.add_argument("--json", action="store_true", help="print JSON for a program")


def _compare(args: Namespace) -> int:
    from benchmark.comparison import compare_results

    found = compare_results(args.first, args.second)
    print(json.dumps(asdict(found), indent=2) if args.json else found.to_text())
    return 0


def _metrics_arguments(parser: ArgumentParser) -> None:
    parser.add_argument("metric", nargs="?", metavar="NAME", help="explain one metric in full")
    parser.add_argument(
        "--dataset", metavar="NAME", help="what perfect, rotated, ... and noise codes score on it"
    )
    parser.add_argument("--seed", type=int, default=0, help="of cells and metrics (default: 0)")
    parser.add_argument("--json", action="store_true", help="print JSON for a program")


def _metrics(args: Namespace) -> int:
    from benchmark import explain

    if args.metric is not None and args.dataset is not None:
        raise UsageError("name a metric, or a dataset with --dataset, not both")
    if args.metric is not None:
        text = explain.explain(args.metric)
        print(json.dumps({"name": args.metric, "text": text}) if args.json else text)
    elif args.dataset is not None:
        from toysound.dataset import load

        if args.seed < 0:
            raise UsageError(f"--seed must be 0 or more, got {args.seed}")
        framing = explain.frame_of(load(args.dataset), seed=args.seed, progress=True)
        print(framing.model_dump_json(indent=2) if args.json else explain.frame_text(framing))
    else:
        print(json.dumps(explain.list_metrics()) if args.json else explain.metrics_text())
    return 0


def _udr_arguments(parser: ArgumentParser) -> None:
    parser.add_argument(
        "results", type=Path, nargs="+", metavar="RESULT", help="result.json of each training"
    )
    parser.add_argument("--json", action="store_true", help="print JSON for a program")


def _udr(args: Namespace) -> int:
    from benchmark.agreement import agreement

    found = agreement(args.results)
    print(json.dumps(asdict(found), indent=2) if args.json else found.to_text())
    return 0


COMPARE = Command(
    "say in which numbers one model is better than another", _compare_arguments, _compare
)
UDR = Command("say how far trainings of several seeds agree", _udr_arguments, _udr)
METRICS = Command("explain the metrics, or score reference codes", _metrics_arguments, _metrics)
