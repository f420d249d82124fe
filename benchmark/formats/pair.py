"""An encoder and a decoder in two files that belong together.

A graph has one entrance, and a model has two. So it is a pair, named in one of two ways::

    folder/encoder.onnx + folder/decoder.onnx          named by the folder, or by either file
    vae.encoder.onnx + vae.decoder.onnx                named by either, or as vae.onnx
"""

from dataclasses import dataclass
from pathlib import Path

from toysound.errors import UsageError

_ROLES = ("encoder", "decoder")


@dataclass(frozen=True)
class Pair:
    """The two files of a model.

    Attributes
    ----------
    encoder, decoder : they exist
    stem : name of the model: what both names begin with, or the name of their folder
    """

    encoder: Path
    decoder: Path
    stem: str


def names_a_pair(path: Path, ending: str) -> bool:
    """Return whether a path names a pair, complete or not: see the module for the ways."""
    if path.is_dir():
        return bool(_stems(path, ending))
    return path.suffix == ending


def find_pair(path: Path, ending: str) -> Pair:
    """Return the pair that a path names.

    Raises
    ------
    UsageError
        If one of the two is missing, or a folder holds several pairs.
    """
    if path.is_dir():
        stems = _stems(path, ending)
        if not stems:
            raise UsageError(f"folder '{path}' holds no 'encoder{ending}'")
        if len(stems) > 1:
            raise UsageError(
                f"folder '{path}' holds {len(stems)} models; name one, such as "
                f"'{path / (stems[0] or 'encoder')}{ending}'"
            )
        return _complete(path, stems[0], ending)
    first = path.name.removesuffix(ending)
    for role in _ROLES:
        if first == role or first.endswith(f".{role}"):
            return _complete(path.parent, first.removesuffix(role).removesuffix("."), ending)
    return _complete(path.parent, first, ending)


def _complete(folder: Path, stem: str, ending: str) -> Pair:
    encoder, decoder = (folder / f"{stem}.{role}{ending}".lstrip(".") for role in _ROLES)
    for file in (encoder, decoder):
        if not file.is_file():
            raise UsageError(
                f"there is no '{file.name}' in '{folder}'; a {ending} model is a pair, "
                f"'{encoder.name}' and '{decoder.name}'"
            )
    return Pair(encoder, decoder, stem or folder.absolute().name)


def _stems(folder: Path, ending: str) -> list[str]:
    """Return what the names of the encoders in a folder begin with."""
    return sorted(
        path.name.removesuffix(f"encoder{ending}").removesuffix(".")
        for path in folder.glob(f"*encoder{ending}")
    )
