"""From a name on the command line to a model, and every way in which that fails."""

import sys
import textwrap
from pathlib import Path

import pytest
from model_zoo import Good
from small_dataset import small_dataset

from benchmark.check import check
from benchmark.loading import LoadedModel, load_model, open_model
from toysound.errors import ToySoundError, UsageError

ZOO = str(Path(__file__).with_name("model_zoo.py"))


def write(path: Path, text: str) -> str:
    path.write_text(text, encoding="utf-8")
    return str(path)


MODEL = """
class Model:
    sample_rate = 16000
    latent_dim = 2
    def encode(self, audio): return audio[:, :2], None
    def decode(self, latent): return latent
"""


@pytest.mark.parametrize("name", ["Good", "make_good", "READY"])
def test_a_class_a_function_and_an_instance_in_a_file(name: str) -> None:
    loaded = load_model(f"{ZOO}:{name}")
    assert loaded.model.latent_dim == 4
    assert loaded.source == f"model_zoo.py:{name}"
    assert loaded.format == "python"
    assert loaded.name == name


def test_a_model_tells_its_own_name_parameters_and_citation() -> None:
    loaded = load_model(f"{ZOO}:Complete")
    assert (loaded.name, loaded.parameters, loaded.citation) == ("complete", 1234, "nobody 2026")
    assert load_model(f"{ZOO}:Good").parameters is None


def test_a_file_with_one_model_needs_no_name(tmp_path: Path) -> None:
    loaded = load_model(write(tmp_path / "one.py", MODEL))
    assert loaded.source == "one.py:Model"


def test_a_file_with_several_models_needs_one() -> None:
    with pytest.raises(UsageError, match=r"name one, such as model_zoo\.py:Good"):
        load_model(ZOO)


def test_a_file_without_a_model_says_what_to_write(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no class with the methods encode and decode"):
        load_model(write(tmp_path / "none.py", "x = 1\n"))


def test_a_class_that_is_only_imported_is_not_the_model_of_the_file(tmp_path: Path) -> None:
    write(tmp_path / "basis.py", MODEL)
    text = "from basis import Model\nclass Mine(Model):\n    pass\n"
    assert load_model(write(tmp_path / "mine.py", text)).name == "Mine"


def test_siblings_of_the_file_are_importable_also_later(tmp_path: Path) -> None:
    write(tmp_path / "sibling_of_late.py", "DIM = 2\n")
    text = MODEL + "    def __init__(self):\n        import sibling_of_late\n"
    assert load_model(write(tmp_path / "late.py", text)).model.latent_dim == 2


def test_a_module_is_found_in_the_current_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(tmp_path / "module_here.py", MODEL)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", list(sys.path))
    loaded = load_model("module_here:Model")
    assert loaded.source == "module_here:Model"


def test_a_dataset_is_given_to_what_asks_for_it() -> None:
    dataset = small_dataset()
    assert load_model(f"{ZOO}:FromDataset", dataset=dataset).name == "made-of-small"
    with pytest.raises(ToySoundError, match="made from a dataset"):
        load_model(f"{ZOO}:FromDataset")


@pytest.mark.parametrize("name", ["oracle", "nearest-neighbour", "random-sound"])
def test_entry_points_are_models_by_a_short_name(name: str) -> None:
    loaded = load_model(name, dataset=small_dataset())
    assert (loaded.name, loaded.source, loaded.format) == (name, name, "entry-point")


@pytest.mark.parametrize(
    ("spec", "words"),
    [
        ("oracel", "did you mean 'oracle'"),
        ("nowhere/model.py:Model", "does not exist"),
        ("nowhere/model.safetensors", "does not exist"),
        ("nowhere/model.pt", "does not exist"),
        ("nowhere/model.pt2", r"no 'model\.encoder\.pt2' in 'nowhere'; a \.pt2 model is a pair"),
        ("nowhere/model.onnx", r"no 'model\.encoder\.onnx' in 'nowhere'"),
        ("no_such_module:Model", "there is no module 'no_such_module'"),
        ("benchmark.protocol:Nothing", "has no 'Nothing'"),
        (f"{ZOO}:Nothing", "has no 'Nothing'; it defines"),
        (f"{ZOO}:NUMBER", "is a int; expected a class"),
    ],
)
def test_names_of_nothing_are_usage_errors(spec: str, words: str) -> None:
    with pytest.raises(UsageError, match=words):
        load_model(spec, dataset=small_dataset())


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("import no_such_package\n", "ModuleNotFoundError: No module named 'no_such_package'"),
        ("x = = 1\n", r"SyntaxError: .*line 1"),
        ("\n\nraise RuntimeError('no\\nweights')\n", r"RuntimeError: no weights \(m\.py, line 3\)"),
        ("import sys\nsys.exit(4)\n", "SystemExit: 4"),
    ],
)
def test_a_file_that_does_not_import_says_why(tmp_path: Path, text: str, words: str) -> None:
    path = write(tmp_path / "m.py", text)
    with pytest.raises(ToySoundError, match=words) as caught:
        load_model(f"{path}:Model")
    assert "m.py' cannot be imported" in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_module_that_does_not_import_says_why(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(tmp_path / "broken_module.py", "import no_such_package\n")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", list(sys.path))
    with pytest.raises(ToySoundError, match="no_such_package"):
        load_model("broken_module:Model")


def test_a_class_that_cannot_be_made_says_why() -> None:
    with pytest.raises(ToySoundError, match=r"cannot be made: FileNotFoundError: weights\.npy"):
        load_model(f"{ZOO}:CannotBeMade")
    with pytest.raises(ToySoundError, match="needs a value for 'path'"):
        load_model(f"{ZOO}:NeedsPath")


@pytest.mark.parametrize("trust", [False, True])
@pytest.mark.parametrize("ending", [".pt", ".pth", ".pkl", ".ckpt", ".joblib"])
def test_pickles_are_not_opened_whoever_is_trusted(
    tmp_path: Path, ending: str, trust: bool
) -> None:
    path = tmp_path / f"model{ending}"
    path.write_bytes(b"cos\nsystem\n(S'touch pwned'\ntR.")
    with pytest.raises(ToySoundError, match=r"is a pickle, .*\.safetensors.*Python file of yours"):
        load_model(str(path), trust=trust)


def test_an_archive_is_to_be_unpacked(tmp_path: Path) -> None:
    with pytest.raises(ToySoundError, match=r"'mine\.zip' is an archive; unpack it"):
        load_model(write(tmp_path / "mine.zip", ""), trust=True)


def test_a_file_with_functions_is_a_model(tmp_path: Path) -> None:
    text = """
        import numpy as np
        sample_rate, latent_dim = 16000, 2
        def encode(audio): return audio[:, :2], None
        def decode(latent): return np.repeat(latent, 2000, axis=1)
    """
    path = write(tmp_path / "two.py", textwrap.dedent(text))
    loaded = load_model(path)
    assert (loaded.name, loaded.source, loaded.format) == ("two", "two.py", "python")
    assert check(loaded, small_dataset()).can_be_scored
    assert loaded.model.latent_dim == 2


def test_functions_without_constants_are_told_what_is_missing(tmp_path: Path) -> None:
    path = write(tmp_path / "bare.py", "def encode(a): pass\ndef decode(z): pass\n")
    report = check(path, small_dataset())
    assert [f.text[:34] for f in report.findings if f.kind == "problem"] == [
        "it has no attribute 'sample_rate';",
        "it has no attribute 'latent_dim'; ",
    ]


def test_a_path_is_a_name_too() -> None:
    assert open_model(Path(ZOO).with_name("model_zoo.py:Good"), small_dataset()).name == "Good"


def test_a_file_of_an_unknown_kind_names_the_known_ones(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"no model that can be read; known are \.py"):
        load_model(write(tmp_path / "model.xyz", ""))


def test_a_folder_stands_for_the_one_model_in_it(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="holds no model"):
        load_model(str(tmp_path))
    write(tmp_path / "a.safetensors", "")
    write(tmp_path / "b.safetensors", "")
    with pytest.raises(UsageError, match=r"holds 'a\.safetensors', 'b\.safetensors'; name one"):
        load_model(str(tmp_path))


def test_an_object_is_a_model_as_it_is() -> None:
    loaded = open_model(Good(), small_dataset())
    assert (loaded.name, loaded.source, loaded.format) == ("Good", "Good", "object")
    assert open_model(loaded, small_dataset()) is loaded


def test_parameters_of_a_torch_module_are_counted() -> None:
    torch = pytest.importorskip("torch")
    assert LoadedModel(torch.nn.Linear(3, 4), "linear", "linear", "object").parameters == 16


def test_a_model_may_say_that_it_has_no_parameters() -> None:
    model = Good()
    model.num_parameters = 0  # type: ignore[attr-defined]
    assert LoadedModel(model, "good", "good", "object").parameters == 0


@pytest.fixture
def a_format(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Install a package that brings two models and a file format, for one test."""
    site = tmp_path / "site"
    info = site / "toyformat-1.0.dist-info"
    info.mkdir(parents=True)
    write(info / "METADATA", "Metadata-Version: 2.1\nName: toyformat\nVersion: 1.0\n")
    write(
        info / "entry_points.txt",
        "[toysound.model_formats]\ntoy = toyformat:read\n"
        "[toysound.models]\nneeds-much = toyformat_needy:Model\nbroken = toyformat_broken:Model\n",
    )
    write(
        site / "toyformat.py",
        MODEL + "def read(path):\n    path.read_text().index('toy')\n    return Model()\n",
    )
    write(site / "toyformat_needy.py", "import no_such_package\n")
    write(site / "toyformat_broken.py", "1 / 0\n")
    monkeypatch.syspath_prepend(str(site))
    return tmp_path


def test_a_package_can_bring_a_file_format(a_format: Path) -> None:
    path = write(a_format / "weights.toy", "toy")
    loaded = load_model(path)
    assert (loaded.name, loaded.source, loaded.format) == ("weights", "weights.toy", "toy")
    assert load_model(str(a_format)).source == "weights.toy"


def test_a_file_that_its_reader_refuses_says_why(a_format: Path) -> None:
    path = write(a_format / "weights.toy", "something else")
    with pytest.raises(
        ToySoundError, match=r"'weights\.toy' cannot be read: ValueError: substring"
    ):
        load_model(path)


def test_an_entry_point_that_needs_a_package_names_it(a_format: Path) -> None:
    with pytest.raises(ToySoundError, match="model 'needs-much' needs the package 'no_such_packag"):
        load_model("needs-much")
    with pytest.raises(ToySoundError, match="model 'broken' cannot be imported: ZeroDivisionError"):
        load_model("broken")


@pytest.mark.parametrize("spec", ["", ":", ":Name"])
def test_nothing_is_no_model(spec: str) -> None:
    with pytest.raises(UsageError, match="names no model"):
        load_model(spec)
