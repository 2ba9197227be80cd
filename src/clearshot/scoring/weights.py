"""The network files inside the package: found, verified and described by their manifest."""

from __future__ import annotations

import hashlib
import tomllib
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import TYPE_CHECKING

from clearshot.errors import NetworkError

if TYPE_CHECKING:
    from importlib.resources.abc import Traversable


@dataclass(frozen=True, slots=True)
class NetworkFile:
    """One network, its bytes verified.

    Attributes
    ----------
    name : str
        E.g. `focus`.
    sha256 : str
        Digest of the ONNX file, hexadecimal.
    calibration : dict of str to list of float
        Constants that turn raw scores into probabilities.
    content : bytes
        The ONNX file.
    """

    name: str
    sha256: str
    calibration: dict[str, list[float]]
    content: bytes


def read_network(name: str, *, folder: Traversable | None = None) -> NetworkFile:
    """Read a network and check that it is the one that its manifest describes.

    Parameters
    ----------
    name : str
        Name of the network: the stem of its `.onnx` file and its table in `manifest.toml`.
    folder : Traversable or None
        Where both files are; the package's own by default.

    Returns
    -------
    NetworkFile
        The verified network.

    Raises
    ------
    NetworkError
        If a file is missing, unreadable or changed.
    """
    place = resources.files("clearshot") / "weights" if folder is None else folder
    try:
        manifest = tomllib.loads((place / "manifest.toml").read_text(encoding="utf-8"))
        content = (place / f"{name}.onnx").read_bytes()
        entry = manifest[name]
        expected, calibration = entry["sha256"], dict(entry.get("calibration", {}))
    except OSError as error:
        raise NetworkError(f"network {name!r} is missing from {place}: {error}") from error
    except (KeyError, tomllib.TOMLDecodeError) as error:
        msg = f"{place}/manifest.toml does not describe network {name!r}: {error}"
        raise NetworkError(msg) from error
    sha256 = hashlib.sha256(content).hexdigest()
    if sha256 != expected:
        msg = f"{place}/{name}.onnx was changed: SHA-256 {sha256}, the manifest says {expected}"
        raise NetworkError(msg)
    return NetworkFile(name, sha256, calibration, content)


@cache
def read_packaged_network(name: str) -> NetworkFile:
    """Read a network of the package once per process.

    Parameters
    ----------
    name : str
        Name of the network.

    Returns
    -------
    NetworkFile
        The verified network.
    """
    return read_network(name)
