"""How the name of a model on the command line becomes a model.

A name is one of

* ``path/to/file.py:Name`` or ``path/to/file.py`` -- a class, a function that makes a model, or a
  model, in a Python file; without ``:Name`` the file has exactly one class with ``encode`` and
  ``decode``, or functions of these names (:mod:`benchmark.formats.python_file`).
* ``package.module:Name`` -- the same in an installed module, or one below the current folder.
* a short name, such as ``oracle`` -- an entry point of the group ``toysound.models``.
* a file, a pair of files or a folder of a known kind, such as ``vae.onnx`` (the table
  :data:`benchmark.formats.KINDS`), or one whose ending is an entry point of the group
  ``toysound.model_formats``, such as ``model.safetensors``; a folder that holds exactly one such
  file will do.

A Python file that you name counts as your own code and is run here. What comes as data and can
still run code when it is opened (``.pt2``, TorchScript, pickled networks) is opened only with
``trust``, and then in a child process with limits (:mod:`benchmark.sandbox`). With ``isolate`` any
model is. Pickles of whole models are refused always.
"""

import inspect
import os
import sys
from dataclasses import dataclass
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmark.formats import KINDS
from benchmark.formats.kind import Kind
from benchmark.formats.python_file import adapt, make, model_of_file, model_of_module, quoted
from benchmark.guard import describe_error
from benchmark.protocol import read_count, read_text, short
from benchmark.sandbox.limits import Limits
from toysound.errors import ToySoundError, UsageError, unknown_name

if TYPE_CHECKING:
    from toysound.dataset import Dataset

MODELS = "toysound.models"
FORMATS = "toysound.model_formats"


@dataclass(frozen=True)
class LoadedModel:
    """A model and where it came from.

    Attributes
    ----------
    model : the model; whether it keeps the protocol is for :mod:`benchmark.check` to say
    name : the name it gives itself, else that of its class, file or entry point
    source : what was named, without the folders of this machine
    format : ``python``, ``entry-point``, ``object``, or the kind of its file
    notes : what a reader of its score should know, one sentence each
    isolated : whether it is in a child process
    """

    model: Any
    name: str
    source: str
    format: str
    notes: tuple[str, ...] = ()
    isolated: bool = False

    @property
    def citation(self) -> str | None:
        """Its reference, if it gives one."""
        return read_text(self.model, "citation")

    @property
    def representation(self) -> str | None:
        """The view of sound that it works in, if it names it."""
        return read_text(self.model, "representation_name")

    @property
    def supervision(self) -> str | None:
        """What its training was told besides the sounds, if it was and says so."""
        return read_text(self.model, "supervision")

    @property
    def parameters(self) -> int | None:
        """The number of its parameters: what it says itself, else what torch counts, else None."""
        if (count := read_count(self.model, "num_parameters")) is not None:
            return count
        torch = sys.modules.get("torch")
        if torch is not None and isinstance(self.model, torch.nn.Module):
            return sum(int(p.numel()) for p in self.model.parameters())
        return None


def open_model(
    model: Any, dataset: "Dataset", *, trust: bool = False, isolate: bool = False
) -> LoadedModel:
    """Return a model given as an object, by its name on the command line, or already loaded.

    Parameters
    ----------
    model : whatever keeps :class:`benchmark.protocol.Model`, a ``torch.nn.Module`` with ``encode``
        and ``decode``, a pythae model, a name, or a :class:`LoadedModel`
    dataset, trust, isolate : as in :func:`load_model`

    Raises
    ------
    UsageError
        If it is a class and no model, or its name names nothing.
    ToySoundError
        As :func:`load_model`.
    """
    if isinstance(model, LoadedModel):
        return model
    if inspect.isclass(model):
        raise UsageError(
            f"the model is the class {model.__name__}; give a model that is made from it, such as "
            f"{model.__name__}()"
        )
    if isinstance(model, str | os.PathLike):
        return load_model(os.fspath(model), dataset=dataset, trust=trust, isolate=isolate)
    kind = type(model).__name__
    adapted = adapt(model)
    return LoadedModel(adapted, read_text(adapted, "name") or kind, kind, "object")


def open_dataset(dataset: Any) -> "Dataset":
    """Return a dataset given as such, by its name, or by its folder.

    Raises
    ------
    UsageError
        If it is something else, or there is none of that name.
    """
    from toysound.dataset import Dataset, load

    if isinstance(dataset, Dataset):
        return dataset
    if isinstance(dataset, str | os.PathLike):
        return load(os.fspath(dataset))
    raise UsageError(
        f"the dataset is {short(dataset)}; give one of toysound.load(), its name, such as 'tones', "
        "or its folder"
    )


def load_model(
    spec: str,
    *,
    dataset: "Dataset | None" = None,
    trust: bool = False,
    isolate: bool = False,
    limits: Limits | None = None,
) -> LoadedModel:
    """Load a model by its name on the command line (see the module for the forms).

    Parameters
    ----------
    spec : the name
    dataset : given to a class or function that has a parameter named ``dataset``, and to codes
    trust : open a file that can run code, in a child process
    isolate : open any model in a child process
    limits : of the child process

    Raises
    ------
    UsageError
        If there is no such model, file, module or name in it.
    ToySoundError
        If it is there but cannot be imported or made, or would need trust; the sentence gives the
        cause.
    """
    if not spec or spec.startswith(":"):
        raise UsageError(
            f"'{spec}' names no model; name a file, such as my_model.py:MyModel, or a model, such "
            "as oracle"
        )
    danger = _danger(spec)
    if danger is not None and not trust:
        raise ToySoundError(
            f"'{_name_of(Path(spec))}' can run any code when it is opened: a {danger}; if you know "
            "who made it, add --trust (trust=True in Python), and it is opened in a process of its "
            "own with limits on time, memory, files and network"
        )
    if danger is None and not isolate:
        return load_here(spec, dataset)
    from benchmark.sandbox import Isolated

    model = Isolated(spec, limits, dataset=dataset)
    return LoadedModel(model, model.name, model.source, model.format, model.notes, isolated=True)


def load_here(spec: str, dataset: "Dataset | None") -> LoadedModel:
    """Load a model in this process, whatever opening it may run; parameters as above."""
    head, attribute = _split(spec)
    if head.endswith(".py"):
        file = Path(head)
        model, attribute = model_of_file(file, attribute, dataset)
        source = f"{file.name}:{attribute}" if attribute else file.name
        return _loaded(model, attribute or file.stem, source, "python")
    if attribute:
        model = model_of_module(head, attribute, dataset)
        return _loaded(model, attribute, spec, "python")
    models = _short_names()
    if spec in models:
        thing = _load_entry(models[spec], f"model '{spec}'")
        return _loaded(make(thing, spec, dataset), spec, spec, "entry-point")
    path = Path(spec)
    if (kind := _kind_of(path)) is not None:
        return _from_kind(kind, path, dataset)
    if path.exists():
        return _from_entry(path)
    if "/" in spec or path.suffix in _entry_endings():
        raise UsageError(f"model file '{spec}' does not exist")
    unknown = unknown_name("model", spec, models)
    raise UsageError(f"{unknown}; or name a file, such as my_model.py or model.safetensors")


def _short_names() -> dict[str, EntryPoint]:
    return {entry.name: entry for entry in entry_points(group=MODELS)}


def _split(spec: str) -> tuple[str, str]:
    """Return what stands before and behind the colon of a name."""
    head, colon, attribute = spec.rpartition(":")
    return (head, attribute) if colon and attribute.isidentifier() else (spec, "")


def _danger(spec: str) -> str | None:
    """Return what opening a model could do beyond reading numbers, None for nothing."""
    head, attribute = _split(spec)
    if attribute or head.endswith(".py") or spec in _short_names():
        return None
    kind = _kind_of(Path(spec))
    if kind is None:
        return None
    danger = kind.danger(Path(spec))
    return None if danger is None else f"{kind.name} file {danger}"


def _kind_of(path: Path) -> Kind | None:
    return next((kind for kind in KINDS if kind.recognises(path)), None)


def _from_kind(kind: Kind, path: Path, dataset: "Dataset | None") -> LoadedModel:
    try:
        model = kind.read(path, dataset)
    except ToySoundError:
        raise
    except ModuleNotFoundError as error:
        raise ToySoundError(
            f"model '{_name_of(path)}' needs the package '{error.name}'; "
            f"pip install '{kind.package}' brings it"
        ) from None
    except (Exception, SystemExit) as error:
        raise _unreadable(path, error) from None
    notes = () if kind.note is None else (kind.note,)
    name = read_text(model, "name") or path.stem
    return LoadedModel(model, name, _name_of(path), kind.name, notes)


def _from_entry(path: Path) -> LoadedModel:
    """Load a file whose ending another package reads."""
    formats = {f".{entry.name}": entry for entry in entry_points(group=FORMATS)}
    if path.is_dir() and path.suffix not in formats:
        path = _only_model_file(path, sorted(formats))
    if path.suffix not in formats:
        known = [kind.form for kind in KINDS if kind.form]
        raise UsageError(
            f"'{path.name}' is no model that can be read; known are .py, {quoted(formats)}, "
            f"{', '.join(known)}"
        )
    load = _load_entry(formats[path.suffix], f"the reader of {path.suffix} files")
    try:
        model = load(path)
    except ToySoundError:
        raise
    except (Exception, SystemExit) as error:
        raise _unreadable(path, error) from None
    return _loaded(model, path.stem, path.name, path.suffix[1:])


def _only_model_file(folder: Path, endings: list[str]) -> Path:
    """Return the one model file of a folder."""
    found = sorted(path for path in folder.iterdir() if path.suffix in endings)
    if len(found) == 1:
        return found[0]
    if found:
        raise UsageError(f"folder '{folder}' holds {quoted(p.name for p in found)}; name one")
    forms = [kind.form for kind in KINDS if kind.form]
    raise UsageError(
        f"folder '{folder}' holds no model; one would end in {quoted(endings)}, or be "
        f"{', '.join(forms)}"
    )


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
    return LoadedModel(model, read_text(model, "name") or fallback, source, format_)


def _unreadable(path: Path, error: BaseException) -> ToySoundError:
    what = describe_error(error)
    return ToySoundError(f"model '{_name_of(path)}' cannot be read: {what}")


def _name_of(path: Path) -> str:
    """Return the last part of a path, also of ``.``."""
    return path.name or path.absolute().name


def _entry_endings() -> list[str]:
    return [f".{entry.name}" for entry in entry_points(group=FORMATS)]
