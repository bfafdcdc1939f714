"""The channel of a command: any program of the user's, such as apprise or a script."""

from __future__ import annotations

import json
import os
import signal
from contextlib import suppress
from subprocess import DEVNULL, PIPE, Popen, TimeoutExpired
from typing import TYPE_CHECKING, ClassVar

from ops.alerts.channels.base import SECONDS, Options, scrubbed

if TYPE_CHECKING:
    from ops.alerts.notice import Notice


class Program:
    """A program with the notice as JSON on its stdin; `{title}` and `{text}` in its words are replaced.

    It is started without a shell, with an environment that holds no credentials, and ended after 5 s.
    """

    resends: ClassVar[bool] = False
    always: ClassVar[bool] = False

    def __init__(self, options: Options) -> None:
        self._words = options.texts("command")
        self._seconds = SECONDS

    def send(self, notice: Notice) -> str:
        known = {"{title}": notice.title, "{text}": notice.text}
        words = [self._filled(word, known) for word in self._words]
        name = os.path.basename(words[0])  # noqa: PTH119 (it need not be a path)
        try:
            process = Popen(  # noqa: S603 (the user's own program)
                words, stdin=PIPE, stdout=DEVNULL, stderr=DEVNULL, env=scrubbed(), start_new_session=True
            )
        except (OSError, ValueError) as problem:
            return f"{name} cannot be started ({getattr(problem, 'strerror', None) or problem})"
        try:
            process.communicate(json.dumps(notice.as_json()).encode(), timeout=self._seconds)
        except TimeoutExpired:
            # Its children too: it leads a session of its own.
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()
            return f"{name} was ended after {self._seconds:g} s"
        return f"{name} ended with {process.returncode}" if process.returncode else ""

    @staticmethod
    def _filled(word: str, known: dict[str, str]) -> str:
        for mark, value in known.items():
            # A program's argument cannot hold a NUL.
            word = word.replace(mark, value.replace("\0", ""))
        return word
