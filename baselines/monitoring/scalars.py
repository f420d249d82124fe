"""The history of a training as TensorBoard shows it.

    tensorboard --logdir DIR

Each column of ``history.csv`` is a scalar of the same name, and the KL divergence of dimension i is
``kl/i``; the step is the epoch.

A training that goes on writes all it has from its first epoch on: epochs that were done after the
last checkpoint, and are done again, would stand there twice otherwise. The new file says that the
session began anew, so that a TensorBoard that is open forgets the old points, too.
"""

from pathlib import Path

from torch.utils.tensorboard import SummaryWriter

from baselines.training import Epoch, State

#: How the names of TensorBoard's own files start.
_EVENTS = "events.out.tfevents"


class Scalars:
    """A watcher that writes the scalars of each epoch.

    Parameters
    ----------
    folder : made if it is missing; scalars in it are those of the same training and are replaced
    state : of the training; the epochs that it has behind it are written at once
    """

    def __init__(self, folder: Path, state: State) -> None:
        for old in folder.glob(f"{_EVENTS}.*"):
            old.unlink()
        self._writer = SummaryWriter(str(folder), purge_step=0)
        self._written = 0
        self(state)

    def __call__(self, state: State) -> None:
        """Write the epochs that are not written yet."""
        for row in state.history[self._written :]:
            for tag, value in scalars(row).items():
                self._writer.add_scalar(tag, value, row.epoch)
        self._written = len(state.history)
        self._writer.flush()

    def close(self) -> None:
        """Close the file."""
        self._writer.close()


def scalars(row: Epoch) -> dict[str, float]:
    """Return the scalars of an epoch by name."""
    columns = {name: getattr(row, name) for name in row.columns() if name != "epoch"}
    return columns | {f"kl/{i}": nats for i, nats in enumerate(row.kl, start=1)}
