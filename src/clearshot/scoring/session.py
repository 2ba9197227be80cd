"""ONNX Runtime, as every network of clearshot runs: on one thread of one core."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from clearshot.scoring.weights import NetworkFile, read_packaged_network

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from numpy.typing import NDArray


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


class Network:
    """A network of the package, or another file in its place. It is opened when it first runs.

    It can be pickled; a copy opens its own session.

    Parameters
    ----------
    file : NetworkFile or None
        The network; the packaged one by default.
    """

    # The packaged network.
    _NAME: ClassVar[str]

    def __init__(self, file: NetworkFile | None = None) -> None:
        self._file = file
        self._session: Any = None

    @property
    def file(self) -> NetworkFile:
        """The network's verified file."""
        return read_packaged_network(self._NAME) if self._file is None else self._file

    @property
    def sha256(self) -> str:
        """Digest of the network's file."""
        return self.file.sha256

    def __getstate__(self) -> dict[str, Any]:
        return {"_file": self._file, "_session": None}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)

    def _run(self, output: str, inputs: Mapping[str, NDArray[Any]]) -> Any:
        """Compute one output."""
        if self._session is None:
            self._session = open_session(self.file.content)
        return self._session.run([output], inputs)[0]
