"""The subcommand ``train``."""

import json
from argparse import ArgumentParser, Namespace
from dataclasses import asdict
from pathlib import Path

from toysound.command import Command
from toysound.errors import UsageError


def _train_arguments(parser: ArgumentParser) -> None:
    parser.add_argument("recipe", metavar="RECIPE", help="a recipe's name, or a TOML file")
    parser.add_argument(
        "--dataset", metavar="NAME", required=True, help="name or folder of a dataset"
    )
    parser.add_argument("--out", type=Path, metavar="DIR", required=True, help="folder to write")
    parser.add_argument("--seed", type=int, default=0, help="of every random draw (default: 0)")
    parser.add_argument(
        "--set",
        action="append",
        default=[],
        metavar="KEY=VALUE",
        dest="changes",
        help="change a field of the recipe, such as training.epochs=10",
    )
    parser.add_argument("--force", action="store_true", help="train anew whatever DIR holds")
    parser.add_argument(
        "--turn",
        type=Path,
        metavar="DIR",
        help="for a recipe with a rotation: turn the codes of a finished training without it",
    )
    parser.add_argument(
        "--checkpoint-every",
        type=float,
        default=10.0,
        metavar="SECONDS",
        help="a stopped training goes on from its last checkpoint (default: 10)",
    )
    parser.add_argument(
        "--device", default="cpu", help="cpu, cuda, or auto for what there is (default: cpu)"
    )
    parser.add_argument(
        "--precision",
        default="float32",
        help="of the networks' products: float32 or bfloat16 (default: float32)",
    )
    parser.add_argument(
        "--tensorboard", action="store_true", help="write each epoch for TensorBoard"
    )
    parser.add_argument(
        "--samples", type=int, default=0, metavar="N", help="write N sounds after each epoch"
    )
    parser.add_argument(
        "--samples-every", type=int, metavar="EPOCHS", help="not after each (default: 1)"
    )
    parser.add_argument(
        "--plots", action="store_true", help="draw curves.png and kl.png, also of what is finished"
    )
    parser.add_argument(
        "--bounds", action="store_true", help="measure how wrong the posterior is: bounds.csv"
    )
    parser.add_argument("--json", action="store_true", help="print JSON for a program")


def _train(args: Namespace) -> int:
    from baselines import recipes, report
    from baselines.arithmetic import Arithmetic
    from baselines.monitoring import Monitoring
    from baselines.run import train
    from toysound.dataset import load

    if not 0 <= args.seed < 2**63:
        raise UsageError(f"--seed must be 0 or more and below 2**63, got {args.seed}")
    if not args.checkpoint_every >= 0:
        raise UsageError(f"--checkpoint-every must be 0 or more, got {args.checkpoint_every}")
    if args.samples < 0:
        raise UsageError(f"--samples must be 0 or more, got {args.samples}")
    if args.samples_every is not None and args.samples_every < 1:
        raise UsageError(f"--samples-every must be 1 or more, got {args.samples_every}")
    if args.samples_every is not None and not args.samples:
        raise UsageError("--samples-every says how often; --samples N says how many sounds")
    recipe = recipes.load(args.recipe, args.changes)
    monitoring = Monitoring(
        args.tensorboard, args.samples, args.samples_every or 1, args.plots, args.bounds
    )
    if monitoring.watches and not recipe.learns:
        raise UsageError(
            f"recipe '{recipe.name}' is fitted in closed form: there are no epochs to watch"
        )
    if monitoring.bounds and not recipe.sampled:
        raise UsageError(
            f"codes of recipe '{recipe.name}' are points: there is no posterior whose bounds could "
            "be measured"
        )
    if monitoring.during and args.turn:
        raise UsageError(
            "--turn trains nothing: there are no epochs to watch; --plots can be drawn"
        )
    summary, before = train(
        recipe,
        load(args.dataset),
        args.out,
        seed=args.seed,
        force=args.force,
        turn=args.turn,
        checkpoint_every_s=args.checkpoint_every,
        arithmetic=Arithmetic.chosen(args.device, args.precision),
        monitoring=monitoring,
        show=True,
    )
    model = args.out / "model.safetensors"
    if args.json:
        answer = asdict(summary) | {"model": str(model), "finished_before": before}
        print(json.dumps(answer, indent=2))
    else:
        print(report.text(summary, args.dataset, model, before=before, turned=args.turn))
    return 0


TRAIN = Command(
    "train a baseline from a recipe; run again to go on", _train_arguments, _train, resumes=True
)
