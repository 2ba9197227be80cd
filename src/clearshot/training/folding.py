"""Folds operations of an ONNX graph into its convolutions, without changing what it computes.

ONNX Runtime keeps a chain of convolutions in one memory layout only as long as nothing stands
between them; a padding of its own costs two copies of the picture.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from onnx import helper, numpy_helper

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray


def fold_padding(graph: Any) -> Any:
    """Turn each padding with zeros before a convolution into an attribute of the convolution.

    Parameters
    ----------
    graph : onnx.ModelProto
        The graph; changed in place.

    Returns
    -------
    onnx.ModelProto
        The same graph.
    """
    constants = _read_constants(graph)
    makers = {name: node for node in graph.graph.node for name in node.output}
    for node in list(graph.graph.node):
        pad = makers.get(node.input[0]) if node.op_type == "Conv" else None
        if pad is None or pad.op_type != "Pad" or not _is_plain(pad, constants):
            continue
        is_read_once = sum(pad.output[0] in other.input for other in graph.graph.node) == 1
        amounts = constants[pad.input[1]].astype(int).tolist()
        # Begins of every axis, then ends; a convolution pads rows and columns only.
        if len(amounts) != 8 or any(amounts[i] for i in (0, 1, 4, 5)) or not is_read_once:
            continue
        _add_pads(node, amounts[2:4] + amounts[6:8])
        node.input[0] = pad.input[0]
        graph.graph.node.remove(pad)
    return graph


def _read_constants(graph: Any) -> dict[str, NDArray[Any]]:
    constants = {item.name: numpy_helper.to_array(item) for item in graph.graph.initializer}
    for node in graph.graph.node:
        if node.op_type == "Constant" and node.attribute[0].name == "value":
            constants[node.output[0]] = numpy_helper.to_array(node.attribute[0].t)
    return constants


def _is_plain(pad: Any, constants: Mapping[str, NDArray[Any]]) -> bool:
    """Tell whether a padding is known, with zeros, and along all axes in their order."""
    mode = next((a.s.decode() for a in pad.attribute if a.name == "mode"), "constant")
    value = pad.input[2] if len(pad.input) > 2 else ""
    is_zero = not value or (value in constants and not constants[value].any())
    has_axes = len(pad.input) > 3 and bool(pad.input[3])
    return mode == "constant" and is_zero and not has_axes and pad.input[1] in constants


def _add_pads(convolution: Any, amounts: list[int]) -> None:
    own = next((a for a in convolution.attribute if a.name == "pads"), None)
    before = [0, 0, 0, 0] if own is None else list(own.ints)
    if own is not None:
        convolution.attribute.remove(own)
    total = [first + second for first, second in zip(before, amounts, strict=True)]
    convolution.attribute.append(helper.make_attribute("pads", total))
