"""One thread at a time for torch.

Sums are then taken in one order, whatever the machine's number of cores or its load, so that equal
inputs give equal bits. The networks of these baselines are small: waking a second thread for a
single sound costs more than it gains.
"""

from collections.abc import Iterator
from contextlib import contextmanager

import torch


@contextmanager
def one_thread() -> Iterator[None]:
    """Let torch use one thread within the block, and as many as before after it."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)
