"""Verdicts as rows that scripts and spreadsheets read: JSON objects and CSV lines."""

from __future__ import annotations

import csv
import io
import json
import math
import sys
from typing import TYPE_CHECKING, Any, Final

from clearshot.listing import find_scores
from clearshot.photo import Failure, Rating, Verdict
from clearshot.scoring.doubt import measure_doubt
from clearshot.scoring.verdict import Thresholds, judge

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path

    from clearshot.catalog.catalog import Catalog, Entry
    from clearshot.photo import Choice, Scores

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
FACT_FIELDS: Final = (
    "reader",
    "camera",
    "lens",
    "iso",
    "shutter_s",
    "aperture",
    "taken_at",
    "focus_point",
)
REPORT_FIELDS: Final = (*FIELDS, "relative_path", "companions", *FACT_FIELDS, "decision")
# Those in which text can be looked for.
FILTER_FIELDS: Final = ("verdict", "labels", "camera", "lens", "reader", "taken_at")

# Spreadsheets take a cell that begins with one of these, or its wide form, for a formula
# (https://owasp.org/www-community/attacks/CSV_Injection).
_FORMULA_STARTS: Final = tuple("=+-@\t\r\n\uff1d\uff0b\uff0d\uff20")
_FILE_FIELDS: Final = frozenset({"path", "relative_path", "companions"})

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
        "p_blurry": round_probability(result.p_blurry),
        "p_dark": round_probability(result.p_dark),
        "p_overexposed": round_probability(result.p_overexposed),
        "blur_kind": None if result.blur_kind is None else result.blur_kind.value,
        "effective_mp": None if result.effective_mp is None else round(result.effective_mp, DIGITS),
        "sharpest_region": result.sharpest_region.as_list(),
        "reasons": list(result.reasons),
        "error": None,
    }


def round_probability(p: float) -> float:
    """Round a probability so that photos keep their order at both ends.

    Parameters
    ----------
    p : float
        Probability, in [0, 1].

    Returns
    -------
    float
        With `DIGITS` digits behind the point, or four that tell p from 0 and from 1.
    """
    rest = min(p, 1.0 - p)
    zeros = -math.floor(math.log10(rest)) if rest > 0.0 else 0
    return round(p, max(DIGITS, min(zeros + 3, sys.float_info.dig)))


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
    scores = find_scores(entry, thresholds.sharp_at)
    if isinstance(scores, Failure):
        return scores
    return judge(scores, thresholds.for_camera(scores.facts.camera))


def measure_entry_doubt(entry: Entry, verdict: Verdict | Failure, thresholds: Thresholds) -> float:
    """Measure how much is learned by looking at a photo of the catalog.

    Parameters
    ----------
    entry : Entry
        What the catalog holds about it.
    verdict : Verdict or Failure
        What `judge_entry` said.
    thresholds : Thresholds
        By which; those of the photo's camera count where it has some.

    Returns
    -------
    float
        As `clearshot.scoring.doubt.measure_doubt`; 0 for a failure.
    """
    if isinstance(verdict, Failure) or entry.scores is None:
        return 0.0
    return measure_doubt(verdict, thresholds.for_camera(entry.scores.facts.camera))


def put_doubtful_first(
    entries: Iterable[Entry], thresholds: Thresholds, *, choices: Mapping[Path, Choice]
) -> list[Entry]:
    """Order photos so that a person looks first where it says most.

    Parameters
    ----------
    entries : iterable of Entry
        Photos of the library.
    thresholds : Thresholds
        When a photo is called bad.
    choices : mapping of Path to Choice
        What the owner decided, as `read_choices` gives it.

    Returns
    -------
    list of Entry
        The unsure photos that are undecided, the most doubtful first; then the others in their
        order.
    """

    def find_rank(entry: Entry) -> tuple[bool, float]:
        verdict = judge_entry(entry, thresholds)
        is_unsure = isinstance(verdict, Verdict) and verdict.rating is Rating.UNSURE
        if not is_unsure or entry.photo.path in choices:
            return True, 0.0
        return False, -measure_entry_doubt(entry, verdict, thresholds)

    return sorted(entries, key=find_rank)


def read_choices(catalog: Catalog) -> dict[Path, Choice]:
    """Read which photos the owner keeps or rejects.

    Parameters
    ----------
    catalog : Catalog
        Open.

    Returns
    -------
    dict of Path to Choice
        By absolute path; photos that are undecided are not in it.
    """
    decisions = catalog.decisions.read()
    if not decisions:
        # Reading the names of all photos takes a while.
        return {}
    return {
        path: choice
        for path, number in catalog.decisions.list_numbers().items()
        if number in decisions and (choice := decisions[number].choice) is not None
    }


def build_report(
    entries: Iterable[Entry],
    thresholds: Thresholds,
    *,
    library: Path,
    choices: Mapping[Path, Choice],
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
    choices : mapping of Path to Choice
        What the owner decided, as `read_choices` gives it.

    Returns
    -------
    list of dict
        One row per photo, in order, with the fields of `REPORT_FIELDS`; `relative_path` has '/'
        between names, `companions` are names of files beside the photo, `focus_point` is [x, y] as
        shares of the upright photo, `decision` is `keep`, `reject` or null. The verdict is that of
        the measurement, whatever was decided.
    """
    return [
        build_row(entry.photo.path, judge_entry(entry, thresholds))
        | {
            "relative_path": _name_in(library, entry.photo.path),
            "companions": [companion.name for companion in entry.photo.companions],
        }
        | build_facts(entry.scores)
        | {"decision": choices[path].value if (path := entry.photo.path) in choices else None}
        for entry in entries
    ]


def _name_in(library: Path, path: Path) -> str:
    # A catalog that came from elsewhere may name any file of this machine.
    return (path.relative_to(library) if path.is_relative_to(library) else path).as_posix()


def build_facts(scores: Scores | None) -> dict[str, Any]:
    """Build the part of a row that tells what the camera wrote.

    Parameters
    ----------
    scores : Scores or None
        They hold the facts; None for a photo that failed.

    Returns
    -------
    dict
        JSON values by field, in the order of `FACT_FIELDS`; null where nothing is known.
    """
    if scores is None:
        return dict.fromkeys(FACT_FIELDS)
    facts = scores.facts
    point = [facts.focus_x, facts.focus_y]
    return {
        "reader": scores.reader or None,
        "camera": facts.camera,
        "lens": facts.lens,
        "iso": facts.iso,
        "shutter_s": None if facts.shutter_s is None else round(facts.shutter_s, DIGITS),
        "aperture": None if facts.aperture is None else round(facts.aperture, DIGITS),
        "taken_at": None if facts.taken_at is None else facts.taken_at.isoformat(),
        "focus_point": None if None in point else [round(part or 0.0, DIGITS) for part in point],
    }


def filter_rows(
    rows: Iterable[dict[str, Any]], wanted: Iterable[tuple[str, str]]
) -> list[dict[str, Any]]:
    """Keep the rows that hold given texts.

    Parameters
    ----------
    rows : iterable of dict
        Rows of a report.
    wanted : iterable of (str, str)
        One of `FILTER_FIELDS`, and a text that it has to contain, in any case.

    Returns
    -------
    list of dict
        Rows that hold all of them.
    """
    folded = [(field, text.casefold()) for field, text in wanted]
    return [row for row in rows if all(_holds(row[field], text) for field, text in folded)]


def _holds(value: str | list[str] | None, text: str) -> bool:
    words = value if isinstance(value, list) else [value or ""]
    return any(text in word.casefold() for word in words)


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
        One row a photo for every reader that knows quotes: also where a file name holds a line
        break of any system, as Unix allows. Lines end with a line feed. Null is an empty cell,
        lists are joined by ';', reasons, which are sentences, by ' | ', and an error reads `kind:
        message`. No cell begins as a formula of a spreadsheet does (= + - @): such a file name
        begins with `./` instead, which names the same file, and other such text, for example a
        camera's name, with an apostrophe.
    """
    cells = [fields] if has_header else []
    lines = [*cells, *([_to_cell(field, row[field]) for field in fields] for row in rows)]
    return "".join(map(format_line, lines))


def format_line(cells: Sequence[Any]) -> str:
    """Write one line of CSV.

    Parameters
    ----------
    cells : sequence
        Values; None is an empty cell.

    Returns
    -------
    str
        Ends with a line feed. A cell with a line feed or a carriage return is quoted, because
        readers take either for the end of a row.
    """
    stream = io.StringIO()
    # The writer quotes what would end its own lines.
    csv.writer(stream, lineterminator="\r\n").writerow(cells)
    return stream.getvalue().removesuffix("\r\n") + "\n"


def _to_cell(field: str, value: Any) -> Any:
    match value:
        case list():
            separator = " | " if field == "reasons" else ";"
            return separator.join(str(_disarm(field, item)) for item in value)
        case {"kind": kind, "message": message}:
            return f"{kind}: {message}"
        case str():
            return _disarm(field, value)
        case _:
            return value


def _disarm(field: str, value: Any) -> Any:
    """Keep a spreadsheet from running a text as a formula."""
    if not isinstance(value, str) or not value.startswith(_FORMULA_STARTS):
        return value
    return f"./{value}" if field in _FILE_FIELDS else f"'{value}"
