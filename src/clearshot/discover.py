"""Find the photos below folders, each with the files that belong to it.

A shot may have several files: a JPEG, a HEIC and a raw one of the same name. They are one photo,
and the JPEG is judged, else the HEIC. Where there are two of a kind, the name does not tell what is
one shot: all are photos of their own, and that is said.

Nothing is opened: suffixes make candidates, the readers decide by content. Names are compared as
they are spelled, suffixes in any case.
"""

from __future__ import annotations

import os
import re
import stat
from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

from clearshot.errors import InputError, describe_cause
from clearshot.paths import anchor
from clearshot.photo import COMPANION_SUFFIXES, FileStamp, Photo, Skip

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable
    from pathlib import Path

# Pictures as they are to be seen, the first to be judged where a shot has several files.
_PICTURE_SUFFIXES = frozenset(
    {".jpg", ".jpeg", ".jpe", ".jfif", ".mpo", ".png", ".tif", ".tiff", ".webp", ".avif"}
)
_HEIF_SUFFIXES = frozenset({".heic", ".heif", ".hif"})
# fmt: off
RAW_SUFFIXES = frozenset({
    ".3fr", ".arw", ".cr2", ".cr3", ".crw", ".dcr", ".dng", ".erf", ".fff", ".iiq",
    ".kdc", ".mef", ".mos", ".mrw", ".nef", ".nrw", ".orf", ".pef", ".raf", ".raw",
    ".rw2", ".rwl", ".sr2", ".srf", ".srw", ".x3f",
})
# fmt: on
PHOTO_SUFFIXES = _PICTURE_SUFFIXES | _HEIF_SUFFIXES | RAW_SUFFIXES

# Sidecars that may have the whole name of their photo: IMG.jpg.xmp belongs to IMG.jpg (darktable,
# digiKam, RawTherapee, DxO), as IMG.xmp and all companions do.
_APPENDED_SUFFIXES = frozenset({".xmp", ".pp3", ".dop"})

# What programs write about a photo, again and again; Lightroom its masks, Apple its edits, too.
SIDECAR_SUFFIXES = _APPENDED_SUFFIXES | {".acr", ".aae"}

# Duplicates, which darktable counts from 01 on: IMG_01.CR2.xmp is a second edit of IMG.CR2.
_DUPLICATE = re.compile(r"(.+)_\d{2,}(\.[^.]+)", re.DOTALL)

# Folders that are one document of another program, in lower case: its database knows each file.
_PACKAGE_SUFFIXES = frozenset(
    {
        ".photoslibrary", ".photolibrary", ".migratedphotolibrary", ".aplibrary", ".lrdata",
        ".lrlibrary", ".cocatalog",
    }
)  # fmt: skip

# What Windows calls a junction: a folder that lies elsewhere, and no symbolic link to Python.
_JUNCTION_TAG = 0xA0000003

# Folders of systems and network drives, in lower case. Names that begin with a dot are hidden.
_SYSTEM_NAMES = frozenset({"@eadir", "#recycle", "$recycle.bin", "system volume information"})


@dataclass(frozen=True, slots=True)
class Discovery:
    """What was found below some roots.

    Attributes
    ----------
    photos : tuple of Photo
        Root by root; in each folder first its photos by name, then its subfolders by name. A
        photo that several roots reach comes once.
    skipped : tuple of Skip
        What could not be read or was left out on purpose, in the order it was met.
    num_ignored : int
        Visible files that are neither photos nor companions.
    """

    photos: tuple[Photo, ...]
    skipped: tuple[Skip, ...]
    num_ignored: int


def find_photos(roots: Iterable[Path]) -> Discovery:
    """Walk folders and list their photos.

    Hidden files and folders, system folders and recycle bins are passed over in silence; symbolic
    links and junctions below a root are reported, not followed, and so are folders that are the
    library of another program. A root is used whatever its name is.

    Parameters
    ----------
    roots : iterable of Path
        Folders, or files: each file is one photo whatever its suffix, without companions, because
        only its whole folder tells what belongs together.

    Returns
    -------
    Discovery
        The photos, and what was left out.

    Raises
    ------
    InputError
        If a root is missing, cannot be listed, or is neither a folder nor a regular file.
    """
    walk = _Walk()
    for root in roots:
        try:
            walk.add_root(anchor(root))
        except OSError as error:
            raise InputError(describe_cause(error), path=root) from error
    return Discovery(tuple(walk.photos.values()), tuple(walk.skipped), walk.num_ignored)


class Ownership:
    """Which photo of a folder each other file there belongs to, by their names.

    Parameters
    ----------
    names : list of str
        The photos of the folder, raw and HEIC files included.

    Attributes
    ----------
    twins : dict
        The judged file of each that is the same shot as another: of a raw file beside a JPEG.
    rivals : dict
        Where names do not tell which files are one shot, the others of the same base name for each
        raw or HEIC file.
    judged : list of str
        The photos that are not twins of others.
    """

    def __init__(self, names: list[str]) -> None:
        self.twins, self.rivals = _find_twins(names)
        self.judged = [name for name in names if name not in self.twins]
        self._photos = frozenset(self.judged)
        self._by_stem: dict[str, list[str]] = defaultdict(list)
        for name in self.judged:
            self._by_stem[_split(name)[0]].append(name)

    def find(self, other: str) -> list[str]:
        """Find the photos that a file may belong to.

        Parameters
        ----------
        other : str
            Its name; it need not be there yet.

        Returns
        -------
        list of str
            Empty for a file that is no companion; several where its name does not tell.
        """
        suffix, base = _suffix(other), _split(other)[0]
        if suffix in _APPENDED_SUFFIXES and _suffix(base) in PHOTO_SUFFIXES:
            if owner := self._find_judged(base):
                return [owner]
            # Of a duplicate, or of a file that is gone or was never copied here.
            original = self._find_judged(_find_original(base))
            by_stem = self._by_stem.get(_split(base)[0], [])
            return list(dict.fromkeys([original, *by_stem] if original else by_stem))
        return self._by_stem.get(base, []) if suffix in COMPANION_SUFFIXES else []

    def _find_judged(self, name: str) -> str:
        """Find the photo that a picture of the folder is or belongs to; empty where it is none."""
        return name if name in self._photos else self.twins.get(name, "")


def list_photo_names(folder: Path) -> list[str]:
    """List the photos right in a folder. Raises OSError if it cannot be listed.

    Parameters
    ----------
    folder : Path
        The folder.

    Returns
    -------
    list of str
        Their names in sorted order, raw and HEIC files included.
    """
    with os.scandir(folder) as entries:
        return sorted(
            entry.name
            for entry in entries
            if _suffix(entry.name) in PHOTO_SUFFIXES
            and not _is_passed_over(entry.name)
            and entry.is_file(follow_symlinks=False)
        )


def name_shots(name: str, beside: Collection[str] = ()) -> set[str]:
    """Give the base names of the shots that a file counts to, or would beside their photos.

    Parameters
    ----------
    name : str
        Name of a file of any kind.
    beside : collection of str
        Names of files beside it. Cameras count as darktable does: `DSC_0002.jpg.xmp` is of a
        duplicate of `DSC.jpg` only where there is no `DSC_0002.jpg`.

    Returns
    -------
    set of str
        `IMG` for `IMG.jpg`, `IMG.jpg` and `IMG` for `IMG.jpg.xmp`, `IMG_01` also `IMG` for
        `IMG_01.jpg.xmp`; empty for a file that is no photo and no companion.
    """
    base, suffix = _split(name)[0], _suffix(name)
    if suffix not in PHOTO_SUFFIXES | COMPANION_SUFFIXES:
        return set()
    is_of_file = suffix in _APPENDED_SUFFIXES and _suffix(base) in PHOTO_SUFFIXES
    if not is_of_file:
        return {base}
    original = "" if base in beside else _find_original(base)
    return {base} | {_split(picture)[0] for picture in (base, original) if picture}


def count_twins(photo: Photo) -> int:
    """Count the files that are the same shot as a photo, in a format that is not judged.

    Parameters
    ----------
    photo : Photo
        A photo with its companions.

    Returns
    -------
    int
        Raw and HEIC files among its companions.
    """
    suffixes = (companion.suffix.lower() for companion in photo.companions)
    return sum(suffix in RAW_SUFFIXES | _HEIF_SUFFIXES for suffix in suffixes)


class _Walk:
    """The state of one walk over several roots."""

    def __init__(self) -> None:
        self.photos: dict[Path, Photo] = {}
        self.skipped: list[Skip] = []
        self.num_ignored = 0
        # Overlapping roots, and disks that are mounted twice, lead to one folder more than once.
        self._visited: set[tuple[int, int]] = set()

    def add_root(self, root: Path) -> None:
        status = root.stat()
        if stat.S_ISDIR(status.st_mode):
            self._add_tree(root)
        elif stat.S_ISREG(status.st_mode):
            self.photos.setdefault(root, Photo(root, _stamp(status)))
        else:
            raise InputError("neither a folder nor a regular file", path=root)

    def _add_tree(self, root: Path) -> None:
        folders = [root]
        while folders:
            folder = folders.pop()
            try:
                subfolders = self._add_folder(folder)
            except OSError as error:
                if folder == root:
                    raise
                self.skipped.append(Skip(folder, describe_cause(error), is_unreadable=True))
            else:
                folders.extend(reversed(subfolders))

    def _add_folder(self, folder: Path) -> list[Path]:
        """Add the photos of one folder; return its subfolders."""
        status = folder.stat()
        identity = (status.st_dev, status.st_ino)
        if identity in self._visited:
            return []
        self._visited.add(identity)
        with os.scandir(folder) as entries:
            listing = sorted(entries, key=lambda entry: entry.name)
        subfolders: list[Path] = []
        stamps: dict[str, FileStamp] = {}
        for entry in listing:
            if _is_passed_over(entry.name):
                continue
            try:
                if reason := _refusal(entry):
                    self.skipped.append(Skip(folder / entry.name, reason))
                elif entry.is_dir(follow_symlinks=False):
                    subfolders.append(folder / entry.name)
                else:
                    stamps[entry.name] = _stamp(entry.stat(follow_symlinks=False))
            except OSError as error:
                self.skipped.append(
                    Skip(folder / entry.name, describe_cause(error), is_unreadable=True)
                )
        self._add_files(folder, stamps)
        return subfolders

    def _add_files(self, folder: Path, stamps: dict[str, FileStamp]) -> None:
        names = [name for name in stamps if _suffix(name) in PHOTO_SUFFIXES]
        ownership = Ownership(names)
        found = {other: ownership.find(other) for other in stamps.keys() - set(names)}
        owners = {other: candidates for other, candidates in found.items() if candidates}
        companions: dict[str, list[Path]] = defaultdict(list)
        for companion in sorted(owners):
            if len(owners[companion]) > 1:
                reason = f"may belong to any of {', '.join(owners[companion])}; stays with none"
                self.skipped.append(Skip(folder / companion, reason))
            else:
                companions[owners[companion][0]].append(folder / companion)
        for twin, owner in ownership.twins.items():
            companions[owner].append(folder / twin)
        for name in ownership.judged:
            path = folder / name
            self.photos[path] = Photo(path, stamps[name], tuple(sorted(companions[name])))
        for name, others in ownership.rivals.items():
            reason = f"may be the same shot as any of {', '.join(others)}; judged as one of its own"
            self.skipped.append(Skip(folder / name, reason))
        self.num_ignored += len(stamps) - len(names) - len(owners)


def _find_twins(names: list[str]) -> tuple[dict[str, str], dict[str, list[str]]]:
    """Find files that are the same shot as another, which is judged: a raw file beside a JPEG.

    Returns the judged file of each of them; and, where names do not tell which files are one shot,
    the others of the same base name for each raw or HEIC file.
    """
    by_stem: dict[str, list[str]] = defaultdict(list)
    for name in names:
        by_stem[_split(name)[0]].append(name)
    twins: dict[str, str] = {}
    rivals: dict[str, list[str]] = {}
    for group in by_stem.values():
        if len(group) == 1:
            continue
        pictures, heifs, raws = (
            [name for name in group if _suffix(name) in suffixes]
            for suffixes in (_PICTURE_SUFFIXES, _HEIF_SUFFIXES, RAW_SUFFIXES)
        )
        if max(len(pictures), len(heifs), len(raws)) == 1:
            judged = (pictures or heifs or raws)[0]
            twins.update((name, judged) for name in group if name != judged)
        else:
            for name in heifs + raws:
                if others := [other for other in group if other != name]:
                    rivals[name] = others
    return twins, rivals


def _find_original(name: str) -> str:
    """Give the picture whose duplicate darktable calls so [1]_; empty for any other name.

    References
    ----------
    .. [1] darktable user manual, "sidecar files": `<basename>_nn.<extension>.xmp`.
    """
    match = _DUPLICATE.fullmatch(name)
    return match[1] + match[2] if match else ""


def _is_passed_over(name: str) -> bool:
    return name.startswith(".") or name.lower() in _SYSTEM_NAMES


def _refusal(entry: os.DirEntry[str]) -> str:
    """Say why an entry cannot be a file or folder of the library; empty when it can."""
    if entry.is_symlink():
        return "symbolic link, not followed"
    if entry.is_dir(follow_symlinks=False):
        return _refuse_folder(entry)
    if not entry.is_file(follow_symlinks=False):
        return "not a regular file"
    return ""


def _refuse_folder(entry: os.DirEntry[str]) -> str:
    if _suffix(entry.name) in _PACKAGE_SUFFIXES:
        return "library of another program, left alone"
    # From Python 3.12 on there is `is_junction`. Other systems have no such tag.
    tag = getattr(entry.stat(follow_symlinks=False), "st_reparse_tag", 0)
    return "junction, not followed" if tag == _JUNCTION_TAG else ""


def _suffix(name: str) -> str:
    return _split(name)[1].lower()


def _split(name: str) -> tuple[str, str]:
    """Split a file's name as `PurePath` does, which takes most of the time in large libraries."""
    dot = name.rfind(".")
    return (name[:dot], name[dot:]) if 0 < dot < len(name) - 1 else (name, "")


def _stamp(status: os.stat_result) -> FileStamp:
    return FileStamp(status.st_size, status.st_mtime_ns)
