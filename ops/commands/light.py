"""The start of a light export (`scan.export --since`): its base and the log, or why all is read again."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from ops.errors import Damaged, NetworkError, NotFound, OpsError, Refused, SystemFailure, UsageError
from ops.export.light import LightRun, Since, alarm, mismatch, unfit
from ops.items import timestamp
from ops.scan.base import Base, Light
from ops.scan.light import OVERLAP, REFRESH, Decisions, Rules
from ops.snapshots.layout import ENDING, LATEST, period
from ops.snapshots.library import Library
from ops.snapshots.snapshot import check_account

if TYPE_CHECKING:
    from ops.cli.app import App
    from ops.http.client import Client
    from ops.items import Json
    from ops.kinds.resource import Owner
    from ops.scan.inventory import ScanPlan
    from ops.snapshots.library import Entry

DEFAULT_OVERLAP = "1h"


def since(name: str, refresh: int, overlap: str, identity: str, passphrase_file: str) -> Since | None:
    """Return what the options ask for; None without --since. Raises UsageError."""
    if refresh < 0:
        raise UsageError(
            f"--refresh takes a number of scans, or 0 for none, not {refresh}", hint="--refresh 24"
        )
    rules = Rules(refresh, period(overlap, "--overlap"))
    if not name:
        if identity or rules != Rules(REFRESH, OVERLAP):
            raise UsageError("--refresh, --overlap and --identity need --since", hint="add --since latest")
        return None
    return Since(name, rules, identity, passphrase_file)


def log_words(client: Client, account_id: str, since: float, before: float) -> set[str]:
    """Return the words of all entries between two times, in seconds since 1970. Raises OpsError."""
    from ops.products.audit import api

    found: set[str] = set()
    for entry in api.changes(client, account_id, timestamp(since), timestamp(before)):
        found |= api.words(entry)
    return found


class FullScan(Exception):
    """Everything is read again; *expected*: for a reason that needs nobody's attention."""

    def __init__(self, why: str, *, expected: bool = False) -> None:
        super().__init__(why)
        self.expected = expected


def prepared(
    app: App, asked: Since | None, account: Owner, plan: ScanPlan, options: Json, now: float
) -> tuple[LightRun | None, str]:
    """Return the light run, or None and why everything is read again, also printed, if it was *asked*.

    Raises Refused for a base of another account, and NotFound for a name that no snapshot has.
    """
    if asked is None:
        return None, ""
    try:
        return _prepared(app, asked, account, plan, options, now), ""
    except FullScan as full:
        say = app.note if full.expected else app.warn
        say(f"everything is read again: {full}")
        return None, str(full)


def _prepared(app: App, asked: Since, account: Owner, plan: ScanPlan, options: Json, now: float) -> LightRun:
    base = _opened(app, asked, account, plan, options, now)
    first = base.started - asked.rules.overlap
    # What is done in the current second counts too.
    read = partial(log_words, app.client, account.id, first)
    try:
        words = read(now + 1)
    except OpsError as error:
        raise FullScan(f"the audit log was not read: {error.message}") from None
    decisions = Decisions(base.units(), words, asked.rules, now)
    light = Light(base, decisions, keeps_secrets=bool(options.get("secrets")))
    return LightRun(light, lambda: read(app.clock() + 1))


def _opened(app: App, asked: Since, account: Owner, plan: ScanPlan, options: Json, now: float) -> Base:
    from ops.offsite.library import library_of

    is_place = "/" in asked.name or asked.name.endswith(ENDING)
    library, name = (
        library_of(app, asked.name) if is_place else (Library(app.settings.exports, account.id), asked.name)
    )
    has_key = bool(asked.identity or asked.passphrase_file)
    try:
        entry = _found(library, name)
        if isinstance(entry.failure, Refused):
            raise entry.failure
        if why := unfit(entry, now, has_key=has_key):
            raise FullScan(why, expected=entry.complete and (has_key or not entry.sealed))
        if why := alarm(library, entry):
            raise FullScan(why)
    except (NetworkError, SystemFailure) as error:
        # A bucket that fails for a while does not keep the account from being read; a refusal does.
        raise FullScan(f"the snapshots in {library.where} cannot be read: {error.message}") from None
    try:
        snapshot = library.open(entry, app.settings.state_dir, asked.identity, asked.passphrase_file)
    except OpsError as error:
        raise FullScan(f"{entry.name} cannot be opened: {error.message}") from None
    app.run.endings.append(snapshot.close)
    check_account(entry.where, snapshot.manifest, account.id)
    if why := mismatch(snapshot.manifest, options):
        raise FullScan(f"nothing is carried over from {entry.name}: {why}", expected=True)
    base = Base(snapshot, plan.resources)
    try:
        base.check()
    except Damaged as error:
        raise FullScan(f"{entry.name} is damaged: {error.message}") from None
    return base


def _found(library: Library, name: str) -> Entry:
    try:
        return library.find(name)
    except NotFound as error:
        if name != LATEST or error.status is not None:
            raise
        raise FullScan(error.message, expected=True) from None
