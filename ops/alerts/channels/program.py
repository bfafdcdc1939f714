"""The channel of a command: any program of the user's, such as apprise or a script."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, ClassVar

from ops.alerts.channels.base import SECONDS, Options
from ops.alerts.channels.running import run_program

if TYPE_CHECKING:
    from ops.alerts.notice import Notice


class Program:
    """A program with the notice as JSON on its stdin; `{title}` and `{text}` in its words are replaced."""

    resends: ClassVar[bool] = False
    always: ClassVar[bool] = False

    def __init__(self, options: Options) -> None:
        self._words = options.texts("command")

    def send(self, notice: Notice) -> str:
        words = [word.replace("{title}", notice.title).replace("{text}", notice.text) for word in self._words]
        sent = json.dumps(notice.as_json()).encode()
        return run_program(words, sent, SECONDS, TRACEPARENT=notice.trace).problem
