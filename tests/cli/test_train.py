from __future__ import annotations

import re
import shutil
import sys
import tomllib
from collections.abc import Callable
from dataclasses import replace
from importlib import import_module, resources
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from click.testing import Result
from PIL import Image, ImageFilter

import clearshot
from clearshot.evaluation.labelled import read_labelled
from clearshot.photo import Skip
from clearshot.scoring.weights import read_network
from clearshot.training.config import Earlier

# The group of commands has the name of its module.
train = import_module("clearshot.cli.train")

Run = Callable[..., Result]


def import_anew(monkeypatch: pytest.MonkeyPatch, *missing: str) -> None:
    """Let training be imported once more, without what is not installed; then as it was."""
    # The package has a place besides that in `sys.modules`.
    monkeypatch.setattr(clearshot, "training", import_module("clearshot.training"))
    for name in [name for name in sys.modules if name.startswith("clearshot.training")]:
        monkeypatch.delitem(sys.modules, name)
    for name in missing:
        monkeypatch.setitem(sys.modules, name, None)


def test_missing_extra_is_named(run: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    import_anew(monkeypatch, "keras", "torch")
    result = run("train", "focus", tmp_path, "--run-folder", tmp_path / "run")
    assert result.exit_code == 7
    assert "pip install 'clearshot[train]'" in result.stderr


@pytest.mark.parametrize("recipe", ["lenet", "inception"])
def test_classifiers_need_the_extra_too(
    run: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, recipe: str
) -> None:
    import_anew(monkeypatch, "keras", "cv2")
    result = run("train", recipe, tmp_path)
    assert result.exit_code == 7
    assert "pip install 'clearshot[train]'" in result.stderr


class FakeRecipes:
    """Recipes that note what they are called with and train nothing."""

    def __init__(self) -> None:
        self.calls: list[tuple[Any, ...]] = []
        self.num_failed = 0

    def train_focus(self, photos: Path, run_folder: Path, **options: Any) -> SimpleNamespace:
        self.calls.append((photos, run_folder, options))
        return SimpleNamespace(path=run_folder / "focus.onnx", num_failed=self.num_failed)

    def train_lenet(self, photos: Path, run_folder: Path, **options: Any) -> SimpleNamespace:
        self.calls.append((photos, run_folder, options))
        path = run_folder / "x.onnx"
        return SimpleNamespace(path=path, validation=None, num_failed=self.num_failed)

    train_inception = train_lenet


@pytest.fixture
def recipes(monkeypatch: pytest.MonkeyPatch) -> FakeRecipes:
    fake = FakeRecipes()
    config = import_module("clearshot.training.classifier_config")
    table = [("class", "recall"), ("clear", "98.0 %"), ("blurry", "97.0 %")]
    validation = SimpleNamespace(tabulate=lambda _: table)
    modules = {"classifier_config": config, "validation": validation}
    modules["config"] = import_module("clearshot.training.config")
    monkeypatch.setattr(train, "_load", lambda name: modules.get(name, fake))
    return fake


def test_run_folders_are_named_by_recipe(run: Run, recipes: FakeRecipes, tmp_path: Path) -> None:
    for recipe in ("focus", "lenet", "inception"):
        assert run("train", recipe, tmp_path, "-q").exit_code == 0
    assert [call[1] for call in recipes.calls] == [
        Path("runs/focus"), Path("runs/lenet"), Path("runs/inception")
    ]  # fmt: skip


def test_the_validation_and_the_next_command_are_shown(
    run: Run, recipes: FakeRecipes, tmp_path: Path
) -> None:
    result = run("train", "lenet", tmp_path)
    head, rows = result.stdout.splitlines()[:2], result.stdout.splitlines()[2:]
    assert "told when to stop and which weights to keep" in " ".join(head)
    assert rows == [
        " class  recall", " clear  98.0 %", "blurry  97.0 %", str(Path("runs/lenet/x.onnx"))
    ]  # fmt: skip
    assert "clearshot evaluate LABELLED --network lenet" in result.stderr
    elsewhere = run("train", "lenet", tmp_path, "--run-folder", "here")
    assert "clearshot evaluate LABELLED --network here" in elsewhere.stderr


def test_only_the_result_is_on_stdout(run: Run, recipes: FakeRecipes, tmp_path: Path) -> None:
    def train_focus(photos: Path, run_folder: Path, *, verbose: int, **_: Any) -> SimpleNamespace:
        sys.stdout.write(f"what Keras prints, verbosity {verbose}")
        return SimpleNamespace(path=run_folder / "focus.onnx", num_failed=0)

    recipes.train_focus = train_focus  # type: ignore[method-assign,assignment]
    result = run("train", "focus", tmp_path)
    assert result.stdout.splitlines() == [str(Path("runs/focus/focus.onnx"))]
    assert "verbosity 2" in result.stderr, "no bars where there is no terminal"


@pytest.mark.parametrize("recipe", ["focus", "lenet", "inception"])
def test_a_photo_that_could_not_be_read_is_told_at_the_end(
    run: Run, recipes: FakeRecipes, tmp_path: Path, recipe: str
) -> None:
    recipes.num_failed = 1
    result = run("train", recipe, tmp_path, "-q")
    assert result.exit_code == 1
    assert ".onnx" in result.stdout, "the network was trained all the same"
    assert "1 photo or folder could not be read and did not train" in result.stderr


def test_epochs_are_limited(run: Run, recipes: FakeRecipes, tmp_path: Path) -> None:
    for recipe in ("lenet", "inception"):
        assert run("train", recipe, tmp_path, "--epochs", "2", "-q").exit_code == 0
    assert [call[2]["config"].num_epochs for call in recipes.calls] == [2, 2]
    assert run("train", "lenet", tmp_path, "--epochs", "0").exit_code == 2


def test_weights_are_a_word_or_a_file(run: Run, recipes: FakeRecipes, tmp_path: Path) -> None:
    assert "random weights" in run("train", "inception", tmp_path, "--weights", "none").stderr
    assert "random weights" not in run("train", "inception", tmp_path).stderr
    assert "random weights" not in run("train", "inception", tmp_path, "--weights", "a.h5").stderr
    given = [call[2]["weights"] for call in recipes.calls]
    assert given == ["none", "imagenet", Path("a.h5")]


def test_an_earlier_network_is_packaged_or_in_a_folder(
    run: Run, recipes: FakeRecipes, tmp_path: Path
) -> None:
    packaged = read_network("focus")
    assert run("train", "focus", tmp_path, "-q").exit_code == 0
    assert run("train", "focus", tmp_path, "-q", "--start", "packaged").exit_code == 0
    assert run("train", "focus", tmp_path, "-q", "--teacher", "packaged").exit_code == 0
    both = ("--start", "packaged", "--teacher", "packaged", "--teacher", "packaged")
    assert run("train", "focus", tmp_path, "-q", *both).exit_code == 0
    assert run("train", "focus", tmp_path, "--start", tmp_path).exit_code == 6
    assert [call[2]["earlier"] for call in recipes.calls] == [
        None,
        Earlier(packaged),
        Earlier(teachers=(packaged,)),
        Earlier(packaged, (packaged, packaged)),
    ]


def test_only_known_recipes(run: Run, tmp_path: Path) -> None:
    assert run("train", "unknown", tmp_path).exit_code == 2


def test_a_table_is_made_with_both_networks_of_a_folder(
    run: Run, clear_photos: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    labelled, networks = tmp_path / "labelled", tmp_path / "networks"
    scene = next(clear_photos.iterdir())
    for label, factor in (("clear", 1.0), ("dark", 0.02), ("overexposed", 8.0), ("blurry", 1.0)):
        (labelled / label).mkdir(parents=True)
        picture = Image.open(scene).point(lambda value, factor=factor: value * factor)
        if label == "blurry":
            picture = picture.filter(ImageFilter.GaussianBlur(6))
        picture.save(labelled / label / "photo.jpg")
    shutil.copytree(Path(str(resources.files("clearshot") / "weights")), networks)
    digests = []
    for dark in (None, "dark = [0.5, -0.5, 0.0]"):
        manifest = networks / "manifest.toml"
        if dark:
            manifest.write_text(re.sub(r"(?m)^dark = .*", dark, manifest.read_text()))
        result = run("train", "tolerance", labelled, "--network", networks, "--workers", "1")
        assert result.exit_code == 0, result.output
        digests.append(tomllib.loads((networks / "tolerance.toml").read_text())["calibration"])
    assert digests[0] != digests[1]
    locked = Skip(labelled / "locked", "Permission denied", is_unreadable=True)
    found = replace(read_labelled(labelled), left_out=(locked,))
    with monkeypatch.context() as patch:
        patch.setattr("clearshot.evaluation.labelled.read_labelled", lambda *_: found)
        result = run("train", "tolerance", labelled, "--network", networks, "--workers", "1")
    assert result.exit_code == 1, "a folder could not be read, as evaluate says"
    (labelled / "clear" / "broken.jpg").write_bytes(b"no photo")
    result = run("train", "tolerance", labelled, "--network", networks, "--workers", "1")
    assert result.exit_code == 1
    assert "broken.jpg" in result.stderr
