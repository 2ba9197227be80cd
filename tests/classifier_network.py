"""A tiny classifier in the format of the trained ones: the brighter a photo, the blurrier."""

from __future__ import annotations

import hashlib
from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

SIDE_PX = 16


def write_classifier(folder: Path, *, name: str = "tiny", side_px: int = SIDE_PX) -> Path:
    """Write a network and its manifest; its log odds are (mean - 128) / 32."""
    constants = {
        "half": np.array(128.0, np.float32),
        "scale": np.array([-1 / 64, 1 / 64], np.float32),
    }
    nodes = [
        helper.make_node("ReduceMean", ["photo"], ["mean"], axes=[2, 3], keepdims=0),
        helper.make_node("ReduceMean", ["mean"], ["light"], axes=[1], keepdims=1),
        helper.make_node("Sub", ["light", "half"], ["offset"]),
        helper.make_node("Mul", ["offset", "scale"], ["logits"]),
        helper.make_node("Softmax", ["logits"], ["probabilities"], axis=1),
    ]
    shape = ["N", side_px, side_px, 3]
    graph = helper.make_graph(
        nodes,
        name,
        [helper.make_tensor_value_info("photo", TensorProto.FLOAT, shape)],
        [helper.make_tensor_value_info("probabilities", TensorProto.FLOAT, ["N", 2])],
        [numpy_helper.from_array(value, key) for key, value in constants.items()],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    content = model.SerializeToString()
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{name}.onnx").write_bytes(content)
    lines = [
        f"[{name}]",
        f'sha256 = "{hashlib.sha256(content).hexdigest()}"',
        'task = "classifier"',
        f"side_px = {side_px}",
        'recipe = "clearshot train tiny"',
        "num_parameters = 0",
    ]
    (folder / "manifest.toml").write_text("\n".join(lines), encoding="utf-8")
    onnx.checker.check_model(model)
    return folder
