"""A network is loaded only if it is the one that its manifest describes."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from clearshot.errors import NetworkError
from clearshot.scoring.weights import read_network, read_packaged_network


def _write(folder: Path, content: bytes, digest: str) -> None:
    (folder / "tiny.onnx").write_bytes(content)
    (folder / "manifest.toml").write_text(
        f'[tiny]\nsha256 = "{digest}"\n[tiny.calibration]\nblurry = [1.0, 0.0]\n'
    )


def test_a_network_is_read_with_its_calibration(tmp_path: Path) -> None:
    digest = hashlib.sha256(b"network").hexdigest()
    _write(tmp_path, b"network", digest)
    file = read_network("tiny", folder=tmp_path)
    assert (file.content, file.sha256) == (b"network", digest)
    assert file.calibration == {"blurry": [1.0, 0.0]}


def test_a_changed_network_is_refused(tmp_path: Path) -> None:
    _write(tmp_path, b"network", hashlib.sha256(b"other").hexdigest())
    with pytest.raises(NetworkError, match=r"tiny\.onnx was changed"):
        read_network("tiny", folder=tmp_path)


def test_missing_and_undescribed_networks_are_named(tmp_path: Path) -> None:
    with pytest.raises(NetworkError, match="'tiny' is missing"):
        read_network("tiny", folder=tmp_path)
    _write(tmp_path, b"network", "")
    (tmp_path / "other.onnx").write_bytes(b"")
    with pytest.raises(NetworkError, match="does not describe network 'other'"):
        read_network("other", folder=tmp_path)
    (tmp_path / "manifest.toml").write_text("not toml [")
    with pytest.raises(NetworkError, match="does not describe"):
        read_network("tiny", folder=tmp_path)


def test_the_packaged_network_is_small_and_whole() -> None:
    assert 50_000 < len(read_packaged_network("focus").content) < 1_000_000
