from __future__ import annotations

import csv
import json
from collections.abc import Callable
from pathlib import Path

from click.testing import Result

from clearshot.report import REPORT_FIELDS

Run = Callable[..., Result]


def test_csv_and_json_tell_the_same(run: Run, scanned_library: Path, tmp_path: Path) -> None:
    outputs = [tmp_path / "r.csv", tmp_path / "r.json"]
    result = run("report", scanned_library, "--csv", outputs[0], "--json", outputs[1])
    assert result.exit_code == 0
    table = list(csv.DictReader(outputs[0].read_text("utf-8").splitlines()))
    rows = json.loads(outputs[1].read_text("utf-8"))
    assert tuple(table[0]) == tuple(rows[0]) == REPORT_FIELDS
    assert [row["relative_path"] for row in table] == [row["relative_path"] for row in rows]
    assert [row["verdict"] for row in table] == [row["verdict"] for row in rows]


def test_standard_output_holds_only_the_report(run: Run, scanned_library: Path) -> None:
    result = run("report", scanned_library, "--json", "-")
    assert len(json.loads(result.stdout)) == 4
    assert result.stderr == ""


def test_existing_file_is_kept_without_force(
    run: Run, scanned_library: Path, tmp_path: Path
) -> None:
    output = tmp_path / "report.csv"
    output.write_text("mine")
    assert run("report", scanned_library, "--csv", output).exit_code == 3
    assert output.read_text() == "mine"
    assert run("report", scanned_library, "--csv", output, "--force").exit_code == 0
    assert output.read_text().startswith("path,verdict,")


def test_output_must_be_named_and_possible(run: Run, scanned_library: Path, tmp_path: Path) -> None:
    assert run("report", scanned_library).exit_code == 2
    assert run("report", scanned_library, "--csv", tmp_path).exit_code == 3
    assert run("report", scanned_library, "--csv", tmp_path / "no" / "r.csv").exit_code == 3


def test_folder_that_was_not_scanned(run: Run, library: Path) -> None:
    assert run("report", library, "--csv", "-").exit_code == 4
