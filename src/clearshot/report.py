"""Verdicts as rows that scripts and spreadsheets read: JSON objects and CSV lines."""

from __future__ import annotations

import csv
import io
import json
from typing import TYPE_CHECKING, Any, Final

from clearshot.decode.camera import read_camera
from clearshot.photo import Failure, Rating, covers
from clearshot.scoring.doubt import measure_doubt
from clearshot.scoring.scorer import Scorer
from clearshot.scoring.verdict import Thresholds, judge

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from clearshot.catalog.catalog import Entry
    from clearshot.photo import Scores, Verdict

FIELDS: Final = (
    "path",
    "verdict",
    "labels",
    "p_blurry",
    "p_dark",
    "p_overexposed",
    "blur_kind",
    "effective_mp",
    "sharpest_region",
    "reasons",
    "error",
)
REPORT_FIELDS: Final = (*FIELDS, "relative_path")

# Scores cannot be judged by a calibration that was made for another network.
OUTDATED: Final = Failure("outdated", "scored with another network; scan again")
_NOT_AT_FULL: Final = Failure(
    OUTDATED.kind, "not measured at 100 %; scan again with --sharp-at full"
)

# More digits than any calibration can justify.
DIGITS: Final = 6


def build_row(path: Path, result: Verdict | Failure) -> dict[str, Any]:
    """Build the row of one photo.

    Parameters
    ----------
    path : Path
        As it shall be shown.
    result : Verdict or Failure
        What came of the photo.

    Returns
    -------
    dict
        JSON values by field, in the order of `FIELDS`. After a failure every field but `path` and
        `error` is null or empty.
    """
    if isinstance(result, Failure):
        row: dict[str, Any] = dict.fromkeys(FIELDS)
        error = {"kind": result.kind, "message": result.message}
        return row | {"path": str(path), "labels": [], "reasons": [], "error": error}
    return {
        "path": str(path),
        "verdict": result.rating.value,
        "labels": [label.value for label in result.labels],
        "p_blurry": round(result.p_blurry, DIGITS),
        "p_dark": round(result.p_dark, DIGITS),
        "p_overexposed": round(result.p_overexposed, DIGITS),
        "blur_kind": None if result.blur_kind is None else result.blur_kind.value,
        "effective_mp": None if result.effective_mp is None else round(result.effective_mp, DIGITS),
        "sharpest_region": result.sharpest_region.as_list(),
        "reasons": list(result.reasons),
        "error": None,
    }


def judge_entry(entry: Entry, thresholds: Thresholds) -> Verdict | Failure:
    """Judge a photo of the catalog.

    Parameters
    ----------
    entry : Entry
        What the catalog holds about it.
    thresholds : Thresholds
        When a photo is called bad.

    Returns
    -------
    Verdict or Failure
        The failure where there are no scores. Its kind is `outdated` where they come from another
        network than the packaged one, whose calibration does not fit them, or were not taken at the
        size that counts.
    """
    if entry.scores is None:
        return entry.failure or Failure("unscored", "the catalog holds no scores")
    if not covers(entry.scores.recipe, Scorer().recipe):
        return OUTDATED
    if not covers(entry.scores.recipe, Scorer(sharp_at=thresholds.sharp_at).recipe):
        return _NOT_AT_FULL
    if thresholds.cameras:
        thresholds = thresholds.for_camera(find_camera(entry.photo.path, entry.scores))
    return judge(entry.scores, thresholds)


def find_camera(path: Path, scores: Scores) -> str | None:
    """Tell which camera took a photo.

    Parameters
    ----------
    path : Path
        The photo.
    scores : Scores
        Its scores, which may hold what the camera wrote.

    Returns
    -------
    str or None
        What the scores say, else the model that EXIF names; None where neither tells.
    """
    facts = getattr(scores, "facts", None)
    return read_camera(path) if facts is None else facts.camera


def put_doubtful_first(entries: Iterable[Entry], thresholds: Thresholds) -> list[Entry]:
    """Order photos so that a person looks first where it says most.

    Parameters
    ----------
    entries : iterable of Entry
        Photos of the library.
    thresholds : Thresholds
        When a photo is called bad.

    Returns
    -------
    list of Entry
        The unsure photos, the most doubtful first; then the others in their order.
    """

    def find_rank(entry: Entry) -> tuple[bool, float]:
        verdict = judge_entry(entry, thresholds)
        if isinstance(verdict, Failure) or verdict.rating is not Rating.UNSURE:
            return True, 0.0
        return False, -measure_doubt(verdict, thresholds)

    return sorted(entries, key=find_rank)


def build_report(
    entries: Iterable[Entry], thresholds: Thresholds, *, library: Path
) -> list[dict[str, Any]]:
    """Build the rows of a report.

    Parameters
    ----------
    entries : iterable of Entry
        Photos of the library.
    thresholds : Thresholds
        When a photo is called bad.
    library : Path
        The library's folder, absolute.

    Returns
    -------
    list of dict
        One row per photo, in order, with the fields of `REPORT_FIELDS`; `relative_path` has '/'
        between names.
    """
    return [
        build_row(entry.photo.path, judge_entry(entry, thresholds))
        | {"relative_path": entry.photo.path.relative_to(library).as_posix()}
        for entry in entries
    ]


def format_json(rows: Iterable[dict[str, Any]]) -> str:
    """Write rows as one JSON array, a row per line.

    Parameters
    ----------
    rows : iterable of dict
        JSON values.

    Returns
    -------
    str
        ASCII; ends with a line break.
    """
    lines = ",\n".join(json.dumps(row) for row in rows)
    return f"[\n{lines}\n]\n" if lines else "[]\n"


def format_jsonl(row: dict[str, Any]) -> str:
    """Write a row as one line of JSON.

    Parameters
    ----------
    row : dict
        JSON values.

    Returns
    -------
    str
        ASCII, because file names need not be valid text; ends with a line break.
    """
    return json.dumps(row) + "\n"


def format_csv(
    rows: Iterable[dict[str, Any]], *, fields: Sequence[str] = FIELDS, has_header: bool = True
) -> str:
    """Write rows as CSV.

    Parameters
    ----------
    rows : iterable of dict
        JSON values.
    fields : sequence of str
        The columns.
    has_header : bool
        Whether the first line names the columns.

    Returns
    -------
    str
        Null is an empty cell, lists are joined by ';', reasons, which are sentences, by ' | ', and
        an error reads `kind: message`.
    """
    stream = io.StringIO()
    writer = csv.DictWriter(stream, fields, lineterminator="\n")
    if has_header:
        writer.writeheader()
    for row in rows:
        writer.writerow({field: _to_cell(field, row[field]) for field in fields})
    return stream.getvalue()


def _to_cell(field: str, value: Any) -> Any:
    match value:
        case list():
            separator = " | " if field == "reasons" else ";"
            return separator.join(str(item) for item in value)
        case {"kind": kind, "message": message}:
            return f"{kind}: {message}"
        case _:
            return value
