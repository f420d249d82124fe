"""The harness's side of a model in a child process.

:class:`Isolated` keeps the protocol of any model: its attributes are copies of the child's, its
methods send their arguments there and wait (:mod:`benchmark.sandbox.process`). When a limit is
passed, the whole process group is killed. Whatever ends the child becomes one sentence, and stays
the answer to every later call.
"""

import math
import pickle
import time
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from benchmark.sandbox.limits import Limits
from benchmark.sandbox.process import Child, LimitPassed, one_line
from benchmark.sandbox.wire import Array, Message, WireError, pack, unpack
from toysound.errors import ToySoundError, UsageError

if TYPE_CHECKING:
    from toysound.dataset import Dataset


class Isolated:
    """A model in a child process.

    Parameters
    ----------
    spec : its name, as on the command line
    limits : what it may use
    dataset : given to a model that is made from one; it stays here and answers the child's requests

    Attributes
    ----------
    name, source, format : as in :class:`benchmark.loading.LoadedModel`
    notes : which limits this platform does not have, and what loading it said, one sentence each
    walls : what is limited, and by what

    Raises
    ------
    UsageError
        If the name names nothing.
    ToySoundError
        If it cannot be loaded, or runs into a limit before it is.
    """

    def __init__(
        self, spec: str, limits: Limits | None = None, *, dataset: "Dataset | None" = None
    ) -> None:
        self._limits = limits or Limits()
        self.name = Path(spec.partition(":")[0]).name or spec
        self._dataset = dataset
        self._child = Child(self._limits)
        self._ended: str | None = None
        arrays: tuple[Array, ...] = ()
        if dataset is not None:
            settings = pickle.dumps({"spec": dataset.spec, "size": len(dataset)})
            arrays = (np.frombuffer(settings, dtype=np.uint8),)
        opening = Message("open", {"spec": _absolute(spec)}, arrays)
        introduction = self._exchange("loading", opening, self._limits.start_s)
        try:
            self._introduce(introduction)
        except (WireError, KeyError, TypeError, AttributeError) as error:
            raise self._stop(f"loading failed: it introduced itself wrongly ({error})") from None

    def _introduce(self, message: Message) -> None:
        """Take over what the child says of its model."""
        data = message.data
        self.name, self.source, self.format = (one_line(data["identity"][key]) for key in _IDENTITY)
        self._values = {str(k): _checked_value(v) for k, v in data["values"].items()}
        self._methods = tuple(str(name) for name in data["methods"])
        self.walls = {str(k): one_line(v) for k, v in data["walls"]["held"].items()}
        said = [*data["walls"]["missing"], *data["notes"]]
        self.notes = tuple(one_line(note) for note in said[:20])

    def __getattr__(self, name: str) -> Any:
        if not name.startswith("_"):
            if name in self._methods:
                return partial(self._call, name)
            if name in self._values:
                return self._values[name]
        raise AttributeError(f"the model '{self.__dict__.get('name', '')}' has no '{name}'")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def process(self) -> int:
        """Number of the child process, which is also that of its group."""
        return self._child.process.pid

    @property
    def last_words(self) -> str:
        """What the model printed last."""
        return self._child.last_words

    def close(self) -> None:
        """End the child and remove its folder."""
        self._ended = self._ended or f"model '{self.name}' is closed"
        self._child.close()

    def _call(self, method: str, *arguments: Any) -> Any:
        arrays: list[Array] = []
        packed = pack(tuple(arguments), arrays)
        message = Message("call", {"method": method, "arguments": packed}, tuple(arrays))
        answer = self._exchange(method, message, self._limits.call_s)
        try:
            return unpack(answer.data.get("value"), answer.arrays)
        except WireError as error:
            raise ToySoundError(f"model '{self.name}': {method} {error}") from None

    def _exchange(self, doing: str, message: Message, seconds: float) -> Message:
        """Send a message and wait for the answer; serve sounds of the dataset meanwhile.

        Raises
        ------
        ToySoundError
            If the child fails, ends, or passes a limit.
        """
        if self._ended is not None:
            raise ToySoundError(self._ended)
        deadline = time.monotonic() + seconds
        try:
            answer = self._child.exchange(message, deadline)
            while answer.kind == "samples":
                answer = self._child.exchange(self._samples(answer), deadline)
        except LimitPassed as passed:
            raise self._stop(f"{doing} {passed}") from None
        except BaseException:  # interrupted in the middle: nothing can follow
            self.close()
            raise
        if answer.kind == "failed":
            self._raise(doing, answer)
        return answer

    def _samples(self, message: Message) -> Message:
        """Return the sounds of the dataset that the child asks for."""
        if self._dataset is None or len(message.arrays) != 1:
            raise LimitPassed("failed: it asked for sounds of a dataset that it was not given")
        try:
            return Message("samples", {}, (self._dataset.samples(message.arrays[0]),))
        except ToySoundError as error:
            return Message("failed", {"sentence": str(error)})

    def _raise(self, doing: str, answer: Message) -> None:
        sentence = one_line(answer.data.get("sentence"))
        if doing == "loading":
            self.close()
        kind = UsageError if answer.data.get("usage") is True else ToySoundError
        if answer.data.get("own") is True:
            raise kind(sentence)
        raise ToySoundError(f"model '{self.name}': {doing} failed: {sentence}")

    def _stop(self, what: str) -> ToySoundError:
        """End the child; what ended it is the answer to every later call."""
        self._ended = f"model '{self.name}': {what}"
        self._child.close()
        return ToySoundError(self._ended)


_IDENTITY = ("name", "source", "format")


def _absolute(spec: str) -> str:
    """Return a name whose path, if it is one, does not depend on the current folder."""
    head, colon, attribute = spec.rpartition(":")
    if not colon or not attribute.isidentifier():
        head, colon, attribute = spec, "", ""
    path = Path(head)
    is_path = head.endswith(".py") if attribute else bool(path.suffix) or path.exists()
    return f"{path.absolute()}{colon}{attribute}" if is_path else spec


def _checked_value(value: object) -> str | int | float | bool:
    if isinstance(value, str):
        return one_line(value)
    if isinstance(value, bool | int) or (isinstance(value, float) and math.isfinite(value)):
        return value
    raise WireError("an attribute is neither a number nor a text")
