"""Is an ONNX file only a graph of standard operations and numbers?

An ONNX file holds no code, but it can point outside itself: *external data* names other files to
map into memory, and an operation of a *custom domain* stands for native code. Both are looked for
here, in the bytes of the file, before any runtime sees them. A file that has neither can be run
without trust.

Function bodies that the file brings itself are fine: they are made of the same operations. Domains
of one runtime alone (``com.microsoft``) are refused, since another could not play the model.

References
----------
ONNX, onnx.proto (the numbers of fields below); "External data", "Open Neural Network Exchange IR".
"""

from dataclasses import dataclass, field

from benchmark.formats.protobuf import ProtobufError, fields
from toysound.errors import ToySoundError

#: Domains of the standard.
_STANDARD = ("", "ai.onnx", "ai.onnx.ml")

#: Message -> number of each field that holds messages -> which.
_INSIDE: dict[str, dict[int, str]] = {
    "model": {7: "graph", 20: "training", 25: "function"},
    "training": {1: "graph", 2: "graph"},
    "function": {7: "node", 11: "attribute"},
    "graph": {1: "node", 5: "tensor", 15: "sparse"},
    "node": {5: "attribute"},
    "attribute": {5: "tensor", 6: "graph", 10: "tensor", 11: "graph", 22: "sparse", 23: "sparse"},
    "sparse": {1: "tensor", 2: "tensor"},
    "tensor": {},
}

_NODE_OPERATION, _NODE_DOMAIN = 4, 7
_FUNCTION_NAME, _FUNCTION_DOMAIN = 1, 10
_TENSOR_EXTERNAL_DATA, _TENSOR_LOCATION = 13, 14
_EXTERNAL = 1

#: Graphs within graphs: deeper is no model.
_MAX_DEPTH = 60


@dataclass
class _Found:
    """What a file uses."""

    operations: set[tuple[str, str]] = field(default_factory=set)
    functions: set[tuple[str, str]] = field(default_factory=set)
    nodes: int = 0
    external: bool = False


def check_onnx(content: bytes, name: str) -> None:
    """Refuse a file that is more than a graph of standard operations and numbers.

    Parameters
    ----------
    content : the bytes of the file
    name : how a sentence calls it

    Raises
    ------
    ToySoundError
        If it is no ONNX file, refers to external data, or uses operations of a custom domain.
    """
    found = _Found()
    try:
        if content[4:8] == b"ORTM":
            raise ProtobufError("it is a file of one runtime alone")
        _walk(memoryview(content), "model", found, 0)
        if not found.nodes:
            raise ProtobufError("it has no graph")
    except (ProtobufError, UnicodeDecodeError) as error:
        raise ToySoundError(
            f"'{name}' is no ONNX file that can be read ({error}); torch.onnx.export writes one"
        ) from None
    if found.external:
        raise ToySoundError(
            f"'{name}' refers to external data, which could be any file of this machine; export "
            "it as one file (torch.onnx.export(..., external_data=False))"
        )
    foreign = sorted(
        f"{domain}.{operation}"
        for domain, operation in found.operations - found.functions
        if domain not in _STANDARD
    )
    if foreign:
        raise ToySoundError(
            f"'{name}' uses the operation '{foreign[0]}', which is not of the ONNX standard and "
            "stands for native code; export it with standard operations only"
        )


def _walk(message: memoryview, kind: str, found: _Found, depth: int) -> None:
    """Walk through a message and all that it holds."""
    if depth > _MAX_DEPTH:
        raise ProtobufError("it is nested too deeply")
    texts: dict[int, str] = {}
    for number, value in fields(message):
        inside = _INSIDE[kind].get(number)
        if isinstance(value, int):
            if kind == "tensor" and number == _TENSOR_LOCATION and value == _EXTERNAL:
                found.external = True
        elif inside is not None:
            _walk(value, inside, found, depth + 1)
        elif kind == "tensor" and number == _TENSOR_EXTERNAL_DATA:
            found.external = True
        elif (kind, number) in _NAMES:
            texts[number] = bytes(value).decode()
    if kind == "node":
        found.nodes += 1
        found.operations.add((texts.get(_NODE_DOMAIN, ""), texts.get(_NODE_OPERATION, "")))
    if kind == "function":
        found.functions.add((texts.get(_FUNCTION_DOMAIN, ""), texts.get(_FUNCTION_NAME, "")))


_NAMES = {
    ("node", _NODE_OPERATION),
    ("node", _NODE_DOMAIN),
    ("function", _FUNCTION_NAME),
    ("function", _FUNCTION_DOMAIN),
}
