from __future__ import annotations

import sqlite3
from collections.abc import Mapping

import pytest

from clearshot.catalog.catalog import Catalog
from clearshot.catalog.odds import NOTHING, Odds
from clearshot.catalog.pages import (
    Filter,
    Found,
    Order,
    Rule,
    Rules,
    write_count,
    write_find,
)
from clearshot.photo import FileStamp, Label, Photo, Rating
from luma_scorer import make_scores

COMMON = Rule((1.5, 1.5, 1.5), (-1.0, -1.0, -1.0))
OWN = Rule((2.0, 1.0, 0.0), (-2.0, -1.0, -3.0), ((1.1, 0.5), (0.9, 0.0), (1.0, 0.0)))
COMMON_RULES = Rules(COMMON)
FULL_RULES = Rules(COMMON, is_full=True)
CAMERA_RULES = Rules(COMMON, {"EOS": OWN})
WORST_FIRST = (Order.WORST, None)


def write_odds(catalog: Catalog, odds: Mapping[int, Odds | None]) -> None:
    with catalog.odds.writing():
        catalog.odds.put(odds.items(), "mine")


def explain(catalog: Catalog, sql: str, values: list[float | int | str | None]) -> list[str]:
    """Ask SQLite how it answers, in lines such as `SEARCH odds USING COVERING INDEX ...`."""
    connection = sqlite3.connect(catalog.path)
    rows = connection.execute(f"EXPLAIN QUERY PLAN {sql}", values).fetchall()
    connection.close()
    return [row[3] for row in rows]


@pytest.mark.parametrize("rules", [COMMON_RULES, CAMERA_RULES])
@pytest.mark.parametrize("start", [0, 5000, Found(7, 0.5)])
@pytest.mark.parametrize("ratings", [None, *([rating] for rating in Rating)])
def test_a_page_comes_from_one_index_in_its_order(
    catalog: Catalog, rules: Rules, start: Found | int, ratings: list[Rating] | None
) -> None:
    if rules is CAMERA_RULES:
        rules = Rules(COMMON, {"EOS": Rule(OWN.limits, OWN.doubts)})
    [plan] = explain(catalog, *write_find(rules, Filter(ratings), WORST_FIRST, 50, start))
    assert "COVERING INDEX odds_worst_first" in plan
    assert plan.startswith("SEARCH" if ratings or isinstance(start, Found) else "SCAN")


@pytest.mark.parametrize("label", Label)
def test_all_photos_come_by_a_label_from_its_index(catalog: Catalog, label: Label) -> None:
    order = (Order.WORST, label)
    [plan] = explain(catalog, *write_find(COMMON_RULES, Filter(), order, 50, 0))
    assert f"COVERING INDEX odds_{label}_first" in plan


def test_a_page_at_full_size_comes_from_its_own_index(catalog: Catalog) -> None:
    for rating in Rating:
        [plan] = explain(catalog, *write_find(FULL_RULES, Filter([rating]), WORST_FIRST, 50, 0))
        assert "COVERING INDEX odds_worst_full_first" in plan


def test_a_page_by_path_walks_the_paths(catalog: Catalog) -> None:
    wanted, order = Filter([Rating.BAD]), (Order.PATH, None)
    paths, odds = explain(catalog, *write_find(COMMON_RULES, wanted, order, 50, 0))
    assert "COVERING INDEX sqlite_autoindex_photos_1" in paths
    assert odds == "SEARCH odds USING INTEGER PRIMARY KEY (rowid=?)"


@pytest.mark.parametrize("rules", [COMMON_RULES, CAMERA_RULES, FULL_RULES])
def test_counts_come_from_indexes(catalog: Catalog, rules: Rules) -> None:
    plan = explain(catalog, *write_count(rules))
    steps = [line for line in plan if "odds" in line]
    assert len(steps) == 4 + len(Label)
    assert all("COVERING INDEX odds_" in step for step in steps[2:])
    assert all(step.startswith("SEARCH") for step in steps[2:])


@pytest.mark.parametrize("rules", [COMMON_RULES, FULL_RULES])
def test_counting_the_bad_looks_at_no_better_photos(catalog: Catalog, rules: Rules) -> None:
    catalog.odds.adopt("mine")
    photos = [Photo(catalog.library / f"{at}.jpg", FileStamp(1, 2)) for at in range(400)]
    catalog.record([(photo, make_scores()) for photo in photos], recipe="1")
    odds = {
        number: Odds(None, at / 100 - 3, -5.0, -5.0, at / 100 - 3)
        for at, number in enumerate(catalog.odds.find_stale())
    }
    write_odds(catalog, odds)
    steps = []
    for limit in (-100.0, 0.895):
        rule = Rule((limit,) * 3, (limit,) * 3)
        steps.append(0)

        def count(at: int = len(steps) - 1) -> int:
            steps[at] += 1
            return 0

        catalog._connection.set_progress_handler(count, 10)
        catalog.pages.find(Rules(rule, is_full=rules.is_full), Filter([Rating.BAD]), num_photos=0)
        [bad] = [catalog.pages.count(Rules(rule, is_full=rules.is_full)).ratings[Rating.BAD]]
        catalog._connection.set_progress_handler(None, 10)
        assert bad == (400 if limit < 0 else 10)
    whole, few = steps
    assert few < whole / 4


def test_some_entries_are_looked_up_by_number(catalog: Catalog) -> None:
    statements: list[str] = []
    catalog._connection.set_trace_callback(statements.append)
    catalog.entries([3, 1])
    catalog._connection.set_trace_callback(None)
    plan = explain(catalog, statements[0], [])
    assert any("SEARCH photos USING INTEGER PRIMARY KEY" in line for line in plan)
    assert not any(line.startswith("SCAN photos") for line in plan)


def test_nothing_is_found_where_nothing_is_wanted(catalog: Catalog) -> None:
    photo = Photo(catalog.library / "1.jpg", FileStamp(1, 2))
    catalog.record([(photo, make_scores())], recipe="1")
    assert catalog.pages.find(COMMON_RULES, Filter(ratings=[])) == ()
    assert catalog.pages.find(COMMON_RULES, Filter(labels=[])) == ()


def test_stale_odds_count_as_failed_at_first_and_are_told(catalog: Catalog) -> None:
    photo = Photo(catalog.library / "1.jpg", FileStamp(1, 2))
    catalog.record([(photo, make_scores())], recipe="1")
    [number] = catalog.odds.find_stale()
    assert catalog.pages.count(COMMON_RULES).num_failed == 1

    write_odds(catalog, {number: Odds(None, 3.0, 0.0, 0.0)})
    assert catalog.odds.find_stale() == [number]  # of a gauge that nobody adopted

    catalog.odds.adopt("mine")
    write_odds(catalog, {number: Odds(None, 3.0, 0.0, 0.0)})
    assert catalog.odds.find_stale() == []
    assert catalog.pages.find(COMMON_RULES) == (Found(number, 3.0),)
    assert catalog.pages.find(FULL_RULES) == (Found(number, NOTHING),)

    write_odds(catalog, {number: None})
    assert catalog.pages.count(COMMON_RULES).num_failed == 1


def test_odds_that_are_endless_stay_in_order(catalog: Catalog) -> None:
    photo = Photo(catalog.library / "1.jpg", FileStamp(1, 2))
    catalog.record([(photo, make_scores())], recipe="1")
    [number] = catalog.odds.find_stale()
    catalog.odds.adopt("mine")
    for odds in (float("inf"), 1e300):
        write_odds(catalog, {number: Odds(None, odds, -odds, -odds)})
        never = Rule((float("inf"),) * 3, (float("inf"),) * 3)
        assert catalog.pages.count(COMMON_RULES).ratings[Rating.BAD] == 1
        assert catalog.pages.count(Rules(never)).ratings[Rating.GOOD] == 1
