"""An ONNX pair: two graphs, for any runtime and without code.

``encoder.onnx`` has one input, the audio, shape (B, T) or (B, 1, T), and the outputs mean (B, D)
and, if there is a distribution, log_variance (B, D), in this order. ``decoder.onnx`` has one input,
the latent (B, D), and one output, the audio, (B, T) or (B, 1, T). A graph with a batch of fixed
size 1 is given one sound at a time.

The sample rate stands in the encoder's metadata (``sample_rate``) or in ``model.json``
(:mod:`benchmark.formats.description`); ``latent_dim`` is read from the decoder's input.

The files are looked through before a runtime sees them (:mod:`benchmark.formats.onnx_safety`). They
run in onnxruntime on one thread of the CPU, so that a score does not depend on the machine's load.
"""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from benchmark.formats.description import Description, read_description
from benchmark.formats.kind import Kind
from benchmark.formats.onnx_safety import check_onnx
from benchmark.formats.pair import Pair, find_pair, names_a_pair
from benchmark.protocol import Floats
from toysound.errors import ToySoundError

if TYPE_CHECKING:
    from toysound.dataset import Dataset

_ENDING = ".onnx"

_TYPES: dict[str, type[np.floating[Any]]] = {
    "tensor(float)": np.float32,
    "tensor(float16)": np.float16,
    "tensor(double)": np.float64,
}

#: Errors and worse; onnxruntime would print warnings about graphs that run well.
_LOG_ERRORS = 3


class Graph:
    """One ONNX file with one input.

    Parameters
    ----------
    path : the file

    Attributes
    ----------
    shape : of the input; None where it is free
    metadata : texts that the file holds beside the graph

    Raises
    ------
    ToySoundError
        If it is no ONNX file, points outside itself, or has several inputs.
    """

    def __init__(self, path: Path) -> None:
        import onnxruntime

        self.name = path.name
        content = path.read_bytes()
        check_onnx(content, path.name)
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        options.log_severity_level = _LOG_ERRORS
        self._session = onnxruntime.InferenceSession(
            content, options, providers=["CPUExecutionProvider"]
        )
        inputs = self._session.get_inputs()
        if len(inputs) != 1 or inputs[0].type not in _TYPES:
            kinds = ", ".join(f"{i.name}: {i.type}" for i in inputs) or "none"
            raise ToySoundError(
                f"'{path.name}' has the inputs {kinds}; expected one, an array of floats"
            )
        self._input = inputs[0]
        self.shape = tuple(n if isinstance(n, int) else None for n in inputs[0].shape)
        self.outputs = len(self._session.get_outputs())
        self.metadata: dict[str, str] = dict(self._session.get_modelmeta().custom_metadata_map)

    def run(self, rows: Floats) -> list[NDArray[Any]]:
        """Return the outputs for rows, shape (B, n), each with a row for each."""
        array = rows.astype(_TYPES[self._input.type])
        if len(self.shape) == 3:
            array = array[:, None, :]
        if self.shape[:1] == (1,):
            parts = [self._session.run(None, {self._input.name: row[None]}) for row in array]
            return [np.concatenate(rows_) for rows_ in zip(*parts, strict=True)]
        return list(self._session.run(None, {self._input.name: array}))


class OnnxPair:
    """A model of two ONNX graphs.

    Attributes
    ----------
    sample_rate, latent_dim : as in the protocol
    name, citation, representation_name, supervision, num_parameters : as ``model.json`` says, or
        None
    """

    def __init__(self, pair: Pair, description: Description) -> None:
        self._encoder, self._decoder = Graph(pair.encoder), Graph(pair.decoder)
        told = self._told(description)
        self.sample_rate = told.needed("sample_rate", f"'{pair.encoder.name}'")
        self.latent_dim = told.needed("latent_dim", f"'{pair.decoder.name}'")
        self.name = told.name or pair.stem
        self.citation = told.citation
        self.representation_name = told.representation_name
        self.supervision = told.supervision
        self.num_parameters = told.num_parameters

    def encode(self, audio: Floats) -> tuple[NDArray[Any], NDArray[Any] | None]:
        """Return mean and log-variance (or None), each (B, D), of sounds (B, T)."""
        outputs = self._encoder.run(audio)
        return outputs[0], outputs[1] if len(outputs) > 1 else None

    def decode(self, latent: Floats) -> NDArray[Any]:
        """Return the sounds, (B, T), of latents (B, D)."""
        sound = self._decoder.run(latent)[0]
        return sound[:, 0] if sound.ndim == 3 and sound.shape[1] == 1 else sound

    def _told(self, description: Description) -> Description:
        """Return the description, completed by what the files say."""
        told = description.model_dump(exclude_none=True)
        rate = self._encoder.metadata.get("sample_rate", "")
        if rate.isdecimal() and int(rate) > 0:
            told.setdefault("sample_rate", int(rate))
        size = self._decoder.shape[-1] if len(self._decoder.shape) == 2 else None
        if size is not None:
            told.setdefault("latent_dim", size)
        return Description(**told)


def _read(path: Path, dataset: "Dataset | None") -> OnnxPair:
    pair = find_pair(path, _ENDING)
    return OnnxPair(pair, read_description(pair.encoder.parent, pair.stem))


ONNX = Kind(
    name="onnx",
    form="encoder.onnx and decoder.onnx",
    recognises=lambda path: names_a_pair(path, _ENDING),
    read=_read,
    package="toysound[onnx]",
)
