"""Messages on stderr, one line each, without secrets; and colors for people, never for programs."""

from __future__ import annotations

import os
import re
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from threading import RLock
from typing import IO, TYPE_CHECKING, Any, TextIO

from ops.items import timestamp
from ops.ui.escape import json_text, printable
from ops.ui.spinner import said
from ops.ui.streams import silence

if TYPE_CHECKING:
    from ops.config.settings import Settings
    from ops.errors import OpsError


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


# Only breaks before indented lines are kept, so that no name in a message can pass for a line of ours.
_CONTINUED = re.compile(r"\n(?=  )")
ECHO = 5.0
"""Seconds in which the same line is not printed again, since several threads wait for the same thing."""

KEPT = 20
"""How many of the last lines are kept for the report of a job's end."""

# Commands that do not depend on the stage: options of Invoke, and tasks that set the stage or never use it.
_STAGED = re.compile(r"`inv (?!-|sandbox|profile|config|version|schedule)")


class Talk:
    """Prints messages on *err*, from any thread.

    *quiet* omits notes, never warnings and errors. Each text is passed through *redact*, then made printable,
    so that a message is one line. *clock* returns seconds; it finds repetitions. *log*: each message is one
    JSON object (time, level, message), for a journal. *stage* is inserted into the commands that messages
    name (`inv zones.list` becomes `inv sandbox zones.list`). *last* holds the last notes and warnings,
    redacted.
    """

    def __init__(
        self,
        err: TextIO,
        quiet: bool = False,
        color: bool = False,
        clock: Callable[[], float] = time.monotonic,
        redact: Callable[[str], str] = str,
    ) -> None:
        self.quiet = quiet
        self.color = color
        self.redact = redact
        self.log = False
        self.stage = ""
        self.last: deque[str] = deque(maxlen=KEPT)
        self._err = err
        self._clock = clock
        self._said: dict[str, float] = {}
        self._lock = RLock()
        self._put: Callable[[str], None] = self._write

    def settle(self, settings: Settings, redact: Callable[[str], str]) -> None:
        """Apply the settings, once they are known."""
        self.quiet = settings.quiet
        self.log = settings.log_format == "json"
        self.color = not self.log and use_color(settings.color, self._err)
        self.redact = redact

    def note(self, text: str) -> None:
        """Print a note."""
        if not self.quiet:
            self._say("note", text, "dim")

    def warn(self, text: str) -> None:
        """Print a warning."""
        self._say("warning", text, "yellow")

    def show(self, text: str, style: str = "") -> None:
        """Print a line of the task itself, such as a change; repetitions are printed too."""
        if not self.quiet:
            self._put(self._entry("note", text) if self.log else self._styled(text, style))

    def error(self, error: OpsError, json: bool = False) -> None:
        """Print the sentence, hint and ray id of *error*; as one JSON object if *json*."""
        error.hint = self._staged(error.hint)
        if json or self.log:
            facts = self._event("error") | error.as_json() if self.log else error.as_json()
            self._put(json_text(_redacted(facts, self.redact)))
            return
        hint = f"hint: {error.hint}" if error.hint else ""
        ray = f"ray: {error.ray}" if error.ray else ""
        with self._lock:
            for text, style in ((f"error: {error.message}", "red"), (hint, ""), (ray, "dim")):
                for line in _CONTINUED.split(text) if text else ():
                    self._put(self._styled(line, style))

    def trace(self, text: str) -> None:
        """Print the traceback of a bug. It may hold parts of a response, so it is redacted too."""
        with self._lock:
            for line in [self._entry("error", text)] if self.log else map(self._styled, text.splitlines()):
                self._put(line)

    @contextmanager
    def above(self, put: Callable[[str], None]) -> Iterator[None]:
        """Pass lines to *put* meanwhile, for example to a progress bar that prints them above itself."""
        self._put, before = put, self._put
        try:
            yield
        finally:
            self._put = before

    def _staged(self, text: str) -> str:
        return _STAGED.sub(f"`inv {self.stage}", text) if self.stage else text

    def _say(self, level: str, text: str, style: str) -> None:
        now, text = self._clock(), self._staged(text)
        shown = f"warning: {text}" if level == "warning" else text
        with self._lock:
            again = now - self._said.get(shown, -ECHO) < ECHO
            self._said = {said: at for said, at in self._said.items() if now - at < ECHO}
            self._said.setdefault(shown, now)
            if not again:
                self.last.append(printable(self.redact(shown)))
        if not again:
            self._put(self._entry(level, text) if self.log else self._styled(shown, style))

    def _entry(self, level: str, text: str) -> str:
        return json_text({**self._event(level), "message": self.redact(text)})

    def _event(self, level: str) -> dict[str, Any]:
        return {"time": timestamp(time.time()), "level": level}

    def _styled(self, text: str, style: str = "") -> str:
        shown = printable(self.redact(text))
        return paint(shown, style) if style and self.color else shown

    def _write(self, line: str) -> None:
        said()
        # If stderr is full or closed, there is no place left to report that.
        with self._lock:
            try:
                self._err.write(line + "\n")
                self._err.flush()
            except (OSError, ValueError):
                silence(self._err)


def _redacted(value: Any, redact: Callable[[str], str]) -> Any:
    if isinstance(value, str):
        return redact(value)
    if isinstance(value, dict):
        return {name: _redacted(inside, redact) for name, inside in value.items()}
    return value
