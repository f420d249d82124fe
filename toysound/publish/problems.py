"""What is found wrong with the files of a dataset."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Problem:
    """One thing that is not as it should be.

    Attributes
    ----------
    sentence : what it is, naming the file or the cells
    files : the files to make again, relative to the dataset's folder
    """

    sentence: str
    files: tuple[str, ...] = ()
