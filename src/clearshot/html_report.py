"""A report as one HTML file to keep or send: it needs nothing else, and asks for nothing."""

from __future__ import annotations

import base64
import html
import io
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from PIL import Image

from clearshot.actions.atomic import read_stamp
from clearshot.decode.image import read_rgb
from clearshot.errors import PhotoError
from clearshot.photo import CHOICE_WORDS, Choice, Label, Rating

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from datetime import datetime

    from clearshot.photo import FileStamp

# Long side of the pictures in a report [px], and their JPEG quality.
_PICTURE_PX: Final = 280
_QUALITY: Final = 72

# Bad and unsure photos beyond these come without a picture: 10 MB are about what a mail may hold.
MAX_PICTURES: Final = 1000

_STYLE: Final = """
:root { color-scheme: light dark; --line: #8884; }
:root { --dim: #6b6b6b; --bad: #b04a10; --unsure: #876600; }
@media (prefers-color-scheme: dark) { :root { --dim: #9a9a9a; --bad: #e8834a; --unsure: #c9a227; } }
body { font: 15px/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 72rem; padding: 0 1rem; }
h1 { font-size: 1.5rem; margin-bottom: 0; }
h2 { font-size: 1.1rem; margin: 2.2rem 0 .8rem; break-after: avoid; }
.dim { color: var(--dim); }
.photos { display: grid; gap: 1.2rem 1rem; }
.photos { grid-template-columns: repeat(auto-fill, minmax(15rem, 1fr)); }
figure { margin: 0; break-inside: avoid; }
figure img, .none { width: 100%; height: 11rem; object-fit: contain; display: block; }
figure img, .none { background: #8881; }
.none { box-sizing: border-box; font-size: .85rem; padding: .5rem; }
details { margin-top: 2rem; }
details + details { margin-top: .8rem; }
summary h2 { display: inline; }
figcaption { font-size: .85rem; overflow-wrap: anywhere; padding-top: .3rem; }
.bad { color: var(--bad); font-weight: 600; }
.unsure { color: var(--unsure); font-weight: 600; }
table { border-collapse: collapse; }
td, th { border-bottom: 1px solid var(--line); padding: .25rem 1.5rem .25rem 0; text-align: left; }
td + td, th + th { text-align: right; font-variant-numeric: tabular-nums; }
li { overflow-wrap: anywhere; }
"""


def write_html(  # noqa: PLR0913 - each says something else of the report
    rows: Sequence[dict[str, Any]],
    library: Path,
    made_at: datetime,
    *,
    is_unsure_first: bool = False,
    remarks: Sequence[str] = (),
    outdated: Mapping[str, str] | None = None,
    progress: Callable[[int, int], None] = lambda num_done, num_total: None,
) -> str:
    """Write a report: counts, bad and unsure photos with pictures and reasons, failures, good ones.

    Parameters
    ----------
    rows : sequence of dict
        As `clearshot.report.build_report` gives them.
    library : Path
        The library's folder, absolute; pictures are read from it.
    made_at : datetime
        For the head of the report.
    is_unsure_first : bool
        Whether the unsure photos come before the bad ones, in the order of `rows`. Else the bad
        ones come first, and of both the worst.
    remarks : sequence of str
        What is shown, and what the thresholds rest on; commands between backticks.
    outdated : mapping or None
        By relative path, why a photo is not shown, as `find_outdated` gives it.
    progress : callable
        Called with the number of pictures that were read, and of all.

    Returns
    -------
    str
        One HTML document without scripts and without addresses of anything outside of it.
    """
    bad = sorted((row for row in rows if row["verdict"] == Rating.BAD), key=_find_worst)
    unsure = [row for row in rows if row["verdict"] == Rating.UNSURE]
    if not is_unsure_first:
        unsure.sort(key=_find_worst)
    sections = [("Bad", bad), ("Unsure: look at these", unsure)]
    if is_unsure_first:
        sections.reverse()
    good = [row for row in rows if row["verdict"] == Rating.GOOD]
    failed = [row for row in rows if row["error"] is not None]
    shown = [row for _, section in sections for row in section][:MAX_PICTURES]
    figures: dict[str, str] = {}
    for number, row in enumerate(shown, start=1):
        name = row["relative_path"]
        reason = (outdated or {}).get(name, "")
        figures[name] = _write_none(reason) if reason else _write_picture(library, name)
        progress(number, len(shown))
    parts = [
        _write_head(library.name, made_at, remarks),
        _write_counts(rows, len(good), len(unsure), len(bad), len(failed)),
        *(_write_photos(title, section, figures) for title, section in sections),
        _write_list("Failed", [(row, _tell_failure(row)) for row in failed]),
        _write_list("Good", [(row, _tell_choice(row)) for row in good]),
        "</body></html>\n",
    ]
    return "".join(parts)


def find_outdated(
    rows: Sequence[dict[str, Any]], stamps: Mapping[Path, FileStamp]
) -> dict[str, str]:
    """Find the photos of a report that are not any more what was judged.

    Parameters
    ----------
    rows : sequence of dict
        As for `write_html`.
    stamps : mapping
        The state that each photo had, by its absolute path.

    Returns
    -------
    dict
        By relative path, why a bad or unsure photo is not shown.
    """
    found = {}
    for row in rows:
        stamp = stamps.get(Path(row["path"]))
        if stamp is None or row["verdict"] not in {Rating.BAD, Rating.UNSURE}:
            continue
        try:
            is_same = read_stamp(Path(row["path"])) == stamp
        except OSError:
            found[row["relative_path"]] = "is not there any more"
            continue
        if not is_same:
            found[row["relative_path"]] = "changed since the scan; scan again"
    return found


def _find_worst(row: dict[str, Any]) -> tuple[float, str]:
    """Order by the largest probability, the worst first."""
    return -max(row["p_blurry"], row["p_dark"], row["p_overexposed"]), row["relative_path"]


def _write_picture(library: Path, name: str) -> str:
    """Write a photo small, with its pixels, or why it cannot be read."""
    path = library / name
    if not _is_inside(library, path):
        return _write_none("is not in the library")
    try:
        picture = Image.fromarray(read_rgb(path, long_side_px=_PICTURE_PX))
    except PhotoError as error:
        return _write_none(error.message)
    buffer = io.BytesIO()
    picture.save(buffer, "JPEG", quality=_QUALITY)
    content = base64.b64encode(buffer.getvalue()).decode("ascii")
    alt = _escape(Path(name).name)
    return f'<img src="data:image/jpeg;base64,{content}" alt="{alt}" loading=lazy>'


def _write_none(reason: str) -> str:
    return f"<div class='none dim'>{_escape(reason)}</div>"


def _is_inside(library: Path, path: Path) -> bool:
    # A catalog that came with a library from elsewhere may name any file of this machine.
    try:
        return path.resolve().is_relative_to(library.resolve())
    except (OSError, RuntimeError, ValueError):  # a loop of links, or no name of a file
        return False


def _write_head(name: str, made_at: datetime, remarks: Sequence[str]) -> str:
    # The policy holds even if a program adds something to the file later.
    policy = "default-src 'none'; img-src data:; style-src 'unsafe-inline'"
    lines = "".join(f"<p class=dim>{_write_remark(line)}</p>" for line in remarks)
    return (
        "<!doctype html><html lang=en><head><meta charset=utf-8>"
        f'<meta http-equiv="Content-Security-Policy" content="{policy}">'
        "<meta name=viewport content='width=device-width'>"
        f"<title>{_escape(name)}: clearshot</title><style>{_STYLE}</style></head><body>"
        f"<h1>{_escape(name)}</h1><p class=dim>Report of {made_at:%Y-%m-%d %H:%M}</p>{lines}"
    )


def _write_remark(line: str) -> str:
    """Write a sentence with its commands, which stand between backticks, as code."""
    return re.sub("`([^`]+)`", r"<code>\1</code>", _escape(line))


def _write_counts(
    rows: Sequence[dict[str, Any]], num_good: int, num_unsure: int, num_bad: int, num_failed: int
) -> str:
    counts = [("Good", num_good), ("Unsure", num_unsure), ("Bad", num_bad)]
    for label in Label:
        num = sum(label.value in row["labels"] for row in rows)
        counts += [(f"\u2003{label.value}", num)]
    counts += [("Failed", num_failed), ("Photos", len(rows))]
    for choice, words in CHOICE_WORDS.items():
        if num := sum(row["decision"] == choice for row in rows):
            counts += [(words.capitalize(), num)]
    cells = "".join(f"<tr><td>{name}</td><td>{count:,}</td></tr>" for name, count in counts)
    return f"<table>{cells}</table>"


def _write_photos(title: str, rows: Sequence[dict[str, Any]], figures: dict[str, str]) -> str:
    if not rows:
        return ""
    parts = (_write_photo(row, figures.get(row["relative_path"], "")) for row in rows)
    return f"<h2>{title} ({len(rows):,})</h2><div class=photos>{''.join(parts)}</div>"


def _write_photo(row: dict[str, Any], figure: str) -> str:
    image = figure or _write_none(f"no picture: only the first {MAX_PICTURES:,} have one")
    words = ", ".join(row["labels"]) or row["verdict"]
    choice = _tell_choice(row)
    decided = f"<b>{choice}</b> " if choice else ""
    facts = [row["camera"], _shorten_time(row["taken_at"])]
    noted = " \u00b7 ".join(_escape(fact) for fact in facts if fact)
    return (
        f"<figure>{image}<figcaption><span class={row['verdict']}>{words}</span> {decided}"
        f"{_escape(row['relative_path'])}<br>{_escape(' '.join(row['reasons']))}"
        f"<br><span class=dim>{noted}</span></figcaption></figure>"
    )


def _shorten_time(taken_at: str | None) -> str | None:
    """Write ISO 8601 for people: to the second, on the camera's clock."""
    return taken_at and taken_at[: len("2026-01-02T03:04:05")].replace("T", " ")


def _tell_choice(row: dict[str, Any]) -> str:
    return "" if row["decision"] is None else CHOICE_WORDS[Choice(row["decision"])]


def _tell_failure(row: dict[str, Any]) -> str:
    return ", ".join(part for part in (row["error"]["message"], _tell_choice(row)) if part)


def _write_list(title: str, rows: Sequence[tuple[dict[str, Any], str]]) -> str:
    if not rows:
        return ""
    items = "".join(
        f"<li>{_escape(row['relative_path'])}"
        + (f" <span class=dim>{_escape(text)}</span>" if text else "")
        for row, text in rows
    )
    head = f"<summary><h2>{title} ({len(rows):,})</h2></summary>"
    return f"<details>{head}<ul>{items}</ul></details>"


def _escape(text: str) -> str:
    # A name that is no text is spelled with escapes.
    return html.escape(text.encode("utf-8", "backslashreplace").decode("utf-8"))
