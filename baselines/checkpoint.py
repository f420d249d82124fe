"""A trained baseline in one file, ``model.safetensors``: tensors, and the recipe in the header.

The file alone is enough to use the model. Nothing in it can run code. Its metadata are
``recipe`` (name), ``recipe_toml`` (the resolved recipe), ``sample_rate``, ``num_samples``,
``dataset`` and ``dataset_version``, ``num_sounds``, ``seed``, ``toysound_version`` and ``format``.
"""

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

import torch

from baselines import recipes, representations
from baselines.model import Baseline, LatentModel
from baselines.pca import PCA
from baselines.principal import Principal
from baselines.recipes import PcaRecipe, Recipe, VaeRecipe
from baselines.representations.protocol import Representation
from baselines.stem import STEMS, Stem
from baselines.tensors import load_tensors, save_tensors
from baselines.vae import VAE
from toysound.errors import ToySoundError
from toysound.version import __version__

MODEL_FILE = "model.safetensors"

#: What ``format`` says in the metadata of a model, and of a training that is not finished.
MODEL_FORMAT, TRAINING_FORMAT = "toysound-baseline-1", "toysound-training-1"


@dataclass(frozen=True)
class Identity:
    """What a training is of: the same identity gives the same model.

    Attributes
    ----------
    recipe_toml : the resolved recipe
    dataset, dataset_version, num_sounds : the sounds
    sample_rate, num_samples : their rate in Hz and length
    seed : of every random draw
    """

    recipe_toml: str
    dataset: str
    dataset_version: str
    num_sounds: int
    sample_rate: int
    num_samples: int
    seed: int

    @property
    def recipe(self) -> Recipe:
        """The recipe."""
        return recipes.parse(self.recipe_toml, "in the file")

    def representation(self) -> Representation:
        """Return the view of sound that the recipe names, for these sounds."""
        part = self.recipe.representation
        return representations.get(part.name, self.sample_rate, self.num_samples, **part.options)

    def to_metadata(self, format_: str) -> dict[str, str]:
        """Return the identity as the metadata of a file."""
        plain = {name: str(value) for name, value in asdict(self).items()}
        name = self.recipe.name
        return plain | {"recipe": name, "format": format_, "toysound_version": __version__}

    @classmethod
    def from_metadata(cls, metadata: Mapping[str, str]) -> "Identity":
        """Return the identity in the metadata of a file.

        Raises
        ------
        KeyError, ValueError
            If the metadata are not of a baseline.
        """
        return cls(
            recipe_toml=metadata["recipe_toml"],
            dataset=metadata["dataset"],
            dataset_version=metadata["dataset_version"],
            num_sounds=int(metadata["num_sounds"]),
            sample_rate=int(metadata["sample_rate"]),
            num_samples=int(metadata["num_samples"]),
            seed=int(metadata["seed"]),
        )


def save_model(path: Path, model: LatentModel, identity: Identity) -> None:
    """Write a trained model, complete or not at all; equal models give equal bytes."""
    save_tensors(path, model.state_dict(), identity.to_metadata(MODEL_FORMAT))


def load_model(path: str | Path) -> Baseline:
    """Return a trained baseline.

    Parameters
    ----------
    path : ``model.safetensors``, or the folder it lies in

    Raises
    ------
    ToySoundError
        If the file cannot be read, is damaged, or is not of a finished baseline.
    """
    path = Path(path)
    path = path / MODEL_FILE if path.is_dir() else path
    if not path.is_file():
        raise ToySoundError(f"there is no model '{path}'; 'toysound train' makes one")
    tensors, metadata = load_tensors(path)
    kind = metadata.get("format")
    if kind == TRAINING_FORMAT:
        raise ToySoundError(
            f"'{path}' is a training that is not finished; run the same 'toysound train' again to "
            "finish it"
        )
    if kind != MODEL_FORMAT:
        raise ToySoundError(
            f"'{path}' is no toysound baseline (its format is {kind or 'not stated'}); "
            "'toysound train' makes one"
        )
    try:
        identity = Identity.from_metadata(metadata)
        model = latent_model(identity.recipe, tensors)
    except (KeyError, ValueError, RuntimeError) as error:
        raise ToySoundError(
            f"'{path}' is damaged or of another version of toysound ({_line(error)}); train it "
            "again"
        ) from None
    recipe = identity.recipe
    return Baseline(recipe.name, recipe.citation, identity.representation(), model)


def latent_model(recipe: Recipe, tensors: Mapping[str, torch.Tensor]) -> LatentModel:
    """Return the model of a recipe with these numbers.

    Raises
    ------
    KeyError, RuntimeError
        If a tensor is missing, foreign or of another shape.
    """
    model = _RESTORE[type(recipe)](recipe, tensors)
    model.load_state_dict(dict(tensors))
    model.eval()
    return model


def _vae(recipe: VaeRecipe, tensors: Mapping[str, torch.Tensor]) -> VAE:
    return vae_of_shape(recipe, tensors, "stem.")


def _pca(recipe: PcaRecipe, tensors: Mapping[str, torch.Tensor]) -> PCA:
    basis = tensors["basis"]
    return PCA(Principal(tensors["mean"], basis, torch.ones(len(basis)), 1.0))


#: How a model of each kind is made before its numbers are filled in.
_RESTORE: dict[type, Callable[..., VAE | PCA]] = {VaeRecipe: _vae, PcaRecipe: _pca}


def untrained_vae(recipe: VaeRecipe, stem: Stem, seed: int) -> VAE:
    """Return a model with weights drawn by the seed; torch's global generator is left alone."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return VAE(recipe, stem)


def vae_of_shape(recipe: VaeRecipe, tensors: Mapping[str, torch.Tensor], head: str) -> VAE:
    """Return an untrained model with a stem like that of ``tensors``, whose names start so.

    Raises
    ------
    KeyError
        If there is no stem.
    """
    return untrained_vae(recipe, STEMS[recipe.stem.name].empty(tensors, head), seed=0)


def _line(error: Exception) -> str:
    """Return an exception as one short line."""
    text = " ".join(str(error).split())
    return text if len(text) <= 200 else f"{text[:200]} ..."
