from __future__ import annotations

import json
import math
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

pytest.importorskip("torch", reason="the extra `train` is not installed")

from clearshot.errors import InputError
from clearshot.training.validation import (
    Validation,
    count_confusion,
    read_validation,
    tabulate,
    to_figures,
    write_validation,
)

# 8 of 10 clear and 6 of 10 blurry pictures are called what they are.
SOME = Validation(((8, 2), (4, 6)))


def test_a_picture_is_blurry_from_one_half_on() -> None:
    blurry = np.array([0.0, 0.49, 0.5, 0.4, 0.6, 1.0])
    found = count_confusion(np.column_stack([1 - blurry, blurry]), [0, 0, 0, 1, 1, 1])
    assert found.confusion == ((2, 1), (1, 2))


def test_figures_follow_from_the_matrix() -> None:
    assert SOME.num_pictures == 20
    assert SOME.accuracy == pytest.approx(0.7)
    assert SOME.precision(0) == pytest.approx(8 / 12)
    assert SOME.precision(1) == pytest.approx(6 / 8)
    assert SOME.recall(0) == pytest.approx(0.8)
    assert SOME.recall(1) == pytest.approx(0.6)


def test_what_is_not_defined_is_no_number() -> None:
    one_sided = Validation(((0, 3), (0, 3)))
    assert math.isnan(one_sided.precision(0))
    assert one_sided.precision(1) == pytest.approx(0.5)
    assert tabulate(one_sided)[1][-2:] == ("-", "0.0 %")


def test_table_has_a_row_for_each_class_and_one_for_all() -> None:
    head, *rows = tabulate(SOME)
    assert head == ("class", "pictures", "called clear", "called blurry", "precision", "recall")
    assert rows == [
        ("clear", "10", "8", "2", "66.7 %", "80.0 %"),
        ("blurry", "10", "4", "6", "75.0 %", "60.0 %"),
        ("all", "20", "12", "8", "accuracy 70.0 %", ""),
    ]


def test_files_hold_the_matrix(tmp_path: Path) -> None:
    write_validation(SOME, tmp_path)
    assert read_validation(tmp_path) == SOME
    content = json.loads((tmp_path / "validation.json").read_text())
    assert content["classes"] == ["clear", "blurry"]
    assert content["accuracy"] == pytest.approx(to_figures(SOME)["accuracy"])
    with Image.open(tmp_path / "confusion.png") as picture:
        assert min(picture.size) > 300


@pytest.mark.parametrize("content", [None, "{", "[]", "{}", '{"confusion": [[1, 2]]}'])
def test_a_broken_or_missing_file_is_named(tmp_path: Path, content: str | None) -> None:
    if content is not None:
        (tmp_path / "validation.json").write_text(content)
    with pytest.raises(InputError, match=r"validation\.json: (is broken|cannot be read)"):
        read_validation(tmp_path)


def test_json_knows_no_nan(tmp_path: Path) -> None:
    write_validation(Validation(((0, 3), (0, 3))), tmp_path)
    content = (tmp_path / "validation.json").read_text()
    assert "NaN" not in content
    assert json.loads(content)["precision_clear"] is None
