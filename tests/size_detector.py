"""A measuring object that gives a mapping; in a module, so that worker processes can import it."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from clearshot.photo import Label


@dataclass(frozen=True)
class SizeDetector:
    """Measures how large a file is; NaN where it is empty."""

    recipe: str = "size-1"

    def score(self, path: Path) -> Mapping[Label, float]:
        return {Label.BLURRY: float(path.stat().st_size) or math.nan}
