"""ONNX Runtime, as every network of clearshot runs: on one thread of one core."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pathlib import Path


def open_session(network: bytes | Path) -> Any:
    """Open a network; worker processes, not threads, keep the cores busy.

    Parameters
    ----------
    network : bytes or Path
        The ONNX file: its content, or where it lies.

    Returns
    -------
    onnxruntime.InferenceSession
        The session.
    """
    # Imported here: it takes longer than everything else at start-up and most commands do not
    # need it in this process.
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.inter_op_num_threads = 1
    return onnxruntime.InferenceSession(network, options, providers=["CPUExecutionProvider"])
