"""The card of `clearshot evaluate --card`: what the user named, and how to make it again."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from clearshot.cli.files import encode, write_file
from clearshot.cli.screen import print_remark
from clearshot.errors import ClearshotError, InputError, UsageError, describe_cause
from clearshot.terminal import to_command

if TYPE_CHECKING:
    from collections.abc import Sequence

    from clearshot.evaluation.brackets import BracketResult
    from clearshot.evaluation.comparison import NetworkEvaluation
    from clearshot.evaluation.labels import LabelledPhoto


@dataclass(frozen=True, slots=True)
class CardRequest:
    """A card, and the words of the command that asked for it.

    Attributes
    ----------
    path : Path
        The card's file.
    labelled : tuple of Path
        The labelled sets.
    words : tuple of str
        The networks; the card is about the first.
    threshold_sources : tuple of str
        The sources of --threshold-on.
    plot_folder : Path or None
        Where the plots are.
    """

    path: Path
    labelled: tuple[Path, ...]
    words: tuple[str, ...]
    threshold_sources: tuple[str, ...]
    plot_folder: Path | None


def check_card(request: CardRequest, *, is_unseen_only: bool) -> None:
    """Refuse a card that cannot be written in the end, before any work is done.

    Parameters
    ----------
    request : CardRequest
        What was asked for.
    is_unseen_only : bool
        Whether only unseen scenes are to be measured.

    Raises
    ------
    UsageError
        If the first word means no network, or only unseen scenes are to be measured.
    NetworkError
        If the network's manifest cannot be read.
    InputError
        If the card's prose cannot be read.
    """
    from clearshot.evaluation.networks import find_entry

    if is_unseen_only:
        raise UsageError("--card tells of all scenes and of the unseen ones; leave out --unseen")
    find_entry(request.words[0])
    if not _read_notes(request.path):
        notes = _find_notes(request.path).name
        print_remark(f"no prose for the card: there is no {notes} beside it")


def check_unseen(request: CardRequest, photos: Sequence[LabelledPhoto]) -> None:
    """Refuse photos whose unseen half cannot be told of, before they are measured.

    Parameters
    ----------
    request : CardRequest
        What was asked for.
    photos : sequence of LabelledPhoto
        The photos that are to be measured.

    Raises
    ------
    UsageError
        If the unseen half has no clear photo, or none of a source that thresholds are set on.
    """
    from clearshot.evaluation.evaluate import check_sources
    from clearshot.evaluation.split import keep_unseen

    try:
        check_sources(keep_unseen(photos), request.threshold_sources or None)
    except ClearshotError as error:
        msg = f"--card tells of the unseen half of the scenes too; there, {error.message}"
        raise UsageError(msg) from error


def write_card_file(
    request: CardRequest,
    photos: Sequence[LabelledPhoto],
    networks: Sequence[NetworkEvaluation],
    unseen: Sequence[NetworkEvaluation],
    plots: Sequence[Path],
    brackets: Sequence[BracketResult] = (),
) -> None:
    """Write a card; one of the same name is replaced.

    Parameters
    ----------
    request : CardRequest
        What was asked for.
    photos : sequence of LabelledPhoto
        The photos that were measured.
    networks : sequence of NetworkEvaluation
        The card's network and those beside it, on all scenes.
    unseen : sequence of NetworkEvaluation
        The same on the unseen scenes.
    plots : sequence of Path
        Their files.
    brackets : sequence of BracketResult
        How well the networks follow the light.

    Raises
    ------
    InputError
        If the notes cannot be read or the card cannot be written.
    UsageError
        If the first word means no network.
    NetworkError
        If its manifest cannot be read.
    """
    from clearshot.evaluation.card import Card, NetworkFacts, write_card
    from clearshot.evaluation.networks import find_entry

    entry = find_entry(request.words[0])
    home = request.path.parent.absolute()
    text = write_card(
        Card(
            facts=NetworkFacts(entry.name, entry.path.stat().st_size, entry.values),
            photos=photos,
            networks=networks,
            unseen=unseen,
            notes=_read_notes(request.path),
            plots={
                path.stem: Path(os.path.relpath(path.absolute(), home)).as_posix() for path in plots
            },
            command=write_command(request),
            brackets=brackets,
        )
    )
    write_file(request.path, encode(text), force=True)


def write_command(request: CardRequest) -> str:
    """Write the command that makes a card, without telling where folders of this machine are.

    Parameters
    ----------
    request : CardRequest
        What was asked for.

    Returns
    -------
    str
        A line for a shell. What is not below the working directory has its last name only.
    """
    words = ["clearshot", "evaluate", *(_name(path) for path in request.labelled)]
    for source in request.threshold_sources:
        words += ["--threshold-on", source]
    for word in request.words:
        name, equals, rest = word.rpartition("=")
        words += ["--network", f"{name}{equals}{_name(Path(rest))}"]
    if request.plot_folder is not None:
        words += ["--plots", _name(request.plot_folder)]
    return to_command(*words, "--card", _name(request.path), "--force")


def _name(path: Path) -> str:
    place = Path(os.path.relpath(path))
    return path.resolve().name if ".." in place.parts else place.as_posix()


def _find_notes(card_path: Path) -> Path:
    return card_path.with_suffix(".notes.md")


def _read_notes(card_path: Path) -> dict[str, str]:
    from clearshot.evaluation.card import parse_notes

    path = _find_notes(card_path)
    try:
        return parse_notes(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except OSError as error:
        raise InputError(f"cannot be read: {describe_cause(error)}", path=path) from error
    except UnicodeDecodeError as error:
        raise InputError("is not in UTF-8", path=path) from error
