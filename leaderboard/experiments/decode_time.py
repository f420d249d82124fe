"""How long a model takes from one latent to a sound, for every model of a sweep.

    python -m leaderboard.experiments.decode_time sweep/representations/tones --json FILE

The folder holds a folder for each row, and in it one for each seed. A time is the median, over
latents of test sounds that are decoded one by one on one thread, of the processor time, which is
that of the clock on an idle machine and does not grow on a busy one.
"""

import argparse
import json
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from baselines.checkpoint import load_model
from baselines.model import Baseline
from benchmark.environment import describe
from leaderboard.experiments.view_rows import views
from toysound.command import said
from toysound.dataset import load
from toysound.files import write_text

#: Latents that are timed, after a few that warm up.
TIMED, WARM_UP = 60, 5


def decode_ms(model: Baseline, dataset_name: str) -> float:
    """Return the median processor time of one latent to one sound, ms."""
    dataset = load(dataset_name)
    mean, _ = model.encode(dataset.audio(dataset.split("test")[: TIMED + WARM_UP]))
    spent = []
    for latent in mean:
        start = time.thread_time()
        model.decode(latent[None])
        spent.append(time.thread_time() - start)
    return float(np.median(spent[WARM_UP:]) * 1000)


def main(arguments: Sequence[str] | None = None) -> int:
    """Time every model in a folder."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("folder", type=Path, help="of one dataset of a sweep")
    parser.add_argument("--json", type=Path, required=True, metavar="FILE")
    chosen = parser.parse_args(arguments)
    files = {view: chosen.folder / row / "0/model.safetensors" for view, row in views().items()}
    times = {
        view: round(decode_ms(load_model(path), chosen.folder.name), 2)
        for view, path in sorted(files.items())
        if path.exists()
    }
    answer = {"dataset": chosen.folder.name, "cpu": describe().cpu, "milliseconds": times}
    write_text(chosen.json, json.dumps(answer, indent=2) + "\n")
    print(json.dumps(times, indent=2))
    return 0


if __name__ == "__main__":
    raise SystemExit(said(main))
