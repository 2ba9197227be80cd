"""An evaluation as a table, as Markdown and as JSON."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from clearshot.evaluation.evaluate import Estimate, Evaluation, LabelResult, SourceResult


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
    """

    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    notes: tuple[str, ...]


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
    columns = ["source", "clear", label, "AUC"]
    for threshold in result.thresholds:
        columns += [f"found {threshold.name}", f"lost {threshold.name}"]
    rows = [_write_row(r.source, r) for r in result.sources]
    if len(result.sources) > 1:
        rows.append(_write_row("all", result.total))
    return Table(f"{label} against clear", tuple(columns), tuple(rows), tuple(_note(result)))


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
        lines += [f"## {table.title.capitalize()}", ""]
        lines += [_join(table.columns), _join(["---", *["---:"] * (len(table.columns) - 1)])]
        lines += [_join(row) for row in table.rows]
        lines += ["", *(f"- {note}" for note in table.notes), ""]
    if evaluation.failures:
        lines += [f"## {len(evaluation.failures)} photos could not be measured", ""]
        lines += [f"- `{path}`: {failure.message}" for path, failure in evaluation.failures]
    return "\n".join(lines).rstrip() + "\n"


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
        "failures": [
            {"path": str(path), "kind": failure.kind, "message": failure.message}
            for path, failure in evaluation.failures
        ],
        "bootstrap": {"num_resamples": evaluation.num_resamples, "seed": evaluation.seed},
    }


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
        "thresholds": [asdict(threshold) for threshold in result.thresholds],
        "sources": sources[:-1],
        "all": sources[-1],
    }
    finite: dict[str, Any] = _drop_infinite(content)
    return finite


def _drop_infinite(value: Any) -> Any:
    # JSON knows neither NaN nor infinity; tuples become lists.
    if isinstance(value, dict):
        return {key: _drop_infinite(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_drop_infinite(item) for item in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value


def _write_row(name: str, result: SourceResult) -> tuple[str, ...]:
    auc = "-" if result.auc is None else f"{result.auc.value:.4f}"
    cells = [name, str(result.num_clear), str(result.num_bad), auc]
    for outcome in result.outcomes:
        cells += [_write_share(outcome.found), _write_share(outcome.lost)]
    return tuple(cells)


def _write_share(estimate: Estimate | None) -> str:
    if estimate is None:
        return "-"
    value, low, high = (100 * x for x in (estimate.value, estimate.low, estimate.high))
    return f"{value:.1f} [{low:.1f}, {high:.1f}]"


def _note(result: LabelResult) -> list[str]:
    label = result.label.value
    # Rounded, because the shipped threshold is the number just before the one that was given.
    values = ", ".join(f"{round(t.value, 9) + 0.0:.4g} {t.name}" for t in result.thresholds)
    notes = [
        f"Found: {label} photos called {label}. Lost: clear photos called {label}. "
        "In percent, with 95 % bootstrap intervals; one without width, at 0 or 100 %, hides up to "
        "about 3 / n more for n photos.",
        f"One threshold over all sources: {values}.",
    ]
    if any(threshold.rate is not None for threshold in result.thresholds):
        chosen = ", ".join(result.threshold_sources)
        notes.append(f"Thresholds lose at most that share of the clear photos of: {chosen}.")
    for source in result.sources:
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
