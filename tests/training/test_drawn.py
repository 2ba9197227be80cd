"""Training data is drawn once, and what could not be written is not taken for it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("torch", reason="the extra `train` is not installed")

from clearshot.errors import InputError
from clearshot.training.drawn import load_or_draw


@dataclass(frozen=True)
class _Numbers:
    one: np.ndarray
    two: np.ndarray


def _load(folder: Path, one: int) -> _Numbers:
    return load_or_draw(
        _Numbers,
        folder,
        lambda _: _Numbers(np.array([one]), np.array([2])),
        num_drawn=1,
        unit="number",
        verbose=0,
    )


def test_what_was_drawn_is_kept(tmp_path: Path) -> None:
    assert _load(tmp_path / "drawn", 1).one.tolist() == [1]
    assert _load(tmp_path / "drawn", 5).one.tolist() == [1]


def test_a_full_disk_is_named_and_what_is_half_written_is_drawn_anew(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    save = np.save

    def fill(path: Path, array: np.ndarray) -> None:
        if path.name == "two.npy":
            raise OSError("8 requested and 0 written")  # as NumPy says it
        save(path, array)

    monkeypatch.setattr(np, "save", fill)
    with pytest.raises(InputError, match=r"two\.npy: cannot be written: is the disk full"):
        _load(tmp_path / "drawn", 1)
    monkeypatch.undo()
    assert _load(tmp_path / "drawn", 5).one.tolist() == [5]
