"""Find the blurry, dark and overexposed photos of a library, on the owner's machine.

The names below are the library's public interface. They are loaded when they are first used, so
that importing the package loads neither NumPy nor ONNX Runtime. It only sets ORT_DISABLE_TELEMETRY,
where that is not set: from version 1.29 on, ONNX Runtime tells its makers what it runs, unless this
is set before it is loaded.
"""

from __future__ import annotations

import os
from importlib import import_module
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from clearshot.errors import ClearshotError, PhotoError
    from clearshot.photo import BlurKind, Label, Rating, Region, Scores, SharpAt, Verdict
    from clearshot.scoring.limits import Wishes, set_thresholds
    from clearshot.scoring.scorer import Scorer
    from clearshot.scoring.tolerance import Tolerance
    from clearshot.scoring.verdict import Thresholds, judge

__version__ = "0.1.0"

# Here, not where ONNX Runtime is loaded: whatever loads it in clearshot has loaded this before, and
# worker processes inherit it.
os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")

__all__ = [
    "BlurKind",
    "ClearshotError",
    "Label",
    "PhotoError",
    "Rating",
    "Region",
    "Scorer",
    "Scores",
    "SharpAt",
    "Thresholds",
    "Tolerance",
    "Verdict",
    "Wishes",
    "judge",
    "set_thresholds",
]

_HOMES: Final = {
    "BlurKind": "photo",
    "ClearshotError": "errors",
    "Label": "photo",
    "PhotoError": "errors",
    "Rating": "photo",
    "Region": "photo",
    "Scorer": "scoring.scorer",
    "Scores": "photo",
    "SharpAt": "photo",
    "Thresholds": "scoring.verdict",
    "Tolerance": "scoring.tolerance",
    "Verdict": "photo",
    "Wishes": "scoring.limits",
    "judge": "scoring.verdict",
    "set_thresholds": "scoring.limits",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        msg = f"module {__name__!r} has no attribute {name!r}"
        raise AttributeError(msg)
    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
