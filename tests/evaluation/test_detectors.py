from __future__ import annotations

import math
import pickle
from dataclasses import replace
from pathlib import Path

import pytest
from PIL import Image

from clearshot.errors import MissingPhotoError, NetworkError
from clearshot.evaluation.detectors import ClassifierDetector, ClassifierFile, FocusDetector
from clearshot.photo import Label
from clearshot.scoring.calibration import compute_logits, read_calibration
from clearshot.scoring.focus import FocusNetwork
from clearshot.scoring.scorer import Scorer


@pytest.fixture
def classifier(tmp_path: Path) -> ClassifierDetector:
    """The tiny classifier: the brighter, the blurrier."""
    pytest.importorskip("onnx", reason="the test network is made with the extra `train`")
    from classifier_network import SIDE_PX, write_classifier

    path = write_classifier(tmp_path / "tiny") / "tiny.onnx"
    return ClassifierDetector("row", ClassifierFile(path, "0" * 64, SIDE_PX))


def test_focus_scores_are_the_log_odds_of_the_verdict(clear_photos: Path) -> None:
    photo = clear_photos / "scene0.jpg"
    detector: FocusDetector = pickle.loads(pickle.dumps(FocusDetector("row", FocusNetwork())))
    assert detector.name == "row"
    assert detector.labels == set(detector.shipped) == set(Label)
    assert detector.recipe == Scorer().recipe
    assert detector.score(photo) == compute_logits(Scorer().score(photo), read_calibration())


@pytest.mark.parametrize(("level", "expected"), [(128, 0.0), (192, 2.0), (64, -2.0)])
def test_classifier_scores_are_log_odds_of_blurry(
    classifier: ClassifierDetector, tmp_path: Path, level: int, expected: float
) -> None:
    Image.new("RGB", (90, 70), (level,) * 3).save(tmp_path / "flat.png")
    for detector in (classifier, pickle.loads(pickle.dumps(classifier))):
        scores = detector.score(tmp_path / "flat.png")
        assert scores == {Label.BLURRY: pytest.approx(expected, abs=1e-5)}
        # The session that was opened stays in its process.
        assert pickle.loads(pickle.dumps(detector)).score(tmp_path / "flat.png") == scores


def test_photos_that_cannot_be_read_are_photo_errors(classifier: ClassifierDetector) -> None:
    with pytest.raises(MissingPhotoError):
        classifier.score(Path("/missing.jpg"))


def test_a_file_that_is_no_such_network_is_named(
    classifier: ClassifierDetector, clear_photos: Path, tmp_path: Path
) -> None:
    photo = clear_photos / "scene0.jpg"
    path = tmp_path / "other.onnx"
    path.write_bytes(b"no network")
    with pytest.raises(NetworkError, match=r"other\.onnx: cannot be loaded"):
        ClassifierDetector("row", ClassifierFile(path, "0" * 64, 16)).score(photo)
    import onnx

    model = onnx.load(str(classifier.file.path))
    for node in model.graph.node:
        node.input[:] = ["picture" if name == "photo" else name for name in node.input]
    model.graph.input[0].name = "picture"
    onnx.save(model, str(path))
    with pytest.raises(NetworkError, match="must have the input photo"):
        ClassifierDetector("row", ClassifierFile(path, "0" * 64, 16)).score(photo)


def test_a_file_for_another_side_is_refused(
    classifier: ClassifierDetector, clear_photos: Path
) -> None:
    other = ClassifierDetector("row", replace(classifier.file, side_px=classifier.file.side_px * 2))
    with pytest.raises(
        NetworkError, match=r"tiny\.onnx: takes photos of shape N x 16 x 16 x 3; .* 32"
    ):
        other.score(clear_photos / "scene0.jpg")


def test_sides_that_the_file_leaves_open_fit(
    classifier: ClassifierDetector, clear_photos: Path, tmp_path: Path
) -> None:
    import onnx

    model = onnx.load(str(classifier.file.path))
    for size in model.graph.input[0].type.tensor_type.shape.dim[1:3]:
        size.dim_param = "side"
    onnx.save(model, str(tmp_path / "open.onnx"))
    file = ClassifierFile(tmp_path / "open.onnx", "0" * 64, 24)
    assert set(ClassifierDetector("row", file).score(clear_photos / "scene0.jpg")) == {Label.BLURRY}


def test_log_odds_stay_finite_and_nan_is_kept() -> None:
    from clearshot.evaluation.detectors import _to_log_odds

    assert _to_log_odds(1.0, 0.0) == -_to_log_odds(0.0, 1.0)
    assert 27 < _to_log_odds(1.0, 0.0) < 28
    assert math.isnan(_to_log_odds(math.nan, 0.5))
