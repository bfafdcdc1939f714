"""Reporting: judge what is known of an account, and send each channel what is new to it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from secrets import token_hex
from typing import TYPE_CHECKING, NamedTuple

from ops.alerts.channels.base import SECONDS
from ops.alerts.channels.kinds import Declared, declared
from ops.alerts.facts import gather
from ops.alerts.history import run_lines
from ops.alerts.notice import Notice
from ops.alerts.policy import read_policy
from ops.alerts.rules import Finding, judged, suppressed
from ops.alerts.state import Event, State, advance, due, mark_sent, opened, state_file, tidy
from ops.files.disk import holder
from ops.http.outside import within
from ops.telemetry.redact import Redactor
from ops.typed import in_message
from ops.ui.escape import printable

if TYPE_CHECKING:
    from ops.config.settings import Settings


_LONGEST = 500
"""The most characters of a line of a notice: a record may hold thousands."""


class About(NamedTuple):
    """Whose runs are judged: *settings* and *account*, and the *task*, *run* and *trace* that have ended."""

    settings: Settings
    account: str
    task: str
    run: str
    trace: str = ""


class Report(NamedTuple):
    """What was found: the verdict of each rule, the rules that a failed run explains, and the state after it.

    *sent* has the title of what each channel got, *problems* what went wrong with one, by its name.
    """

    verdicts: Mapping[str, Finding | bool | None]
    held: frozenset[str]
    state: State
    sent: Mapping[str, str]
    problems: Mapping[str, str]

    def tell(self, note: Callable[[str], None], warn: Callable[[str], None]) -> None:
        """Report what became of the notices."""
        for name, title in self.sent.items():
            note(f"the channel {name} was notified: {title}")
        for name, problem in self.problems.items():
            warn(f"the channel {name} was not notified: {problem}")


def report(
    about: About,
    now: float,
    *,
    thorough: bool = False,
    token: tuple[float] | None = None,
    chance: Callable[[int], str] = token_hex,
) -> Report:
    """Judge the account, and send what is due at *now*. Raises UsageError, Locked, DiskError.

    *token* holds the end of the token, 0 for none, if it was just read. *chance* returns N random bytes in
    hex.
    """
    settings = about.settings
    policy, channels = read_policy(settings.alerts), declared(settings)
    redact = Redactor(settings.secrets())
    file = state_file(settings.state_dir, settings.api_host, about.account)
    with opened(file, holder(about.task, now)) as state:
        if token is not None:
            state.token_read, state.token_ends = now, token[0]
        runs = tuple(run_lines(settings, about.account, policy, now))
        facts = gather(settings, about.account, runs, state, now, thorough=thorough)
        verdicts, held = judged(facts, policy), suppressed(facts, policy)
        advance(state, verdicts, now, held)
        notices = {}
        for channel in channels:
            events = due(
                state, channel.name, policy, now,
                held=held, least=channel.severity, resends=channel.resends,
            )  # fmt: skip
            if events or channel.always:
                notices[channel] = notice(about, events, now, redact, chance)
        problems = send(notices)
        for channel, sent in notices.items():
            if channel.name not in problems:
                mark_sent(state, channel.name, list(sent.events), now)
        tidy(state, {channel.name for channel in channels}, now)
    got = {c.name: one.title for c, one in notices.items() if one.events and c.name not in problems}
    return Report(verdicts, held, state, got, problems)


def notice(
    about: About,
    events: Sequence[Event],
    now: float,
    redact: Callable[[str], str],
    chance: Callable[[int], str] = token_hex,
) -> Notice:
    """Return the notice about *events*, without secrets, each text on one line and not too long."""

    def shown(text: str) -> str:
        clean = printable(redact(in_message(text)))
        return clean if len(clean) <= _LONGEST else f"{clean[: _LONGEST - 1]}…"

    clean = (
        event._replace(summary=shown(event.summary), lines=tuple(map(shown, event.lines))) for event in events
    )
    host, id = about.settings.api_host, f"msg_{chance(12)}"
    return Notice(id, host, about.account, about.task, about.run, now, tuple(clean), about.trace)


def send(notices: Mapping[Declared, Notice]) -> dict[str, str]:
    """Send all *notices* at once; return what went wrong, by the channel's name, within 5 s."""

    def sending(channel: Declared, notice: Notice) -> Callable[[], str]:
        return lambda: channel.open().send(notice)

    return within({channel.name: sending(channel, notice) for channel, notice in notices.items()}, SECONDS)
