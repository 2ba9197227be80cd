"""Classifiers to ONNX files, checked against Keras. Weights are written to disk once."""

from __future__ import annotations

import hashlib
import io
import tempfile
import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import keras
import numpy as np
import onnx
import onnxruntime

from clearshot.errors import NetworkError
from clearshot.training.export import rename_ends

if TYPE_CHECKING:
    from numpy.typing import NDArray

# Largest difference of a probability between Keras and ONNX Runtime that rounding explains.
PARITY_TOLERANCE: Final = 1e-3

INPUT_NAME: Final = "photo"
OUTPUT_NAME: Final = "probabilities"


def export_classifier(model: Any, path: Path, *, photo_nhwc: NDArray[np.uint8]) -> str:
    """Write a classifier as ONNX and check that it computes what Keras computes.

    Parameters
    ----------
    model : keras.Model
        Of `clearshot.training.classifiers`.
    path : Path
        The ONNX file; its folder must exist. Replaced only when the new file is right.
    photo_nhwc : ndarray of uint8, shape (N, S, S, 3)
        Pictures to compare on, N >= 2; real ones, because on noise all answers may be alike.

    Returns
    -------
    str
        SHA-256 of the file, hexadecimal.

    Raises
    ------
    NetworkError
        If the probabilities differ by more than `PARITY_TOLERANCE`.

    Notes
    -----
    About five times the size of the weights in memory: 2.7 GB for LeNet at 192 px.
    """
    graph = _clean(_trace(model))
    onnx.checker.check_model(graph, full_check=True)
    content = graph.SerializeToString()
    del graph
    part = path.with_suffix(".part")
    part.write_bytes(content)
    sha256 = hashlib.sha256(content).hexdigest()
    del content
    difference = measure_parity(model, part, photo_nhwc)
    if not difference <= PARITY_TOLERANCE:
        part.unlink()
        msg = f"ONNX differs from Keras by {difference:.2g}, allowed: {PARITY_TOLERANCE}"
        raise NetworkError(msg, path=path)
    part.replace(path)
    return sha256


def measure_parity(model: Any, path: Path, photo_nhwc: NDArray[np.uint8]) -> float:
    """Compare a Keras classifier with its ONNX file, one picture at a time and all at once.

    Parameters
    ----------
    model : keras.Model
        The original.
    path : Path
        The ONNX file.
    photo_nhwc : ndarray of uint8, shape (N, S, S, 3)
        Pictures.

    Returns
    -------
    float
        Largest absolute difference of a probability.
    """
    session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    photo = photo_nhwc.astype(np.float32)
    expected = model.predict_on_batch(photo)
    worst = 0.0
    for part in (slice(None), slice(0, 1)):
        (measured,) = session.run([OUTPUT_NAME], {INPUT_NAME: photo[part]})
        worst = max(worst, float(np.abs(measured - expected[part]).max()))
    return worst


def _trace(model: Any) -> Any:
    """Make the graph, open to any number of photos."""
    if keras.backend.backend() != "torch":
        with tempfile.TemporaryDirectory() as folder:
            draft = Path(folder) / "draft.onnx"
            model.export(str(draft), format="onnx", verbose=False)
            return onnx.load(str(draft))
    import torch

    draft_bytes = io.BytesIO()
    device = next(model.parameters()).device
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.onnx.export(
            model.eval(),
            (torch.zeros(2, *model.input_shape[1:], device=device),),
            draft_bytes,
            input_names=[INPUT_NAME],
            output_names=[OUTPUT_NAME],
            dynamic_axes={INPUT_NAME: {0: "N"}, OUTPUT_NAME: {0: "N"}},
            dynamo=False,
        )
    return onnx.load_from_string(draft_bytes.getvalue())


def _clean(graph: Any) -> Any:
    """Name the ends of the graph and drop what only the exporter needs."""
    names = {graph.graph.input[0].name: INPUT_NAME, graph.graph.output[0].name: OUTPUT_NAME}
    rename_ends(graph, names)
    return graph
