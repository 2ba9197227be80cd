"""An evaluation as a table, as Markdown and as JSON."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from clearshot.evaluation.worst import find_worst

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence
    from pathlib import Path

    from clearshot.evaluation.results import Estimate, Evaluation, LabelResult, SourceResult
    from clearshot.evaluation.worst import Worst
    from clearshot.photo import Failure, Label


@dataclass(frozen=True, slots=True)
class Table:
    """Cells of text, ready for a terminal or a document.

    Attributes
    ----------
    title : str
        One line above it.
    columns : tuple of str
        Headings; the first column is text, the others are numbers.
    rows : tuple of tuple of str
        Cells.
    notes : tuple of str
        Sentences below it: how the numbers were made, and what is missing.
    label : Label or None
        The label that it is about, if it is about one.
    """

    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    notes: tuple[str, ...]
    label: Label | None = None


def tabulate(result: LabelResult) -> Table:
    """Lay out the accuracy for one label, one row for each source and one for all.

    Parameters
    ----------
    result : LabelResult
        Accuracy for one label.

    Returns
    -------
    Table
        Shares in percent with their 95 % intervals in brackets; a dash where photos are missing.
    """
    label = result.label.value
    title = f"{label} against clear"
    columns = ["source", "clear", label, "AUC"]
    for threshold in result.thresholds:
        columns += [f"found {threshold.name}", f"lost {threshold.name}"]
    rows = [_write_row(r.source, r) for r in result.sources]
    if len(result.sources) > 1:
        rows.append(_write_row("all", result.total))
    return Table(title, tuple(columns), tuple(rows), tuple(_note(result)), result.label)


def write_markdown(evaluation: Evaluation) -> str:
    """Write the tables of all labels as Markdown.

    Parameters
    ----------
    evaluation : Evaluation
        The evaluation.

    Returns
    -------
    str
        A section for each label, and the photos that failed.
    """
    lines = []
    for result in evaluation.results:
        table = tabulate(result)
        lines += [f"## {table.title.capitalize()}", "", *to_markdown(table), ""]
        lines += [*(f"- {note}" for note in table.notes), ""]
    lines += write_failures(evaluation.failures)
    return "\n".join(lines).rstrip() + "\n"


def write_failures(failures: Sequence[tuple[Path, Failure]]) -> list[str]:
    """Write which photos could not be measured as Markdown.

    Parameters
    ----------
    failures : sequence of (Path, Failure)
        Photos, and why.

    Returns
    -------
    list of str
        Lines of a section; none without failures.
    """
    if not failures:
        return []
    title = f"## {count_photos(len(failures))} could not be measured"
    return [title, "", *(f"- `{path}`: {failure.message}" for path, failure in failures)]


def count_photos(num: int) -> str:
    """Write a number of photos.

    Parameters
    ----------
    num : int
        How many.

    Returns
    -------
    str
        E.g. `1 photo` or `1,200 photos`.
    """
    return f"{num:,} {'photo' if num == 1 else 'photos'}"


def to_markdown(table: Table) -> list[str]:
    """Write the cells of a table as Markdown, without its title and notes.

    Parameters
    ----------
    table : Table
        The table.

    Returns
    -------
    list of str
        Lines; numbers are to the right.
    """
    ruler = ["---", *["---:"] * (len(table.columns) - 1)]
    return [_join(table.columns), _join(ruler), *(_join(row) for row in table.rows)]


def write_share(estimate: Estimate | None, *, has_interval: bool = True) -> str:
    """Write a share in percent.

    Parameters
    ----------
    estimate : Estimate or None
        The share.
    has_interval : bool
        Whether to write its interval, in brackets, where it has one.

    Returns
    -------
    str
        A dash where there is none.
    """
    if estimate is None:
        return "-"
    value, low, high = (100 * x for x in (estimate.value, estimate.low, estimate.high))
    is_known = has_interval and not math.isnan(low)
    return f"{value:.1f} [{low:.1f}, {high:.1f}]" if is_known else f"{value:.1f}"


def note_strictest(result: LabelResult, rates: Collection[float | None] | None = None) -> list[str]:
    """Say where a threshold is set on so few clear photos that none of them may be lost.

    Parameters
    ----------
    result : LabelResult
        Accuracy for one label.
    rates : collection of float or None
        Those of the thresholds that are shown; all by default.

    Returns
    -------
    list of str
        A sentence, or none.
    """
    chosen = [source for source in result.sources if source.source in result.threshold_sources]
    num = sum(source.num_clear for source in chosen)
    shown = [t.rate for t in result.thresholds if rates is None or t.rate in rates]
    strict = [f"{100 * rate:g} %" for rate in shown if rate is not None and rate * num < 1]
    if not strict:
        return []
    few = f"Of these {num} clear photos none may be lost at {' or '.join(strict)}"
    return [f"{few}: too few to tell how many others are."]


def to_json(evaluation: Evaluation) -> dict[str, Any]:
    """Turn an evaluation into plain JSON values; numbers that are not finite become null.

    The shipped threshold is the one whose rate is null.

    Parameters
    ----------
    evaluation : Evaluation
        The evaluation.

    Returns
    -------
    dict
        `results` by label, `failures`, and the settings of the bootstrap.
    """
    return {
        "results": [_result_to_json(r) for r in evaluation.results],
        "failures": failures_to_json(evaluation.failures),
        "bootstrap": {"num_resamples": evaluation.num_resamples, "seed": evaluation.seed},
    }


def failures_to_json(failures: Sequence[tuple[Path, Failure]]) -> list[dict[str, str]]:
    """Turn failures into plain JSON values.

    Parameters
    ----------
    failures : sequence of (Path, Failure)
        Photos that could not be measured, and why.

    Returns
    -------
    list of dict
        `path`, `kind` and `message` of each.
    """
    return [
        {"path": str(path), "kind": failure.kind, "message": failure.message}
        for path, failure in failures
    ]


def _result_to_json(result: LabelResult) -> dict[str, Any]:
    sources = []
    for source in (*result.sources, result.total):
        values = asdict(source) | {"source": source.source or None}
        for outcome, threshold in zip(values["outcomes"], result.thresholds, strict=True):
            outcome["rate"] = threshold.rate
        sources.append(values)
    content = {
        "label": result.label.value,
        "threshold_sources": list(result.threshold_sources),
        "thresholds": [{"value": t.given, "rate": t.rate} for t in result.thresholds],
        "sources": sources[:-1],
        "all": sources[-1],
        "worst": _worst_to_json(find_worst(result)),
    }
    finite: dict[str, Any] = _drop_infinite(content)
    return finite


def _worst_to_json(worst: Worst) -> dict[str, Any]:
    kinds = {"missed": worst.missed, "lost": worst.lost}
    return {"threshold": worst.threshold.name} | {
        kind: [
            {"file": each.photo.path.name, "source": each.photo.source, "score": each.score}
            for each in photos
        ]
        for kind, photos in kinds.items()
    }


def _drop_infinite(value: Any) -> Any:
    """Replace NaN and infinity, which JSON does not know, by None; tuples become lists."""
    if isinstance(value, dict):
        return {key: _drop_infinite(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_drop_infinite(item) for item in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value


def _write_row(name: str, result: SourceResult) -> tuple[str, ...]:
    auc = "-" if result.auc is None else f"{result.auc.value:.4f}"
    cells = [name, str(result.num_clear), str(result.num_bad), auc]
    for outcome in result.outcomes:
        cells += [write_share(outcome.found), write_share(outcome.lost)]
    return tuple(cells)


def _note(result: LabelResult) -> list[str]:
    label = result.label.value
    values = ", ".join(f"{t.given + 0.0:.4g} {t.name}" for t in result.thresholds)
    notes = [
        f"Found: {label} photos called {label}. Lost: clear photos called {label}. "
        "In percent, with 95 % bootstrap intervals; one without width, at 0 or 100 %, hides up to "
        "about 3 / n more for n scenes.",
        f"One threshold over all sources: {values}.",
    ]
    if any(threshold.rate is not None for threshold in result.thresholds):
        chosen = ", ".join(result.threshold_sources)
        notes.append(f"Thresholds lose at most that share of the clear photos of: {chosen}.")
        notes += note_strictest(result)
    for source in result.sources:
        if source.num_scenes == 1:
            notes.append(f"{source.source} is one scene, from which no interval follows.")
        if source.num_bad == 0:
            kept = [
                f"{100 * (1 - outcome.lost.value):.1f} % {threshold.name}"
                for threshold, outcome in zip(result.thresholds, source.outcomes, strict=True)
                if outcome.lost is not None
            ]
            notes.append(f"{source.source} has clear photos only; called clear: {', '.join(kept)}.")
    return notes


def _join(cells: tuple[str, ...] | list[str]) -> str:
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"
