"""The child's side of the conversation: open one model, answer calls, until the harness hangs up.

Kinds of messages, from the harness: ``open`` (the model's name; the dataset, if one was given),
``call`` (a method and its arguments), ``samples`` (of the dataset, as was asked for). From the
child: ``opened`` (what the model is and offers), ``answer``, ``failed`` (a sentence), ``samples``
(which cells of the dataset it needs).
"""

import errno
from dataclasses import asdict
from typing import Any

import numpy as np

from benchmark.guard import describe_error
from benchmark.loading import LoadedModel, load_here
from benchmark.protocol import OPTIONAL, odd_pieces, read_piece
from benchmark.sandbox.channel import Channel
from benchmark.sandbox.limits import Limits, in_words
from benchmark.sandbox.walls import Walls
from benchmark.sandbox.wire import Array, Message, WireError, pack, unpack
from toysound.errors import ToySoundError, UsageError

#: What is read of a model beyond the names of :data:`benchmark.protocol.OPTIONAL`.
_ALWAYS = (
    "sample_rate",
    "latent_dim",
    "encode",
    "decode",
    "likelihood_space",
    "log_likelihood_samples",
    "closed",
    "fingerprint",
)

#: Exceptions that are followed back to their cause.
_CHAIN = 10

#: What the walls answer where a model runs into them.
_REFUSALS = (errno.EPERM, errno.EACCES, errno.EAGAIN, errno.ENETUNREACH)


def serve(socket_number: int, walls: Walls, limits: Limits) -> None:
    """Open a model and answer calls until the harness hangs up."""
    channel = Channel(socket_number, max_bytes=1 << 40)
    model: Any = None
    while (message := channel.receive()) is not None:
        try:
            if message.kind == "open":
                loaded = _open(message, channel)
                model = loaded.model
                channel.send(_introduction(loaded, walls))
            else:
                channel.send(_answer(model, message))
        except (Exception, SystemExit) as error:
            channel.send(Message("failed", _failure(error, limits)))


def _open(message: Message, channel: Channel) -> LoadedModel:
    if not message.arrays:
        return load_here(message.data["spec"], None)
    from benchmark.sandbox.asked import AskedDataset

    return load_here(message.data["spec"], AskedDataset(message.arrays[0], channel))


def _introduction(loaded: LoadedModel, walls: Walls) -> Message:
    odd = odd_pieces(loaded.model)
    values: dict[str, Any] = {}
    methods = []
    for name in (*_ALWAYS, *(name for piece in OPTIONAL for name in piece.names)):
        value = None if name in odd else read_piece(loaded.model, name)
        if callable(value):
            methods.append(name)
        elif value is not None:
            values[name] = _plain(value)
    values["num_parameters"] = loaded.parameters
    identity = {
        name: value[:500]
        for name, value in (
            ("name", loaded.name),
            ("source", loaded.source),
            ("format", loaded.format),
        )
    }
    return Message(
        "opened",
        {
            "identity": identity,
            "values": {name: value for name, value in values.items() if value is not None},
            "methods": methods,
            "notes": [*loaded.notes, *odd.values()],
            "walls": asdict(walls),
        },
    )


def _answer(model: Any, message: Message) -> Message:
    arguments = unpack(message.data["arguments"], message.arrays)
    value = getattr(model, message.data["method"])(*arguments)
    arrays: list[Array] = []
    return Message("answer", {"value": pack(value, arrays)}, tuple(arrays))


def _failure(error: BaseException, limits: Limits) -> dict[str, Any]:
    """Return what went wrong, and whether it is a sentence already."""
    own = isinstance(error, ToySoundError | WireError)
    sentence = str(error) if own else describe_error(error)
    if isinstance(error, MemoryError) or "allocate memory" in sentence:
        sentence += f"; its memory is limited to {in_words(limits.memory_bytes)}"
    refused = _system_error(error)
    if refused == errno.EFBIG:
        sentence += f"; a file may have {in_words(limits.file_bytes)}"
    elif refused in _REFUSALS:
        sentence += (
            "; a model in a child process may not start processes, use the network or write "
            "outside its folder"
        )
    return {"sentence": sentence[:2000], "own": own, "usage": isinstance(error, UsageError)}


def _system_error(error: BaseException) -> int | None:
    """Return the number of the system's error that is behind an exception, if one is."""
    link: BaseException | None = error
    for _ in range(_CHAIN):
        if link is None:
            return None
        if isinstance(link, OSError) and link.errno is not None:
            return link.errno
        link = link.__cause__ or link.__context__
    return None


def _plain(value: object) -> Any:
    """Return an attribute as JSON: a number, or a text."""
    if isinstance(value, bool | float) or (isinstance(value, int) and abs(value) < 2**63):
        return value
    if isinstance(value, np.integer):
        return int(value)
    return str(value)[:2000]
