"""A dataset in the child process: its labels are here, its sounds are asked for.

The samples stay with the harness, so that a model made from a dataset hears what it would hear
outside, and nothing is rendered twice.
"""

import pickle

import numpy as np
from numpy.typing import NDArray

from benchmark.sandbox.channel import Channel
from benchmark.sandbox.wire import Array, Message
from toysound.dataset import Dataset
from toysound.errors import ToySoundError


class AskedSamples:
    """The samples of a dataset that lies with the harness."""

    def __init__(self, channel: Channel) -> None:
        self._channel = channel

    def samples(self, indices: NDArray[np.int64]) -> NDArray[np.int16]:
        """Return the samples of these cells, shape (n, T)."""
        self._channel.send(Message("samples", {}, (indices,)))
        answer = self._channel.receive()
        if answer is None:
            raise SystemExit
        if answer.kind == "failed":
            raise ToySoundError(str(answer.data["sentence"]))
        return answer.arrays[0].astype(np.int16)


class AskedDataset(Dataset):
    """A dataset whose samples lie with the harness.

    Parameters
    ----------
    settings : the pickled specification and size, from the harness
    channel : to it
    """

    def __init__(self, settings: Array, channel: Channel) -> None:
        told = pickle.loads(settings.tobytes())  # the harness is trusted; the child is not
        super().__init__(told["spec"], AskedSamples(channel))
        self._size = told["size"]
