"""Reporting: judge what is known of an account, and tell each channel what it has not been told yet."""

from __future__ import annotations

import threading
import time
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
from ops.alerts.state import Event, State, advance, due, opened, state_file, tidy, told
from ops.errors import OpsError
from ops.files.disk import holder
from ops.telemetry.redact import Redactor

if TYPE_CHECKING:
    from ops.config.settings import Settings


class About(NamedTuple):
    """Whose runs are judged: the *settings* they have, the *account*, and the *task* and *run* that ended."""

    settings: Settings
    account: str
    task: str
    run: str


class Report(NamedTuple):
    """What was found: the verdict of each rule, the rules that a failed run explains, and the state after it.

    *problems* has what went wrong with a channel, by its name.
    """

    verdicts: Mapping[str, Finding | bool | None]
    held: frozenset[str]
    state: State
    problems: Mapping[str, str]


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
        runs = run_lines(settings, about.account, policy, now)
        verdicts = judged(gather(settings, about.account, runs, state, now, thorough=thorough), policy)
        held = suppressed(verdicts)
        advance(state, verdicts, now, held)
        notices = {}
        for channel in channels:
            events = due(
                state, channel.name, policy, now,
                held=held, least=channel.severity, resends=channel.resends,
            )  # fmt: skip
            if events or channel.always:
                notices[channel] = notice(about, events, now, redact, chance)
        problems = send(notices, SECONDS)
        for channel, sent in notices.items():
            if channel.name not in problems:
                told(state, channel.name, list(sent.events), now)
        tidy(state, {channel.name for channel in channels}, now)
    return Report(verdicts, held, state, problems)


def notice(
    about: About,
    events: Sequence[Event],
    now: float,
    redact: Callable[[str], str],
    chance: Callable[[int], str] = token_hex,
) -> Notice:
    """Return the notice about *events*, without secrets."""
    clean = (
        event._replace(summary=redact(event.summary), lines=tuple(map(redact, event.lines)))
        for event in events
    )
    host = about.settings.api_host
    return Notice(f"msg_{chance(12)}", host, about.account, about.task, about.run, now, tuple(clean))


def send(notices: Mapping[Declared, Notice], seconds: float) -> dict[str, str]:
    """Send all *notices* at once; return what went wrong, by the channel's name, after at most *seconds*."""
    problems = {channel.name: f"no answer within {seconds:g} s" for channel in notices}

    def attempt(channel: Declared, notice: Notice) -> None:
        try:
            problem = channel.open().send(notice)
        except OpsError as error:
            problem = error.message
        except Exception as bug:  # a channel must not end the run; the message of a bug may hold anything
            problem = f"it failed ({type(bug).__name__})"
        if problem:
            problems[channel.name] = problem
        else:
            problems.pop(channel.name, None)

    # A thread that hangs, for example in a name lookup, must not keep the process alive.
    threads = [threading.Thread(target=attempt, args=pair, daemon=True) for pair in notices.items()]
    until = time.monotonic() + seconds
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(max(0.0, until - time.monotonic()))
    return dict(problems)
