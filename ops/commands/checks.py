"""The `checks` collection: what is wrong in the account, judged from a snapshot without a request."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from ops.cli.command import command
from ops.errors import DifferencesFound, UsageError
from ops.ui.shapes import KEY, LOW, MAIN, STATUS, TIME, Column, Item, Rows

if TYPE_CHECKING:
    from ops.checks.accepted import Accepted
    from ops.checks.model import Check, View
    from ops.checks.run import Result
    from ops.checks.since import Ages
    from ops.cli.app import App
    from ops.items import Json
    from ops.snapshots.snapshot import Snapshot
    from ops.snapshots.whole import WholeSections

COLUMNS = (
    Column("severity", KEY), Column("check", KEY), Column("zone", MAIN, joins="problem"),
    Column("problem", KEY, wraps=True), Column("subjects", LOW, wraps=True), Column("count", LOW),
    Column("since", LOW, TIME), Column("status", LOW, STATUS), Column("new", LOW), Column("accepted", LOW),
)  # fmt: skip
LISTED = (
    Column("check", KEY),
    Column("severity", MAIN),
    Column("title", MAIN, wraps=True),
    "judges",
    "default",
)
AT = "the snapshot to judge: latest, a date (the newest up to then), a name, a path, s3://…/latest"
ONLY = "only these checks, e.g. spf,dmarc; may be repeated"


@command(
    "run",
    default=True,
    needs="none; with --live Read on what the checks need",
    help={
        "at": AT,
        "live": "read what the checks need from the account, instead of a snapshot",
        "only": ONLY,
        "all": "also the checks that are usually noise, such as unproxied",
        "severity": "only findings of at least: info, low, medium, high, critical",
        "new": "only findings that the snapshot before does not have, or of which it does not know",
        "resolve": "ask DNS whether names at services exist (takeover-candidate); nothing else is requested",
        "exit_code": "exit with 5 if there are findings that are not accepted",
        "junit": "also write the results to this file as JUnit's XML",
        "sarif": "also write the findings to this file as SARIF 2.1.0, for code scanning",
        "passphrase_file": "file with the passphrase of an encrypted snapshot",
    },
)
def run_checks(
    app: App,
    at: str = "latest",
    live: bool = False,
    only: tuple[str, ...] = (),
    all: bool = False,
    severity: str = "info",
    new: bool = False,
    resolve: bool = False,
    exit_code: bool = False,
    junit: str = "",
    sarif: str = "",
    identity: str = "",
    passphrase_file: str = "",
) -> Rows | None:
    """Judge the newest snapshot: what is dangerous, broken, or about to end. Sends no request.

    A check never judges what was not read completely: that is "unknown", neither found nor passed. `since` is
    the earliest kept snapshot that has the finding, of the 30 before; empty if they do not know.

    inv checks
    inv checks --severity medium --new --exit-code
    inv checks --at 2026-11-22 --only spf,dmarc
    inv checks --sarif checks.sarif --junit checks.xml
    """
    from ops.checks import catalog
    from ops.checks.resolve import Resolver
    from ops.checks.run import counts, rows, unsure
    from ops.scan.inventory import names

    least, chosen = catalog.rank(severity), catalog.chosen(names(only), every=all)
    snapshot = _live(app, chosen) if live else _opened(app, at, identity, passphrase_file)
    view_in = partial(view_of, app, dead=Resolver().dead if resolve else None)
    view = view_in(snapshot)
    results, ages = judged(app, snapshot, chosen, view, view_in)
    _note_compared(app, ages)
    results = ages.fresh(results) if new else results
    _write_files(app, results, severity, view.sections, junit, sarif)
    shown = [r if catalog.rank(r.severity) >= least else r._replace(subjects=()) for r in results]
    listed = rows(shown, ages.of)
    app.show(Rows(map(_for_people, listed) if app.for_people else listed, COLUMNS, "result"))
    if not_known := len(unsure(results)):
        app.note(f"{not_known} of {len(chosen)} checks do not know everything: see the rows with unknown")
    _end(app, counts(shown), exit_code=exit_code)
    return None


def _end(app: App, found: dict[str, int], *, exit_code: bool) -> None:
    one = list(found.values())[-1:] == [1]
    summary = f"{', '.join(f'{n} {name}' for name, n in found.items()) or 'no'} finding{'s' * (not one)}"
    if exit_code and found:
        raise DifferencesFound(summary, hint="`inv checks.explain CHECK`, `inv checks.accept`")
    app.note(summary)


@command("list")
def list_checks(_app: App) -> Rows:
    """List the checks with their severity.

    inv checks.list
    inv checks.list --filter severity=high
    """
    from ops.checks.catalog import checks

    facts = (
        {
            "check": check.id,
            "severity": check.severity,
            "title": check.title,
            "judges": check.judges,
            "default": check.default,
        }
        for check in checks()
    )
    return Rows(facts, LISTED, "check")


@command("explain", required=("check",), help={"check": "the id of a check, e.g. spf"})
def explain_check(_app: App, check: str = "") -> Item:
    """Explain a check: why it matters, what it reads, how to fix what it finds, and when it may be wrong.

    inv checks.explain origin-leak
    """
    from ops.checks.catalog import find

    facts = find(check)._asdict()
    del facts["judge"]
    return Item({"check": facts.pop("id"), **facts})


@command(
    "accept",
    required=("check", "subject", "why"),
    positional=("check", "subject"),
    help={
        "check": "the id of a check, e.g. wildcard",
        "subject": "ZONE/SUBJECT as in the result, with * for any text, e.g. 'example.com/*'",
        "why": "the reason, for those who read it later",
        "until": "the last day, at most a year ahead: a date, or a time from now such as 90d",
        "by": "who accepts it",
        "at": AT,
        "identity": "file with the key that opens an encrypted snapshot",
        "passphrase_file": "file with the passphrase of an encrypted snapshot",
    },
)
def accept_finding(
    app: App,
    check: str = "",
    subject: str = "",
    why: str = "",
    until: str = "90d",
    by: str = "",
    at: str = "latest",
    identity: str = "",
    passphrase_file: str = "",
) -> Item:
    """Accept findings until a day, in .cfops-ignore.toml beside tasks.py: commit that file.

    They are no longer reported until then. An entry that has expired or matches nothing is itself a finding.

    inv checks.accept wildcard 'wild.example/*' --why "customers have their own names" --until 90d
    """
    from ops.checks import accepted, catalog
    from ops.checks.run import run

    found = catalog.find(check)
    snapshot = _opened(app, at, identity, passphrase_file)
    view = view_of(app, snapshot)
    account = view.sections.account_id
    entry = accepted.Accepted(found.id, subject, why, _last_day(app, until), by, account)
    results = list(accepted.applied(run((found,), view), [entry], account, today(app)))
    matched = sum(len(result.accepted) for result in results)
    if not matched and not any(result.gaps for result in results):
        hint = f"`inv checks --only {found.id} --output json` shows the subjects"
        raise UsageError(f"{found.id} has no finding that matches {subject!r}", hint=hint)
    file = app.run.project / accepted.FILE
    accepted_entries(app)
    accepted.add(file, entry)
    facts = {"check": found.id, "subject": subject, "accepted": matched, "until": entry.until.isoformat()}
    return Item({**facts, "file": str(file)})


def _for_people(row: Json) -> Json:
    """Return a row with its subjects as a text, and without the severity of what is not known."""
    named = ", ".join(row["subjects"])
    more = row["count"] - len(row["subjects"]) if row["subjects"] else 0
    unknown = {"severity": row["status"]} if row["status"] == "unknown" else {}
    return {**row, **unknown, "subjects": f"{named} and {more} more" if more else named}


def _opened(app: App, at: str, identity: str, passphrase_file: str) -> Snapshot:
    from ops.offsite.library import open_snapshot
    from ops.snapshots.snapshot import aged

    snapshot = open_snapshot(app, at, identity, passphrase_file)
    app.note(f"{snapshot.where}, {aged(snapshot.manifest, app.clock())}")
    return snapshot


def _live(app: App, checks: Sequence[Check]) -> Snapshot:
    """Return the current state of what *checks* need, which is removed when the line ends."""
    from ops.export.job import aside
    from ops.kinds.catalog import kinds
    from ops.scan import request

    needed = {"zones.zone", *(kind for check in checks for kind in (*check.needs, *check.also))}
    only = tuple(sorted(needed & kinds().keys()))
    asked = request.read(only, (), (), deep=True, values="none")
    account, plan = asked.resolved(app.zone, lambda: app.account_id)
    return aside(app, account, plan, asked.options)


def _note_compared(app: App, ages: Ages) -> None:
    from ops.snapshots.layout import age
    from ops.ui.cells import counted

    if ages.snapshots:
        oldest = age(ages.snapshots[-1].started, app.clock())
        app.note(f"compared with {counted(len(ages.snapshots), 'earlier snapshot')}, the oldest {oldest}")


def judged(
    app: App, snapshot: Snapshot, checks: Sequence[Check], view: View, view_in: Callable[[Snapshot], View]
) -> tuple[list[Result], Ages]:
    """Return what *checks* find, without what is accepted, and since when the findings are known.

    *view_in* opens the view of an earlier snapshot.
    """
    from ops.checks.accepted import applied
    from ops.checks.run import run
    from ops.checks.since import Ages, earlier
    from ops.snapshots.library import Library

    account = snapshot.manifest.account_id
    results = list(applied(run(checks, view), accepted_entries(app), account, today(app)))
    before = earlier(Library(app.settings.exports, account).entries(), snapshot.order)
    return results, Ages(results, snapshot.started, before, view_in)


def view_of(app: App, snapshot: Snapshot, dead: Callable[[str], bool | None] | None = None) -> View:
    """Return what checks see of *snapshot*; *dead* asks DNS."""
    from ops.checks.model import View
    from ops.kinds.catalog import resources
    from ops.snapshots.whole import WholeSections

    known = {resource.kind: resource for resource in resources()}
    sections = WholeSections(snapshot, known)
    others = partial(_others, app, sections.account_id)
    return View(sections, snapshot.started, dead, others)


def _others(app: App, account_id: str) -> list[WholeSections]:
    """Return the newest snapshot of each other account on this machine that can be read without a key."""
    from ops.kinds.catalog import resources
    from ops.snapshots.layout import account_folder
    from ops.snapshots.library import Library, accounts, newest
    from ops.snapshots.snapshot import Snapshot
    from ops.snapshots.whole import WholeSections

    known = {resource.kind: resource for resource in resources()}
    root, found = app.settings.exports, []
    for name in accounts(root, lambda error: app.warn(error.message)):
        entry = newest(Library(root, name).entries()) if name != account_folder(account_id) else None
        if entry is not None and entry.manifest is not None:
            found.append(WholeSections(Snapshot(Path(entry.path), entry.manifest), known))
    return found


def today(app: App) -> date:
    return datetime.fromtimestamp(app.clock(), UTC).date()


def accepted_entries(app: App) -> list[Accepted]:
    from ops.checks.accepted import FILE, load

    return load(app.run.project / FILE, today(app))


def _last_day(app: App, text: str) -> date:
    """Return the day that --until names. Raises UsageError."""
    from ops.checks.accepted import LONGEST
    from ops.snapshots.layout import period

    now = today(app)
    try:
        day = date.fromisoformat(text)
    except ValueError:
        day = now + timedelta(seconds=period(text, "--until"))
    if not now <= day <= now + LONGEST:
        raise UsageError(f"--until {text} is not within a year from now", hint="--until 90d")
    return day


def _write_files(
    app: App, results: Sequence[Result], least: str, sections: WholeSections, junit: str, sarif: str
) -> None:
    from ops.files import disk

    if junit:
        from ops.checks.junit import junit as document

        with disk.atomic(Path(junit), 0o644) as file:
            file.write(document(results, least).encode("utf-8", "backslashreplace"))
        app.note(f"JUnit written to {junit}")
    if sarif:
        from ops.checks.sarif import Source
        from ops.checks.sarif import sarif as document_of
        from ops.ui.escape import json_text

        source = Source(sections, app.run.project.resolve())
        with disk.atomic(Path(sarif), 0o644) as file:
            text = json_text(document_of(results, least, source), indent=1)
            file.write(text.encode("utf-8", "backslashreplace") + b"\n")
        app.note(f"SARIF written to {sarif}")
