"""How the name of a model on the command line becomes a model.

A name is one of

* ``path/to/file.py:Name`` or ``path/to/file.py`` -- a class, a function that makes a model, or a
  model, in a Python file; without ``:Name`` the file has exactly one class with ``encode`` and
  ``decode``. The folder of the file is importable, as it is for ``python file.py``.
* ``package.module:Name`` -- the same in an installed module, or one below the current folder.
* a short name, such as ``oracle`` -- an entry point of the group ``toysound.models``.
* a file or folder whose ending is an entry point of the group ``toysound.model_formats``, such as
  ``model.safetensors``; a folder that holds exactly one such file will do.

A class or function is called without arguments. If it has a parameter named ``dataset``, it is
given the dataset: for models that are made from data, such as a nearest neighbour.

A Python file that you name counts as your own code and is run. A file that comes as data and can
still run code when it is opened (a pickle, TorchScript, ``.pt2``) is refused.
"""

import importlib
import importlib.util
import inspect
import sys
from collections.abc import Callable
from dataclasses import dataclass
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path
from types import ModuleType
from typing import Any

from benchmark.guard import describe_error
from benchmark.protocol import as_count, offers, read_piece
from toysound.dataset import Dataset
from toysound.errors import ToySoundError, UsageError, unknown_name

MODELS = "toysound.models"
FORMATS = "toysound.model_formats"

#: Endings of files that can run code when they are opened.
_UNSAFE = (".pt2", ".pt", ".pth", ".ckpt", ".pkl", ".pickle", ".joblib", ".dill")


@dataclass(frozen=True)
class LoadedModel:
    """A model and where it came from.

    Attributes
    ----------
    model : the model; whether it keeps the protocol is for :mod:`benchmark.check` to say
    name : the name it gives itself, else that of its class, file or entry point
    source : what was named, without the folders of this machine
    format : ``python``, ``entry-point``, ``object``, or the ending of the file
    """

    model: Any
    name: str
    source: str
    format: str

    @property
    def citation(self) -> str | None:
        """Its reference, if it gives one."""
        return _text(self.model, "citation")

    @property
    def parameters(self) -> int | None:
        """The number of its parameters: what it says itself, else what torch counts, else None."""
        said = read_piece(self.model, "num_parameters")
        if said == 0 and not isinstance(said, bool):
            return 0
        if (count := as_count(said)) is not None:
            return count
        torch = sys.modules.get("torch")
        if torch is not None and isinstance(self.model, torch.nn.Module):
            return sum(int(p.numel()) for p in self.model.parameters())
        return None


def open_model(model: Any, dataset: Dataset) -> LoadedModel:
    """Return a model given as an object, by its name on the command line, or already loaded.

    Parameters
    ----------
    model : whatever keeps :class:`benchmark.protocol.Model`, a name, or a :class:`LoadedModel`
    dataset : as in :func:`load_model`
    """
    if isinstance(model, LoadedModel):
        return model
    if isinstance(model, str):
        return load_model(model, dataset=dataset)
    kind = type(model).__name__
    return LoadedModel(model, _text(model, "name") or kind, kind, "object")


def load_model(spec: str, *, dataset: Dataset | None = None) -> LoadedModel:
    """Load a model by its name on the command line (see the module for the forms).

    Parameters
    ----------
    spec : the name
    dataset : given to a class or function that has a parameter named ``dataset``

    Raises
    ------
    UsageError
        If there is no such model, file, module or name in it.
    ToySoundError
        If it is there but cannot be imported or made; the sentence gives the cause.
    """
    head, colon, attribute = spec.rpartition(":")
    if not colon or not attribute.isidentifier():
        head, attribute = spec, ""
    if head.endswith(".py"):
        return _from_file(Path(head), attribute, dataset)
    if attribute:
        return _from_module(head, attribute, dataset)
    models = {entry.name: entry for entry in entry_points(group=MODELS)}
    if spec in models:
        thing = _load_entry(models[spec], f"model '{spec}'")
        return _loaded(_make(thing, spec, dataset), spec, spec, "entry-point")
    path = Path(spec)
    if path.exists():
        return _from_data(path)
    if "/" in spec or path.suffix in _known_endings() or path.suffix in _UNSAFE:
        raise UsageError(f"model file '{spec}' does not exist")
    unknown = unknown_name("model", spec, models)
    raise UsageError(f"{unknown}; or name a file, such as my_model.py or model.safetensors")


def _from_file(path: Path, attribute: str, dataset: Dataset | None) -> LoadedModel:
    if not path.is_file():
        raise UsageError(f"model file '{path}' does not exist")
    module = _run_file(path)
    attribute = attribute or _only_model_class(module, path)
    if not hasattr(module, attribute):
        raise UsageError(
            f"'{path.name}' has no '{attribute}'; it defines {_names(module) or 'nothing'}"
        )
    model = _make(getattr(module, attribute), f"{path.name}:{attribute}", dataset)
    return _loaded(model, attribute, f"{path.name}:{attribute}", "python")


def _from_module(name: str, attribute: str, dataset: Dataset | None) -> LoadedModel:
    here = str(Path.cwd())
    if here not in sys.path:
        sys.path.insert(0, here)  # as 'python -m' does
    try:
        module = importlib.import_module(name)
    except ModuleNotFoundError as error:
        if error.name and (name == error.name or name.startswith(error.name + ".")):
            raise UsageError(
                f"there is no module '{name}'; install it, or give the path of its file with .py"
            ) from None
        raise _not_importable(name, error) from None
    except (Exception, SystemExit) as error:
        raise _not_importable(name, error) from None
    if not hasattr(module, attribute):
        raise UsageError(f"module '{name}' has no '{attribute}'; it has {_names(module)}")
    spec = f"{name}:{attribute}"
    return _loaded(_make(getattr(module, attribute), spec, dataset), attribute, spec, "python")


def _from_data(path: Path) -> LoadedModel:
    formats = {f".{entry.name}": entry for entry in entry_points(group=FORMATS)}
    if path.is_dir() and path.suffix not in formats:
        path = _only_model_file(path, sorted(formats))
    if path.suffix in _UNSAFE:
        raise ToySoundError(
            f"'{path.name}' is a {path.suffix} file, which can run any code when it is opened, so "
            "it is not; name a Python file of yours that opens it (my_model.py:Name), or save the "
            "weights as .safetensors"
        )
    if path.suffix not in formats:
        raise UsageError(
            f"'{path.name}' is no model that can be read; known are .py and {_list(formats)}"
        )
    load = _load_entry(formats[path.suffix], f"the reader of {path.suffix} files")
    try:
        model = load(path)
    except ToySoundError:
        raise
    except (Exception, SystemExit) as error:
        raise ToySoundError(
            f"model '{path.name}' cannot be read: {describe_error(error)}"
        ) from None
    return _loaded(model, path.stem, path.name, path.suffix[1:])


def _only_model_file(folder: Path, endings: list[str]) -> Path:
    """Return the one model file of a folder."""
    found = sorted(path for path in folder.iterdir() if path.suffix in endings)
    if len(found) == 1:
        return found[0]
    if found:
        raise UsageError(f"folder '{folder}' holds {_list(p.name for p in found)}; name one")
    raise UsageError(f"folder '{folder}' holds no model; one would end in {_list(endings)}")


def _run_file(path: Path) -> ModuleType:
    """Import a Python file under a name of its own, its folder importable."""
    folder = str(path.resolve().parent)
    if folder not in sys.path:
        sys.path.insert(0, folder)
    name = f"_toysound_model_{path.stem}"
    spec = importlib.util.spec_from_file_location(name, path)
    if spec is None or spec.loader is None:
        raise ToySoundError(f"model file '{path.name}' cannot be imported")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    try:
        spec.loader.exec_module(module)
    except (Exception, SystemExit) as error:
        del sys.modules[name]
        raise _not_importable(path.name, error) from None
    return module


def _only_model_class(module: ModuleType, path: Path) -> str:
    """Return the name of the one class of a file that has encode and decode."""
    names = [
        name
        for name, value in vars(module).items()
        if inspect.isclass(value)
        and value.__module__ == module.__name__
        and offers(value, "encode", "decode")
    ]
    if len(names) == 1:
        return names[0]
    if names:
        raise UsageError(
            f"'{path.name}' has {len(names)} models; name one, such as {path.name}:{names[0]}"
        )
    raise UsageError(
        f"'{path.name}' has no class with the methods encode and decode; write one, or name a "
        f"function that makes a model: {path.name}:make_model"
    )


def _make(thing: Any, spec: str, dataset: Dataset | None) -> Any:
    """Return the model that a class or function makes; a model that is already one, itself."""
    if not inspect.isclass(thing) and offers(thing, "encode", "decode"):
        return thing
    if not callable(thing):
        raise UsageError(
            f"'{spec}' is a {type(thing).__name__}; expected a class, a function that makes a "
            "model, or a model"
        )
    arguments = _arguments(thing, spec, dataset)
    try:
        return thing(**arguments)
    except ToySoundError:
        raise
    except (Exception, SystemExit) as error:
        raise ToySoundError(f"model '{spec}' cannot be made: {describe_error(error)}") from None


def _arguments(thing: Callable[..., Any], spec: str, dataset: Dataset | None) -> dict[str, Any]:
    """Return what a class or function is called with."""
    try:
        parameters = inspect.signature(thing).parameters
    except (TypeError, ValueError):  # a class of an extension module
        return {}
    required = [
        name
        for name, p in parameters.items()
        if p.default is p.empty and p.kind not in (p.VAR_POSITIONAL, p.VAR_KEYWORD)
    ]
    others = [name for name in required if name != "dataset"]
    if others:
        raise ToySoundError(
            f"model '{spec}' needs a value for {_list(others)}, but a model is made without "
            "arguments (except 'dataset'); give a default, or name a function that makes it"
        )
    if "dataset" not in parameters:
        return {}
    if dataset is None and "dataset" in required:
        raise ToySoundError(f"model '{spec}' is made from a dataset; load it with dataset=")
    return {} if dataset is None else {"dataset": dataset}


def _load_entry(entry: EntryPoint, what: str) -> Any:
    try:
        return entry.load()
    except ModuleNotFoundError as error:
        raise ToySoundError(
            f"{what} needs the package '{error.name}'; pip install 'toysound[all]' installs it"
        ) from None
    except Exception as error:
        raise ToySoundError(f"{what} cannot be imported: {describe_error(error)}") from None


def _loaded(model: Any, fallback: str, source: str, format_: str) -> LoadedModel:
    return LoadedModel(model, _text(model, "name") or fallback, source, format_)


def _text(model: Any, name: str) -> str | None:
    value = read_piece(model, name)
    return " ".join(value.split()) or None if isinstance(value, str) else None


def _not_importable(what: str, error: BaseException) -> ToySoundError:
    return ToySoundError(f"model file '{what}' cannot be imported: {describe_error(error)}")


def _known_endings() -> list[str]:
    return [f".{entry.name}" for entry in entry_points(group=FORMATS)]


def _names(module: ModuleType) -> str:
    """Return the public names of a module's own classes and functions."""
    return _list(
        name
        for name, value in vars(module).items()
        if not name.startswith("_") and getattr(value, "__module__", None) == module.__name__
    )


def _list(names: Any) -> str:
    return ", ".join(f"'{name}'" for name in names)
