"""What can be told of the page's words without looking at them."""

from __future__ import annotations

import re
from collections import Counter

from clearshot.web.app import STATIC


def test_no_two_texts_have_one_name() -> None:
    # JavaScript takes the last one without a word.
    texts = (STATIC / "texts.js").read_text(encoding="utf-8")
    objects = re.findall(r"^(?:export )?const \w+ = \{\n(.*?)^\};", texts, flags=re.DOTALL | re.M)
    names = [Counter(re.findall(r"^  (\w+)[:(]", each, flags=re.M)) for each in objects]
    assert max(map(len, names)) > 50
    assert [name for each in names for name, count in each.items() if count > 1] == []
