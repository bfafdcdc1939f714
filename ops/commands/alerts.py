"""The `alerts` collection: what the rules find, and the channels that they are sent to."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ops.cli.command import command
from ops.ui.shapes import KEY, LOW, MAIN, STATUS, TIME, Column, Item, Rows

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from ops.alerts.reporting import About
    from ops.alerts.state import State
    from ops.cli.app import App
    from ops.items import Json

COLUMNS = (
    Column("rule", KEY), Column("state", MAIN, STATUS), "severity", Column("since", meaning=TIME),
    Column("summary", MAIN, wraps=True), Column("silent_until", LOW, TIME), Column("why", LOW),
)  # fmt: skip


@command("list", default=True)
def list_alerts(app: App) -> Rows:
    """List the rules with what the last evaluation found; sends no request.

    inv alerts.list
    inv alerts.list --filter state=firing --output json
    """
    from ops.alerts.channels.kinds import declared
    from ops.alerts.policy import read_policy
    from ops.alerts.state import read_state

    policy = read_policy(app.settings.alerts)
    declared(app.settings)  # a mistake in a channel is shown before the night
    # Of an account that is not known yet, nothing has been judged.
    file = _file(app, app.known_account or app.last_account)
    return Rows(_rows(app, read_state(file), policy.rules), COLUMNS, "rule")


@command("check", needs="none; a valid token, to read when it expires")
def check_alerts(app: App) -> Rows:
    """Evaluate the rules now, with a full check of the newest snapshot, and notify the channels.

    Takes 1 request. A rule whose state is "unknown" has nothing to judge yet.

    inv alerts.check
    """
    from ops.alerts.ending import token_end
    from ops.alerts.reporting import report

    about = _about(app)
    found = report(about, app.clock(), thorough=True, token=token_end(app, about.account, fresh=True))
    found.tell(app.note, app.warn)
    unknown = frozenset(rule for rule, verdict in found.verdicts.items() if verdict is False)
    rows = _rows(app, found.state, tuple(found.verdicts), unknown, found.held)
    return Rows(rows, COLUMNS, "rule")


@command(
    "silence",
    required=("rule", "for_", "why"),
    positional=("rule",),
    help={
        "rule": "the rule that is not reported",
        "for_": "for how long, e.g. 24h or 7d; 0s ends a silence",
        "why": "the reason, for those who list the rules",
    },
)
def silence_rule(app: App, rule: str = "", for_: str = "", why: str = "") -> Item:
    """Report a rule to no channel for a time.

    inv alerts.silence counts-fell --for 24h --why 'the old zones are being removed'
    """
    from getpass import getuser

    from ops.alerts.policy import read_policy
    from ops.alerts.state import Silence, opened
    from ops.errors import NotFound, did_you_mean
    from ops.files.disk import holder
    from ops.items import timestamp
    from ops.snapshots.layout import period

    rules = read_policy(app.settings.alerts).rules
    if rule not in rules:
        hint = did_you_mean(rule, rules) or f"the rules are: {', '.join(rules)}"
        raise NotFound(f"there is no rule {rule!r}", hint=hint)
    now, seconds = app.clock(), period(for_, "--for")
    account = app.known_account or app.last_account or app.account_id
    with opened(_file(app, account), holder(app.command.path, now)) as state:
        state.silences[rule] = Silence(now, now + seconds, app.talk.redact(why), getuser())
        if not seconds:
            del state.silences[rule]
    return Item({"rule": rule, "silent_until": timestamp(now + seconds) if seconds else None, "why": why})


@command("test", required=("channel",), help={"channel": "a name in [channels] of the settings"})
def test_channel(app: App, channel: str = "") -> Item:
    """Send a test notice to a channel; exit code 3 if it does not take it.

    inv alerts.test pager
    """
    from ops.alerts.channels.kinds import find
    from ops.alerts.policy import read_policy
    from ops.alerts.reporting import notice, send
    from ops.alerts.rules import WARNING
    from ops.alerts.state import ENDED, NEW, Event
    from ops.errors import NetworkError

    read_policy(app.settings.alerts)
    found, about, now = find(app.settings, channel), _about(app), app.clock()
    found.open()  # an error in its options is not one of the network
    text = "this is a test; nothing is wrong"
    for change, ended in ((NEW, 0.0), (ENDED, now)):
        event = Event(change, "test", WARNING, text, (), now, ended, WARNING if ended else "")
        sent = notice(about, [event], now, app.talk.redact)
        if problem := send({found: sent}).get(found.name):
            raise NetworkError(f"the channel {channel} was not notified: {problem}", hint="check its options")
    return Item({"channel": found.name, "kind": found.kind, "sent": ["a test that fires", "its end"]})


def _about(app: App) -> About:
    from ops.alerts.reporting import About

    return About(app.settings, app.account_id, app.command.path, app.run.id, app.run.record.for_children)


def _file(app: App, account: str) -> Path:
    from ops.alerts.state import state_file

    return state_file(app.settings.state_dir, app.settings.api_host, account)


def _rows(
    app: App,
    state: State,
    rules: tuple[str, ...],
    unknown: frozenset[str] = frozenset(),
    held: frozenset[str] = frozenset(),
) -> Iterator[Json]:
    from ops.alerts.policy import read_policy
    from ops.items import timestamp

    now, off = app.clock(), read_policy(app.settings.alerts).off
    for rule in rules:
        entry, silence = state.entries.get(rule), state.silenced(rule, now)
        firing = entry is not None and not entry.ended
        words = (
            ("off", rule in off),
            ("silenced", firing and silence is not None),
            ("explained", rule in held),
            ("firing", firing),
            ("unknown", rule in unknown),
        )
        yield {
            "rule": rule,
            "state": next((word for word, holds in words if holds), "fine"),
            "severity": entry.severity if entry and firing else None,
            "since": timestamp(entry.since) if entry and firing else None,
            "summary": entry.summary if entry and firing else None,
            "lines": entry.lines if entry and firing else [],
            "silent_until": timestamp(silence.until) if silence else None,
            "why": silence.why if silence else None,
        }
