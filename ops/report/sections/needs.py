"""Needs you: at most seven things, each with what, where, since when, who, and the command to copy."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from ops.checks.model import SEVERITIES
from ops.checks.run import Result
from ops.items import timestamp
from ops.metrics.history import COMPLETE, DIFFERS, outcome
from ops.report.cover import Cover
from ops.report.markup import Child, Html, command, el, folded, plural, section
from ops.report.sections.findings import NEW, address, badge, state_of
from ops.report.sections.unread import named
from ops.report.sources import Fired, Sources
from ops.report.tables import Names
from ops.snapshots.compare.side import UNKNOWN
from ops.snapshots.manifest import WHOLE
from ops.typed import program

MOST = 7
LEAST = SEVERITIES.index("high")
_PLACES = 3
_APEX = ("NS", "MX")
_ENDS = "cert-ends"


class Need(NamedTuple):
    """Something that needs somebody: *severity*, the sentence *what*, *where*, *since*, *who*, *command*."""

    severity: str
    what: str
    where: Child
    since: str
    who: str
    command: str
    new: bool = False


def needs_of(sources: Sources, names: Names, cover: Cover) -> list[Need]:
    """Return what needs somebody, the most severe first, of these what is new."""
    unread, apex, run = list(_unread(sources, cover)), list(_apex(sources, cover)), list(_run(sources))
    findings = dict(_findings(sources, names, cover))
    ends = [findings[_ENDS]] if _ENDS in findings else []
    # What the page itself has found is not repeated because an alert was sent about it.
    said = {"partial-twice": unread, "certificate-old": ends, "apex-changed": apex, "run-failed": run}
    fired = [one for one in sources.fired if not said.get(one.rule)]
    found = [*unread, *findings.values(), *apex, *run, *(_alert(sources, one, cover) for one in fired)]
    return sorted(found, key=lambda need: (-SEVERITIES.index(need.severity), not need.new, need not in ends))


def needs(found: Sequence[Need]) -> Html:
    """Return the section."""
    shown = el("ul", [_row(need) for need in found[:MOST]], class_="needs")
    more = folded(
        f"{len(found) - MOST} more",
        el("ul", [_row(need) for need in found[MOST:]], class_="needs"),
        class_="group",
    )
    body: Child = [shown, more if found[MOST:] else None] if found else el("p", "Nothing.", class_="calm")
    return section("needs", "Needs you", body)


def _row(need: Need) -> Html:
    when = [need.since, el("br"), need.who] if need.who else [need.since]
    fresh = [" ", el("span", NEW, class_="badge new")] if need.new else []
    return el(
        "li",
        badge(need.severity),
        el("div", el("p", el("b", need.what), fresh), el("p", need.where, class_="note")),
        el("p", when, class_="when"),
        command(need.command),
    )


def _unread(sources: Sources, cover: Cover) -> Iterator[Need]:
    """Yield each reason for which something could not be read."""
    reasons: dict[tuple[str, str], set[str]] = {}
    for one in sources.manifest.sections:
        if one.status not in WHOLE:
            reasons.setdefault((one.status, one.reason), set()).add(one.kind)
    before = (
        {one.kind for one in sources.before.manifest.sections if one.status not in WHOLE}
        if sources.before
        else set()
    )
    for (status, reason), kinds in sorted(reasons.items()):
        what = f"{named(sorted(kinds))} could not be read: {status}"
        new = sources.before is not None and not kinds <= before
        yield Need("high", what, cover.text(reason), _since(sources, new=new), "", f"{program()} doctor", new)


def _since(sources: Sources, *, new: bool) -> str:
    if sources.before is None:
        return "seen first now"
    day = sources.before.manifest.started[:16].replace("T", " ")
    return f"since {day}" if new else f"before {day}"


def _run(sources: Sources) -> Iterator[Need]:
    """Yield the newest run if it did not end well and is newer than the snapshot."""
    newest = next((line for line in sources.runs if "scan.export" in line["task"].split(", ")), None)
    ended = outcome(newest) if newest else COMPLETE
    if newest and ended not in (COMPLETE, DIFFERS, "partial", "locked"):
        what = f"The last export ended: {ended}"
        since = timestamp(newest["started"])[:16].replace("T", " ")
        yield Need(
            "high",
            what,
            newest.get("error") or "",
            f"since {since}",
            "",
            f"{program()} metrics --task scan.export",
            True,
        )


def _alert(sources: Sources, one: Fired, cover: Cover) -> Need:
    """Return a rule of the alerts that fires."""
    new = sources.before is not None and one.since > sources.before.started
    where = "; ".join(one.lines[:_PLACES]) + (
        f" and {len(one.lines) - _PLACES:,} more" * (len(one.lines) > _PLACES)
    )
    since = f"since {timestamp(one.since)[:16].replace('T', ' ')}"
    line = f"{program()} alerts.list --filter rule={one.rule}"
    return Need(
        one.severity, f"Alert {one.rule}: {cover.text(one.summary)}", cover.text(where), since, "", line, new
    )


def _apex(sources: Sources, cover: Cover) -> Iterator[Need]:
    """Yield the zones whose delegation or mail changed at their own name."""
    for difference, author in sources.changes.first:
        item = difference.after or difference.before or {}
        if (
            difference.kind != "dns.record"
            or difference.change == UNKNOWN
            or item.get("name") != difference.scope
        ):
            continue
        if item.get("type") in _APEX:
            what = f"{difference.scope}: {item['type']} record of the zone itself {difference.change}"
            who = cover.text(author.shown) if author else ""
            line = f"{program()} history dns.record --zone {difference.scope} --name {difference.scope}"
            yield Need(
                "high",
                what,
                "This decides who answers for the zone, or who gets its mail.",
                _since(sources, new=True),
                who,
                line,
                True,
            )


def _findings(sources: Sources, names: Names, cover: Cover) -> Iterator[tuple[str, Need]]:
    """Yield each check with severe findings, new or not, and with new ones of any weight that matters."""
    by_check: dict[str, list[Result]] = {}
    for result in sources.results:
        if result.subjects:
            by_check.setdefault(result.check.id, []).append(result)
    actors = {
        id: author.shown for difference, author in sources.changes.first if author for id in difference.ids
    }
    for group in by_check.values():
        check = group[0].check
        chosen, rank, new = _chosen(sources, group)
        if not chosen:
            continue
        who = {actors[key] for r, at in chosen if (key := str(r.subjects[at].item.get("id"))) in actors}
        first = chosen[0][0].subjects[chosen[0][1]].problem
        what = f"{check.title}: {plural(len(chosen), 'time') if len(chosen) > 1 else cover.text(first)}"
        line = f"{program()} checks.explain {check.id}"
        need = Need(
            SEVERITIES[rank],
            what,
            _places(sources, chosen, names, cover),
            _known_since(sources, chosen, new=new),
            cover.text(", ".join(sorted(who))),
            line,
            new,
        )
        yield check.id, need


def _chosen(sources: Sources, group: Sequence[Result]) -> tuple[list[tuple[Result, int]], int, bool]:
    """Return the findings of a check that need somebody, the rank of the most severe, and if one is new.

    New ones that are severe come first, then new ones that are less so, then those that are known.
    """
    found = [
        (
            (result, at),
            SEVERITIES.index(subject.severity or result.check.severity),
            state_of(sources, result, at),
        )
        for result in group
        for at, subject in enumerate(result.subjects)
    ]
    severe = [one for one in found if one[1] >= LEAST]
    new = [one for one in found if one[2] == NEW and one[1] >= LEAST - 1]
    chosen = [one for one in severe if one[2] == NEW] or new or severe
    highest = max((rank for _, rank, _ in chosen), default=0)
    return [pair for pair, _, _ in chosen], highest, any(state == NEW for _, _, state in chosen)


def _known_since(sources: Sources, chosen: Sequence[tuple[Result, int]], *, new: bool) -> str:
    """Return since when the oldest of the findings is known; new ones appeared after the snapshot before."""
    if new:
        return _since(sources, new=True)
    known = [since for pair in chosen if (since := sources.age(*pair).since)]
    return f"since {min(known)[:16].replace('T', ' ')}" if known else "seen first now"


def _places(sources: Sources, chosen: Sequence[tuple[Result, int]], names: Names, cover: Cover) -> Child:
    """Return links to the first items that were found."""
    found: list[Child] = []
    for result, at in chosen[:_PLACES]:
        subject = result.subjects[at]
        where, name = address(sources, result, subject, names), cover.text(subject.name)
        zone = f" in {result.zone}" if result.zone and result.zone not in name else ""
        found.append([", " if found else "", el("a", name, href=where) if where else name, zone])
    return [*found, f" and {len(chosen) - _PLACES:,} more" if len(chosen) > _PLACES else ""]
