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
from ops.plugins.door import by_name

if TYPE_CHECKING:
    from ops.config.settings import Settings

KINDS: Mapping[str, Callable[[Options], Channel]] = {
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


def kinds() -> Mapping[str, Callable[[Options], Channel]]:
    """Return the kinds of channels: ours, and those of plugins."""
    return {**KINDS, **by_name("CHANNELS", KINDS)}


class Declared(NamedTuple):
    """A channel of the settings, not opened yet: its name, its kind, and the least severity it is sent."""

    name: str
    kind: str
    severity: str
    open: Callable[[], Channel]

    @property
    def resends(self) -> bool:
        return bool(getattr(kinds()[self.kind], "resends", False))

    @property
    def always(self) -> bool:
        return bool(getattr(kinds()[self.kind], "always", False))


def declared(settings: Settings) -> list[Declared]:
    """Return the channels of *settings*, without reading their secrets. Raises UsageError."""
    found = []
    for name, table in settings.channels.items():
        if not hasattr(table, "items"):
            raise UsageError(f"channels.{name} is not a table", hint=f'[channels.{name}]: kind = "slack"')
        kind, severity = str(table.get("kind", name)), str(table.get("severity", SEVERITIES[0]))
        if kind not in (known := kinds()):
            hint = did_you_mean(kind, known) or f"kind is one of {', '.join(known)}"
            raise UsageError(f"channels.{name}: there is no kind {kind!r}", hint=hint)
        if severity not in SEVERITIES:
            raise UsageError(
                f"channels.{name}: there is no severity {severity!r}", hint=f"use {' or '.join(SEVERITIES)}"
            )
        found.append(Declared(name, kind, severity, _opener(name, table, kind, settings)))
    return found


def find(settings: Settings, name: str) -> Declared:
    """Return the channel *name*. Raises NotFound, UsageError."""
    channels = {one.name: one for one in declared(settings)}
    if name in channels:
        return channels[name]
    hint = did_you_mean(name, channels) or f"the channels are: {', '.join(channels) or 'none'}"
    raise NotFound(f"there is no channel {name!r}", hint=hint)


def _opener(name: str, table: Mapping[str, object], kind: str, settings: Settings) -> Callable[[], Channel]:
    def opened() -> Channel:
        options = Options(name, table, settings)
        channel = kinds()[kind](options)
        options.done()
        return channel

    return opened
