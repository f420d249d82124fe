"""``toysound sweep``: a plan's models trained, scored and put into a table."""

import json
import sys
from argparse import ArgumentParser, Namespace
from pathlib import Path
from typing import TYPE_CHECKING

from toysound.command import Command
from toysound.errors import ToySoundError, UsageError

if TYPE_CHECKING:
    from leaderboard.plan import Job
    from leaderboard.sweep import Places


def _add_arguments(parser: ArgumentParser) -> None:
    parser.add_argument("plan", metavar="PLAN", help="a plan's name, or a TOML file")
    parser.add_argument("--out", type=Path, metavar="DIR", help="trainings (default: sweep/NAME)")
    parser.add_argument("--results", type=Path, metavar="DIR", help="(default: DIR/results)")
    parser.add_argument("--workers", type=int, metavar="N", help="jobs at a time (default: cores)")
    parser.add_argument("--scheduler", metavar="ADDRESS", help="Dask cluster, tcp://HOST:PORT")
    parser.add_argument(
        "--only", action="append", default=[], metavar="PATTERN", help="rows such as 'vae-*'"
    )
    parser.add_argument("--dataset", action="append", default=[], metavar="NAME", dest="datasets")
    parser.add_argument("--seed", action="append", type=int, default=[], dest="seeds")
    parser.add_argument("--no-sounds", action="store_true", help="keep no sounds beside results")
    parser.add_argument("--force", action="store_true", help="train and score anew")
    parser.add_argument("--dry-run", action="store_true", help="say what would be done")
    parser.add_argument("--json", action="store_true", help="print JSON for a program")


def _run(args: Namespace) -> int:
    from leaderboard import plan as plans
    from leaderboard import sweep
    from toysound.cluster import checked_address
    from toysound.workers import available_cores

    workers = available_cores() if args.workers is None else args.workers
    if workers < 1:
        raise UsageError(f"--workers must be at least 1, got {args.workers}")
    if any(seed < 0 for seed in args.seeds):
        raise UsageError(f"--seed must be 0 or more, got {min(args.seeds)}")
    if args.scheduler is not None:
        checked_address(args.scheduler)
    plan = plans.load(args.plan)
    jobs = plans.jobs(plan, args.only, args.datasets, args.seeds)
    out = args.out or Path("sweep") / plan.name
    places = sweep.Places(out, args.results or out / "results", not args.no_sounds)
    if args.dry_run:
        return _dry_run(jobs, places, args)
    outcomes = sweep.run(
        jobs, places, workers=workers, scheduler=args.scheduler, force=args.force, show=True
    )
    failed = [outcome for outcome in outcomes if outcome.error is not None]
    if args.json:
        print(json.dumps(sweep.to_json(outcomes), indent=2))
    elif len(failed) < len(outcomes):
        _show(places.results)
    for outcome in failed:
        print(f"toysound: {outcome.label} failed: {outcome.error}", file=sys.stderr)
    if failed:
        raise ToySoundError(
            f"{len(failed)} of {len(jobs)} jobs failed; what is done is kept, and the same command "
            "tries the others again"
        )
    return 0


def _dry_run(jobs: "list[Job]", places: "Places", args: Namespace) -> int:
    """Say what would be done."""
    from leaderboard import sweep

    done = {job for job in jobs if not args.force and sweep.done_before(job, places)}
    if args.json:
        rows = [{"label": job.label, "done": job in done} for job in jobs]
        print(json.dumps(rows, indent=2))
        return 0
    for job in jobs:
        print(f"{'done ' if job in done else 'to do'}  {job.label}")
    print(f"{len(jobs)} jobs, {len(done)} done; results in '{places.results}'")
    return 0


def _show(results: Path) -> None:
    """Print the table of what was found."""
    import shutil

    from leaderboard.rows import boards_of, load_folder
    from leaderboard.tables import legend, to_text

    width = shutil.get_terminal_size((120, 24)).columns
    boards = boards_of(load_folder(results))
    print("\n".join([*(to_text(board, width) for board in boards), legend()]), end="")
    print(f"results in '{results}'; 'toysound leaderboard build --results {results}' makes a page")


SWEEP = Command("train and score every model of a plan", _add_arguments, _run, resumes=True)
