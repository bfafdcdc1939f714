"""What the checks found: by severity and check, with what is new, known and accepted; and what is unknown."""

from __future__ import annotations

from collections.abc import Sequence

from ops.checks.model import SEVERITIES, Subject
from ops.checks.run import Result
from ops.items import Json
from ops.kinds.resource import ACCOUNT
from ops.report.cover import Cover
from ops.report.draw import stacked
from ops.report.markup import Child, Html, command, el, folded, plural, section, text
from ops.report.sources import Sources
from ops.report.tables import Names, Table, is_listed, reference, rows_table
from ops.typed import program

TABLE = "all.findings"
COLUMNS = ("severity", "check", "zone", "subject", "problem", "state", "since")
_SHOWN = 12
NEW, KNOWN, FOUND = "new", "known", "found"


def findings(sources: Sources, names: Names, cover: Cover) -> Html:
    """Return the section."""
    by_check: dict[str, list[Result]] = {}
    for result in sources.results:
        if result.subjects or result.accepted:
            by_check.setdefault(result.check.id, []).append(result)
    found = [group for group in by_check.values() if any(result.subjects for result in group)]
    found.sort(key=lambda group: (-max(map(_rank, group)), -_count(group), group[0].check.id))
    accepted = sum(len(result.accepted) for result in sources.results)
    note = (
        f"Judged from the snapshot alone, without a request. {plural(accepted, 'finding')} accepted."
        if accepted
        else ("Judged from the snapshot alone, without a request.")
    )
    body: list[Child] = [_bars(found), [_check(sources, group, names, cover) for group in found]]
    if not found:
        body = [el("p", "The checks found nothing in what was read.", class_="calm")]
    body.append(_unknown(sources, cover))
    if found:
        body.append(el("p", el("a", "All findings as a table", href=f"#{TABLE}"), class_="note"))
    return section("findings", "Findings", body, note=note)


def _rank(result: Result) -> int:
    return SEVERITIES.index(result.severity)


def _count(group: Sequence[Result]) -> int:
    return sum(len(result.subjects) for result in group)


def _bars(found: Sequence[Sequence[Result]]) -> Child:
    """Return the number of findings by severity."""
    counts = dict.fromkeys(reversed(SEVERITIES), 0)
    for group in found:
        for result in group:
            for subject in result.subjects:
                counts[subject.severity or result.check.severity] += 1
    shown = [(severity, [count]) for severity, count in counts.items() if count]
    return stacked(shown, ("findings",), ("",), tones=[severity for severity, _ in shown]) if shown else None


def badge(severity: str) -> Html:
    """Return the word of a severity, in its color."""
    return el("span", severity, class_=f"badge {severity}")


def state_of(sources: Sources, result: Result, at: int) -> str:
    """Return whether a finding is new; "found" if nothing is known of before."""
    new = sources.age(result, at).new
    return FOUND if new is None else NEW if new else KNOWN


def _check(sources: Sources, group: Sequence[Result], names: Names, cover: Cover) -> Html:
    check = group[0].check
    severity = SEVERITIES[max(map(_rank, group))]
    pairs = [(result, at) for result in group for at in range(len(result.subjects))]
    new = sum(state_of(sources, *pair) == NEW for pair in pairs)
    zones = {result.zone for result in group if result.zone and result.subjects}
    where = f" in {len(zones)} zones" if len(zones) > 1 else f" in {min(zones)}" if zones else ""
    counted = el("span", f" {len(pairs):,}{where}", class_="note")
    title = [badge(severity), " ", el("b", check.title), counted]
    title += [" ", el("span", f"{new} new", class_="badge new")] if new else []
    pairs.sort(key=lambda pair: (state_of(sources, *pair) != NEW, pair[0].zone))
    rows = [
        el("li", _subject(sources, result, result.subjects[at], at, names, cover))
        for result, at in pairs[:_SHOWN]
    ]
    if len(pairs) > _SHOWN:
        rows.append(el("li", el("a", f"and {len(pairs) - _SHOWN:,} more", href=f"#{TABLE}?check={check.id}")))
    why = el("p", check.why, " ", el("span", f"To fix: {check.fix}. ", class_="note"), class_="why")
    return folded(
        title,
        why,
        el("ul", rows, class_="subjects"),
        command(f"{program()} checks.explain {check.id}"),
        class_="group",
    )


def _subject(
    sources: Sources, result: Result, subject: Subject, at: int, names: Names, cover: Cover
) -> Child:
    where = address(sources, result, subject, names)
    name = cover.text(subject.name)
    state = state_of(sources, result, at)
    zone, since = result.zone if result.zone not in subject.name else "", _since(sources, result, at)
    return [
        el("a", name, href=where) if where else el("b", name),
        el("span", f" {zone}", class_="note") if zone else None,
        " ", cover.text(subject.problem), " ",
        el("span", NEW, class_="badge new") if state == NEW else el("span", since, class_="note"),
    ]  # fmt: skip


def _since(sources: Sources, result: Result, at: int) -> str:
    """Return the day of the oldest snapshot that has a finding; "" if no earlier one has it."""
    since = sources.age(result, at).since
    return f"since {since[:10]}" if since else ""


def address(sources: Sources, result: Result, subject: Subject, names: Names) -> str:
    """Return where on the page the item of a finding is; "" if it is not on it."""
    resource = sources.kinds.get(subject.kind)
    if resource is None or not is_listed(sources, subject.kind):
        return ""
    scope = subject.scope or result.zone_id
    return reference(resource, names, "" if resource.parent == ACCOUNT else scope, subject.item)


def _unknown(sources: Sources, cover: Cover) -> Child:
    """Return the checks that do not know everything, by the reason."""
    reasons: dict[str, set[str]] = {}
    for result in sources.results:
        for gap in result.gaps:
            reasons.setdefault(str(gap), set()).add(result.check.id)
    if not reasons:
        return None
    unsure = len(set().union(*reasons.values()))
    rows = [
        el("li", el("b", ", ".join(sorted(ids))), f": {cover.text(why)}")
        for why, ids in sorted(reasons.items())
    ]
    title = text(f"Unknown: {plural(unsure, 'check')} could not judge everything")
    return folded(title, el("ul", rows), class_="group unknown")


def table(sources: Sources, cover: Cover) -> Table | None:
    """Return the findings as a table of the page; None without any."""
    rows: list[Json] = []
    for result in sources.results:
        found = [
            (subject, state_of(sources, result, at), sources.age(result, at).since)
            for at, subject in enumerate(result.subjects)
        ]
        found += [(subject, "accepted", None) for subject in result.accepted]
        for subject, state, since in found:
            rows.append(
                {
                    "severity": subject.severity or result.check.severity,
                    "check": result.check.id,
                    "zone": result.zone or None,
                    "subject": cover.text(subject.name),
                    "problem": cover.text(subject.problem),
                    "state": state,
                    "since": since,
                }
            )
    rows.sort(key=lambda row: (-SEVERITIES.index(row["severity"]), row["check"], row["zone"] or ""))
    return rows_table(TABLE, COLUMNS, rows) if rows else None
