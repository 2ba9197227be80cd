"""Several networks measured on the same photos: a table for each label, a row for each network."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

from clearshot.errors import UsageError
from clearshot.evaluation.evaluate import evaluate
from clearshot.evaluation.results import RATES
from clearshot.evaluation.table import (
    Table,
    note_strictest,
    to_json,
    to_markdown,
    write_failures,
    write_share,
)
from clearshot.photo import Failure, Label

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence
    from pathlib import Path

    from clearshot.evaluation.detectors import Detector
    from clearshot.evaluation.labels import LabelledPhoto
    from clearshot.evaluation.results import (
        Evaluation,
        LabelResult,
        Measures,
        Outcome,
        SourceResult,
    )


@dataclass(frozen=True, slots=True)
class NetworkEvaluation:
    """Accuracy of one network, or of a metric in its place.

    Attributes
    ----------
    name : str
        Its row in a table.
    recipe : str
        Names what its scores depend on.
    has_log_odds : bool
        Whether its scores are log odds.
    evaluation : Evaluation
        Its accuracy on the photos that all networks could measure, with thresholds of its own.
    own : Evaluation
        Its accuracy on all photos that it could measure itself.
    """

    name: str
    recipe: str
    has_log_odds: bool
    evaluation: Evaluation
    own: Evaluation


def evaluate_networks(
    photos: Sequence[LabelledPhoto],
    measured: Sequence[tuple[Detector, Mapping[Path, Measures | Failure]]],
    *,
    threshold_sources: Collection[str] | None = None,
    num_resamples: int = 1000,
) -> list[NetworkEvaluation]:
    """Tell the accuracy of each network on the same photos.

    A photo that one of them cannot measure counts for none in the comparison, so that all are told
    on the same ones; it still counts for another network's own accuracy. Each gets thresholds of
    its own by the same rule.

    Parameters
    ----------
    photos : sequence of LabelledPhoto
        Photos with their labels.
    measured : sequence of (Detector, mapping of Path to Measures or Failure)
        Who measured what.
    threshold_sources : collection of str or None
        As in `evaluate`.
    num_resamples : int
        As in `evaluate`.

    Returns
    -------
    list of NetworkEvaluation
        In order; those that can tell none of the photos' labels are left out.

    Raises
    ------
    InputError
        As `evaluate`.
    UsageError
        If no network can tell any label of the photos, or as `evaluate`.
    """
    failures: dict[Path, Failure] = {}
    for _, measures in measured:
        failures = _pick_failures(measures) | failures
    networks = []
    for detector, measures in measured:
        known = [p for p in photos if p.label is None or p.label in detector.labels]
        if not detector.shipped and all(photo.label is None for photo in known):
            continue
        evaluate_known = partial(
            evaluate,
            known,
            shipped=detector.shipped,
            threshold_sources=threshold_sources,
            num_resamples=num_resamples,
        )
        evaluation = evaluate_known({**measures, **failures})
        is_same = failures.keys() == _pick_failures(measures).keys()
        networks.append(
            NetworkEvaluation(
                name=detector.name,
                recipe=detector.recipe,
                has_log_odds=detector.has_log_odds,
                evaluation=evaluation,
                own=evaluation if is_same else evaluate_known(measures),
            )
        )
    if not networks:
        names = ", ".join(detector.name for detector, _ in measured)
        raise UsageError(f"no photo has a label that can be told by {names}")
    return networks


def collect_failures(networks: Sequence[NetworkEvaluation]) -> list[tuple[Path, Failure]]:
    """Tell which photos one of the networks or several could not measure.

    Parameters
    ----------
    networks : sequence of NetworkEvaluation
        They were measured on the same photos.

    Returns
    -------
    list of (Path, Failure)
        Each photo once, with the cause that the first of these networks gave.
    """
    failures: dict[Path, Failure] = {}
    for network in networks:
        failures = dict(network.evaluation.failures) | failures
    return list(failures.items())


def tabulate_networks(
    networks: Sequence[NetworkEvaluation],
    *,
    rates: Collection[float | None] = (*RATES, None),
    has_intervals: bool = False,
) -> list[Table]:
    """Lay out the accuracy of several networks.

    Parameters
    ----------
    networks : sequence of NetworkEvaluation
        They were measured on the same photos.
    rates : collection of float or None
        The thresholds to show, by their rates; None is the shipped one.
    has_intervals : bool
        Whether to write intervals, which makes the columns wide.

    Returns
    -------
    list of Table
        One for each label that one of them can tell, with a row for each that can.
    """
    results = [(n.name, result) for n in networks for result in n.evaluation.results]
    tables = []
    for label in Label:
        rows = [(name, result) for name, result in results if result.label is label]
        if rows:
            tables.append(_tabulate(rows, rates, has_intervals=has_intervals))
    return tables


def write_networks_markdown(networks: Sequence[NetworkEvaluation]) -> str:
    """Write the comparison as Markdown.

    Parameters
    ----------
    networks : sequence of NetworkEvaluation
        They were measured on the same photos.

    Returns
    -------
    str
        A section for each label, and the photos that failed.
    """
    lines = []
    for table in tabulate_networks(networks):
        lines += [f"## {table.title.capitalize()}", "", *to_markdown(table), ""]
        lines += [*(f"- {note}" for note in table.notes), ""]
    lines += write_failures(collect_failures(networks))
    return "\n".join(lines).rstrip() + "\n"


def networks_to_json(networks: Sequence[NetworkEvaluation]) -> dict[str, Any]:
    """Turn the comparison into plain JSON values.

    Parameters
    ----------
    networks : sequence of NetworkEvaluation
        They were measured on the same photos.

    Returns
    -------
    dict
        `networks`: for each its `network`, its `recipe`, and all that `to_json` gives.
    """
    return {
        "networks": [
            {"network": n.name, "recipe": n.recipe, **to_json(n.evaluation)} for n in networks
        ]
    }


@dataclass(frozen=True, slots=True)
class _Column:
    """A share that a threshold of some rate finds or loses in a source."""

    source: str
    is_found: bool
    rate: float | None
    heading: str

    def read(self, result: LabelResult, *, has_interval: bool) -> str:
        sources = {source.source: source for source in (*result.sources, result.total)}
        outcome = _find_outcome(result, sources[self.source], self.rate)
        if outcome is None:
            return "-"
        share = outcome.found if self.is_found else outcome.lost
        return write_share(share, has_interval=has_interval)


def _pick_failures(measures: Mapping[Path, Measures | Failure]) -> dict[Path, Failure]:
    return {path: each for path, each in measures.items() if isinstance(each, Failure)}


def _tabulate(
    rows: list[tuple[str, LabelResult]],
    rates: Collection[float | None],
    *,
    has_intervals: bool,
) -> Table:
    columns = [
        column for column in _choose_columns([result for _, result in rows]) if column.rate in rates
    ]
    cells = []
    for name, result in rows:
        auc = "-" if result.total.auc is None else f"{result.total.auc.value:.4f}"
        shares = (column.read(result, has_interval=has_intervals) for column in columns)
        cells.append((name, auc, *shares))
    first = rows[0][1]
    total, label = first.total, first.label
    with_intervals = "with 95 % bootstrap intervals" if has_intervals else "without intervals"
    counts = f"{total.num_clear} clear and {total.num_bad} {label.value} photos."
    notes = [f"{counts} In percent, {with_intervals}."]
    if any(column.rate is not None for column in columns):
        chosen = ", ".join(first.threshold_sources)
        notes.append(
            "Each network has thresholds of its own, one for all sources, which lose at most that "
            f"share of the clear photos of: {chosen}."
        )
        notes += note_strictest(first, rates)
    headings = ("network", "AUC", *(column.heading for column in columns))
    return Table(f"{label.value} against clear", headings, tuple(cells), tuple(notes), label)


def _choose_columns(results: list[LabelResult]) -> list[_Column]:
    first = results[0]
    columns = []
    for threshold in first.thresholds:
        if threshold.rate is not None:
            columns += _choose_at(first, threshold.rate, threshold.name)
    if any(threshold.rate is None for result in results for threshold in result.thresholds):
        if first.total.num_bad:
            columns.append(_Column("", True, None, "found as shipped"))
        columns.append(_Column("", False, None, "lost as shipped"))
    return columns


def _choose_at(result: LabelResult, rate: float, name: str) -> list[_Column]:
    found = [_Column(s.source, True, rate, f"{s.source} found {name}") for s in result.sources]
    # What the threshold sources lose is set, not measured.
    tested = {s.source for s in result.sources if s.num_clear} - set(result.threshold_sources)
    lost = [_Column(source, False, rate, f"{source} lost {name}") for source in sorted(tested)]
    has_bad = {s.source for s in result.sources if s.num_bad}
    return [column for column in found if column.source in has_bad] + lost


def _find_outcome(result: LabelResult, source: SourceResult, rate: float | None) -> Outcome | None:
    for threshold, outcome in zip(result.thresholds, source.outcomes, strict=True):
        if threshold.rate == rate:
            return outcome
    return None
