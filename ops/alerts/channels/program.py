"""The channel of a command: any program of the user's, such as apprise or a script."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, ClassVar

from ops.alerts.channels.base import SECONDS, Options
from ops.config.private import environment
from ops.plugins.child import run, scrubbed
from ops.plugins.hooks import Faulty

if TYPE_CHECKING:
    from ops.alerts.notice import Notice


class Program:
    """A program with the notice as JSON on its stdin; `{title}` and `{text}` in its words are replaced.

    It is started without a shell, in the folder /, with an environment without credentials. After 5 s it is
    ended, with all that it has started.
    """

    resends: ClassVar[bool] = False
    always: ClassVar[bool] = False

    def __init__(self, options: Options) -> None:
        self._words, self._name = options.texts("command"), options.name

    def send(self, notice: Notice) -> str:
        words = [word.replace("{title}", notice.title).replace("{text}", notice.text) for word in self._words]
        known = scrubbed(environment(), self._name) | {"TRACEPARENT": notice.trace}
        try:
            run(words, json.dumps(notice.as_json()).encode(), known, SECONDS)
        except Faulty as problem:
            return f"{self._words[0]}: {problem}"
        return ""
