"""The state: what fires and since when, which channel was sent what, and what is silenced.

One file for each account, state/alerts/<hash>.json. `advance` and `due` are pure; `opened` reads and writes.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import Any, NamedTuple

from ops.alerts.policy import Policy
from ops.alerts.rules import SEVERITIES, Finding
from ops.errors import DiskError, Locked
from ops.files import disk
from ops.files.formats import check_format

NEW, WORSE, STILL, ENDED = "new", "worse", "still", "ended"
FORMAT = 1
_SUBJECTS = 10_000
PATIENCE = 10
"""For how many seconds the end of a run waits while another run reports."""


@dataclass
class Sent:
    """What a channel was last sent about a rule, and when, in seconds since 1970."""

    at: float
    severity: str
    subjects: list[str]


@dataclass
class Entry:
    """A rule that fires *since*; *ended* is when it stopped, and 0 while it fires."""

    since: float
    severity: str
    summary: str
    lines: list[str]
    subjects: list[str]
    ended: float = 0.0
    sent: dict[str, Sent] = field(default_factory=dict)


@dataclass
class Silence:
    """No notices about a rule before *until*."""

    since: float
    until: float
    why: str
    by: str


@dataclass
class State:
    """What is known of one account.

    *token_ends* was read at *token_read*, None if that was never possible. *pair* is the last comparison of
    two snapshots, so that it is not made again.
    """

    entries: dict[str, Entry] = field(default_factory=dict)
    silences: dict[str, Silence] = field(default_factory=dict)
    token_read: float = 0.0
    token_ends: float | None = None
    pair: dict[str, Any] | None = None

    def silenced(self, rule: str, now: float) -> Silence | None:
        """Return the silence of *rule* at *now*, if any."""
        silence = self.silences.get(rule)
        return silence if silence and silence.until > now else None


class Event(NamedTuple):
    """What a channel is sent about a rule: that it is new, worse, still true, or has ended.

    *before* is the severity that the channel knows, "" if none.
    """

    change: str
    rule: str
    severity: str
    summary: str
    lines: tuple[str, ...]
    since: float
    ended: float = 0.0
    before: str = ""


def advance(
    state: State, verdicts: Mapping[str, Finding | bool | None], now: float, held: frozenset[str]
) -> None:
    """Bring *state* up to date with the *verdicts*; the rules in *held* are left as they are."""
    for rule, verdict in verdicts.items():
        entry = state.entries.get(rule)
        if rule in held or verdict is False:
            continue
        if isinstance(verdict, Finding):
            subjects = [_short(subject) for subject in verdict.subjects[:_SUBJECTS]]
            if entry is None:
                entry = state.entries[rule] = Entry(now, "", "", [], [])
            entry.severity, entry.summary, entry.ended = verdict.severity, verdict.summary, 0.0
            entry.lines, entry.subjects = list(verdict.lines), subjects
        elif entry is not None and not entry.ended:
            entry.ended = now
    for rule in [rule for rule in state.entries if rule not in verdicts]:
        # A composite that is no longer in the settings.
        del state.entries[rule]


def due(
    state: State,
    channel: str,
    policy: Policy,
    now: float,
    *,
    held: frozenset[str] = frozenset(),
    least: str = SEVERITIES[0],
    resends: bool = False,
) -> list[Event]:
    """Return what has to be sent to *channel* now.

    That is what is at least as severe as *least*; to one that *resends*, all that fires, each time.
    """
    if policy.in_window(now):
        return []
    events = []
    for rule, entry in sorted(state.entries.items()):
        if rule in policy.off or rule in held or state.silenced(rule, now):
            continue
        sent = entry.sent.get(channel)
        change = _change(entry, sent, policy.repeat, now, resends=resends)
        loud = SEVERITIES.index(entry.severity) >= SEVERITIES.index(least)
        if change and (sent or loud):
            before = sent.severity if sent else ""
            events.append(
                Event(
                    change,
                    rule,
                    entry.severity,
                    entry.summary,
                    tuple(entry.lines),
                    entry.since,
                    entry.ended,
                    before,
                )
            )
    return events


def _change(entry: Entry, sent: Sent | None, repeat: float, now: float, *, resends: bool) -> str:
    if entry.ended:
        return ENDED if sent else ""
    if sent is None:
        return NEW
    worse = SEVERITIES.index(entry.severity) > SEVERITIES.index(sent.severity)
    if worse or set(entry.subjects) - set(sent.subjects):
        return WORSE
    return STILL if resends or now - sent.at >= repeat else ""


def mark_sent(state: State, channel: str, events: list[Event], now: float) -> None:
    """Record that *events* were sent to *channel*."""
    for event in events:
        entry = state.entries[event.rule]
        if event.change == ENDED:
            entry.sent.pop(channel, None)
        else:
            entry.sent[channel] = Sent(now, entry.severity, list(entry.subjects))


def tidy(state: State, channels: set[str], now: float) -> None:
    """Remove ended entries that every channel knows, silences that are over, channels that are gone."""
    for rule, entry in list(state.entries.items()):
        entry.sent = {name: what for name, what in entry.sent.items() if name in channels}
        if entry.ended and not entry.sent:
            del state.entries[rule]
    state.silences = {rule: one for rule, one in state.silences.items() if one.until > now}


def _short(subject: str) -> str:
    return sha256(subject.encode("utf-8", "surrogatepass")).hexdigest()[:16]


def read_state(file: Path) -> State:
    """Return the state in *file*, an empty one without it. Raises Newer, and DiskError if it is damaged."""
    try:
        with disk.open_regular(file, follow=False) as source:
            found = json.load(source)
        check_format(found, FORMAT, file)
        return State(
            entries={rule: _entry(entry) for rule, entry in found["entries"].items()},
            silences={rule: Silence(**silence) for rule, silence in found["silences"].items()},
            token_read=float(found["token_read"]),
            token_ends=found["token_ends"],
            pair=found["pair"],
        )
    except FileNotFoundError:
        return State()
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
        raise DiskError(
            f"{file} cannot be read", hint="remove it: all that fires is then reported again"
        ) from None


def _entry(found: dict[str, Any]) -> Entry:
    known = {name: Sent(**what) for name, what in found["sent"].items()}
    return Entry(**{**found, "sent": known})


def state_file(folder: Path, host: str, account: str) -> Path:
    """Return the file of the state of *account* at the API *host*, below the state folder."""
    return folder / "alerts" / f"{sha256(f'{host}/{account}'.encode()).hexdigest()[:32]}.json"


@contextmanager
def opened(file: Path, me: Mapping[str, Any]) -> Iterator[State]:
    """Yield the state in *file*, and write it after the block. Raises Locked if another run keeps it."""
    disk.private_folder(file.parent)
    with ExitStack() as held:
        waited = 0
        while True:
            try:
                held.enter_context(disk.locked(file.parent, file.name, dict(me), "reporting what it found"))
                break
            except Locked:
                if waited == PATIENCE:
                    raise
                time.sleep(1)
                waited += 1
        state = read_state(file)
        try:
            yield state
        finally:
            with disk.atomic(file) as target:
                target.write(json.dumps({"format": FORMAT, **asdict(state)}).encode())
