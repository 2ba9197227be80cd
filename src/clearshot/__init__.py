"""Find the blurry, dark and overexposed photos of a library, on the owner's machine.

The names below are the library's public interface. Importing them loads no ONNX Runtime.
"""

from clearshot.errors import ClearshotError, PhotoError
from clearshot.photo import BlurKind, Label, Rating, Region, Scores, Verdict
from clearshot.scoring.scorer import Scorer
from clearshot.scoring.verdict import Thresholds, judge

__version__ = "0.1.0"

__all__ = [
    "BlurKind",
    "ClearshotError",
    "Label",
    "PhotoError",
    "Rating",
    "Region",
    "Scorer",
    "Scores",
    "Thresholds",
    "Verdict",
    "judge",
]
