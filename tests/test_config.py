from __future__ import annotations

import os
import sys

import pytest

from clearshot.config import ScanSettings, usable_cores


@pytest.mark.parametrize(("system", "num"), [("win32", 60), ("darwin", 128)])
def test_windows_cannot_wait_for_every_core(
    monkeypatch: pytest.MonkeyPatch, system: str, num: int
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(sys, "platform", system)
        patch.setattr(os, "cpu_count", lambda: 128)
        patch.setattr(os, "process_cpu_count", lambda: 128, raising=False)
        assert usable_cores() == num


def test_there_is_a_core_to_use() -> None:
    assert usable_cores() >= 1
    assert ScanSettings().num_workers == usable_cores()


def test_settings_out_of_range_are_refused() -> None:
    with pytest.raises(ValueError, match="num_workers must be at least 1, not 0"):
        ScanSettings(num_workers=0)
    with pytest.raises(ValueError, match="batch_photos must be at least 1, not 0"):
        ScanSettings(batch_photos=0)
