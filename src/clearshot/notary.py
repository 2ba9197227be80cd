"""The catalog follows the journals: it is told what runs did to the photos that it knows."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Final

from clearshot.actions.atomic import read_stamp
from clearshot.actions.history import list_rewritten_photos
from clearshot.actions.plan import Kind
from clearshot.catalog.catalog import Catalog
from clearshot.config import OWN_FOLDER
from clearshot.errors import CatalogError
from clearshot.paths import anchor

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from clearshot.actions.plan import Outcome, Rewriting
    from clearshot.photo import FileStamp

# How often photos are noted while a run goes on [s].
_NOTING_S: Final = 1.0


def find_journals(library: Path) -> Path:
    """Tell where the journals of a library are kept.

    Parameters
    ----------
    library : Path
        The library's folder.

    Returns
    -------
    Path
        A folder in the library's hidden folder.
    """
    return anchor(library) / OWN_FOLDER / "journals"


def note_moves(catalog: Catalog, outcome: Outcome) -> None:
    """Tell the catalog which photos left their place or came back to it, or have other metadata.

    The latter are the same pictures, and need not be scored again.

    Parameters
    ----------
    catalog : Catalog
        Open.
    outcome : Outcome
        What was done, also in the runs that were put in order before.
    """
    for earlier in outcome.recovered:
        note_moves(catalog, earlier)
    if outcome.rewritten:
        rewritten = outcome.rewritten
        catalog.note_rewritten((photo.path, photo.before, photo.after) for photo in rewritten)
    gone = [step.source for step in outcome.done if step.kind in {Kind.MOVE, Kind.TRASH}]
    back = [step.target for step in outcome.done if step.kind in {Kind.MOVE, Kind.RESTORE}]
    if not gone and not back:
        return
    known = {path: state.photo for path, state in catalog.states().items()}
    catalog.mark_missing([path for path in gone if path in known])
    catalog.update_found([known[path] for path in back if path in known])


def note_outcome(library: Path, catalog_path: Path | None, outcome: Outcome) -> None:
    """Note in the catalog of a library, if there is one that can be written, what was done.

    Parameters
    ----------
    library : Path
        The library's folder.
    catalog_path : Path or None
        The catalog, where it is not in the library.
    outcome : Outcome
        As for `note_moves`.
    """
    try:
        with Catalog.open(library, path=catalog_path, create=False) as catalog:
            note_moves(catalog, outcome)
    except CatalogError:
        # The files have moved all the same; the next scan finds out by itself.
        return


class Notary:
    """Notes in the catalog of a library, while a run goes on, which photos it writes anew.

    An open review page then shows them, and does not take them for changed. What it does not note,
    `note_outcome` does at the end.

    Parameters
    ----------
    library : Path
        The library's folder.
    catalog_path : Path or None
        The catalog, where it is not in the library.
    """

    def __init__(self, library: Path, catalog_path: Path | None) -> None:
        self._library = library
        self._catalog_path = catalog_path
        self._photos: list[Rewriting] = []
        self._noted_s = time.monotonic()
        self._has_given_up = False

    def note(self, photos: Iterable[Rewriting]) -> None:
        """Note photos, now or together with the next ones.

        Parameters
        ----------
        photos : iterable of Rewriting
            Of groups that are done.
        """
        self._photos += photos
        if self._has_given_up or time.monotonic() - self._noted_s < _NOTING_S:
            return
        try:
            with Catalog.open(self._library, path=self._catalog_path, create=False) as catalog:
                catalog.note_rewritten(
                    (each.path, each.before, each.after) for each in self._photos
                )
        except CatalogError:
            # One that is busy or cannot be written must not hold up the run.
            self._has_given_up = True
        self._photos.clear()
        self._noted_s = time.monotonic()


def catch_up(catalog: Catalog) -> None:
    """Tell the catalog of photos that runs wrote anew which were interrupted before they told it.

    Writes nothing where the catalog knows all, and is fast where no run has written into photos.

    Parameters
    ----------
    catalog : Catalog
        Open.
    """
    photos = list_rewritten_photos(find_journals(catalog.library))
    if not photos:
        return
    known = {path: state.photo.stamp for path, state in catalog.states().items()}
    stamps = dict(known)
    for photo in photos:
        if stamps.get(photo.path) == photo.before:
            stamps[photo.path] = photo.after
    # What the disk holds decides: a photo may have come back from a backup since.
    changed = [
        (path, known[path], stamp)
        for path, stamp in stamps.items()
        if stamp != known[path] and _has_stamp(path, stamp)
    ]
    if changed:
        catalog.note_rewritten(changed)


def _has_stamp(path: Path, stamp: FileStamp) -> bool:
    try:
        return read_stamp(path) == stamp
    except OSError:
        return False
