"""A small measuring object for tests of the pipeline: mean luma, read with Pillow.

It lives in a module so that worker processes can import it. Names of photos ask for trouble:
`crash*` ends the process, `flaky*` does so the first time only, `bug*` raises, `nan*` measures
nothing, `weights*` finds no network file, `noisy*` writes to the terminal, `*slow*` takes half a
second and `hang*` a minute; `held*` waits for a file of its name that ends in `.go`.
"""

from __future__ import annotations

import math
import os
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, NoReturn

from PIL import Image, UnidentifiedImageError

from clearshot.errors import DamagedPhotoError, MissingPhotoError, NetworkError
from clearshot.photo import ExposureScores, FocusScores, Region, Scores

if TYPE_CHECKING:
    from pathlib import Path

# As a worker starts: at the first photo Pillow would load its readers in the time of that.
Image.preinit()


@dataclass(frozen=True)
class LumaScorer:
    """Measures mean luma; notes in `log` each photo that it begins and ends."""

    log: Path
    recipe: str = "luma-1"
    delay_s: float = 0.0

    def score(self, path: Path) -> Scores:
        begun = self.begun()
        self._note(path.name)
        time.sleep(self.delay_s)
        if path.name.startswith("crash") or (
            path.name.startswith("flaky") and path.name not in begun
        ):
            os._exit(9)
        if "slow" in path.name:
            time.sleep(0.5)
        if path.name.startswith("hang"):
            time.sleep(60)
        while path.name.startswith("held") and not path.with_suffix(".go").exists():
            time.sleep(0.01)
        if path.name.startswith("noisy"):
            os.write(2, b"a decoder complains")
        if path.name.startswith("bug"):
            raise ZeroDivisionError("division by zero")
        if path.name.startswith("weights"):
            raise NetworkError("missing", path=path)
        try:
            with Image.open(path) as image:
                luma = image.convert("L")
        except FileNotFoundError as error:
            raise MissingPhotoError("no such file", path=path) from error
        except UnidentifiedImageError as error:
            raise DamagedPhotoError("no picture", path=path) from error
        self._note(f"/{path.name}")
        mean = sum(luma.tobytes()) / (luma.width * luma.height)
        return make_scores(
            blur=math.nan if path.name.startswith("nan") else mean,
            recipe=self.recipe,
            size_px=(luma.width, luma.height),
        )

    def begun(self) -> list[str]:
        """Give the names of all photos that were begun, in order."""
        return [note for note in self.notes() if not note.startswith("/")]

    def notes(self) -> list[str]:
        """Give the names of all photos that were begun or, with a slash before it, ended."""
        if not self.log.exists():
            return []
        return [os.fsdecode(name) for name in self.log.read_bytes().split(b"\0")[:-1]]

    def _note(self, note: str) -> None:
        with self.log.open("ab") as file:
            file.write(os.fsencode(note) + b"\0")


@dataclass(frozen=True)
class BrokenScorer:
    """Arrives in no worker."""

    recipe: str = "broken-1"

    def score(self, path: Path) -> Scores:
        raise AssertionError(path)

    def __reduce__(self) -> tuple[object, ...]:
        return _refuse, ()


def _refuse() -> NoReturn:
    raise SystemExit(3)


def make_scores(
    *,
    blur: float = 1.5,
    recipe: str = "luma-1",
    size_px: tuple[int, int] = (6000, 4000),
    native_blur: float | None = 2.25,
    native_anisotropy: float | None = 0.375,
) -> Scores:
    """Make scores whose numbers all differ."""
    width, height = size_px
    return Scores(
        width_px=width,
        height_px=height,
        focus=FocusScores(
            blur=blur,
            anisotropy=0.125,
            sharpest=Region(10, 20, 300, 400),
            native_blur=native_blur,
            native_anisotropy=native_anisotropy,
        ),
        exposure=ExposureScores(
            shadow_stops=-7.5,
            median_stops=-2.5,
            bright_stops=-0.5,
            black_share=0.01,
            white_share=0.02,
            subject_stops=-2.25,
            error_stops=0.75,
            dark_logit=-6.5,
            overexposed_logit=-3.5,
            sensor_white_share=0.005,
        ),
        recipe=recipe,
    )
