from __future__ import annotations

import shutil
from importlib import resources
from pathlib import Path

import pytest

from clearshot.errors import NetworkError, UsageError
from clearshot.evaluation.classical import MetricDetector
from clearshot.evaluation.detectors import (
    ClassifierDetector,
    ExposureDetector,
    FocusDetector,
)
from clearshot.evaluation.networks import find_entry, open_detectors, read_manifest
from clearshot.photo import Label
from clearshot.scoring.exposure import ExposureNetwork

LIGHT = frozenset({Label.DARK, Label.OVEREXPOSED})


@pytest.fixture
def focus_folder(tmp_path: Path) -> Path:
    """A copy of the packaged networks."""
    folder = tmp_path / "nets"
    with resources.as_file(resources.files("clearshot") / "weights") as packaged:
        folder.mkdir()
        for name in ("focus.onnx", "exposure.onnx", "manifest.toml"):
            shutil.copy(packaged / name, folder)
    return folder


@pytest.fixture
def tiny_folder(tmp_path: Path) -> Path:
    """A folder with a classifier named `tiny`."""
    pytest.importorskip("onnx", reason="the test network is made with the extra `train`")
    from classifier_network import write_classifier

    return write_classifier(tmp_path / "a=b" / "tiny")


def test_words_are_rows_in_their_order(focus_folder: Path, tiny_folder: Path) -> None:
    pytest.importorskip("skimage", reason="blur-effect needs the extra `bench`")
    words = ["classical", "focus", f"again={focus_folder}", str(tiny_folder), "lap=laplacian"]
    detectors = open_detectors(words)
    assert [detector.name for detector in detectors] == [
        "laplacian", "tile-laplacian", "blur-effect", "focus", "again", "tiny", "lap",
    ]  # fmt: skip
    kinds = [MetricDetector] * 3 + [FocusDetector] * 2 + [ClassifierDetector, MetricDetector]
    assert [type(detector) for detector in detectors] == kinds
    assert detectors[3].recipe == detectors[4].recipe
    assert len({detector.recipe for detector in detectors}) == 5


def test_networks_of_a_folder_belong_together(focus_folder: Path) -> None:
    (both,) = open_detectors([str(focus_folder)])
    assert isinstance(both, FocusDetector)
    assert both.exposure_network.file == ExposureNetwork().file
    assert both.labels == frozenset(Label)
    manifest = focus_folder / "manifest.toml"
    head, _, focus = manifest.read_text("utf-8").partition("[focus]")
    manifest.write_text(head, encoding="utf-8")
    (light,) = open_detectors([f"light={focus_folder}"])
    assert isinstance(light, ExposureDetector)
    assert (light.name, light.labels) == ("light", LIGHT)
    manifest.write_text("[focus]" + focus, encoding="utf-8")
    (alone,) = open_detectors([str(focus_folder)])
    assert alone.recipe == both.recipe


def test_packaged_networks_and_measures_of_light_have_names() -> None:
    words = ["exposure", "light", "again=mean-luma", "second=exposure"]
    detectors = open_detectors(words)
    names = ["exposure", "mean-luma", "clipped-share", "again", "second"]
    assert [detector.name for detector in detectors] == names
    assert find_entry("exposure").name == "exposure"
    assert find_entry("focus").name == "focus"


def test_trained_networks_are_found_in_their_run_folders(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("onnx", reason="the test network is made with the extra `train`")
    from classifier_network import write_classifier

    monkeypatch.chdir(tmp_path)
    with pytest.raises(NetworkError, match=r"`clearshot train lenet` makes it"):
        open_detectors(["lenet"])
    write_classifier(Path("runs") / "lenet", name="lenet")
    (detector,) = open_detectors(["lenet"])
    assert isinstance(detector, ClassifierDetector)
    # Workers may have another working directory.
    assert detector.file.path.is_absolute()
    assert find_entry("lenet").values["side_px"] == detector.file.side_px


def test_two_rows_of_one_name_are_refused(focus_folder: Path) -> None:
    with pytest.raises(UsageError, match=r"two rows are named focus: .* NAME=DIR"):
        open_detectors(["focus", str(focus_folder)])


@pytest.mark.parametrize("word", ["nothing", "/missing", "=focus", "a/b=focus", "x=nothing"])
def test_words_that_mean_nothing_are_refused(word: str) -> None:
    with pytest.raises(UsageError):
        open_detectors([word])


def test_one_name_is_too_few_for_several_rows() -> None:
    pytest.importorskip("skimage", reason="blur-effect needs the extra `bench`")
    with pytest.raises(UsageError, match="holds 3 networks"):
        open_detectors(["all=classical"])


def test_a_changed_file_is_refused(tiny_folder: Path) -> None:
    with (tiny_folder / "tiny.onnx").open("ab") as stream:
        stream.write(b"\0")
    with pytest.raises(NetworkError, match=r"tiny\.onnx: was changed"):
        open_detectors([str(tiny_folder)])
    (tiny_folder / "tiny.onnx").unlink()
    with pytest.raises(NetworkError, match=r"tiny\.onnx: cannot be read"):
        open_detectors([str(tiny_folder)])


@pytest.mark.parametrize(
    ("manifest", "message"),
    [
        ("", "describes no network"),
        ("[x", "is no TOML"),
        ('[x]\nsha256 = "0"', "with the task None"),
        ('[x]\nsha256 = "0"\ntask = "classifier"', "side_px None"),
        ('[x]\nsha256 = "0"\ntask = "classifier"\nside_px = 0', "side_px 0"),
    ],
)
def test_manifests_that_do_not_fit_are_refused(tmp_path: Path, manifest: str, message: str) -> None:
    (tmp_path / "manifest.toml").write_text(manifest, encoding="utf-8")
    with pytest.raises(NetworkError, match=message):
        open_detectors([str(tmp_path)])


def test_folders_without_a_manifest_are_named(tmp_path: Path) -> None:
    with pytest.raises(NetworkError, match=r"there is no manifest\.toml"):
        read_manifest(tmp_path)


def test_an_entry_tells_the_file_of_the_one_network(tiny_folder: Path) -> None:
    assert find_entry(f"name={tiny_folder}").path == tiny_folder.absolute() / "tiny.onnx"
    assert find_entry("focus").path.is_file()
    for word in ("laplacian", "classical"):
        with pytest.raises(UsageError, match="no network with a description"):
            find_entry(word)
    text = (tiny_folder / "manifest.toml").read_text("utf-8")
    (tiny_folder / "manifest.toml").write_text(f"{text}\n{text.replace('tiny', 'big')}", "utf-8")
    with pytest.raises(UsageError, match="holds 2 networks"):
        find_entry(str(tiny_folder))
