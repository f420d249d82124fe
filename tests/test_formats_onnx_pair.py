"""ONNX pairs as they come, and everything in them that is refused before a runtime sees it."""

from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from onnx import TensorProto, helper, numpy_helper
from small_dataset import small_dataset

from benchmark.check import check
from benchmark.formats.onnx_safety import check_onnx
from benchmark.formats.protobuf import ProtobufError, fields
from benchmark.loading import load_model
from toysound.errors import ToySoundError, UsageError

SAMPLES, DIM = 4000, 3
BASIS = np.random.default_rng(0).standard_normal((SAMPLES, DIM)).astype(np.float32) / 100
AUDIO = np.random.default_rng(1).uniform(-0.5, 0.5, (5, SAMPLES)).astype(np.float32)


def graph(
    matrix: Any,
    batch: int | str = "B",
    outputs: int = 1,
    channel: bool = False,
    kind: int = TensorProto.FLOAT,
) -> onnx.ModelProto:
    """Return a linear model; a second output is half of the first."""
    width, height = matrix.shape
    entry = [batch, 1, width] if channel else [batch, width]
    exit_ = [batch, 1, height] if channel else [batch, height]
    tensor = numpy_helper.from_array(
        matrix.astype(helper.tensor_dtype_to_np_dtype(kind)), name="matrix"
    )
    nodes = [helper.make_node("MatMul", ["x", "matrix"], ["y0"])]
    nodes += [helper.make_node("Add", ["y0", "y0"], ["y1"])] if outputs == 2 else []
    body = helper.make_graph(
        nodes,
        "linear",
        [helper.make_tensor_value_info("x", kind, entry)],
        [helper.make_tensor_value_info(f"y{i}", kind, exit_) for i in range(outputs)],
        [tensor],
    )
    model = helper.make_model(body, opset_imports=[helper.make_opsetid("", 18)])
    model.ir_version = 9
    return model


def rated(model: onnx.ModelProto, sample_rate: str = "16000") -> onnx.ModelProto:
    """Return the model with a sample rate in its metadata."""
    helper.set_model_props(model, {"sample_rate": sample_rate})
    return model


def saved(folder: Path, encoder: onnx.ModelProto, decoder: onnx.ModelProto, stem: str = "") -> Path:
    folder.mkdir(exist_ok=True)
    for role, model in (("encoder", encoder), ("decoder", decoder)):
        (folder / f"{stem}{role}.onnx").write_bytes(model.SerializeToString())
    return folder


@pytest.fixture
def pair(tmp_path: Path) -> Path:
    return saved(tmp_path / "linear", rated(graph(BASIS)), graph(BASIS.T))


def test_a_pair_is_named_by_its_folder_or_either_file(pair: Path) -> None:
    for name in ("", "encoder.onnx", "decoder.onnx"):
        loaded = load_model(str(pair / name))
        assert (loaded.name, loaded.format, loaded.isolated) == ("linear", "onnx", False)
        assert (loaded.model.sample_rate, loaded.model.latent_dim) == (16000, DIM)
        mean, log_variance = loaded.model.encode(AUDIO)
        assert log_variance is None
        np.testing.assert_allclose(mean, AUDIO @ BASIS, atol=1e-5)
        np.testing.assert_allclose(loaded.model.decode(mean), mean @ BASIS.T, atol=1e-5)
    assert check(str(pair), small_dataset()).can_be_scored


def test_a_pair_with_a_name_in_front(tmp_path: Path) -> None:
    saved(tmp_path, rated(graph(BASIS)), graph(BASIS.T), "vae.")
    for name in ("vae.onnx", "vae.encoder.onnx", "vae.decoder.onnx", ""):
        assert load_model(str(tmp_path / name)).name == "vae"
    saved(tmp_path, rated(graph(BASIS)), graph(BASIS.T), "other.")
    with pytest.raises(UsageError, match="holds 2 models; name one, such as"):
        load_model(str(tmp_path))


def test_a_pair_behind_walls(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    saved(tmp_path, rated(graph(BASIS)), graph(BASIS.T), "vae.")
    monkeypatch.chdir(tmp_path)
    loaded = load_model("vae.onnx", isolate=True)
    assert (loaded.name, loaded.source, loaded.isolated) == ("vae", "vae.onnx", True)
    np.testing.assert_allclose(loaded.model.encode(AUDIO)[0], AUDIO @ BASIS, atol=1e-5)
    loaded.model.close()


def test_a_distribution_is_a_second_output(tmp_path: Path) -> None:
    folder = saved(tmp_path / "m", rated(graph(BASIS, outputs=2)), graph(BASIS.T))
    mean, log_variance = load_model(str(folder)).model.encode(AUDIO)
    np.testing.assert_array_equal(log_variance, 2 * mean)


@pytest.mark.parametrize("options", [{"batch": 1}, {"channel": True}, {"batch": 1, "outputs": 2}])
def test_one_sound_at_a_time_and_a_channel_are_met(tmp_path: Path, options: Any) -> None:
    folder = saved(tmp_path / "m", rated(graph(BASIS, **options)), graph(BASIS.T, **options))
    (folder / "model.json").write_text('{"latent_dim": 3}')
    model = load_model(str(folder)).model
    mean, _ = model.encode(AUDIO)
    np.testing.assert_allclose(mean.reshape(5, DIM), AUDIO @ BASIS, atol=1e-5)
    if not options.get("channel"):
        np.testing.assert_allclose(model.decode(mean), mean @ BASIS.T, atol=1e-5)


def test_half_precision_is_met_and_noted(tmp_path: Path) -> None:
    half: Any = {"kind": TensorProto.FLOAT16}
    folder = saved(tmp_path / "m", rated(graph(BASIS, **half)), graph(BASIS.T, **half))
    report = check(str(folder), small_dataset())
    assert report.can_be_scored
    assert "encode returned float16; it was converted to float32" in report.to_text()


def test_model_json_tells_what_the_graphs_do_not(tmp_path: Path) -> None:
    folder = saved(tmp_path / "m", graph(BASIS), graph(BASIS.T))
    with pytest.raises(ToySoundError, match=r"does not tell its sample_rate; write model\.json"):
        load_model(str(folder))
    (folder / "model.json").write_text(
        '{"sample_rate": 8000, "name": "mine", "citation": "me", "num_parameters": 7,'
        ' "representation_name": "raw", "supervision": "labels"}'
    )
    loaded = load_model(str(folder))
    assert (loaded.model.sample_rate, loaded.name, loaded.citation) == (8000, "mine", "me")
    assert loaded.representation == "raw"
    assert loaded.supervision == "labels"
    assert loaded.parameters == 7


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("{", "the file is wrong"),
        ('{"sample_rate": -1}', "sample_rate is wrong"),
        ('{"samplerate": 1}', "samplerate is wrong .* it may hold sample_rate, latent_dim"),
    ],
)
def test_a_wrong_model_json_says_where(pair: Path, text: str, words: str) -> None:
    (pair / "model.json").write_text(text)
    with pytest.raises(ToySoundError, match=words):
        load_model(str(pair))


def test_half_a_pair_says_what_is_missing(pair: Path) -> None:
    (pair / "decoder.onnx").unlink()
    with pytest.raises(UsageError, match=r"there is no 'decoder\.onnx' in"):
        load_model(str(pair))


def test_two_inputs_are_no_encoder(tmp_path: Path) -> None:
    model = rated(graph(BASIS))
    model.graph.input.append(helper.make_tensor_value_info("seed", TensorProto.FLOAT, [1]))
    folder = saved(tmp_path / "m", model, graph(BASIS.T))
    with pytest.raises(ToySoundError, match=r"has the inputs x: .*, seed: .*; expected one"):
        load_model(str(folder))


def refusal(model: onnx.ModelProto) -> str:
    with pytest.raises(ToySoundError) as caught:
        check_onnx(model.SerializeToString(), "m.onnx")
    return str(caught.value)


def outside() -> TensorProto:
    tensor = TensorProto(name="secret", data_type=TensorProto.FLOAT, dims=[4])
    tensor.data_location = TensorProto.EXTERNAL
    tensor.external_data.add(key="location", value="../../etc/passwd")
    return tensor


def test_external_data_is_refused_wherever_it_hides() -> None:
    plain = graph(BASIS)
    plain.graph.initializer.append(outside())
    constant = graph(BASIS)
    constant.graph.node.append(helper.make_node("Constant", [], ["c"], value=outside()))
    branch = helper.make_graph([], "branch", [], [], [outside()])
    nested = graph(BASIS)
    nested.graph.node.append(
        helper.make_node("If", ["x"], ["z"], then_branch=branch, else_branch=branch)
    )
    function = graph(BASIS)
    function.functions.append(
        helper.make_function(
            "mine",
            "F",
            [],
            ["c"],
            [helper.make_node("Constant", [], ["c"], value=outside())],
            [helper.make_opsetid("", 18)],
        )
    )
    sparse = graph(BASIS)
    sparse.graph.sparse_initializer.add().values.CopyFrom(outside())
    only_flag = graph(BASIS)
    only_flag.graph.initializer[0].data_location = TensorProto.EXTERNAL
    for model in (plain, constant, nested, function, sparse, only_flag):
        assert "refers to external data, which could be any file of this machine" in refusal(model)


def test_operations_of_custom_domains_are_refused_wherever_they_hide() -> None:
    plain = graph(BASIS)
    plain.graph.node.append(helper.make_node("Shell", ["x"], ["z"], domain="evil"))
    branch = helper.make_graph(
        [helper.make_node("Shell", [], ["z"], domain="evil")], "branch", [], []
    )
    nested = graph(BASIS)
    nested.graph.node.append(
        helper.make_node("If", ["x"], ["z"], then_branch=branch, else_branch=branch)
    )
    for model in (plain, nested):
        assert "uses the operation 'evil.Shell', which is not of the ONNX standard" in refusal(
            model
        )
    one_runtime = graph(BASIS)
    one_runtime.graph.node.append(helper.make_node("Gelu", ["x"], ["z"], domain="com.microsoft"))
    assert "'com.microsoft.Gelu'" in refusal(one_runtime)


def test_functions_that_the_file_brings_itself_are_fine() -> None:
    model = graph(BASIS)
    model.graph.node.append(helper.make_node("Twice", ["x"], ["z"], domain="mine"))
    model.functions.append(
        helper.make_function(
            "mine",
            "Twice",
            ["x"],
            ["z"],
            [helper.make_node("Add", ["x", "x"], ["z"])],
            [helper.make_opsetid("", 18)],
        )
    )
    check_onnx(model.SerializeToString(), "m.onnx")


@pytest.mark.parametrize(
    "content",
    [b"", b"no model at all", b"\x80\x04pickle", b"\x00\x00\x00\x00ORTM", b"\x3a\xff\x01"],
)
def test_what_is_no_onnx_file_is_told(content: bytes) -> None:
    with pytest.raises(ToySoundError, match=r"'m\.onnx' is no ONNX file that can be read"):
        check_onnx(content, "m.onnx")


def test_a_graph_within_a_graph_without_end_is_refused() -> None:
    content = b""
    for _ in range(500):
        for number in (6, 5, 1):  # the graph of an attribute of a node
            content = bytes([number << 3 | 2]) + _varint(len(content)) + content
    content = bytes([7 << 3 | 2]) + _varint(len(content)) + content
    with pytest.raises(ToySoundError, match="nested too deeply"):
        check_onnx(content, "m.onnx")


def _varint(number: int) -> bytes:
    """Return a number as protobuf writes it."""
    out = bytearray()
    while number >= 0x80:
        out.append(number & 0x7F | 0x80)
        number >>= 7
    return bytes([*out, number])


@given(st.binary(max_size=60))
def test_any_bytes_are_fields_or_a_protobuf_error(content: bytes) -> None:
    try:
        for number, _ in fields(memoryview(content)):
            assert number > 0
    except ProtobufError:
        pass


@given(st.integers(0, 200))
def test_a_file_that_is_cut_short_is_never_taken_for_a_safe_one(cut: int) -> None:
    model = graph(BASIS[:8])
    model.graph.initializer.append(outside())
    content = model.SerializeToString()
    with pytest.raises(ToySoundError):
        check_onnx(content[: len(content) - cut], "m.onnx")
