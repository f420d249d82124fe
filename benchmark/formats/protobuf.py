"""Reading protobuf messages without a schema compiler: just enough to look into a file.

A message is a row of fields; each begins with a number that holds the field's number and how its
value is written (its wire type). What this reader does not know, it steps over, as protobuf does.

References
----------
"Encoding", Protocol Buffers documentation, protobuf.dev/programming-guides/encoding.
"""

from collections.abc import Iterator

_VARINT, _EIGHT_BYTES, _BYTES, _FOUR_BYTES = 0, 1, 2, 5


class ProtobufError(ValueError):
    """The bytes are no message."""


def fields(message: memoryview) -> Iterator[tuple[int, int | memoryview]]:
    """Yield the number and value of each field: an integer, or the bytes of what is inside.

    Raises
    ------
    ProtobufError
        If the bytes end within a field, or are written in a way that protobuf has given up.
    """
    place = 0
    while place < len(message):
        tag, place = _varint(message, place)
        number, wire = tag >> 3, tag & 7
        if number == 0:
            raise ProtobufError("a field has the number 0")
        if wire == _VARINT:
            value, place = _varint(message, place)
            yield number, value
            continue
        if wire == _BYTES:
            size, place = _varint(message, place)
        elif wire in (_EIGHT_BYTES, _FOUR_BYTES):
            size = 8 if wire == _EIGHT_BYTES else 4
        else:
            raise ProtobufError(f"a field is written as type {wire}")
        if place + size > len(message):
            raise ProtobufError("it ends within a field")
        yield number, message[place : place + size]
        place += size


def _varint(message: memoryview, place: int) -> tuple[int, int]:
    """Return a number of seven bits a byte, the lowest first, and the place behind it."""
    value = 0
    for shift in range(0, 70, 7):
        if place >= len(message):
            raise ProtobufError("it ends within a number")
        byte = message[place]
        place += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value, place
    raise ProtobufError("a number has more than ten bytes")
