from __future__ import annotations

import json
import shutil
import sys
from collections.abc import Callable, Iterator
from importlib import resources
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result
from PIL import Image

from clearshot.evaluation.detectors import Detector
from clearshot.evaluation.labelled import read_labelled
from clearshot.evaluation.results import Measures
from clearshot.evaluation.split import is_for_calibration, keep_unseen
from clearshot.photo import Failure

Run = Callable[..., Result]


@pytest.fixture
def labelled(library: Path, clear_photos: Path, tmp_path: Path) -> Path:
    """A labelled set: six clear photos, a dark one and a file that is no photo."""
    folder = Path(shutil.copytree(clear_photos, tmp_path / "set" / "clear")).parent
    (folder / "dark").mkdir()
    shutil.copy(library / "black.jpg", folder / "dark")
    (folder / "dark" / "broken.jpg").touch()
    return folder


def test_table_numbers_plots_and_failures(run: Run, labelled: Path, tmp_path: Path) -> None:
    output = tmp_path / "numbers.json"
    result = run(
        "evaluate", labelled, "--workers", "1", "--json", output, "--plots", tmp_path / "plots"
    )
    assert result.exit_code == 1
    assert "dark against clear" in result.stdout
    assert "broken.jpg" in result.stderr
    numbers = json.loads(output.read_text(encoding="utf-8"))
    assert [each["label"] for each in numbers["results"]] == ["dark"]
    assert len(numbers["failures"]) == 1
    assert list((tmp_path / "plots").glob("*.png"))


def test_plots_replace_nothing_without_force(run: Run, labelled: Path, tmp_path: Path) -> None:
    (labelled / "dark" / "broken.jpg").unlink()
    words = ["evaluate", labelled, "--workers", "1", "--plots", tmp_path / "plots"]
    assert run(*words).exit_code == 0
    plot = min((tmp_path / "plots").iterdir())
    plot.write_bytes(plot.read_bytes() + b"mine")
    before = plot.read_bytes()
    refused = run(*words)
    assert refused.exit_code == 3
    assert "--force replaces it" in refused.stderr
    assert plot.read_bytes() == before
    assert run(*words, "--force").exit_code == 0
    assert plot.read_bytes() != before
    photo = labelled / "dark" / "black.jpg"
    shutil.copy(photo, plot)
    assert "never replaced" in run(*words, "--force").stderr
    assert plot.read_bytes() == photo.read_bytes()


def test_json_on_standard_output_stands_alone(run: Run, labelled: Path) -> None:
    (labelled / "dark" / "broken.jpg").unlink()
    result = run("evaluate", labelled, "--workers", "1", "--json", "-")
    assert result.exit_code == 0
    assert json.loads(result.stdout)["failures"] == []


def read_numbers(result: Result) -> dict[str, Any]:
    numbers: dict[str, Any] = json.loads(result.stdout)["results"][0]
    return numbers


def test_unseen_leaves_out_what_calibrates(run: Run, labelled: Path) -> None:
    photos = [p for p in read_labelled(labelled).photos if p.label is None]
    unseen = [photo for photo in photos if not is_for_calibration(photo)]
    assert 0 < len(unseen) < len(photos)
    for number in range(9):  # dark photos in both halves
        shutil.copy(labelled / "dark" / "black.jpg", labelled / "dark" / f"black{number}.jpg")
    result = run("evaluate", labelled, "--workers", "1", "--json", "-", "--unseen")
    assert "of calibration scenes left out" in result.stderr
    assert read_numbers(result)["all"]["num_clear"] == len(unseen)


def test_thresholds_on_a_source_and_markdown(run: Run, labelled: Path, tmp_path: Path) -> None:
    (labelled / "clear" / "phone").mkdir()
    (labelled / "clear" / "scene0.jpg").rename(labelled / "clear" / "phone" / "scene0.jpg")
    words = ["evaluate", labelled, "--workers", "1"]
    tables = tmp_path / "tables.md"
    chosen = [*words, "--threshold-on", "phone", "--markdown", tables, "--json", "-"]
    assert read_numbers(run(*chosen))["threshold_sources"] == ["phone"]
    assert tables.read_text("utf-8").startswith("## Dark against clear\n\n| source | clear |")
    again = run(*words, "--markdown", tables)
    assert again.exit_code == 3
    assert "--force" in again.stderr
    assert run(*words, "--threshold-on", "tablet").exit_code == 2


def test_another_network_is_measured(run: Run, labelled: Path, tmp_path: Path) -> None:
    words = ["evaluate", labelled, "--workers", "1", "--json", "-", "--network", tmp_path]
    assert run(*words).exit_code == 6
    with resources.as_file(resources.files("clearshot") / "weights") as packaged:
        for name in ("focus.onnx", "exposure.onnx", "manifest.toml"):
            shutil.copy(packaged / name, tmp_path)
    manifest = (tmp_path / "manifest.toml").read_text("utf-8")
    thresholds = []
    for offset in (0.0, 3.0):
        lines = [line for line in manifest.splitlines() if not line.startswith("dark = ")]
        table = lines.index("[exposure.calibration]") + 1
        lines.insert(table, f"dark = [1.0, -1.0, {offset}]")
        (tmp_path / "manifest.toml").write_text("\n".join(lines), encoding="utf-8")
        thresholds.append(read_numbers(run(*words))["thresholds"][0]["value"])
    assert thresholds[1] - thresholds[0] == pytest.approx(3.0)


def test_folder_without_labels(run: Run, library: Path, tmp_path: Path) -> None:
    assert run("evaluate", library).exit_code == 3
    assert run("evaluate", tmp_path / "missing").exit_code == 3


@pytest.fixture
def tiny_network(tmp_path: Path) -> Path:
    """Folder of a classifier that takes bright photos for blurry ones."""
    pytest.importorskip("onnx", reason="the test network is made with the extra `train`")
    from classifier_network import write_classifier

    return write_classifier(tmp_path / "tiny")


def test_networks_are_rows_of_one_table(
    run: Run, labelled: Path, library: Path, tiny_network: Path, tmp_path: Path
) -> None:
    (labelled / "blurred").mkdir()
    shutil.copy(library / "blurred.jpg", labelled / "blurred")
    (labelled / "dark" / "broken.jpg").unlink()
    words = ["evaluate", labelled, "--workers", "1", "--network", f"bright={tiny_network}"]
    words += ["--network", "focus", "--network", "laplacian"]
    numbers = tmp_path / "numbers.json"
    result = run(*words, "--json", numbers, "--markdown", tmp_path / "t.md")
    assert result.exit_code == 0, result.output
    table = result.stdout.split("blurry against clear")[1].split("against clear")[0]
    firsts = [line.split()[0] for line in table.splitlines() if line.split()]
    assert [name for name in firsts if name in {"bright", "focus", "laplacian"}] == [
        "bright", "focus", "laplacian",
    ]  # fmt: skip
    networks = json.loads(numbers.read_text("utf-8"))["networks"]
    labels = [(n["network"], [r["label"] for r in n["results"]]) for n in networks]
    assert labels == [
        ("bright", ["blurry"]),
        ("focus", ["blurry", "dark"]),
        ("laplacian", ["blurry"]),
    ]
    assert "| bright |" in (tmp_path / "t.md").read_text("utf-8")


def test_words_for_networks_that_mean_nothing(run: Run, labelled: Path) -> None:
    result = run("evaluate", labelled, "--network", "nothing")
    assert result.exit_code == 2
    assert (
        "'nothing' is neither a folder with manifest.toml nor one of focus, exposure, "
        in result.stderr
    )


def test_card_has_prose_numbers_and_plots_and_can_be_made_again(
    run: Run, labelled: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("matplotlib", reason="plots need the extra `evaluate`")
    pytest.importorskip("skimage", reason="blur-effect needs the extra `bench`")
    (labelled / "dark" / "broken.jpg").unlink()
    for number in range(9):  # dark photos in both halves
        shutil.copy(labelled / "dark" / "black.jpg", labelled / "dark" / f"black{number}.jpg")
    work = tmp_path / "work"
    (work / "docs").mkdir(parents=True)
    monkeypatch.chdir(work)
    (work / "docs" / "focus.notes.md").write_text("## Speed\nFast.\n", "utf-8")
    words = ["evaluate", labelled, "--workers", "1", "--card", "docs/focus.md"]
    result = run(*words, "--plots", "images", "--network", "focus", "--network", "classical")
    assert result.exit_code == 0, result.output
    card = (work / "docs" / "focus.md").read_text("utf-8")
    assert card.startswith("# Model card: focus\n")
    assert "## Speed\n\nFast.\n" in card
    assert "](../images/roc_dark.png)" in card
    assert str(tmp_path) not in card
    command = (
        "clearshot evaluate set --network focus --network classical --plots images "
        "--card docs/focus.md --force"
    )
    assert command in card
    assert run(*words).exit_code == 3  # it is there already
    assert run(*words, "--force", "--unseen").exit_code == 2
    refused = run(*words, "--force", "--network", "laplacian")
    assert "no network with a description" in refused.stderr


@pytest.fixture
def bright_and_dark(tmp_path: Path) -> Path:
    """Twenty dark clear photos and twenty bright blurry ones."""
    root = tmp_path / "photos"
    for kind, level in (("clear", 40), ("blurred", 220)):
        (root / kind).mkdir(parents=True)
        for number in range(20):
            picture = Image.new("L", (80, 80), level + number)
            picture.save(root / kind / f"{kind}{number}.png")
    return root


def test_card_of_a_classifier_beside_a_peer_that_fails(
    run: Run,
    bright_and_dark: Path,
    tiny_network: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    pytest.importorskip("matplotlib", reason="plots need the extra `evaluate`")

    def score_all(
        paths: list[Path], detector: Detector, *, num_workers: int | None
    ) -> Iterator[tuple[Path, Measures | Failure]]:
        assert num_workers == 1
        for path in paths:
            is_broken = detector.name == "laplacian" and path.name == "blurred0.png"
            yield path, Failure("damaged", "broken") if is_broken else detector.score(path)

    monkeypatch.setattr("clearshot.scan.score_paths", score_all)
    card, tables = tmp_path / "tiny.md", tmp_path / "tables.md"
    words = ["evaluate", bright_and_dark, "--workers", "1", "--card", card]
    words += ["--network", tiny_network, "--network", "laplacian"]
    result = run(*words, "--plots", tmp_path / "plots", "--markdown", tables)
    assert result.exit_code == 1, result.output
    assert "1 photo could not be judged:" in result.stderr
    assert "blurred0.png: broken" in result.stderr
    assert "## 1 photo could not be measured" in tables.read_text("utf-8")
    text = card.read_text("utf-8")
    assert "photo could not be measured" not in text
    assert "| photos | 20 | 20 | 1.0000 |" in text
    assert "1 photo left out of the comparison" in text
    assert "Blurry against clear, all scenes. 20 clear and 19 blurry photos." in text
    assert "Blurry against clear, unseen scenes." in text
    assert "](plots/reliability_blurry.png)" in text
    assert "](plots/networks_blurry.png)" in text


def test_a_label_that_the_first_network_cannot_tell_is_told_by_the_next(
    run: Run, labelled: Path, tiny_network: Path
) -> None:
    words = ["evaluate", labelled, "--workers", "1", "--network", tiny_network]
    result = run(*words, "--network", "focus", "--json", "-")
    # The broken photo is dark, which the classifier cannot tell.
    assert result.exit_code == 1
    assert "broken.jpg" in result.stderr
    networks = json.loads(result.stdout)["networks"]
    assert [len(each["failures"]) for each in networks] == [0, 1]
    assert [r["label"] for r in networks[1]["results"]] == ["dark"]


def test_a_frame_of_a_bracket_that_fails_is_named_though_it_has_no_label(
    run: Run, labelled: Path, library: Path
) -> None:
    (labelled / "dark" / "broken.jpg").unlink()
    for number, name in enumerate(("black", "clear", "white")):
        shutil.copy(library / f"{name}.jpg", labelled / f"run1_{number}.jpg")
    (labelled / "run1_3.jpg").touch()
    rows = [f"{path.relative_to(labelled)},{path.parent.name}" for path in labelled.glob("*/*")]
    rows += ["run1_0.jpg,dark", "run1_1.jpg,clear", "run1_2.jpg,between", "run1_3.jpg,between"]
    (labelled / "labels.csv").write_text("\n".join(["file,label", *rows]), encoding="utf-8")
    result = run("evaluate", labelled, "--workers", "1", "--json", "-")
    assert result.exit_code == 1
    assert "run1_3.jpg" in result.stderr
    brackets = json.loads(result.stdout)["brackets"]
    assert {each["brackets"][0]["num_frames"] for each in brackets} == {3}


def test_shipped_threshold_is_written_as_given(run: Run, bright_and_dark: Path) -> None:
    words = ["evaluate", bright_and_dark, "--workers", "1", "--json", "-"]
    thresholds = read_numbers(run(*words))["thresholds"]
    assert thresholds[-1] == {"value": 0.0, "rate": None}


def test_measured_files_are_never_replaced(run: Run, labelled: Path, tmp_path: Path) -> None:
    photo, table = labelled / "dark" / "black.jpg", tmp_path / "table.csv"
    rows = [f"{path},clear" for path in (labelled / "clear").iterdir()]
    table.write_text("\n".join(["file,label", *rows]), encoding="utf-8")
    before = photo.read_bytes(), table.read_bytes()
    for option in ("--json", "--markdown", "--card"):
        for output in (photo, table):
            result = run("evaluate", labelled, table, option, output, "--force")
            # A photo is no file for a report; a table that was read is wrong usage.
            assert result.exit_code == (3 if output == photo else 2)
            assert "is a photo" in result.stderr or "is one of the labelled" in result.stderr
    assert before == (photo.read_bytes(), table.read_bytes())


def test_what_is_missing_is_found_before_any_photo_is_measured(
    run: Run, labelled: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("a photo was measured")

    monkeypatch.setattr("clearshot.scan.score_paths", refuse)
    # The seen half alone has a clear photo of the phone.
    photos = [p for p in read_labelled(labelled).photos if p.label is None]
    seen = next(photo for photo in photos if photo not in keep_unseen(photos))
    (labelled / "clear" / "phone").mkdir()
    seen.path.rename(labelled / "clear" / "phone" / seen.path.name)
    words = ["evaluate", labelled, "--card", tmp_path / "card.md"]
    result = run(*words, "--threshold-on", "phone")
    assert result.exit_code == 2
    assert "unseen half" in result.stderr
    assert run("evaluate", labelled, "--threshold-on", "tablet").exit_code == 2
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    assert run(*words, "--plots", tmp_path / "plots").exit_code == 7
    monkeypatch.setitem(sys.modules, "skimage", None)
    assert run("evaluate", labelled, "--network", "blur-effect").exit_code == 7


def test_two_outputs_to_one_place_are_refused(run: Run, labelled: Path, tmp_path: Path) -> None:
    for one, other in (("-", "-"), (tmp_path / "e", f"{tmp_path}/./e")):
        result = run("evaluate", labelled, "--json", one, "--markdown", other, "--force")
        assert result.exit_code == 2
