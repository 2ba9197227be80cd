"""The photos that the command line of a benchmark names. No script."""

from __future__ import annotations

import argparse
from pathlib import Path

from clearshot.discover import find_photos
from clearshot.errors import InputError


def find_named_photos(description: str | None) -> list[Path]:
    """Read the command line: photos, and folders with photos; stop with a message where it fails.

    Parameters
    ----------
    description : str or None
        What the script says of itself.

    Returns
    -------
    list of Path
        The photos, absolute.
    """
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("places", nargs="+", type=Path, metavar="PHOTO_OR_FOLDER")
    try:
        return [photo.path for photo in find_photos(parser.parse_args().places).photos]
    except InputError as error:
        parser.error(str(error))
