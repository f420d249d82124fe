"""The kinds of files and folders that are models, one module each.

A kind says how it is recognised, how it is read, and whether opening it can run code
(:class:`benchmark.formats.kind.Kind`). The first in the table that recognises a path reads it.
Further kinds come from other packages through the entry points ``toysound.model_formats``.
"""

from benchmark.formats.closed import CLOSED
from benchmark.formats.exported import PT2
from benchmark.formats.kind import Kind
from benchmark.formats.onnx_pair import ONNX
from benchmark.formats.pickled import PICKLED
from benchmark.formats.pythae_folder import PYTHAE
from benchmark.formats.torchscript import TORCHSCRIPT

#: Every kind, in the order in which they are asked; pickles last, because TorchScript shares their
#: endings.
KINDS: tuple[Kind, ...] = (ONNX, PT2, TORCHSCRIPT, PYTHAE, CLOSED, PICKLED)
