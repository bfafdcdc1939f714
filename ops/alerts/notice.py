"""The notice: what one run has to report to one channel, as data and as lines of text."""

from __future__ import annotations

from typing import NamedTuple

from ops.alerts.rules import SEVERITIES
from ops.alerts.state import ENDED, STILL, WORSE, Event
from ops.items import Json, timestamp
from ops.typed import in_message

MOST_LINES = 20
_MARKS = {WORSE: "worse: ", STILL: "still: "}


class Notice(NamedTuple):
    """The *events* that a channel is sent at once. *id* is the same if the notice is sent again.

    *host* is that of the API, "sandbox" for the sandbox; *task* and *run* are those that ended, or of
    `alerts.check`. *trace* is the TRACEPARENT for programs. Times are in seconds since 1970.
    """

    id: str
    host: str
    account: str
    task: str
    run: str
    at: float
    events: tuple[Event, ...]
    trace: str = ""

    @property
    def firing(self) -> tuple[Event, ...]:
        return tuple(event for event in self.events if event.change != ENDED)

    @property
    def severity(self) -> str:
        """Return the highest severity of what fires, "" if everything has ended."""
        return max((event.severity for event in self.firing), key=SEVERITIES.index, default="")

    @property
    def title(self) -> str:
        """Return one line: how bad it is, the rules, the account."""
        rules = ", ".join(event.rule for event in self.firing or self.events)
        if not self.events:
            return f"cfops: all is well on {self.where}"
        return f"cfops {self.severity or 'ended'}: {rules} on {self.where}"

    @property
    def where(self) -> str:
        """Return the account, with the host if it is not Cloudflare's."""
        return self.account if self.host == "api.cloudflare.com" else f"{self.account} ({self.host})"

    def lines(self, most: int = MOST_LINES) -> list[str]:
        """Return what happened, a line each; beyond *most* only their number."""
        found = []
        for event in self.events:
            if event.change == ENDED:
                found.append(f"ended: {event.rule}: {event.summary}")
                continue
            found.append(f"{_MARKS.get(event.change, '')}{event.severity}: {event.rule}: {event.summary}")
            found += [f"  {line}" for line in event.lines]
        if len(found) <= most:
            return found
        return [*found[: most - 1], in_message(f"… and {len(found) - most + 1} more: `inv alerts.list`")]

    @property
    def text(self) -> str:
        return "\n".join(self.lines())

    def as_json(self) -> Json:
        """Return the notice as data, for programs."""
        return {
            "account": self.account,
            "host": self.host,
            "task": self.task,
            "run": self.run,
            "severity": self.severity or None,
            "title": self.title,
            "events": [
                {
                    "rule": event.rule,
                    "state": "ended" if event.change == ENDED else "firing",
                    "change": event.change,
                    "severity": event.severity,
                    "summary": event.summary,
                    "lines": list(event.lines[:MOST_LINES]),
                    "since": timestamp(event.since),
                }
                for event in self.events
            ],
        }
