"""A trained baseline in one file, ``model.safetensors``: tensors, and the recipe in the header.

The file alone is enough to use the model. Nothing in it can run code. Its metadata are
``recipe`` (name), ``recipe_toml`` (the resolved recipe), ``sample_rate``, ``num_samples``,
``dataset`` and ``dataset_version``, ``num_sounds``, ``seed``, ``toysound_version`` and ``format``.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import torch

from baselines import recipes, representations
from baselines.audio_decoder import AudioDecoder, PlayedModel
from baselines.model import Baseline, LatentModel
from baselines.pairs import PairedVAE
from baselines.pca import PCA, PCAS
from baselines.principal import Principal
from baselines.recipes import Recipe, VaeRecipe
from baselines.recipes.schema import RepresentationPart
from baselines.representations.protocol import Representation
from baselines.rotation import Rotated, Rotation
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
    precision : in which it was trained; what is single precision does not say so
    """

    recipe_toml: str
    dataset: str
    dataset_version: str
    num_sounds: int
    sample_rate: int
    num_samples: int
    seed: int
    precision: str = "float32"

    @property
    def recipe(self) -> Recipe:
        """The recipe."""
        return recipes.parse(self.recipe_toml, "in the file")

    def unturned(self) -> "Identity":
        """Return the identity of what is trained before codes are turned, without a name."""
        return replace(self, recipe_toml=recipes.unturned(self.recipe))

    def representation(self) -> Representation:
        """Return the view of sound that the recipe names, for these sounds."""
        return self._view(self.recipe.representation)

    def audio_representation(self) -> Representation:
        """Return the view that is played: another one if the recipe has a second decoder."""
        audio = self.recipe.audio
        return self._view(audio.representation if audio else self.recipe.representation)

    def _view(self, part: RepresentationPart) -> Representation:
        return representations.get(part.name, self.sample_rate, self.num_samples, **part.options)

    def to_metadata(self, format_: str) -> dict[str, str]:
        """Return the identity as the metadata of a file."""
        plain = {name: str(value) for name, value in asdict(self).items()}
        if self.precision == Identity.precision:
            del plain["precision"]
        name = self.recipe.name
        return plain | {"recipe": name, "format": format_, "toysound_version": __version__}

    @classmethod
    def from_metadata(cls, metadata: Mapping[str, str]) -> "Identity":
        """Return the identity in the metadata of a file.

        Options of the recipe that are newer than the file have their defaults.

        Raises
        ------
        KeyError, ValueError, ToySoundError
            If the metadata are not of a baseline.
        """
        recipe = recipes.parse(metadata["recipe_toml"], "in the file")
        return cls(
            recipe_toml=recipes.to_toml(recipe),
            dataset=metadata["dataset"],
            dataset_version=metadata["dataset_version"],
            num_sounds=int(metadata["num_sounds"]),
            sample_rate=int(metadata["sample_rate"]),
            num_samples=int(metadata["num_samples"]),
            seed=int(metadata["seed"]),
            precision=metadata.get("precision", cls.precision),
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
        views = identity.representation(), identity.audio_representation()
        model = latent_model(identity.recipe, tensors, views[0].shape, views[1].shape)
    except (KeyError, ValueError, RuntimeError) as error:
        raise ToySoundError(
            f"'{path}' is damaged or of another version of toysound ({_line(error)}); train it "
            "again"
        ) from None
    recipe = identity.recipe
    return Baseline(recipe.name, recipe.citation, *views, model, recipe.supervision)


def latent_model(
    recipe: Recipe,
    tensors: Mapping[str, torch.Tensor],
    shape: tuple[int, ...],
    audio_shape: tuple[int, ...],
) -> LatentModel:
    """Return the model of a recipe with these numbers.

    Parameters
    ----------
    recipe : its parts
    tensors : its ``state_dict``
    shape, audio_shape : of the views in which it encodes, and is played

    Raises
    ------
    KeyError, RuntimeError, ValueError
        If a tensor is missing, foreign or of another shape.
    """
    outer = "model." if recipe.rotation else ""
    head = f"{outer}codes." if recipe.audio else outer
    codes: VAE | PCA
    if isinstance(recipe, VaeRecipe):
        codes = vae_of_shape(recipe, tensors, f"{head}decoder.stem.", shape)
    else:
        basis = tensors[f"{head}basis"]
        found = Principal(tensors[f"{head}mean"], basis, torch.ones(len(basis)), 1.0)
        codes = PCAS[recipe.model](found)
    model: VAE | PCA | PlayedModel | Rotated = codes
    if recipe.audio:
        audio = audio_of_shape(recipe, tensors, f"{outer}audio.decoder.stem.", audio_shape)
        model = PlayedModel(codes, audio)
    if recipe.rotation:
        model = Rotated(model, Rotation(tensors["matrix"], tensors["centre"]))
    model.load_state_dict(dict(tensors))
    model.eval()
    return model


def untrained_vae(recipe: VaeRecipe, stem: Stem, seed: int) -> VAE:
    """Return a model with weights drawn by the seed; torch's global generator is left alone."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return PairedVAE(recipe, stem) if recipe.pairs else VAE(recipe, stem)


def vae_of_shape(
    recipe: VaeRecipe,
    tensors: Mapping[str, torch.Tensor],
    head: str,
    shape: tuple[int, ...] | None = None,
) -> VAE:
    """Return an untrained model with a stem like that of ``tensors``, whose names start so.

    Parameters
    ----------
    recipe : the parts
    tensors : of a file
    head : how the names of the stem's tensors start
    shape : of the view; flat by default, which is enough behind principal components

    Raises
    ------
    KeyError
        If there is no stem.
    ValueError
        If it is of another view.
    """
    stem = STEMS[recipe.stem.name].empty(tensors, head, shape)
    return untrained_vae(recipe, stem, seed=0)


def untrained_audio(recipe: Recipe, stem: Stem, seed: int) -> AudioDecoder:
    """Return a second decoder with weights drawn by the seed.

    Raises
    ------
    ValueError
        If the recipe has none.
    """
    if recipe.audio is None:
        raise ValueError(f"recipe '{recipe.name}' has no table 'audio'")
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return AudioDecoder(recipe.latent_dim, recipe.audio, stem)


def audio_of_shape(
    recipe: Recipe,
    tensors: Mapping[str, torch.Tensor],
    head: str,
    shape: tuple[int, ...] | None = None,
) -> AudioDecoder:
    """Return an untrained second decoder with a stem like that of ``tensors``.

    Parameters
    ----------
    recipe, tensors, head : as for :func:`vae_of_shape`
    shape : of the view that is played

    Raises
    ------
    KeyError
        If there is no stem.
    ValueError
        If it is of another view.
    """
    name = recipe.audio.stem.name if recipe.audio else ""
    return untrained_audio(recipe, STEMS[name].empty(tensors, head, shape), seed=0)


def _line(error: Exception) -> str:
    """Return an exception as one short line."""
    text = " ".join(str(error).split())
    return text if len(text) <= 200 else f"{text[:200]} ..."
