"""What cannot end well does not begin."""

from __future__ import annotations

import keras
import pytest

pytest.importorskip("torch", reason="the extra `train` is not installed")

from clearshot.errors import MissingExtraError
from clearshot.training import backend as training_backend


@pytest.mark.parametrize(("backend", "writer"), [("jax", "jax2onnx"), ("tensorflow", "tf2onnx")])
def test_a_backend_that_cannot_write_its_networks_is_refused_before_the_training(
    monkeypatch: pytest.MonkeyPatch, backend: str, writer: str
) -> None:
    monkeypatch.setattr(keras.backend, "backend", lambda: backend)
    monkeypatch.setattr(training_backend, "find_spec", lambda _: None)
    with pytest.raises(MissingExtraError, match=f"pip install {writer}"):
        training_backend.prepare_backend(7)
