"""The program ends in order, also when it is stopped before it has begun."""

from __future__ import annotations

import builtins
from typing import Any

import pytest

from clearshot.__main__ import run


def test_a_stop_while_loading_shows_no_traceback(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    load = builtins.__import__

    def stop(name: str, *rest: Any) -> Any:
        if name == "clearshot.cli.main":
            raise KeyboardInterrupt
        return load(name, *rest)

    monkeypatch.setattr(builtins, "__import__", stop)
    with pytest.raises(SystemExit) as end:
        run()
    assert end.value.code == 130
    assert capsys.readouterr().err == "clearshot: stopped\n"
