"""The subcommand ``roundtrip``: hear what a representation loses."""

import json
from argparse import ArgumentParser, Namespace
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

from toysound.command import Command
from toysound.errors import ToySoundError, UsageError

if TYPE_CHECKING:
    from baselines.roundtrip import RoundTrip


def _add_arguments(parser: ArgumentParser) -> None:
    parser.add_argument("file", type=Path, metavar="FILE", help="a sound file, of any rate")
    parser.add_argument(
        "--representation",
        metavar="NAME[:option=value,...]",
        help="the view, such as log_mel:bands=64",
    )
    parser.add_argument(
        "--set",
        action="append",
        default=[],
        metavar="KEY=VALUE",
        dest="changes",
        help="an option of the view, such as iterations=32",
    )
    parser.add_argument("--out", type=Path, metavar="Y.wav", help="WAV file to write, mono")
    parser.add_argument(
        "--all",
        type=Path,
        metavar="DIR",
        dest="folder",
        help="write one file for every view and the original, to hear them side by side",
    )
    parser.add_argument("--float", action="store_true", help="32-bit floats instead of 16 bits")
    parser.add_argument("--json", action="store_true", help="print JSON for a program")


def _run(args: Namespace) -> int:
    from baselines.chosen_view import default_choices, parse
    from baselines.roundtrip import round_trip, write_mono

    if args.folder is None:
        if args.representation is None or args.out is None:
            raise UsageError("give --representation NAME and --out Y.wav, or --all DIR")
        choice = parse(args.representation, args.changes)
        made = round_trip(args.file, choice, args.out, floating=args.float, show=True)
        print(json.dumps(_answer(made), indent=2) if args.json else _text(made))
        return 0
    if args.representation is not None or args.out is not None or args.changes:
        raise UsageError("--all takes every view as it is; leave --representation, --set, --out")
    write_mono(args.file, args.folder / "original.wav", floating=args.float)
    rows, refused = [], {}
    for choice in default_choices():
        out = args.folder / f"{choice.file_stem}.wav"
        try:
            rows.append(round_trip(args.file, choice, out, floating=args.float, show=True))
        except ToySoundError as error:  # a view that cannot take this sound does not stop others
            refused[choice.text] = str(error)
    if args.json:
        answer = {"written": [_answer(row) for row in rows], "refused": refused}
        print(json.dumps(answer, indent=2))
    else:
        print(_table(args.folder, rows, refused))
    return 0


def _answer(made: "RoundTrip") -> dict[str, object]:
    return asdict(made) | {"seconds": made.seconds}


def _text(made: "RoundTrip") -> str:
    """Return the figures of one round trip for a person."""
    mixed = f", {made.channels} channels averaged into one" if made.channels > 1 else ""
    cut = f", in {made.blocks} blocks with cross-fades" if made.blocks > 1 else ""
    shape = " x ".join(f"{size:,}" for size in made.shape)
    lines = [
        f"wrote {made.file}: {made.representation}",
        f"  sound   {made.num_samples:,} samples at {made.sample_rate:,} Hz, {made.seconds:.3f} s"
        f"{mixed}{cut}",
        f"  shape   {shape} ({made.unit}), {made.redundancy:.2f} coefficients per sample",
        f"  lost    {made.loss or 'nothing but rounding'}",
        f"  SNR     {_snr(made)}, level {_signed(made.level_change_db)}",
        f"  time    analysis {1000 * made.analysis_s:.1f} ms, "
        f"inverse {1000 * made.inverse_s:.1f} ms of one processor",
    ]
    if made.peak > 1:
        lines.append(f"  loud    the sound itself goes to {made.peak:.2f} times full scale")
    if made.clipped:
        lines.append(f"  clipped samples that are cut off at full scale: {made.clipped:,}")
    return "\n".join(lines)


def _table(folder: Path, rows: "list[RoundTrip]", refused: dict[str, str]) -> str:
    """Return one line for each view."""
    width = max(map(len, [*(row.representation for row in rows), *refused]))
    lines = [
        f"wrote {len(rows)} round trips and original.wav to {folder}",
        f"{'view':{width}}  per sample           SNR     level  inverse ms  clipped",
    ]
    lines += [
        f"{row.representation:{width}}  {row.redundancy:10.2f}  {_snr(row):>12}"
        f"  {_signed(row.level_change_db):>8}  {1000 * row.inverse_s:10.1f}  {row.clipped:7,}"
        for row in rows
    ]
    return "\n".join([*lines, *(f"{name:{width}}  {why}" for name, why in refused.items())])


def _snr(made: "RoundTrip") -> str:
    if made.identical:
        return "to the bit"
    return "none, silent" if made.snr_db is None else f"{made.snr_db:.1f} dB"


def _signed(decibels: float | None) -> str:
    return "–" if decibels is None else f"{decibels + 0.0:+.2f} dB"


ROUNDTRIP = Command(
    "send a sound through a representation and back, to hear what it loses", _add_arguments, _run
)
