"""ScanRequest: the options of a scan as they were typed, checked before anything is asked of the API."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

from ops.errors import UsageError
from ops.items import Json, reach
from ops.kinds.catalog import resources
from ops.kinds.resource import Owner
from ops.scan.selection import ScanFilter, ScanPlan, choose, names

if TYPE_CHECKING:
    from ops.cli.app import App

ZONE = "zones.zone"


class Start(NamedTuple):
    """The start of a scan: wall time and monotonic time in seconds, requests that were made before."""

    moment: float
    tick: float
    sent: int


class ScanRequest(NamedTuple):
    """What was asked for; *zones* are names or ids."""

    wish: ScanFilter
    zones: tuple[str, ...]

    @property
    def narrowed(self) -> bool:
        """True if the result is not meant to stand for the whole account."""
        return bool(self.wish.only or self.zones)

    @property
    def options(self) -> Json:
        """Return the options as the manifest tells them."""
        wish = self.wish
        return {
            "only": list(wish.only),
            "skip": list(wish.skip),
            "zone": list(self.zones),
            "deep": wish.deep,
            "kv": wish.values,
        }

    def resolved(self, app: App) -> tuple[Owner, ScanPlan]:
        """Return the account and the plan. Raises NotFound or AmbiguousName for a zone."""
        found = [app.zone(name) for name in self.zones]
        wish = replace(self.wish, given={ZONE: found}) if found else self.wish
        account = _account_of(found) or app.account_id
        return Owner(account, account, {}), choose(resources(), wish)


def read(
    only: tuple[str, ...],
    skip: tuple[str, ...],
    zones: tuple[str, ...],
    *,
    deep: bool,
    values: str,
    contents: bool = False,
) -> ScanRequest:
    """Read the options; raises UsageError for a kind or product that is not there."""
    wish = ScanFilter(only=names(only), skip=names(skip), deep=deep, values=values, contents=contents)
    choose(resources(), wish)
    return ScanRequest(wish, tuple(dict.fromkeys(names(zones))))


def one_of(kv: str, words: tuple[str, ...]) -> str:
    """Return the value of --kv; raises UsageError where it is none of *words*."""
    if kv not in words:
        *others, last = words
        raise UsageError(
            f"--kv takes {', '.join(others)} or {last} here, not {kv!r}",
            hint="values are kept in snapshots: inv scan.export --kv values" if kv == "values" else "",
        )
    return kv


def begin(app: App) -> Start:
    """Note the start of a scan."""
    return Start(app.clock(), time.monotonic(), app.client.sent)


def _account_of(zones: list[Json]) -> str:
    accounts = {str(reach(zone, "account.id") or "") for zone in zones}
    if len(accounts) > 1:
        raise UsageError("these zones lie in several accounts", hint="scan one account at a time")
    return next(iter(accounts), "")
