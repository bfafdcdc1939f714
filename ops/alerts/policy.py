"""The policy: what `[alerts]` of the settings says about rules, thresholds and times."""

from __future__ import annotations

import re
import time
from collections.abc import Mapping
from fnmatch import fnmatchcase
from typing import Any, NamedTuple

from ops.errors import UsageError, did_you_mean
from ops.snapshots.layout import period

# Every built-in rule, with what it watches for.
RULES = {
    "run-failed": "the last run of a task failed, was terminated or was killed",
    "partial-twice": "the last runs of a task were all incomplete",
    "no-snapshot": "there is no complete snapshot that is young enough",
    "counts-fell": "the items of a kind fell by more than a percentage",
    "many-deletions": "more items than this were deleted between two snapshots",
    "apex-changed": "the NS or MX records of a zone's apex, or its name servers, changed",
    "certificate-old": "a certificate is in the last part of its life",
    "token-expires": "the API token expires soon",
    "auth-refused": "Cloudflare refused the credentials in the last runs",
    "damaged": "the newest snapshot or the audit log is not what was written",
}
ANOMALY = "anomaly"
_DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_WINDOW = re.compile(r"(?:([a-z]{3})(?: |$))?(?:(\d\d):(\d\d)-(\d\d):(\d\d))?")
_MINUTES = 24 * 60


class Policy(NamedTuple):
    """The settings of `[alerts]`. Times are in seconds.

    *tasks* are patterns of the tasks whose runs are judged. What is *off* is not reported by itself; a
    composite may still name it. *composites* has the rules that must all fire. *windows* are times of the
    week without notices. With *sandbox*, runs on the sandbox are reported too.
    """

    tasks: tuple[str, ...] = ("scan.export", "snapshots.*", "kv.dump", "dns.apply")
    off: tuple[str, ...] = (ANOMALY,)
    composites: Mapping[str, tuple[str, ...]] = {}
    repeat: float = 86_400.0
    windows: tuple[Window, ...] = ()
    sandbox: bool = False
    failed_codes: tuple[int, ...] = (2, 3, 143)
    partial_runs: int = 2
    snapshot_age: float = 26 * 3600.0
    fall_percent: int = 30
    deletions: int = 50
    certificate_percent: int = 33
    token_days: int = 14
    refused_runs: int = 3

    @property
    def rules(self) -> tuple[str, ...]:
        """Return every rule by name: the built-in ones, the anomaly, the composites."""
        return (*RULES, ANOMALY, *self.composites)

    def judges(self, task: str) -> bool:
        """True if the runs of *task* are judged."""
        return any(fnmatchcase(task, pattern) for pattern in self.tasks)

    def in_window(self, now: float) -> bool:
        """True if no notices are sent at *now*."""
        return any(window.holds(now) for window in self.windows)


class Window(NamedTuple):
    """A time of the week, in local time: *day* 0 is Monday, None every day; minutes of the day.

    One that ends before it begins lasts over midnight, and belongs to the day on which it begins.
    """

    day: int | None
    begin: int
    end: int

    def holds(self, now: float) -> bool:
        """True if *now*, in seconds since 1970, is in this window."""
        at = time.localtime(now)
        minute = at.tm_hour * 60 + at.tm_min
        if self.begin < self.end:
            return self.day in (None, at.tm_wday) and self.begin <= minute < self.end
        evening = self.day in (None, at.tm_wday) and minute >= self.begin
        return evening or (self.day in (None, (at.tm_wday - 1) % 7) and minute < self.end)


def read_policy(table: Mapping[str, Any]) -> Policy:
    """Return the policy of the setting `alerts`. Raises UsageError for what it cannot use."""
    found: dict[str, Any] = {}
    for name, value in table.items():
        if name not in Policy._fields:
            hint = did_you_mean(name, Policy._fields) or f"alerts takes {', '.join(Policy._fields)}"
            raise UsageError(f"alerts has no {name!r}", hint=hint)
        found[name] = _read(name, value)
    if "off" in found and table.get("off") is not None:
        found["off"] = tuple(dict.fromkeys(found["off"]))
    policy = Policy(**found)
    known = (*RULES, ANOMALY)
    for rule in (*policy.off, *(one for rules in policy.composites.values() for one in rules)):
        if rule not in policy.rules:
            raise UsageError(f"alerts: there is no rule {rule!r}", hint=did_you_mean(rule, policy.rules))
    for name, rules in policy.composites.items():
        if name in known or len(rules) < 2 or not set(rules) <= set(known):
            raise UsageError(
                f"alerts.composites.{name} cannot be used",
                hint='write a new name and two or more rules: both = ["counts-fell", "many-deletions"]',
            )
    return policy


def _read(name: str, value: Any) -> Any:
    default = Policy._field_defaults[name]
    where = f"alerts.{name}"
    if name == "composites":
        if not hasattr(value, "items"):
            raise UsageError(f"{where} is not a table", hint='[alerts.composites]: name = ["rule", "rule"]')
        return {one: tuple(_list(f"{where}.{one}", rules, str)) for one, rules in value.items()}
    if name == "windows":
        return tuple(_window(text) for text in _list(where, value, str))
    if isinstance(default, tuple):
        return tuple(_list(where, value, int if name == "failed_codes" else str))
    if isinstance(default, float):
        return period(str(value), where)
    if type(value) is not type(default) or (isinstance(value, int) and value < 0):
        raise UsageError(f"{where} cannot be {value!r}", hint=f"{where} = {str(default).lower()}")
    return value


def _list(where: str, value: Any, kind: type) -> list[Any]:
    if not isinstance(value, list | tuple) or any(type(one) is not kind for one in value):
        words = "numbers" if kind is int else "texts"
        raise UsageError(f"{where} is not a list of {words}", hint="write it in [ ]")
    return list(value)


def _window(text: str) -> Window:
    match = _WINDOW.fullmatch(text.strip().lower())
    day, *digits = match.groups() if match and text.strip() else (None, None)
    times = [int(digit) for digit in digits if digit]
    if not match or not text.strip() or (day and day not in _DAYS) or max(times[1::2], default=0) > 59:
        raise UsageError(
            f"alerts.windows: {text!r} is not a time", hint='"Sat", "22:00-06:00", "Sun 01:00-05:00"'
        )
    begin, end = (times[0] * 60 + times[1], times[2] * 60 + times[3]) if times else (0, _MINUTES)
    if max(begin, end) > _MINUTES:
        raise UsageError(f"alerts.windows: {text!r} is not a time", hint="hours are from 00 to 24")
    return Window(_DAYS.index(day) if day else None, begin, end)
