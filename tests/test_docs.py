from __future__ import annotations

import re
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import click
import pytest

from clearshot.catalog.catalog import Catalog
from clearshot.catalog.place import default_path
from clearshot.cli.reference import list_commands, write_help, write_reference
from clearshot.demo import write_demo
from clearshot.errors import PhotoError
from clearshot.listing import OUTDATED
from clearshot.photo import FileStamp, Photo
from clearshot.report import REPORT_FIELDS
from clearshot.scoring.verdict import Thresholds
from scoring.records import make_scores

ROOT = Path(__file__).resolve().parents[1]
DOCS = ROOT / "docs"

COMMANDS = dict(list_commands())


def test_reference_is_what_the_program_says() -> None:
    written = (DOCS / "cli-reference.md").read_text(encoding="utf-8")
    assert written == write_reference() + "\n", "run: python -m clearshot.cli.reference"


@pytest.mark.parametrize("path", COMMANDS)
def test_every_command_and_flag_is_documented(path: str) -> None:
    reference = (DOCS / "cli-reference.md").read_text(encoding="utf-8")
    section = reference.split(f"`{path}`\n")[1].split("\n#")[0]
    for parameter in COMMANDS[path].params:
        for flag in parameter.opts if isinstance(parameter, click.Option) else ():
            assert flag in section


def test_every_field_and_kind_of_error_is_explained() -> None:
    text = (DOCS / "fields.md").read_text(encoding="utf-8")
    kinds = [each.kind for each in PhotoError.__subclasses__()]
    for word in (*REPORT_FIELDS, *kinds, OUTDATED.kind):
        assert f"`{word}`" in text
    named = re.findall(r"`(\w+)`", "".join(re.findall(r"^\| (`.*?) \|", text, re.MULTILINE)))
    assert tuple(named) == REPORT_FIELDS


@pytest.mark.parametrize("path", COMMANDS)
def test_help_has_an_example(path: str) -> None:
    text = write_help(path, COMMANDS[path])
    example = text.split("Example:\n")[1].splitlines()[0].strip()
    assert example.startswith("clearshot ")


@pytest.mark.parametrize("path", COMMANDS)
def test_flags_are_few_and_help_says_what_each_does(path: str) -> None:
    options = [each for each in COMMANDS[path].params if isinstance(each, click.Option)]
    assert all(option.help for option in options)
    assert len(options) <= 13


def test_the_program_has_these_commands_and_no_others() -> None:
    names = {path.split()[1] for path in COMMANDS if " " in path}
    assert names == {
        "scan", "score", "explain", "review", "sort", "tag", "undo", "report", "calibrate", "audit",
        "evaluate", "train", "bench", "demo",
    }  # fmt: skip


def test_help_states_the_thresholds_in_use() -> None:
    options = {option.name: option for option in COMMANDS["clearshot scan"].params}
    limit = options["thresholds"]
    assert isinstance(limit, click.Option)
    assert "(0.5 each)" in str(limit.help)
    usual = Thresholds()
    assert {usual.blurry, usual.dark, usual.overexposed} == {0.5}


def test_library_example_of_the_readme_runs(tmp_path: Path) -> None:
    write_demo(tmp_path / "demo-photos")
    (code,) = re.findall(r"```python\n(.*?)```", (ROOT / "README.md").read_text("utf-8"), re.DOTALL)
    program = [sys.executable, "-c", code]
    done = subprocess.run(program, cwd=tmp_path, capture_output=True, text=True, check=True)
    lines = done.stdout.splitlines()
    assert len(lines) == 2 * len(list((tmp_path / "demo-photos").glob("*.jpg")))
    assert any(line.startswith("cat-out-of-focus.jpg bad blurry") for line in lines)


def test_the_query_of_the_catalog_lists_the_photos_that_are_there(tmp_path: Path) -> None:
    photos = [Photo(tmp_path / name, FileStamp(1, 1)) for name in ("a.jpg", "b.jpg", "gone.jpg")]
    with Catalog.open(tmp_path) as catalog:
        results = [(each, make_scores(blur=n)) for n, each in enumerate(photos)]
        catalog.record(results, recipe=results[0][1].recipe)
        catalog.mark_missing([photos[2].path])
    [query] = re.findall(r'"(SELECT [^"]*)"', (DOCS / "catalog.md").read_text("utf-8"))
    with closing(sqlite3.connect(default_path(tmp_path))) as connection:
        assert connection.execute(query).fetchall() == [("b.jpg", 1.0), ("a.jpg", 0.0)]


def test_links_of_the_documents_lead_somewhere() -> None:
    for document in (ROOT / "README.md", *DOCS.rglob("*.md")):
        for target in re.findall(r"\]\(([^)#:]+)\)", document.read_text("utf-8")):
            assert (document.parent / target).exists(), f"{document.name}: {target}"
