"""Models written in Python: a name in a file or module becomes a model.

The name stands for one of

* a class, or a function that makes a model: called without arguments, or with ``dataset``;
* a model that is there already, such as an instance;
* a ``torch.nn.Module`` or a pythae model: it is adapted (:mod:`benchmark.formats.module`);
* nothing: then the file itself is the model, by functions ``encode`` and ``decode`` and constants
  ``sample_rate`` and ``latent_dim`` (NumPy or JAX); or it has exactly one class with ``encode`` and
  ``decode``.
"""

import importlib
import importlib.util
import inspect
import sys
from collections.abc import Callable, Iterable
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

from benchmark.guard import describe_error
from benchmark.protocol import offers
from toysound.errors import ToySoundError, UsageError

if TYPE_CHECKING:
    from toysound.dataset import Dataset


def model_of_file(path: Path, attribute: str, dataset: "Dataset | None") -> tuple[Any, str]:
    """Return the model in a Python file, and its name there: none if it is the file itself.

    Parameters
    ----------
    path : the file; its folder is importable, as it is for ``python file.py``
    attribute : a name in the file, or nothing
    dataset : given to what has a parameter ``dataset``

    Raises
    ------
    UsageError
        If there is no such file or name, or no model in it.
    ToySoundError
        If the file cannot be imported or the model cannot be made.
    """
    if not path.is_file():
        raise UsageError(f"model file '{path}' does not exist")
    module = _run_file(path)
    if not attribute:
        if _functions(module):
            return module, ""
        attribute = _only_model(module, path)
    if not hasattr(module, attribute):
        raise UsageError(
            f"'{path.name}' has no '{attribute}'; it defines {_names(module) or 'nothing'}"
        )
    return make(getattr(module, attribute), f"{path.name}:{attribute}", dataset), attribute


def model_of_module(name: str, attribute: str, dataset: "Dataset | None") -> Any:
    """Return the model that a module holds under a name; parameters and errors as above."""
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
    return make(getattr(module, attribute), f"{name}:{attribute}", dataset)


def make(thing: Any, spec: str, dataset: "Dataset | None") -> Any:
    """Return the model that a class or function makes; a model that is already one, itself.

    Parameters
    ----------
    thing : a class, a function, or a model
    spec : how error messages call it
    dataset : given to what has a parameter ``dataset``

    Raises
    ------
    UsageError
        If it is neither.
    ToySoundError
        If it needs other arguments, or fails.
    """
    if not inspect.isclass(thing) and offers(thing, "encode", "decode"):
        return adapt(thing)
    if not callable(thing):
        raise UsageError(
            f"'{spec}' is a {type(thing).__name__}; expected a class, a function that makes a "
            "model, or a model"
        )
    if (adapted := adapt(thing)) is not thing:
        return adapted
    arguments = _arguments(thing, spec, dataset)
    try:
        return adapt(thing(**arguments))
    except ToySoundError:
        raise
    except (Exception, SystemExit) as error:
        raise ToySoundError(f"model '{spec}' cannot be made: {describe_error(error)}") from None


def adapt(thing: Any) -> Any:
    """Return a model that speaks tensors as one that speaks arrays; anything else as it is."""
    if "torch" not in sys.modules:
        return thing
    from benchmark.formats.module import TorchModule, is_module
    from benchmark.formats.pythae_model import PythaeModel, is_pythae

    if is_pythae(thing):
        return PythaeModel(thing)
    return TorchModule(thing) if is_module(thing) else thing


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


def _functions(module: ModuleType) -> bool:
    """Return whether a file is a model itself, by its functions."""
    return all(callable(getattr(module, name, None)) for name in ("encode", "decode"))


def _only_model(module: ModuleType, path: Path) -> str:
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
        f"'{path.name}' has no class with the methods encode and decode, and no such functions; "
        f"write them, or name a function that makes a model: {path.name}:make_model"
    )


def _arguments(thing: Callable[..., Any], spec: str, dataset: "Dataset | None") -> dict[str, Any]:
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
            f"model '{spec}' needs a value for {quoted(others)}, but a model is made without "
            "arguments (except 'dataset'); give a default, or name a function that makes it"
        )
    if "dataset" not in parameters:
        return {}
    if dataset is None and "dataset" in required:
        raise ToySoundError(f"model '{spec}' is made from a dataset; load it with dataset=")
    return {} if dataset is None else {"dataset": dataset}


def _not_importable(what: str, error: BaseException) -> ToySoundError:
    return ToySoundError(f"model file '{what}' cannot be imported: {describe_error(error)}")


def _names(module: ModuleType) -> str:
    """Return the public names of a module's own classes and functions."""
    return quoted(
        name
        for name, value in vars(module).items()
        if not name.startswith("_") and getattr(value, "__module__", None) == module.__name__
    )


def quoted(names: Iterable[str]) -> str:
    """Return names in quotes, with commas between them."""
    return ", ".join(f"'{name}'" for name in names)
