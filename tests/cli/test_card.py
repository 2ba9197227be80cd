from __future__ import annotations

from pathlib import Path

from clearshot.cli.card import CardRequest, write_command
from clearshot.terminal import to_command


def test_a_card_holds_its_command_in_one_line() -> None:
    source = "phones\nand more"
    request = CardRequest(Path("a.md"), (Path("set"),), ("focus",), (source,), None)
    words = ["evaluate", "set", "--threshold-on", source, "--network", "focus"]
    command = write_command(request)
    assert command == to_command("clearshot", *words, "--card", "a.md", "--force")
    assert command.isprintable()
