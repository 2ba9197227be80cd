"""What threads that read photos do to the program's settings, and to each other."""

from __future__ import annotations

import warnings

import pytest
from PIL import Image

from clearshot.decode.pillow import Leniency

NUM_BEFORE = 1000


@pytest.fixture(autouse=True)
def limit(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pillow's own limit, and warnings that are errors."""
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", NUM_BEFORE)


def test_who_goes_first_takes_nothing_from_who_is_still_there() -> None:
    leniency = Leniency()
    first, second = leniency.granted(9001), leniency.granted(5000)
    before = list(warnings.filters)
    first.__enter__()
    second.__enter__()
    first.__exit__(None, None, None)
    assert Image.MAX_IMAGE_PIXELS == 2500
    warnings.warn("nobody hears this", UserWarning, stacklevel=1)
    second.__exit__(None, None, None)
    assert Image.MAX_IMAGE_PIXELS == NUM_BEFORE
    assert list(warnings.filters) == before


def test_the_highest_limit_that_is_asked_for_holds_and_none_is_lowered() -> None:
    leniency = Leniency()
    with leniency.granted(9001), leniency.granted(10):
        assert Image.MAX_IMAGE_PIXELS == 4501
    with leniency.granted(10):
        assert Image.MAX_IMAGE_PIXELS == NUM_BEFORE


def test_an_error_leaves_the_settings_as_they_were() -> None:
    leniency = Leniency()
    before = list(warnings.filters)
    with pytest.raises(OSError, match="broken"), leniency.granted(9001):
        raise OSError("broken")
    assert Image.MAX_IMAGE_PIXELS == NUM_BEFORE
    assert list(warnings.filters) == before
