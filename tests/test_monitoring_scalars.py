"""Scalars for TensorBoard, read back by TensorBoard's own reader: no gap, no double."""

from pathlib import Path

import pytest
from small_dataset import small_dataset
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from baselines import recipes
from baselines.checkpoint import load_model
from baselines.folder import SCALARS_FOLDER
from baselines.job import Job
from baselines.monitoring import Monitoring
from baselines.monitoring.scalars import scalars
from baselines.run import train
from baselines.training import Epoch, State

SMALL = [
    "network.width=16", "network.depth=1", "latent_dim=3", "training.batch_size=16",
    "training.epochs=4", "stem.components=8",
]  # fmt: skip
WATCHED = Monitoring(tensorboard=True)
ROW = Epoch(3, 1.0, -9.0, -8.0, 1.0, -9.5, 0.5, (2.0, 0.3))


def read(folder: Path) -> dict[str, list[tuple[int, float]]]:
    """Return the points of each tag of all files in a folder."""
    found = EventAccumulator(str(folder), size_guidance={"scalars": 0})
    found.Reload()
    return {tag: [(e.step, e.value) for e in found.Scalars(tag)] for tag in found.Tags()["scalars"]}


def test_every_number_of_an_epoch_has_a_tag() -> None:
    assert scalars(ROW) == {
        "weight": 1.0, "train_objective": -9.0, "log_likelihood": -8.0, "divergence": 1.0,
        "objective": -9.5, "unexplained": 0.5, "kl/1": 2.0, "kl/2": 0.3,
    }  # fmt: skip


def test_the_history_is_what_tensorboard_reads(tmp_path: Path) -> None:
    recipe = recipes.load("vae", SMALL)
    train(recipe, small_dataset(), tmp_path / "watched", monitoring=WATCHED)
    points = read(tmp_path / "watched" / SCALARS_FOLDER)
    header, *rows = (tmp_path / "watched" / "history.csv").read_text().splitlines()
    assert len(rows) == 4
    for number, name in enumerate(header.split(",")):
        if name == "epoch":
            continue
        written = [(i + 1, float(row.split(",")[number])) for i, row in enumerate(rows)]
        steps, values = zip(*points[name.replace("kl_", "kl/")], strict=True)
        assert steps == tuple(step for step, _ in written)
        assert values == pytest.approx([value for _, value in written], rel=1e-6)
    train(recipe, small_dataset(), tmp_path / "alone")
    models = [tmp_path / name / "model.safetensors" for name in ("watched", "alone")]
    assert models[0].read_bytes() == models[1].read_bytes()
    assert not (tmp_path / "alone" / SCALARS_FOLDER).exists()


def test_a_training_that_goes_on_leaves_neither_gaps_nor_doubles(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    recipe = recipes.load("vae", SMALL)
    keep = Job.checkpoint

    def stop(self: Job, state: State, part: str) -> None:
        keep(self, state, part)
        if len(state.history) == 2:
            raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(Job, "checkpoint", stop)
        with pytest.raises(KeyboardInterrupt):
            train(recipe, small_dataset(), tmp_path, checkpoint_every_s=0, monitoring=WATCHED)
    assert [step for step, _ in read(tmp_path / SCALARS_FOLDER)["objective"]] == [1, 2]
    train(recipe, small_dataset(), tmp_path, monitoring=WATCHED)
    assert [step for step, _ in read(tmp_path / SCALARS_FOLDER)["objective"]] == [1, 2, 3, 4]
    assert load_model(tmp_path / "model.safetensors")


def test_a_training_anew_forgets_the_old_points(tmp_path: Path) -> None:
    train(recipes.load("vae", SMALL), small_dataset(), tmp_path, monitoring=WATCHED)
    shorter = recipes.load("vae", [*SMALL, "training.epochs=1"])
    train(shorter, small_dataset(), tmp_path, force=True)
    assert not list((tmp_path / SCALARS_FOLDER).glob("events*"))
