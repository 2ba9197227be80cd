"""Small look-alikes of public labelled sets."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import openpyxl
from PIL import Image

Rows = Sequence[Sequence[str | float | None]]


def make_files(root: Path, *names: str) -> None:
    """Make empty files: labels are read without opening photos."""
    for name in names:
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()


def write_sheet(path: Path, rows: Rows) -> Path:
    """Write a workbook with one sheet."""
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    for row in rows:
        sheet.append(list(row))
    path.parent.mkdir(parents=True, exist_ok=True)
    book.save(path)
    return path


NATURAL_ROWS: Rows = (
    ("Image Name", "Blur Label"),
    ("15-08-07_1 ", -1),
    ("IMG 2   ", 1),
    (1234, -1.0),
    ("dsc.3", "1"),
)
DIGITAL_ROWS: Rows = (
    ("MyDigital Blur", None),
    ("Original_1.jpg ", -1),
    ("DiskR10_1.jpg", 1),
    ("GaussH5_S2_1.JPG", 1),
    ("MotionL9_7.jpg", 1),
)


def make_certh(root: Path) -> Path:
    """Make a CERTH set of 13 photos."""
    make_files(
        root / "TrainingSet",
        "Undistorted/DSC02106.JPG", "Undistorted/100_2088.JPG",
        "Naturally-Blurred/DSC02106.JPG",
        "Artificially-Blurred/DiskR10_DSC02106.JPG",
        "Artificially-Blurred/GaussH5_S2_100_2088.jpg",
    )  # fmt: skip
    evaluation = root / "EvaluationSet"
    make_files(
        evaluation,
        "NaturalBlurSet/15-08-07_1.jpg", "NaturalBlurSet/img 2.JPG", "NaturalBlurSet/1234.jpg",
        "NaturalBlurSet/DSC.3.jpg",
        "DigitalBlurSet/Original_1.jpg", "DigitalBlurSet/DiskR10_1.jpg",
        "DigitalBlurSet/GaussH5_S2_1.jpg", "DigitalBlurSet/MotionL9_7.jpg",
    )  # fmt: skip
    write_sheet(evaluation / "NaturalBlurSet.xlsx", NATURAL_ROWS)
    write_sheet(evaluation / "DigitalBlurSet.xlsx", DIGITAL_ROWS)
    return root


def write_mask(path: Path, blurred_share: float) -> None:
    """Write a mask whose upper part is white."""
    pixels = np.zeros((100, 80), dtype=np.uint8)
    pixels[: round(100 * blurred_share)] = 255
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(pixels).save(path)
