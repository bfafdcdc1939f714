"""Colors for people, never for programs."""

from __future__ import annotations

import os
from functools import cache
from typing import IO, Any

_WORDS = {
    "green": ("active", "complete", "ok", "valid"),
    "yellow": ("pending", "denied", "partial", "unavailable", "inconsistent", "skipped", "warning"),
    "red": ("failed", "expired", "gone", "error", "invalid"),
}

STYLE_OF = {word: style for style, words in _WORDS.items() for word in words}
"""The style of a word that names a status."""


def use_color(setting: str, stream: IO[Any]) -> bool:
    """True if *stream* gets colors: setting "always", "never", or else if it is a terminal.

    NO_COLOR and FORCE_COLOR have become the settings "never" and "always" already.
    """
    return setting == "always" or (setting != "never" and stream.isatty())


def paint(text: str, style: str) -> str:
    """Return *text* in a style: bold, dim, green, yellow or red."""
    styles = _styles()
    return f"{styles[style]}{text}{styles['reset']}"


@cache
def _styles() -> dict[str, str]:
    from colorama import Fore, Style, just_fix_windows_console

    if os.name == "nt":
        just_fix_windows_console()
    return {
        "bold": Style.BRIGHT,
        "dim": Style.DIM,
        "green": Fore.GREEN,
        "yellow": Fore.YELLOW,
        "red": Fore.RED,
        "reset": Style.RESET_ALL,
    }
