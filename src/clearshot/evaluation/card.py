"""A network's card: what it is, what it was measured on, how good it is, and where it fails.

Numbers come from evaluations, prose from a file of notes, so that a card can be made again at any
time. Pure: records in, Markdown out. Photos are counted and never named.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final

from clearshot.evaluation.brackets import tabulate_brackets
from clearshot.evaluation.comparison import collect_failures, tabulate_networks
from clearshot.evaluation.results import RATES
from clearshot.evaluation.split import is_for_calibration
from clearshot.evaluation.table import Table, count_photos, tabulate, to_markdown
from clearshot.evaluation.worst import find_worst
from clearshot.photo import Label

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from clearshot.evaluation.brackets import BracketResult
    from clearshot.evaluation.comparison import NetworkEvaluation
    from clearshot.evaluation.labels import LabelledPhoto
    from clearshot.evaluation.results import Evaluation, LabelResult, Threshold

# Sections of the notes that have a place in the card; the text before the first one begins it.
INTRODUCTION: Final = ""
TRAINING_DATA: Final = "Training data"
MEASURED_ON: Final = "Measured on"
COMPARISON: Final = "Beside others"
FAILURES: Final = "Where it fails"

_UNITS: Final = (("MB", 1_000_000), ("kB", 1_000), ("bytes", 1))

# What the keys of a manifest are called; the others are called as they are.
_TITLES: Final = {
    "task": "task",
    "input": "input",
    "exposure": "output",
    "cells": "output",
    "probabilities": "output",
    "side_px": "side [px]",
    "num_parameters": "parameters",
    "recipe": "made by",
    "start_sha256": "from the network",
    "teacher_sha256": "taught by",
    "commit": "commit",
    "keras": "Keras",
    "backend": "backend",
    "num_photos": "training photos",
    "photos_sha256": "digest of the training photos",
    "sha256": "SHA-256",
}

# What the tables within a network's table of the manifest are called; the others are not shown.
_NESTED: Final = {"config": "settings", "validation": "validation"}

_REMAKE: Final = (
    "The labelled photos are named without the place where they lie. The prose comes from the file "
    "of notes beside this one; the rest is written anew."
)
_HALVES: Final = (
    "Tables on all scenes hold those on which a network's settings may have been chosen and its "
    "probabilities calibrated; tables on unseen scenes hold none of them."
)
_PLOTS: Final = {
    "roc": "ROC curves by source",
    "precision-recall": "Precision and recall by source",
    "scores": "Scores by source",
    "reliability": "Probabilities against what came true",
    "networks": "ROC curves of all networks",
}


@dataclass(frozen=True, slots=True)
class NetworkFacts:
    """What a manifest says about a network.

    Attributes
    ----------
    name : str
        E.g. `focus`.
    size_bytes : int
        Size of its file [bytes].
    values : mapping
        Its table in the manifest.
    """

    name: str
    size_bytes: int
    values: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Card:
    """All that a card is written from.

    Attributes
    ----------
    facts : NetworkFacts
        The network.
    photos : sequence of LabelledPhoto
        The photos that it was measured on.
    networks : sequence of NetworkEvaluation
        Itself and what it is compared with, on all scenes; may be itself alone.
    unseen : sequence of NetworkEvaluation
        The same on the unseen half, itself first.
    notes : mapping of str to str
        Prose by heading, see `parse_notes`.
    plots : mapping of str to str
        Links by the plots' names, e.g. `roc_blurry`.
    command : str
        The command that makes the card again.
    brackets : sequence of BracketResult
        How well it and the others follow the light, if brackets were among the photos.
    """

    facts: NetworkFacts
    photos: Sequence[LabelledPhoto]
    networks: Sequence[NetworkEvaluation]
    unseen: Sequence[NetworkEvaluation]
    notes: Mapping[str, str]
    plots: Mapping[str, str]
    command: str
    brackets: Sequence[BracketResult] = ()

    @property
    def on_all(self) -> Evaluation:
        """Its accuracy on all photos that it could measure."""
        return self.networks[0].own

    @property
    def on_unseen(self) -> Evaluation:
        """Its accuracy on those of the unseen half."""
        return self.unseen[0].own


def parse_notes(text: str) -> dict[str, str]:
    """Read prose for a card.

    Parameters
    ----------
    text : str
        Markdown with headings of the second level; comments are left out.

    Returns
    -------
    dict of str to str
        Prose by heading, in order; what stands before the first heading has an empty one.
    """
    sections: dict[str, list[str]] = {INTRODUCTION: []}
    heading = INTRODUCTION
    is_code = False
    for line in re.sub(r"<!--.*?-->\n?", "", text, flags=re.DOTALL).splitlines():
        is_code ^= line.startswith("```")
        if line.startswith("## ") and not is_code:
            heading = line.removeprefix("## ").strip()
            sections.setdefault(heading, [])
        else:
            sections[heading].append(line)
    prose = {heading: "\n".join(lines).strip() for heading, lines in sections.items()}
    return {heading: text for heading, text in prose.items() if text}


def write_card(card: Card) -> str:
    """Write a card.

    Parameters
    ----------
    card : Card
        What it is written from.

    Returns
    -------
    str
        Markdown. Notes whose headings have no place of their own stand near its end, in order.
    """
    sections = [
        _describe_network(card),
        _place_notes(card, TRAINING_DATA),
        _describe_data(card),
        *_describe_accuracy(card),
        _describe_shipped(card),
        _describe_comparison(card),
        _describe_brackets(card),
        _describe_failures(card),
    ]
    placed = {INTRODUCTION, TRAINING_DATA, MEASURED_ON, COMPARISON, FAILURES}
    sections += [_place_notes(card, heading) for heading in card.notes if heading not in placed]
    sections.append(["## Make this card", "", "```sh", card.command, "```", "", _REMAKE])
    lines = [line for section in sections if section for line in (*section, "")]
    return "\n".join(lines).rstrip() + "\n"


def _place_notes(card: Card, heading: str) -> list[str]:
    prose = card.notes.get(heading)
    return [f"## {heading}", "", prose] if prose else []


def _add_notes(card: Card, heading: str) -> list[str]:
    prose = card.notes.get(heading)
    return ["", prose] if prose else []


def _describe_network(card: Card) -> list[str]:
    facts = card.facts
    lines = [f"# Model card: {facts.name}", *_add_notes(card, INTRODUCTION), ""]
    rows = [("file", f"`{facts.name}.onnx`, {_write_size(facts.size_bytes)}")]
    rows += [
        (title, _write_value(key, facts.values[key]))
        for key, title in _TITLES.items()
        if key in facts.values
    ]
    for key, value in facts.values.items():
        if key not in _TITLES and not isinstance(value, dict):
            rows.append((_write_key(key), _write_value(key, value)))
    for name, title in _NESTED.items():
        if isinstance(table := facts.values.get(name), dict):
            words = [f"{_write_key(key)} {_write_value(key, v)}" for key, v in table.items()]
            rows.append((title, ", ".join(words)))
    return [*lines, "| | |", "| --- | --- |", *(f"| {title} | {cell} |" for title, cell in rows)]


def _write_size(size_bytes: int) -> str:
    unit, scale = next((unit, scale) for unit, scale in _UNITS if size_bytes >= scale or scale == 1)
    return f"{size_bytes / scale:.0f} {unit}"


def _write_key(key: str) -> str:
    return key.removeprefix("num_").replace("_", " ")


def _write_value(key: str, value: object) -> str:
    if isinstance(value, int) and key.startswith("num_"):
        return f"{value:,}"
    if isinstance(value, list):
        comma = " / " if any(isinstance(item, list) for item in value) else " "
        return comma.join(_write_value(key, item) for item in value)
    if isinstance(value, float) and math.isnan(value):
        return "-"
    is_code = key in {"recipe", "commit"} or key.endswith("sha256")
    return f"`{value}`" if is_code else str(value)


def _describe_data(card: Card) -> list[str]:
    kinds = [None, *(label for label in Label if any(p.label is label for p in card.photos))]
    columns = ["source", *("clear" if kind is None else kind.value for kind in kinds)]
    columns += ["scenes", "scenes that calibrate"]
    rows = []
    for source in sorted({photo.source for photo in card.photos}):
        photos = [photo for photo in card.photos if photo.source == source]
        counts = [sum(photo.label is kind for photo in photos) for kind in kinds]
        scenes = {photo.scene or photo.path.name: is_for_calibration(photo) for photo in photos}
        cells = [str(count) if count else "-" for count in (*counts, len(scenes))]
        rows.append((source, *cells, str(sum(scenes.values()))))
    table = to_markdown(Table("", tuple(columns), tuple(rows), ()))
    split = (
        "Half of the scenes may choose and calibrate, by the first byte of the SHA-256 of their "
        "names. The others choose and calibrate nothing: they are called unseen."
    )
    lines = ["## Measured on", "", *table, ""]
    if num_failed := len(card.on_all.failures):
        lines += [f"{count_photos(num_failed)} could not be measured.", ""]
    return [*lines, split, *_add_notes(card, MEASURED_ON)]


def _describe_accuracy(card: Card) -> list[list[str]]:
    sections = []
    for result in card.on_all.results:
        chosen = _keep_thresholds(result, lambda threshold: threshold.rate is not None)
        # A threshold that is set on photos without any such bad ones says nothing.
        if not chosen.thresholds or not _sets_thresholds(result):
            continue
        lines = _section(
            f"{result.label.value.capitalize()}, one threshold for all sources", chosen
        )
        for other in card.on_unseen.results:
            if other.label is result.label and _sets_thresholds(other):
                again = _keep_thresholds(other, lambda threshold: threshold.rate is not None)
                title = "The same on the unseen scenes, with thresholds of their own:"
                lines += ["", title, "", *_write_table(again, num_skipped=1)]
        plots = _show_plots(card, ("roc", "precision-recall", "scores"), result.label)
        sections.append([*lines, *plots])
    return sections


def _describe_shipped(card: Card) -> list[str]:
    lines = []
    for result in card.on_unseen.results:
        shipped = _keep_thresholds(result, lambda threshold: threshold.rate is None)
        if shipped.thresholds:
            lines += ["", *to_markdown(tabulate(shipped))]
            lines += _show_plots(card, ("reliability",), result.label)
    if not lines:
        return []
    text = (
        "The default thresholds, on the unseen scenes. In percent, with 95 % bootstrap intervals."
    )
    return ["## As shipped", "", text, *lines]


def _describe_comparison(card: Card) -> list[str]:
    if len(card.networks) < 2:
        return []
    lines = ["## Beside others", "", _HALVES]
    if left_out := collect_failures(card.networks):
        why = "one of the networks, or several, could not measure them."
        lines += ["", f"{count_photos(len(left_out))} left out of the comparison: {why}"]
    unseen = tabulate_networks(card.unseen, rates=(RATES[0], None), has_intervals=True)
    for table in tabulate_networks(card.networks):
        if len(table.rows) > 1:
            lines += ["", *_write_comparison(table, "all scenes")]
            for other in unseen:
                if other.label is table.label and len(other.rows) > 1:
                    lines += ["", *_write_comparison(other, "unseen scenes")]
            lines += _show_plots(card, ("networks",), table.label)
    return [*lines, *_add_notes(card, COMPARISON)]


def _describe_brackets(card: Card) -> list[str]:
    tables = tabulate_brackets(card.brackets)
    if not tables:
        return []
    lines = ["## Along exposure brackets"]
    for table in tables:
        lines += ["", f"{table.title.capitalize()}. {' '.join(table.notes)}", ""]
        lines += to_markdown(table)
    return lines


def _write_comparison(table: Table, scenes: str) -> list[str]:
    text = f"{table.title.capitalize()}, {scenes}. {' '.join(table.notes)}"
    return [text, "", *to_markdown(table)]


def _describe_failures(card: Card) -> list[str]:
    lines = []
    for result in card.on_all.results:
        worst = find_worst(result)
        label = result.label.value
        by_source = [
            f"{source.source} {_count(result, source.source, worst.threshold)}"
            for source in result.sources
        ]
        total = result.total
        lines.append(
            f"- {label.capitalize()}, {worst.threshold.name}, all scenes: {worst.num_missed} of "
            f"{total.num_bad} missed, {worst.num_lost} of {total.num_clear} clear ones lost. "
            f"Missed + lost: {', '.join(by_source)}."
        )
    return ["## Where it fails", "", *lines, *_add_notes(card, FAILURES)]


def _count(result: LabelResult, source: str, threshold: Threshold) -> str:
    wrong = [
        photo.photo.label is not None
        for photo in result.photos
        if photo.photo.source == source
        and (photo.score > threshold.value) is (photo.photo.label is None)
    ]
    return f"{sum(wrong)} + {len(wrong) - sum(wrong)}"


def _section(title: str, result: LabelResult) -> list[str]:
    return [f"## {title}", "", *_write_table(result)]


def _write_table(result: LabelResult, *, num_skipped: int = 0) -> list[str]:
    table = tabulate(result)
    notes = table.notes[num_skipped:]
    return [*to_markdown(table), *(line for note in notes for line in ("", note))]


def _show_plots(card: Card, kinds: Sequence[str], label: Label | None) -> list[str]:
    if label is None:
        return []
    links = [(kind, card.plots.get(f"{kind}_{label.value}")) for kind in kinds]
    shown = [f"![{_PLOTS[kind]}: {label.value}]({link})" for kind, link in links if link]
    return ["", *shown] if shown else []


def _sets_thresholds(result: LabelResult) -> bool:
    bad = {source.source for source in result.sources if source.num_bad}
    return not bad.isdisjoint(result.threshold_sources)


def _keep_thresholds(result: LabelResult, keep: Callable[[Threshold], bool]) -> LabelResult:
    kept = [keep(threshold) for threshold in result.thresholds]

    def select(items: tuple[Any, ...]) -> tuple[Any, ...]:
        return tuple(item for item, is_kept in zip(items, kept, strict=True) if is_kept)

    return replace(
        result,
        thresholds=select(result.thresholds),
        sources=tuple(replace(s, outcomes=select(s.outcomes)) for s in result.sources),
        total=replace(result.total, outcomes=select(result.total.outcomes)),
    )
