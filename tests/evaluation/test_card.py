from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from clearshot.evaluation.card import Card, NetworkFacts, parse_notes, write_card
from clearshot.evaluation.comparison import NetworkEvaluation
from clearshot.evaluation.evaluate import evaluate
from clearshot.evaluation.labels import LabelledPhoto
from clearshot.evaluation.split import keep_unseen
from clearshot.photo import Failure, Label

NOTES = """<!-- a remark
over two lines -->
Begins the card.

## Training data
Open photos.

## Where it fails
Panned streets.

```sh
## no heading
```

## Speed
Fast.

## What it must not be used for
Judging people.
"""


@pytest.fixture
def card() -> Card:
    """The card of a network that is right but for one photo of each kind, beside a metric."""
    photos = [LabelledPhoto(Path(f"/secret/c{i}.jpg"), None, "phone") for i in range(40)]
    photos += [LabelledPhoto(Path(f"/secret/b{i}.jpg"), Label.BLURRY, "phone") for i in range(40)]
    photos += [LabelledPhoto(Path(f"/secret/k{i}.jpg"), None, "bokeh", "s") for i in range(3)]
    photos += [LabelledPhoto(Path(f"/secret/d{i}.jpg"), Label.DARK, "night") for i in range(8)]
    photos += [LabelledPhoto(Path(f"/secret/n{i}.jpg"), None, "night") for i in range(8)]
    scores = {p.path: dict.fromkeys(Label, 3.0 if p.label else -3.0) for p in photos}
    scores[Path("/secret/c0.jpg")] = dict.fromkeys(Label, 1.0)
    scores[Path("/secret/b0.jpg")] = dict.fromkeys(Label, -1.0)
    on_all, unseen = (
        evaluate(
            part,
            scores,
            shipped=dict.fromkeys(Label, 0.0),
            threshold_sources=["phone"],
            num_resamples=5,
        )
        for part in (photos, keep_unseen(photos))
    )
    values = {"recipe": "clearshot train net", "num_parameters": 1234, "config": {"num_epochs": 5}}
    return Card(
        facts=NetworkFacts("net", 112_345, values),
        photos=photos,
        networks=[NetworkEvaluation(n, n, True, on_all, on_all) for n in ("net", "other")],
        unseen=[NetworkEvaluation(n, n, True, unseen, unseen) for n in ("net", "other")],
        notes=parse_notes(NOTES),
        plots={"roc_blurry": "../images/roc_blurry.png", "reliability_dark": "r.png"},
        command="clearshot evaluate set --card net.md --force",
    )


def test_notes_are_read_by_heading() -> None:
    notes = parse_notes(NOTES)
    assert list(notes) == [
        "", "Training data", "Where it fails", "Speed", "What it must not be used for",
    ]  # fmt: skip
    assert notes[""] == "Begins the card."
    assert notes["Where it fails"].endswith("```sh\n## no heading\n```")
    assert parse_notes("") == {}


def test_sections_stand_in_their_order(card: Card) -> None:
    lines = write_card(card).splitlines()
    assert lines[:3] == ["# Model card: net", "", "Begins the card."]
    headings = [line for line in lines if line.startswith("## ") and line != "## no heading"]
    assert headings == [
        "## Training data", "## Measured on", "## Blurry, one threshold for all sources",
        "## As shipped", "## Beside others", "## Where it fails", "## Speed",
        "## What it must not be used for", "## Make this card",
    ]  # fmt: skip


def test_all_prose_survives_and_the_command_is_there(card: Card) -> None:
    text = write_card(card)
    for prose in parse_notes(NOTES).values():
        assert prose in text
    assert f"```sh\n{card.command}\n```" in text


def test_a_card_tells_what_the_manifest_says_and_counts_photos_by_source(card: Card) -> None:
    lines = write_card(card).splitlines()
    assert "| file | `net.onnx`, 112 kB |" in lines
    assert "| made by | `clearshot train net` |" in lines
    assert "| parameters | 1,234 |" in lines
    assert "| settings | epochs 5 |" in lines
    counts = [[cell.strip() for cell in line.split("|")[1:-2]] for line in lines if "|" in line]
    assert ["phone", "40", "40", "-", "80"] in counts
    assert ["bokeh", "3", "-", "-", "1"] in counts


def test_failures_are_counted_and_no_photo_is_named(card: Card) -> None:
    text = write_card(card)
    assert "- Blurry, as shipped, all scenes: 1 of 40 missed, 1 of 51 clear ones lost." in text
    assert "bokeh 0 + 0, night 0 + 0, phone 1 + 1." in text
    assert "secret" not in text
    assert ".jpg" not in text


def test_a_threshold_set_on_other_photos_is_not_told_as_accuracy(card: Card) -> None:
    text = write_card(card)
    assert "## Dark, one threshold" not in text
    assert "| source | clear | dark | AUC | found as shipped | lost as shipped |" in text


def test_plots_stand_where_they_are_spoken_of(card: Card) -> None:
    text = write_card(card)
    assert "](../images/roc_blurry.png)" in text.split("## As shipped")[0]
    assert "](r.png)" in text.split("## As shipped")[1].split("## Beside")[0]


def test_alone_it_has_no_comparison(card: Card) -> None:
    text = write_card(card)
    assert "| other |" in text
    assert "## Beside others" not in write_card(replace(card, networks=card.networks[:1], notes={}))


def test_the_comparison_is_told_on_all_scenes_and_on_unseen_ones(card: Card) -> None:
    text = write_card(card).split("## Beside others")[1].split("## Where it fails")[0]
    before, on_all, unseen = text.split("Blurry against clear, ")
    assert "tables on unseen scenes hold none of them" in before
    assert on_all.startswith("all scenes. 51 clear and 40 blurry photos. In percent, without int")
    num_bad = card.on_unseen.results[0].total.num_bad
    assert f" and {num_bad} blurry photos. In percent, with 95 % bootstrap intervals." in unseen
    assert "phone found at 2 % | bokeh lost at 2 %" in on_all
    assert "phone found at 0.5 %" in on_all
    assert "phone found at 2 % |" in unseen
    assert "0.5 %" not in unseen.split("Dark against clear")[0]


def test_photos_that_could_not_be_measured_are_counted(card: Card) -> None:
    clean = write_card(card)
    assert "could not be measured" not in clean
    assert "left out of the comparison" not in clean
    failed = (Path("/secret/x.jpg"), Failure("damaged", "broken"))
    peers = (failed, (Path("/secret/y.jpg"), Failure("damaged", "broken")))
    networks = [
        replace(
            each,
            evaluation=replace(each.evaluation, failures=peers),
            own=replace(each.own, failures=(failed,)),
        )
        for each in card.networks
    ]
    text = write_card(replace(card, networks=networks))
    assert "\n1 photo could not be measured.\n" in text
    assert "\n2 photos left out of the comparison: one of the networks" in text
    assert "secret" not in text


def test_figures_of_its_validation_are_facts(card: Card) -> None:
    figures = {
        "num_pictures": 1600,
        "accuracy": 0.5,
        "precision_blurry": float("nan"),
        "confusion": [[8, 0], [7, 1]],
    }
    facts = replace(card.facts, values={**card.facts.values, "validation": figures, "other": {}})
    lines = write_card(replace(card, facts=facts)).splitlines()
    expected = "pictures 1,600, accuracy 0.5, precision blurry -, confusion 8 0 / 7 1"
    assert f"| validation | {expected} |" in lines
    assert not any("other" in line for line in lines[:20])
