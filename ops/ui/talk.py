"""Messages for people, one line each, without secrets; and colors for people, never for programs."""

from __future__ import annotations

import re
import time
from collections import deque
from collections.abc import Callable
from functools import cache
from threading import RLock
from typing import IO, TYPE_CHECKING, Any, TextIO

from ops.telemetry.log import ERROR, INFO, WARNING, Log, redacted
from ops.telemetry.record import Record
from ops.typed import in_message
from ops.ui.escape import json_text, printable
from ops.ui.spinner import said

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
    from colorama import Fore, Style

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


class Talk:
    """Messages for people, through *log* or else a log of its own on *err*, from any thread.

    *quiet* omits notes, never warnings and errors. Each text is passed through *redact*, then made printable,
    so that a message is one line. *clock* returns seconds; it finds repetitions. *stage* is inserted into the
    commands that messages name (`inv zones.list` becomes `inv sandbox zones.list`), which get the name of
    the program as it was typed. *last* holds the last notes and warnings, redacted.
    """

    def __init__(
        self,
        err: TextIO,
        quiet: bool = False,
        color: bool = False,
        clock: Callable[[], float] = time.monotonic,
        redact: Callable[[str], str] | None = None,
        log: Log | None = None,
    ) -> None:
        self.quiet = quiet
        self.color = color
        self.log = log or Log(Record(), err, redact=redact, clear=said)
        self.above = self.log.above
        self.stage = ""
        self.last: deque[str] = deque(maxlen=KEPT)
        self._err = err
        self._clock = clock
        self._said: dict[str, float] = {}
        self._lock = RLock()

    def settle(self, settings: Settings) -> None:
        """Apply the settings, once they are known. Raises DiskError if the log file cannot be written."""
        self.quiet = self.log.quiet = settings.quiet
        self.log.json = settings.log_format == "json"
        self.color = not self.log.json and use_color(settings.color, self._err)
        self.log.learn(settings.secrets())
        if settings.log_file:
            self.log.open(settings.log_file)

    def redact(self, text: str) -> str:
        """Return *text* without secrets."""
        return self.log.redact(text)

    def note(self, text: str) -> None:
        """Print a note."""
        self._say(INFO, "note", text, "dim")

    def warn(self, text: str) -> None:
        """Print a warning."""
        self._say(WARNING, "warning", text, "yellow")

    def progress(self, text: str) -> None:
        """Print how far the work is."""
        self.log.add(INFO, "progress", text, text=[self._styled(text)], shown=not self.quiet)

    def must_know(self, text: str) -> None:
        """Print what the reader of the output must know, also with --quiet."""
        self.log.add(INFO, "note", text, text=[self._styled(text)])

    def show(self, text: str, style: str = "") -> None:
        """Print a line of the task itself, such as a change; repetitions are printed too."""
        self.log.add(INFO, "note", text, text=[self._styled(text, style)], shown=not self.quiet)

    def error(self, error: OpsError, json: bool = False) -> None:
        """Print the sentence, hint and ray id of *error*; as one JSON object if *json*."""
        error.message, error.hint = self._typed(error.message), self._typed(error.hint)
        facts = error.as_json()
        if json:
            lines = [json_text(redacted(facts, self.redact))]
        else:
            hint = f"hint: {error.hint}" if error.hint else ""
            ray = f"ray: {error.ray}" if error.ray else ""
            texts = (f"error: {error.message}", "red"), (hint, ""), (ray, "dim")
            lines = [
                self._styled(part, style) for text, style in texts if text for part in _CONTINUED.split(text)
            ]
        details = {name: value for name, value in facts.items() if name != "message"}
        self.log.add(ERROR, "error", error.message, text=lines, error=details)

    def trace(self, text: str) -> None:
        """Print the traceback of a bug. It may hold parts of a response, so it is redacted too."""
        details = {"error": text.rstrip().rpartition("\n")[2].partition(":")[0], "exit_code": 2}
        self.log.add(ERROR, "bug", text, text=map(self._styled, text.splitlines()), error=details)

    def _typed(self, text: str) -> str:
        return in_message(text, self.stage)

    def _say(self, level: str, event: str, text: str, style: str) -> None:
        now, text = self._clock(), self._typed(text)
        shown = f"warning: {text}" if level == WARNING else text
        with self._lock:
            again = now - self._said.get(shown, -ECHO) < ECHO
            self._said = {said: at for said, at in self._said.items() if now - at < ECHO}
            self._said.setdefault(shown, now)
            heard = level != INFO or not self.quiet
            if heard and not again:
                self.last.append(printable(self.redact(shown)))
        if not again:
            self.log.add(level, event, text, text=[self._styled(shown, style)], shown=heard)

    def _styled(self, text: str, style: str = "") -> str:
        shown = printable(self.redact(text))
        return paint(shown, style) if style and self.color else shown
