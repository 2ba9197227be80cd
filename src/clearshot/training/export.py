"""Trained networks to ONNX files, checked against Keras."""

from __future__ import annotations

import hashlib
import tempfile
import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import keras
import numpy as np
import onnx
import onnxruntime

from clearshot.decode.image import CELL_PX
from clearshot.errors import NetworkError
from clearshot.scoring.exposure import (
    NUM_STATISTICS,
    SQUARE_PX,
    ExposureNetwork,
    describe_light,
)
from clearshot.scoring.focus import FocusNetwork
from clearshot.scoring.weights import NetworkFile
from clearshot.training.folding import fold_padding

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

# Largest difference between Keras and ONNX Runtime that rounding explains, in octaves, stops
# or log odds.
PARITY_TOLERANCE: Final = 2e-3


@dataclass(frozen=True, slots=True)
class Ends:
    """What goes into a network and what comes out.

    Attributes
    ----------
    inputs : mapping of str to tuple of (str or None, int)
        For each input its axes: a name where the size is open, else None, and the size in the
        example from which the graph is traced.
    outputs : tuple of str
        Names of the outputs, in order.
    """

    inputs: Mapping[str, tuple[tuple[str | None, int], ...]]
    outputs: tuple[str, ...]


# The example is larger than any kernel.
FOCUS_ENDS: Final = Ends({"luma": (("N", 2), ("H", 8 * CELL_PX), ("W", 12 * CELL_PX))}, ("cells",))
EXPOSURE_ENDS: Final = Ends(
    {
        "luma": (("N", 2), (None, SQUARE_PX), (None, SQUARE_PX)),
        "statistics": (("N", 2), (None, NUM_STATISTICS)),
    },
    ("exposure",),
)


def export_onnx(
    model: Any, path: Path, ends: Ends, *, measure: Callable[[Any, NetworkFile], float]
) -> NetworkFile:
    """Write a network as ONNX and check that it computes what Keras computes.

    Parameters
    ----------
    model : keras.Model
        Any model with these ends.
    path : Path
        The ONNX file; its folder must exist. Replaced only when the new file is complete.
    ends : Ends
        Its inputs and outputs.
    measure : callable
        Gives the largest difference between the outputs of the model and of the file.

    Returns
    -------
    NetworkFile
        The written network, without calibration.

    Raises
    ------
    NetworkError
        If the outputs differ by more than `PARITY_TOLERANCE`.
    """
    with tempfile.TemporaryDirectory() as folder:
        draft = Path(folder) / "draft.onnx"
        _trace(model, draft, ends)
        graph = _clean(fold_padding(onnx.load(str(_simplify(draft)))), ends)
        onnx.checker.check_model(graph, full_check=True)
        onnx.save(graph, str(draft))
        content = draft.read_bytes()
        network = NetworkFile(path.stem, hashlib.sha256(content).hexdigest(), {}, content)
        difference = measure(model, network)
        if not difference <= PARITY_TOLERANCE:
            msg = f"ONNX differs from Keras by {difference:.2g}, allowed: {PARITY_TOLERANCE}"
            raise NetworkError(msg, path=path)
    part = path.with_suffix(".part")
    part.write_bytes(content)
    part.replace(path)
    return network


def measure_focus_parity(model: Any, file: NetworkFile) -> float:
    """Compare a focus network in Keras with its ONNX file on pictures of several sizes.

    Parameters
    ----------
    model : keras.Model
        The original.
    file : NetworkFile
        The ONNX file.

    Returns
    -------
    float
        Largest absolute difference of a mean [octaves] or of the log of a variance.
    """
    network = FocusNetwork(file)
    rng = np.random.default_rng(0)
    worst = 0.0
    for height, width in ((128, 128), (256, 192), (336, 512)):
        coarse = rng.integers(0, 256, (height // 8, width // 8))
        luma = np.kron(coarse, np.ones((8, 8))).astype(np.uint8)
        expected = model(luma[None].astype(np.float32))
        reference = keras.ops.convert_to_numpy(expected)[0]
        count = len(reference) // 2
        measured = network.measure(luma)
        worst = max(
            worst,
            float(np.abs(measured.log2_sigma - reference[:count]).max()),
            float(np.abs(2 * np.log(measured.deviation) - reference[count:]).max()),
        )
    return worst


def measure_exposure_parity(model: Any, file: NetworkFile) -> float:
    """Compare an exposure network in Keras with its ONNX file on pictures of several levels.

    Parameters
    ----------
    model : keras.Model
        The original.
    file : NetworkFile
        The ONNX file.

    Returns
    -------
    float
        Largest absolute difference of an output [stops or log odds].
    """
    network = ExposureNetwork(file)
    rng = np.random.default_rng(0)
    worst = 0.0
    for brightest in (10, 90, 256):
        square = rng.integers(0, brightest, (SQUARE_PX, SQUARE_PX)).astype(np.uint8)
        statistics = describe_light(square, square[: SQUARE_PX // 4])
        expected = model([square[None].astype(np.float32), statistics[None]])
        reference = keras.ops.convert_to_numpy(expected)[0]
        measured = np.array(network.measure(square, statistics))
        worst = max(worst, float(np.abs(measured - reference).max()))
    return worst


def _trace(model: Any, path: Path, ends: Ends) -> None:
    """Write the graph with its open sizes, e.g. any number of photos."""
    if keras.backend.backend() != "torch":
        model.export(str(path), format="onnx", verbose=False)
        return
    # Keras would trace an example of 1 x 1 px here, which is smaller than the first kernel.
    import torch

    examples = [torch.zeros(*(size for _, size in axes)) for axes in ends.inputs.values()]
    model = model.eval()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.onnx.export(
            model if len(examples) == 1 else _join_inputs(model),
            tuple(examples),
            str(path),
            input_names=list(ends.inputs),
            dynamic_axes={
                name: {index: axis for index, (axis, _) in enumerate(axes) if axis}
                for name, axes in ends.inputs.items()
            },
            dynamo=False,
        )


def _join_inputs(model: Any) -> Any:
    """Let a model that takes its inputs as one list take them one by one, as torch passes them."""
    import torch

    class Joined(torch.nn.Module):  # type: ignore[misc]
        def __init__(self) -> None:
            super().__init__()
            self.model = model

        def forward(self, *inputs: Any) -> Any:
            return self.model(list(inputs))

    return Joined().eval()


def _simplify(draft: Path) -> Path:
    """Let ONNX Runtime compute what is constant and fold what any machine can fold."""
    simple = draft.with_name("simple.onnx")
    options = onnxruntime.SessionOptions()
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_BASIC
    options.optimized_model_filepath = str(simple)
    onnxruntime.InferenceSession(str(draft), options, providers=["CPUExecutionProvider"])
    return simple


def rename_ends(graph: Any, names: Mapping[str, str]) -> None:
    """Rename inputs and outputs of a graph in place, and drop what only its exporter needs.

    Parameters
    ----------
    graph : onnx.ModelProto
        The graph.
    names : mapping of str to str
        New names by the old ones.
    """
    for node in graph.graph.node:
        node.input[:] = [names.get(name, name) for name in node.input]
        node.output[:] = [names.get(name, name) for name in node.output]
        node.doc_string = ""
        del node.metadata_props[:]
    for value in (*graph.graph.input, *graph.graph.output):
        value.name = names.get(value.name, value.name)
    del graph.graph.value_info[:]


def _clean(graph: Any, ends: Ends) -> Any:
    """Name the ends of the graph and drop what only the exporter needs."""
    old = (*graph.graph.input, *graph.graph.output)
    new = (*ends.inputs, *ends.outputs)
    names = {value.name: name for value, name in zip(old, new, strict=True)}
    rename_ends(graph, names)
    _rename_weights(graph)
    # The simplifier declares every set of operations that it knows.
    plain = [declared for declared in graph.opset_import if not declared.domain]
    del graph.opset_import[:]
    graph.opset_import.extend(plain)
    return graph


def _rename_weights(graph: Any) -> None:
    """Give weights numbers in the order of their use, so that equal networks give equal files."""
    weights = {item.name: item for item in graph.graph.initializer}
    used = dict.fromkeys(n for node in graph.graph.node for n in node.input if n in weights)
    names = {name: f"weight_{number}" for number, name in enumerate(used)}
    for node in graph.graph.node:
        node.input[:] = [names.get(name, name) for name in node.input]
    kept = [weights[name] for name in used]
    for item in kept:
        item.name = names[item.name]
    del graph.graph.initializer[:]
    graph.graph.initializer.extend(kept)
