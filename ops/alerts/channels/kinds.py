"""The kinds of channels, and the channels that the settings declare."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, NamedTuple

from ops.alerts.channels.base import Channel, Options
from ops.alerts.channels.chats import Ntfy, Ping, Slack, Teams, Webhook
from ops.alerts.channels.mail import Mail
from ops.alerts.channels.paging import Alertmanager, PagerDuty
from ops.alerts.channels.program import Program
from ops.alerts.rules import SEVERITIES
from ops.errors import NotFound, UsageError, did_you_mean
from ops.plugins.door import bring

if TYPE_CHECKING:
    from ops.config.settings import Settings

Make = Callable[[Options], Channel]
KINDS: Mapping[str, Make] = {
    "webhook": Webhook,
    "slack": Slack,
    "teams": Teams,
    "ntfy": Ntfy,
    "pagerduty": PagerDuty,
    "alertmanager": Alertmanager,
    "mail": Mail,
    "ping": Ping,
    "command": Program,
}


def kinds() -> dict[str, Make]:
    """Return the kinds by name: ours, and those that plugins bring, which cannot replace ours."""
    brought = {name: make for _, found in bring("CHANNELS") for name, make in found.items()}
    return {**brought, **KINDS}


class Declared(NamedTuple):
    """A channel of the settings, not opened yet: its name, its kind, and the least severity it is sent.

    *resends* and *always* are as in Channel.
    """

    name: str
    kind: str
    severity: str
    resends: bool
    always: bool
    open: Callable[[], Channel]


def declared(settings: Settings) -> list[Declared]:
    """Return the channels of *settings*, without reading their secrets. Raises UsageError."""
    found, known = [], kinds()
    for name, table in settings.channels.items():
        if not hasattr(table, "items"):
            raise UsageError(f"channels.{name} is not a table", hint=f'[channels.{name}]: kind = "slack"')
        kind, severity = str(table.get("kind", name)), str(table.get("severity", SEVERITIES[0]))
        if kind not in known:
            hint = did_you_mean(kind, known) or f"kind is one of {', '.join(known)}"
            raise UsageError(f"channels.{name}: there is no kind {kind!r}", hint=hint)
        if severity not in SEVERITIES:
            raise UsageError(
                f"channels.{name}: there is no severity {severity!r}", hint=f"use {' or '.join(SEVERITIES)}"
            )
        resends, always = (bool(getattr(known[kind], what, False)) for what in ("resends", "always"))
        made = _opener(name, table, known[kind], settings)
        found.append(Declared(name, kind, severity, resends, always, made))
    return found


def find(settings: Settings, name: str) -> Declared:
    """Return the channel *name*. Raises NotFound, UsageError."""
    channels = {one.name: one for one in declared(settings)}
    if name in channels:
        return channels[name]
    hint = did_you_mean(name, channels) or f"the channels are: {', '.join(channels) or 'none'}"
    raise NotFound(f"there is no channel {name!r}", hint=hint)


def _opener(name: str, table: Mapping[str, object], make: Make, settings: Settings) -> Callable[[], Channel]:
    def opened() -> Channel:
        options = Options(name, table, settings)
        channel = make(options)
        options.done()
        return channel

    return opened
