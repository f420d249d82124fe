"""What goes between the harness and a model in a child process.

A message is four bytes (the length of the header, big-endian), the header (JSON) and the bytes of
its arrays, one after the other. The header says the ``kind`` of the message, its ``data``, and
``arrays``: type and shape of each. Arrays are C-ordered and little-endian.

The child is not trusted. Nothing it sends is unpickled or evaluated; a header that is too long, an
array of another type than the table allows, or more bytes than the limit ends the conversation with
a :class:`WireError`.
"""

import json
import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]

#: Types of numbers that may be sent.
_TYPES = {
    np.dtype(name).str: np.dtype(name)
    for name in (
        *("<f2", "<f4", "<f8", "|b1", "|i1", "|u1"),
        *("<i2", "<i4", "<i8", "<u2", "<u4", "<u8"),
    )
}

_LENGTH = 4
_MAX_HEADER = 1 << 20
_MAX_ARRAYS = 64
_MAX_DIMENSIONS = 8
_MAX_DEPTH = 3


class WireError(Exception):
    """What came is no message, or is larger than it may be."""


@dataclass(frozen=True, eq=False)
class Message:
    """One message.

    Attributes
    ----------
    kind : what it asks or answers
    data : JSON data
    arrays : numbers, each of a type of the table above
    """

    kind: str
    data: dict[str, Any] = field(default_factory=dict)
    arrays: tuple[Array, ...] = ()


def to_bytes(message: Message) -> bytes:
    """Return a message as bytes.

    Raises
    ------
    WireError
        If an array is of another type than the table allows.
    """
    arrays = [np.ascontiguousarray(_little(array)) for array in message.arrays]
    for array in arrays:
        if array.dtype.str not in _TYPES:
            raise WireError(f"an array of {array.dtype} cannot be sent")
    shapes = [
        {"dtype": array.dtype.str, "shape": message.arrays[i].shape}
        for i, array in enumerate(arrays)
    ]
    header = {"kind": message.kind, "data": message.data, "arrays": shapes}
    text = json.dumps(header, allow_nan=False).encode()
    if len(text) > _MAX_HEADER:
        raise WireError("a header is too long")
    return b"".join([len(text).to_bytes(_LENGTH, "big"), text, *(a.tobytes() for a in arrays)])


class Reader:
    """Puts messages together from pieces of any size.

    Parameters
    ----------
    max_bytes : largest sum of the arrays of a message
    """

    def __init__(self, max_bytes: int) -> None:
        self._max_bytes = max_bytes
        self._held = bytearray()
        self._header: tuple[dict[str, Any], list[tuple[np.dtype[Any], tuple[int, ...]]]] | None
        self._header = None
        self._needed = _LENGTH

    def feed(self, piece: bytes) -> Message | None:
        """Take some bytes; return the message that they complete, if they do.

        Raises
        ------
        WireError
            If they are no message, or there is more than one.
        """
        self._held += piece
        if self._header is None and len(self._held) >= _LENGTH:
            size = int.from_bytes(self._held[:_LENGTH], "big")
            if size > _MAX_HEADER:
                raise WireError("it sent a header that is too long")
            if len(self._held) < _LENGTH + size:
                return None
            self._header = _read_header(bytes(self._held[_LENGTH : _LENGTH + size]))
            del self._held[: _LENGTH + size]
            self._needed = sum(_bytes_of(*form) for form in self._header[1])
            if self._needed > self._max_bytes:
                raise WireError(
                    f"it sent {self._needed} bytes at once; {self._max_bytes} are allowed"
                )
        if self._header is None or len(self._held) < self._needed:
            return None
        if len(self._held) > self._needed:
            raise WireError("it sent more than was asked for")
        return self._take()

    def _take(self) -> Message:
        if self._header is None:
            raise ValueError("there is no message yet")
        header, forms = self._header
        arrays, start = [], 0
        for dtype, shape in forms:
            count = math.prod(shape)
            flat = np.frombuffer(self._held, dtype, count=count, offset=start)
            arrays.append(flat.reshape(shape).copy())
            start += _bytes_of(dtype, shape)
            del flat
        self._held, self._header, self._needed = bytearray(), None, _LENGTH
        return Message(header["kind"], header["data"], tuple(arrays))


def pack(value: object, arrays: list[Array], depth: int = 0) -> dict[str, Any]:
    """Return what a method was given or returned as JSON; its arrays are appended to a list.

    What is neither None, a number, a text, an array nor a tuple of these is made an array, or else
    named by its type.
    """
    if value is None:
        return {"none": True}
    if isinstance(value, str):
        return {"text": value[:2000]}
    if isinstance(value, bool | int | float) and abs(value) < 2**63:  # NaN is not
        return {"number": value}
    if isinstance(value, tuple | list) and depth < _MAX_DEPTH and len(value) <= _MAX_ARRAYS:
        return {"tuple": [pack(part, arrays, depth + 1) for part in value]}
    try:
        array = _little(np.asarray(value))
    except Exception as error:  # a tensor that needs grad, an object that refuses
        return {"odd": f"{type(value).__name__} ({type(error).__name__}: {error})"[:500]}
    if array.dtype.str not in _TYPES or array.ndim > _MAX_DIMENSIONS:
        return {"odd": f"{type(value).__name__} of {array.dtype}"[:500]}
    arrays.append(array)
    return {"array": len(arrays) - 1}


def unpack(tree: object, arrays: Sequence[Array], depth: int = 0) -> Any:
    """Return what :func:`pack` was given.

    Raises
    ------
    WireError
        If the JSON is no value of it, or names something that cannot be sent.
    """
    if not isinstance(tree, dict) or len(tree) != 1 or depth > _MAX_DEPTH:
        raise WireError("it sent no value")
    kind, content = next(iter(tree.items()))
    if kind == "none":
        return None
    if kind == "text" and isinstance(content, str):
        return content
    if kind == "number" and isinstance(content, bool | int | float):
        return content
    if kind == "tuple" and isinstance(content, list) and len(content) <= _MAX_ARRAYS:
        return tuple(unpack(part, arrays, depth + 1) for part in content)
    if kind == "array" and type(content) is int and 0 <= content < len(arrays):
        return arrays[content]
    if kind == "odd" and isinstance(content, str):
        raise WireError(f"returned a {content}, where arrays of numbers are expected")
    raise WireError("it sent no value")


def _read_header(
    text: bytes,
) -> tuple[dict[str, Any], list[tuple[np.dtype[Any], tuple[int, ...]]]]:
    try:
        header = json.loads(text)
        if not isinstance(header["kind"], str) or not isinstance(header["data"], dict):
            raise WireError("it sent a header of another form")
        if len(header["arrays"]) > _MAX_ARRAYS:
            raise WireError("it sent too many arrays")
        return header, [_read_form(form) for form in header["arrays"]]
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise WireError(f"it sent no header ({type(error).__name__})") from None


def _read_form(form: Any) -> tuple[np.dtype[Any], tuple[int, ...]]:
    shape = form["shape"]
    if not isinstance(shape, list) or len(shape) > _MAX_DIMENSIONS:
        raise WireError("it sent an array without a shape")
    if not all(type(size) is int and 0 <= size < 2**40 for size in shape):
        raise WireError("it sent an array of an impossible shape")
    if form["dtype"] not in _TYPES:
        raise WireError("it sent an array of another type")
    return _TYPES[form["dtype"]], tuple(shape)


def _bytes_of(dtype: np.dtype[Any], shape: tuple[int, ...]) -> int:
    return math.prod(shape) * dtype.itemsize


def _little(array: Array) -> Array:
    """Return an array in little-endian byte order."""
    return array.astype(array.dtype.newbyteorder("<")) if array.dtype.byteorder == ">" else array
