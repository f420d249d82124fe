"""Messages between the harness and a model that is not trusted."""

import contextlib
import json
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as nps

from benchmark.sandbox.wire import Message, Reader, WireError, pack, to_bytes, unpack

ARRAYS = st.one_of(
    *(
        nps.arrays(dtype, nps.array_shapes(min_dims=0, max_dims=4, min_side=0, max_side=4))
        for dtype in ("<f4", ">f8", "<i2", "u1", "?", "<f2")
    )
)
VALUES = st.recursive(
    st.one_of(st.none(), st.text(), st.booleans(), st.integers(-(2**62), 2**62), ARRAYS),
    lambda parts: st.tuples(parts, parts),
    max_leaves=6,
)
MEGABYTE = 2**20


def same(a: Any, b: Any) -> bool:
    if isinstance(a, tuple):
        return len(a) == len(b) and all(same(x, y) for x, y in zip(a, b, strict=True))
    if isinstance(a, np.ndarray):
        return (
            a.dtype.newbyteorder("=") == b.dtype.newbyteorder("=")
            and a.shape == b.shape
            and np.array_equal(a, b, equal_nan=a.dtype.kind == "f")
        )
    return bool(a == b) and type(a) is type(b)


@given(VALUES, st.integers(1, 50))
def test_a_value_arrives_as_it_was_sent_in_pieces_of_any_size(value: Any, piece: int) -> None:
    arrays: list[Any] = []
    packed = pack(value, arrays)
    if "odd" in json.dumps(packed):  # nested more deeply than answers are
        return
    content = to_bytes(Message("answer", {"value": packed}, tuple(arrays)))
    reader = Reader(MEGABYTE)
    messages = [reader.feed(content[i : i + piece]) for i in range(0, len(content), piece)]
    assert messages[:-1] == [None] * (len(messages) - 1)
    last = messages[-1]
    assert last is not None
    assert last.kind == "answer"
    assert same(unpack(last.data["value"], last.arrays), value)


@given(st.binary(max_size=200))
def test_any_bytes_are_half_a_message_or_an_error(content: bytes) -> None:
    with contextlib.suppress(WireError):
        assert Reader(MEGABYTE).feed(content) is None


def header(**changes: Any) -> bytes:
    """Return a message with a header of this kind and no arrays behind it."""
    whole = {"kind": "answer", "data": {}, "arrays": []} | changes
    text = json.dumps(whole).encode()
    return len(text).to_bytes(4, "big") + text


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"\xff\xff\xff\xff", "a header that is too long"),
        (b"\x00\x00\x00\x02[]", "no header"),
        (b"\x00\x00\x00\x02\xff\xff", "no header"),
        (b"\x00\x01\x86\xa0" + b"[" * 100_000, "no header"),
        (header(kind=3), "of another form"),
        (header(data=[]), "of another form"),
        (header(arrays=[{}]), "no header"),
        (header(arrays=[{"dtype": "<f4", "shape": 3}]), "without a shape"),
        (header(arrays=[{"dtype": "<f4", "shape": [-1]}]), "impossible shape"),
        (header(arrays=[{"dtype": "<f4", "shape": [1.5]}]), "impossible shape"),
        (header(arrays=[{"dtype": "<f4", "shape": [1] * 9}]), "without a shape"),
        (header(arrays=[{"dtype": "|O8", "shape": [1]}]), "of another type"),
        (header(arrays=[{"dtype": "<f4", "shape": [2**20, 2**20]}]), "bytes at once"),
        (header(arrays=[{"dtype": "|u1", "shape": [0]}] * 65), "too many arrays"),
        (header() + b"x", "more than was asked for"),
    ],
)
def test_what_is_no_message_is_refused(content: bytes, words: str) -> None:
    with pytest.raises(WireError, match=words):
        Reader(MEGABYTE).feed(content)


@pytest.mark.parametrize(
    "tree",
    [
        None,
        3,
        {},
        {"none": 1, "text": "a"},
        {"text": 3},
        {"number": "3"},
        {"array": 0},
        {"array": -1},
        {"array": True},
        {"tuple": "abc"},
        {"tuple": [{"tuple": [{"tuple": [{"tuple": [{"tuple": []}]}]}]}]},
        {"shell": "ls"},
    ],
)
def test_what_is_no_value_is_refused(tree: Any) -> None:
    with pytest.raises(WireError, match="it sent no value"):
        unpack(tree, ())


@pytest.mark.parametrize(
    ("value", "words"),
    [
        ({"a": 1}, "returned a dict of object"),
        ([[1.0], [1.0, 2.0]], None),
        (np.array(["a"]), "returned a ndarray of <U1"),
        (np.array([{}], dtype=object), "returned a ndarray of object"),
        (np.zeros(3, dtype=np.complex64), "returned a ndarray of complex64"),
    ],
)
def test_what_is_neither_number_nor_text_is_named(value: Any, words: str | None) -> None:
    arrays: list[Any] = []
    packed = pack(value, arrays)
    if words is None:
        assert unpack(packed, arrays) == ((1.0,), (1.0, 2.0))
        return
    with pytest.raises(WireError, match=words):
        unpack(packed, arrays)


def test_a_number_that_is_none_is_an_array() -> None:
    arrays: list[Any] = []
    assert np.isnan(unpack(pack(float("nan"), arrays), arrays))
    assert len(arrays) == 1


def test_an_object_that_refuses_to_be_an_array_is_named() -> None:
    class Refuses:
        def __array__(self, dtype: Any = None, copy: Any = None) -> Any:
            raise RuntimeError("I need grad")

    with pytest.raises(WireError, match=r"returned a Refuses \(RuntimeError: I need grad\)"):
        unpack(pack(Refuses(), []), ())
