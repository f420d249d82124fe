"""The IDX format: an array of bytes behind a short header, as MNIST is published.

==========  =======================================================
bytes       meaning, numbers big-endian
==========  =======================================================
0, 1        zero
2           type of the numbers; 0x08 is an unsigned byte
3           number n of dimensions
4 to 4+4n   length of each dimension, 32 bits
the rest    the numbers, last dimension fastest
==========  =======================================================

Only unsigned bytes are read, the one type MNIST uses.

References
----------
Y. LeCun, C. Cortes and C. J. C. Burges, "The MNIST database of handwritten digits", 1998: the
format is described on the page of the data.
"""

import math
import struct

import numpy as np
from numpy.typing import NDArray

from toysound.errors import ToySoundError

Bytes = NDArray[np.uint8]

#: Code of an unsigned byte.
_UNSIGNED_BYTE = 0x08


def decode(data: bytes, source: str) -> Bytes:
    """Return the array in an IDX file.

    Parameters
    ----------
    data : the whole file, unpacked
    source : what messages call it

    Returns
    -------
    ndarray
        uint8, of the shape that the header says; read-only.

    Raises
    ------
    ToySoundError
        If it is no IDX file of unsigned bytes, or longer or shorter than its header says.
    """
    if len(data) < 4 or data[:2] != b"\0\0" or data[2] != _UNSIGNED_BYTE:
        raise ToySoundError(
            f"'{source}' is no IDX file of bytes: it starts with {data[:4].hex(' ') or 'nothing'}, "
            "expected 00 00 08"
        )
    dimensions = data[3]
    start = 4 + 4 * dimensions
    shape = struct.unpack(f">{dimensions}I", data[4:start].ljust(4 * dimensions, b"\0"))
    expected = start + math.prod(shape)
    if len(data) < expected:
        raise ToySoundError(
            f"'{source}' is cut off: {len(data):,} bytes of {expected:,}; copy or fetch it again"
        )
    if len(data) > expected:
        raise ToySoundError(
            f"'{source}' is {len(data) - expected:,} bytes longer than its header says; copy or "
            "fetch it again"
        )
    return np.frombuffer(data, dtype=np.uint8, offset=start).reshape(shape)


def encode(array: Bytes) -> bytes:
    """Return an array as an IDX file.

    Raises
    ------
    ValueError
        If it is not of unsigned bytes, or has more than 255 dimensions.
    """
    if array.dtype != np.uint8:
        raise ValueError(f"an IDX file is written of uint8 here, got {array.dtype}")
    head = bytes([0, 0, _UNSIGNED_BYTE, array.ndim])
    return head + np.array(array.shape, dtype=">u4").tobytes() + array.tobytes()
