"""What channels have in common: the protocol, the options of their tables, and a POST."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Protocol

from ops.config.private import environment, read_private
from ops.errors import OpsError, UsageError, did_you_mean
from ops.http.outside import Outside
from ops.plugins.child import run, scrubbed
from ops.plugins.hooks import Faulty

if TYPE_CHECKING:
    from ops.alerts.notice import Notice
    from ops.config.settings import Settings
    from ops.items import Json

SECONDS = 5.0
"""How long all channels together may take."""
_FORMS = ("_env", "_file", "_command")


class Channel(Protocol):
    """Sends notices to one receiver.

    One that *resends* is sent everything that fires at the end of every run. One that *always* sends gets a
    notice without events too.
    """

    resends: ClassVar[bool]
    always: ClassVar[bool]

    def send(self, notice: Notice) -> str:
        """Send *notice* and return what went wrong, without any secret; "" for a success."""


class Posts:
    """A channel that posts to one URL."""

    resends: ClassVar[bool] = False
    always: ClassVar[bool] = False

    def __init__(self, url: str, options: Options) -> None:
        self.outside = Outside(url, options.settings, f"channels.{options.name}.url", seconds=SECONDS)

    def post(self, body: Json | list[Json] | str, below: str = "", **headers: str) -> str:
        """Post *body*, an object as JSON, and return what went wrong, without the URL; "" for a success."""
        text = body if isinstance(body, str) else json.dumps(body)
        media = "text/plain; charset=utf-8" if isinstance(body, str) else "application/json"
        try:
            status = self.outside.post(below, text, {"Content-Type": media, **headers})
        except OpsError as error:
            # The message shows the whole URL, which may be a secret.
            return f"{self.outside.host} did not answer ({type(error).__name__})"
        finally:
            self.outside.close()
        return "" if 200 <= status < 300 else f"{self.outside.host} answered {status}"


class Options:
    """The options of the channel *name* as written in its *table*."""

    def __init__(self, name: str, table: Mapping[str, Any], settings: Settings) -> None:
        self.name, self.settings = name, settings
        self._table = dict(table)
        self._asked = {"kind", "severity"}

    def text(self, option: str, default: str | None = None) -> str:
        """Return the text of *option*, written in place or referred to. Raises UsageError without one."""
        return str(self._value(option, default))

    def secret(self, option: str, default: str | None = None) -> str:
        """Return the secret of *option*, which must be referred to. Raises UsageError."""
        if option in self._table:
            raise UsageError(
                f"channels.{self.name}: {option} is a secret and does not belong in this file",
                hint=f"write {option}_env, {option}_file or {option}_command",
            )
        return str(self._value(option, default))

    def number(self, option: str, default: int) -> int:
        """Return the whole number of *option*. Raises UsageError."""
        value = self._value(option, default)
        if type(value) is not int:
            raise UsageError(
                f"channels.{self.name}: {option} is not a whole number", hint=f"{option} = {default}"
            )
        return value

    def texts(self, option: str) -> list[str]:
        """Return the list of texts of *option*; one text is a list of one. Raises UsageError."""
        value = self._value(option, None)
        found = [value] if isinstance(value, str) else value
        if not isinstance(found, list) or not found or not all(isinstance(one, str) for one in found):
            raise UsageError(
                f"channels.{self.name}: {option} is not a list of texts", hint=f'{option} = ["…"]'
            )
        return found

    def done(self) -> None:
        """Raise UsageError for an option that the kind does not have."""
        for option in self._table.keys() - self._asked:
            hint = did_you_mean(option, self._asked) or f"it takes {', '.join(sorted(self._asked))}"
            raise UsageError(f"channels.{self.name} has no {option!r}", hint=hint)

    def _value(self, option: str, default: Any) -> Any:
        self._asked |= {option, *(option + form for form in _FORMS)}
        written = [form for form in ("", *_FORMS) if option + form in self._table]
        if len(written) > 1:
            raise UsageError(f"channels.{self.name}: {option} is written twice", hint="keep one of them")
        if not written:
            if default is None:
                hint = f"write {option}, {option}_env, {option}_file or {option}_command"
                raise UsageError(f"channels.{self.name} needs {option}", hint=hint)
            return default
        value, form = self._table[option + written[0]], written[0]
        text = value
        if form == "_env":
            text = self.settings.references.get(str(value))
        elif form:
            text = _of_file(str(value)) if form == "_file" else _of_command(self.name, value)
        if text in ("", None):
            raise UsageError(
                f"channels.{self.name}: {option}{form} gives nothing", hint="check what it refers to"
            )
        return text


def _of_file(file: str) -> str:
    return read_private(Path(file), setting="the option").strip()


def _of_command(name: str, line: object) -> str:
    if not isinstance(line, list) or not line or not all(isinstance(word, str) for word in line):
        raise UsageError(
            "a command is a list of words", hint='secret_command = ["pass", "show", "cfops/slack"]'
        )
    try:
        return run(line, b"", scrubbed(environment(), name), SECONDS).decode(errors="replace").strip()
    except Faulty as problem:
        raise UsageError(f"{line[0]}: {problem}", hint="run it by hand to see why") from None
