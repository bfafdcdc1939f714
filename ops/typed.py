"""The name of the program as it is typed: `inv`, `cfops` or `python -m ops`.

Messages, help and documents write a command as `inv TASK`. The functions of this module alone turn that into
what can be typed here, so no message is written for one name only.
"""

from __future__ import annotations

import re
from pathlib import Path

INV = "inv"
_name = INV

# Options of Invoke for tasks that run commands in a shell. cfops has none, so it refuses these options.
SHELL_OPTIONS = {
    "--command-timeout": "-T",
    "--echo": "-e",
    "--hide": "",
    "--prompt-for-sudo-password": "",
    "--pty": "-p",
    "--warn-only": "-w",
    "--write-pyc": "",
}

# Commands that do not depend on the stage: options of Invoke, and tasks that set the stage or never use it.
_STAGED = re.compile(r"`inv (?!-|sandbox|profile|config|version|schedule)")
_QUOTED = re.compile(r"`inv (?=[\w-])")
_ANYWHERE = re.compile(r"(?<![\w./-])inv (?=[a-zA-Z-])")


def start_as(name: str, script: str = "") -> None:
    """Let messages say *name*, or `python -m PACKAGE` if *script* is the __main__.py of a package."""
    global _name
    path = Path(script)
    _name = f"python -m {path.parent.name}" if path.name == "__main__.py" else name


def program() -> str:
    """Return the program as it is typed."""
    return _name


def in_message(text: str, stage: str = "") -> str:
    """Return a message with its commands as they are typed, those that depend on it with *stage* before them.

    Only commands in backquotes are replaced, as a message may hold names of the user's.
    """
    if stage:
        text = _STAGED.sub(f"`inv {stage}", text)
    return text if _name == INV else _QUOTED.sub(f"`{_name} ", text)


def in_text(text: str) -> str:
    """Return a text of ours, such as a help text or a page, with all its commands as they are typed."""
    return text if _name == INV else _ANYWHERE.sub(f"{_name} ", text)
