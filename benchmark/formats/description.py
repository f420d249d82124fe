"""``model.json``: what a file of numbers does not say of itself.

A graph of operations knows its inputs and outputs, not what they mean. Beside the file, or the pair
of files, lies ``NAME.json`` (for ``NAME.onnx``, ``NAME.encoder.pt2`` and so on) or ``model.json``::

    {"sample_rate": 16000, "latent_dim": 10, "name": "my-vae", "representation_name": "raw"}

Only ``sample_rate`` is always needed; ``latent_dim`` where the file does not tell it.
"""

from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from toysound.errors import ToySoundError, clause

FILE_NAME = "model.json"


class Description(BaseModel):
    """What ``model.json`` may say.

    Attributes
    ----------
    sample_rate : Hz
    latent_dim : number of latent dimensions
    name, citation, representation_name, supervision : of its row on the leaderboard
    num_parameters : how many numbers it has learnt
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    sample_rate: int | None = Field(default=None, gt=0)
    latent_dim: int | None = Field(default=None, gt=0)
    name: str | None = None
    citation: str | None = None
    representation_name: str | None = None
    supervision: str | None = None
    num_parameters: int | None = Field(default=None, ge=0)

    def needed(self, name: str, what: str) -> int:
        """Return a number that has to be there.

        Raises
        ------
        ToySoundError
            If it is not; ``what`` names the file that does not tell it either.
        """
        value: int | None = getattr(self, name)
        if value is None:
            example = {"sample_rate": 16000, "latent_dim": 10}[name]
            raise ToySoundError(
                f"{what} does not tell its {name}; write {FILE_NAME} beside it, with "
                f'{{"{name}": {example}}}'
            )
        return value


def read_description(folder: Path, stem: str = "") -> Description:
    """Return what is said of a model: by ``STEM.json``, else ``model.json``, else nothing.

    Raises
    ------
    ToySoundError
        If the file cannot be read, or says something else than it may.
    """
    for path in (folder / f"{stem}.json", folder / FILE_NAME):
        if path.name != ".json" and path.is_file():
            return _read(path)
    return Description()


def _read(path: Path) -> Description:
    try:
        return Description.model_validate_json(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise ToySoundError(f"'{path.name}' cannot be read: {error}") from None
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"]) or "the file"
        raise ToySoundError(
            f"'{path.name}': {where} is wrong ({clause(first['msg'])}); it may hold "
            f"{', '.join(Description.model_fields)}"
        ) from None
