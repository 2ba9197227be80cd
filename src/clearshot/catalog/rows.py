"""How records are written as values of columns, and read from rows."""

from __future__ import annotations

import json
import os
from dataclasses import asdict, fields
from datetime import datetime
from typing import TYPE_CHECKING

from clearshot.photo import ExposureScores, Facts, FileStamp, FocusScores, Photo, Region, Scores

if TYPE_CHECKING:
    import sqlite3
    from pathlib import Path

    from clearshot.photo import Failure

# What a column of numbers can hold; a file system may claim years beyond it.
_MAX_INTEGER = 2**63 - 1

_SIDES = tuple(field.name for field in fields(Region))


def path_value(path: Path, library: Path) -> bytes:
    """Write a photo's path relative to its library, as bytes: file names need not be text.

    Parameters
    ----------
    path, library : Path
        Both absolute, one in the other.

    Returns
    -------
    bytes
        With '/' between names.
    """
    return os.fsencode(path.relative_to(library).as_posix())


def photo_values(photo: Photo, library: Path) -> dict[str, bytes | int | str]:
    """Write a photo as values of `photos`.

    Parameters
    ----------
    photo : Photo
        A photo of the library.
    library : Path
        The library's folder, absolute.

    Returns
    -------
    dict
        By column.
    """
    return {
        "path": path_value(photo.path, library),
        "size_bytes": photo.stamp.size_bytes,
        "mtime_ns": max(-_MAX_INTEGER, min(photo.stamp.mtime_ns, _MAX_INTEGER)),
        # ASCII escapes carry undecodable bytes through JSON.
        "companions": json.dumps([companion.name for companion in photo.companions]),
    }


def read_photo(row: sqlite3.Row, library: Path) -> Photo:
    """Read a photo from a row of `photos`.

    Parameters
    ----------
    row : sqlite3.Row
        With all columns of `photos`.
    library : Path
        The library's folder, absolute.

    Returns
    -------
    Photo
        With absolute paths.
    """
    path = library / os.fsdecode(row["path"])
    companions = tuple(path.with_name(name) for name in json.loads(row["companions"]))
    return Photo(path, FileStamp(row["size_bytes"], row["mtime_ns"]), companions)


def failure_values(failure: Failure) -> dict[str, str]:
    """Write a failure as values of `failures`.

    Parameters
    ----------
    failure : Failure
        Its message may quote a file name that is no text.

    Returns
    -------
    dict
        By column.
    """
    message = failure.message.encode("utf-8", "backslashreplace").decode("utf-8")
    return {"kind": failure.kind, "message": message}


def score_values(scores: Scores) -> dict[str, int | float | None]:
    """Write scores as values of `scores`.

    Parameters
    ----------
    scores : Scores
        Without NaN.

    Returns
    -------
    dict
        By column.
    """
    focus, exposure = scores.focus, scores.exposure
    inside = {} if scores.inside is None else asdict(scores.inside)
    # int() and float(), because SQLite would store NumPy's integers as bytes.
    return {
        "width_px": int(scores.width_px),
        "height_px": int(scores.height_px),
        "blur": float(focus.blur),
        "anisotropy": float(focus.anisotropy),
        "sharpest_x": int(focus.sharpest.x),
        "sharpest_y": int(focus.sharpest.y),
        "sharpest_width": int(focus.sharpest.width),
        "sharpest_height": int(focus.sharpest.height),
        "native_blur": _to_float(focus.native_blur),
        "native_anisotropy": _to_float(focus.native_anisotropy),
        "shadow_stops": float(exposure.shadow_stops),
        "median_stops": float(exposure.median_stops),
        "bright_stops": float(exposure.bright_stops),
        "black_share": float(exposure.black_share),
        "white_share": float(exposure.white_share),
        "subject_stops": float(exposure.subject_stops),
        "error_stops": float(exposure.error_stops),
        "dark_logit": float(exposure.dark_logit),
        "overexposed_logit": float(exposure.overexposed_logit),
        "sensor_white_share": _to_float(exposure.sensor_white_share),
        **{f"inside_{name}": inside.get(name) for name in _SIDES},
    }


def fact_values(scores: Scores) -> dict[str, str | int | float | None]:
    """Write the facts about a photo as values of `facts`.

    Parameters
    ----------
    scores : Scores
        Hold the facts.

    Returns
    -------
    dict
        By column.
    """
    facts = scores.facts
    return {
        "reader": scores.reader,
        "camera": facts.camera,
        "lens": facts.lens,
        "iso": facts.iso,
        "shutter_s": _to_float(facts.shutter_s),
        "aperture": _to_float(facts.aperture),
        "taken_at": None if facts.taken_at is None else facts.taken_at.isoformat(),
        "focus_x": _to_float(facts.focus_x),
        "focus_y": _to_float(facts.focus_y),
    }


def read_facts(row: sqlite3.Row) -> Facts:
    """Read the facts about a photo from a row of `photos` joined with `facts`.

    Parameters
    ----------
    row : sqlite3.Row
        With all columns of `facts`; NULL where there is no row.

    Returns
    -------
    Facts
        As they were written.
    """
    taken_at = row["taken_at"]
    return Facts(
        camera=row["camera"],
        lens=row["lens"],
        iso=row["iso"],
        shutter_s=row["shutter_s"],
        aperture=row["aperture"],
        taken_at=None if taken_at is None else datetime.fromisoformat(taken_at),
        focus_x=row["focus_x"],
        focus_y=row["focus_y"],
    )


def read_scores(row: sqlite3.Row) -> Scores:
    """Read scores from a row of `photos` joined with `scores` and `facts`.

    Parameters
    ----------
    row : sqlite3.Row
        With all columns of the three.

    Returns
    -------
    Scores
        As they were written.
    """
    return Scores(
        width_px=row["width_px"],
        height_px=row["height_px"],
        focus=FocusScores(
            blur=row["blur"],
            anisotropy=row["anisotropy"],
            sharpest=Region(
                x=row["sharpest_x"],
                y=row["sharpest_y"],
                width=row["sharpest_width"],
                height=row["sharpest_height"],
            ),
            native_blur=row["native_blur"],
            native_anisotropy=row["native_anisotropy"],
        ),
        exposure=ExposureScores(
            shadow_stops=row["shadow_stops"],
            median_stops=row["median_stops"],
            bright_stops=row["bright_stops"],
            black_share=row["black_share"],
            white_share=row["white_share"],
            subject_stops=row["subject_stops"],
            error_stops=row["error_stops"],
            dark_logit=row["dark_logit"],
            overexposed_logit=row["overexposed_logit"],
            sensor_white_share=row["sensor_white_share"],
        ),
        recipe=row["recipe"],
        reader=row["reader"] or "",
        facts=read_facts(row),
        inside=None
        if row["inside_x"] is None
        else Region(**{name: row[f"inside_{name}"] for name in _SIDES}),
    )


def _to_float(value: float | None) -> float | None:
    return None if value is None else float(value)
