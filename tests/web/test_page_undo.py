"""Taking back on the page what the commands have done."""

from __future__ import annotations

from pathlib import Path

from playwright.sync_api import Page, expect

from clearshot.actions.apply import apply_plan
from clearshot.catalog.catalog import Catalog
from clearshot.notary import find_journals
from clearshot.review import list_bad, list_judged
from clearshot.scoring.verdict import Thresholds
from clearshot.sorting import find_companions, plan_sort
from clearshot.tagging import TagStyle, plan_tags

# A sidecar that says nothing yet.
_EMPTY = (
    '<x:xmpmeta xmlns:x="adobe:ns:meta/">'
    '<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"/></x:xmpmeta>'
)


def tag(library: Path) -> dict[Path, bytes]:
    """Tag a library as `clearshot tag --apply` does; give the sidecars of before."""
    before = {path: path.read_bytes() for path in library.rglob("*.xmp")}
    with Catalog.open(library) as catalog:
        judged, _ = list_judged(catalog, Thresholds())
    outcome = apply_plan(plan_tags(library, judged, TagStyle()).plan, find_journals(library))
    assert len(outcome.done) > len(before)
    return before


def move(library: Path, sidecar: Path, target: Path) -> Path:
    """Move a photo with its sidecar; give the place of that."""
    with Catalog.open(library) as catalog:
        bad, _ = list_bad(catalog, Thresholds())
    bad = [(photo, label) for photo, label in bad if photo.path == sidecar.with_suffix(".jpg")]
    bad, _ = find_companions(library, bad)
    plan = plan_sort(library, bad, target)
    assert len(apply_plan(plan, find_journals(library)).done) == 2
    return plan.steps[1].target


def test_a_sidecar_that_is_gone_since_the_move_is_said_to_stay_away(
    page: Page, library: Path, tmp_path: Path
) -> None:
    sidecar = library / "DSC_0003-blurred.xmp"
    move(library, sidecar, tmp_path / "bad").unlink()
    page.get_by_text("Take back the last plan").click()
    dialog = page.locator("#plan")
    expect(dialog).to_contain_text("1 sidecar is gone since and stays away.")
    expect(dialog.locator(".left-out")).to_have_count(0)
    dialog.locator(".buttons .main").click()
    expect(dialog.locator("h2")).to_contain_text("1 photo back as before (1 file)")
    assert sidecar.with_suffix(".jpg").exists()


def test_a_sidecar_that_was_edited_after_the_move_is_said_to_go_back_as_it_is(
    page: Page, library: Path, tmp_path: Path
) -> None:
    sidecar = library / "DSC_0003-blurred.xmp"
    move(library, sidecar, tmp_path / "bad").write_text("<edited/>")
    page.get_by_text("Take back the last plan").click()
    dialog = page.locator("#plan")
    expect(dialog).to_contain_text("1 sidecar changed since, goes back as it is.")
    expect(dialog.locator(".left-out")).to_have_count(0)
    dialog.locator("summary").first.click()
    row = dialog.locator(".files li", has_text=sidecar.name)
    expect(row).to_contain_text(f"→ {sidecar.name}, changed since, goes back as it is")
    dialog.locator(".buttons .main").click()
    expect(dialog.locator("h2")).to_contain_text("1 photo back as before (2 files)")
    assert sidecar.read_text() == "<edited/>"


def test_tags_that_are_taken_back_are_not_called_moves(page: Page, library: Path) -> None:
    (library / "DSC_0003-blurred.xmp").write_text(_EMPTY, encoding="utf-8")
    before = tag(library)
    tagged = len(list(library.rglob("*.xmp")))
    page.get_by_text("Take back the last plan").click()
    dialog = page.locator("#plan")
    button = dialog.locator(".buttons .main")
    expect(button).to_contain_text("back as before")
    expect(button).not_to_contain_text("Move")
    dialog.locator("summary").first.click()
    rows = dict(row.locator("span").all_inner_texts() for row in dialog.locator(".files li").all())
    assert len(rows) == tagged
    assert rows.pop("DSC_0003-blurred.xmp") == "gets its old content"
    assert set(rows.values()) == {"goes away"}
    button.click()
    expect(dialog.locator("h2")).to_contain_text(f"back as before ({tagged} files)")
    assert {path: path.read_bytes() for path in library.rglob("*.xmp")} == before
