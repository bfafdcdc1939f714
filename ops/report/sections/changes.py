"""What changed since the snapshot before: by kind, then by person and hour, field by field."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import islice
from typing import Any

from ops.items import Json, reach
from ops.kinds.resource import Resource
from ops.report.cover import Cover
from ops.report.draw import legend, stacked
from ops.report.markup import Child, Html, el, folded, moment, plural, section
from ops.report.sources import Change, Sources
from ops.report.tables import Table, rows_table
from ops.snapshots.compare.side import CHANGED, CREATED, DELETED, UNKNOWN, Difference
from ops.ui.cells import table_cell

TABLE = "all.changes"
COLUMNS = ("change", "kind", "in", "name", "field", "old", "new", "who", "time")
_GROUPS, _IN_GROUP, _KINDS = 30, 25, 12
_LONGEST = 160
_SIGNS = {CREATED: "+", DELETED: "-", CHANGED: "~"}


def changes(sources: Sources, cover: Cover) -> Html:
    """Return the section."""
    if sources.before is None:
        note = "A page compares a snapshot with the complete one before it. There is none yet."
        return section("changes", "Changed", note=note)
    known = [change for change in sources.changes.first if change.difference.change != UNKNOWN]
    unknown = [change for change in sources.changes.first if change.difference.change == UNKNOWN]
    since = ["Compared with the snapshot of ", moment(sources.before.started), "."]
    if not sources.changes.total and not unknown:
        return section("changes", "Changed", el("p", "Nothing changed.", class_="calm"), note=since)
    return section(
        "changes",
        "Changed",
        _bars(sources),
        _groups(sources, known, cover),
        _unknown(unknown),
        note=since,
    )


def _bars(sources: Sources) -> Child:
    by_kind: dict[str, list[int]] = {}
    for (kind, change), count in sources.changes.counts.items():
        if change in _SIGNS:
            by_kind.setdefault(kind, [0, 0, 0])[[CREATED, CHANGED, DELETED].index(change)] += count
    if not by_kind:
        return None
    top = sorted(by_kind.items(), key=lambda pair: (-sum(pair[1]), pair[0]))
    rows = [(kind, counts) for kind, counts in top[:_KINDS]]
    more = f"and {len(top) - _KINDS} more kinds" if top[_KINDS:] else None
    tones = (CREATED, CHANGED, DELETED)
    return [legend(tones, tones), stacked(rows, tones, tones), el("p", more, class_="note") if more else None]


def _groups(sources: Sources, known: Sequence[Change], cover: Cover) -> Child:
    """Return the changes by who made them and in which hour."""
    groups: dict[tuple[str, str], list[Change]] = {}
    for change in known:
        hour = change.author.when[:13] if change.author else ""
        groups.setdefault((change.author.actor if change.author else "", hour), []).append(change)
    ordered = sorted(groups.items(), key=lambda pair: (pair[0][1] == "", pair[0][1]), reverse=True)
    found: list[Child] = []
    for (actor, hour), members in ordered[:_GROUPS]:
        where = sorted({one.difference.scope for one in members if one.difference.scope})
        place = f" in {where[0]}" if len(where) == 1 else f" in {len(where)} places" if where else ""
        when = f"{hour[:10]} {hour[11:13]}:00 UTC" if hour else "between the two snapshots"
        who = cover.text(actor) if actor else "Who is not known"
        title = [el("b", who), f", {when}: {plural(len(members), 'change')}{place}"]
        few = len(members) <= 5 and len(ordered) <= 3
        found.append(folded(title, _items(sources, members, cover), opened=few, class_="group"))
    more = len(known) - sum(len(members) for _, members in ordered[:_GROUPS])
    missing = sources.changes.total - len(known)
    if more + missing > 0:
        found.append(el("p", f"{more + missing:,} more changes are not listed here.", class_="note"))
    return [
        found,
        el("p", el("a", "All changes as a table", href=f"#{TABLE}"), class_="note") if known else None,
    ]


def _items(sources: Sources, members: Sequence[Change], cover: Cover) -> Html:
    lines = [_line(sources.kinds.get(one.difference.kind), one, cover) for one in members[:_IN_GROUP]]
    if len(members) > _IN_GROUP:
        lines.append(el("li", f"and {len(members) - _IN_GROUP:,} more"))
    return el("ul", lines, class_="diff")


def _line(resource: Resource | None, changed: Change, cover: Cover) -> Html:
    difference, author = changed
    change, kind = difference.change, difference.kind
    sign = el("span", _SIGNS[change], class_=f"sign {change}", aria_hidden="true")
    head = [
        sign,
        " ",
        el("b", shown_name(resource, difference, cover)),
        " ",
        el("span", f"{kind} {change}", class_="note"),
    ]
    if difference.scope:
        head.append(el("span", f" in {difference.scope}", class_="note"))
    if author and author.task:
        head.append(el("span", f", {author.task}", class_="note"))
    if cover.redact:
        rows: Iterable[tuple[str, Any, Any]] = ((field, "…", "…") for field, _, _ in difference.fields)
    else:
        rows = difference.fields
    fields = [_field(kind, *row, cover) for row in islice(rows, 12)] if change == CHANGED else []
    return el("li", head, el("dl", fields) if fields else None)


def _field(kind: str, field: str, old: Any, new: Any, cover: Cover) -> Html:
    return el(
        "div",
        el("dt", field or "value"),
        el("dd", el("del", shown(kind, old, cover)), " → ", el("ins", shown(kind, new, cover))),
    )


def shown(kind: str, value: Any, cover: Cover) -> str:
    """Return a value of a field as text, cut if it is long."""
    if value is None:
        return "none"
    written = cover.text(table_cell(cover.item(kind, value)))
    return f"{written[:_LONGEST]}…" if len(written) > _LONGEST else written


def shown_name(resource: Resource | None, difference: Difference, cover: Cover) -> str:
    """Return what an item is called; for outsiders its label alone, because a name may hold contents."""
    name = difference.name
    if cover.redact and resource is not None:
        label = reach(difference.after or difference.before or {}, resource.label)
        name = label if isinstance(label, str) and resource.identity else ""
    return cover.text(name) or f"{difference.kind.partition('.')[2]} of {difference.scope or 'the account'}"


def _unknown(unknown: Sequence[Change]) -> Child:
    """Return what could not be compared: that is unknown, not unchanged."""
    by_kind: dict[str, list[Difference]] = {}
    for one in unknown:
        by_kind.setdefault(one.difference.kind, []).append(one.difference)
    if not by_kind:
        return None
    rows = []
    for kind, found in sorted(by_kind.items()):
        _, old, new = found[0].fields[0]
        why = f": {found[0].reason}" if found[0].reason else ""
        where = f" in {plural(len(found), 'place')}" if len(found) > 1 else ""
        rows.append(el("li", el("b", kind), f"{where}: {old} before, {new} now{why}"))
    title = f"Unknown: {plural(len(by_kind), 'kind')} could not be compared"
    return folded(title, el("ul", rows), class_="group unknown")


def table(sources: Sources, cover: Cover) -> Table | None:
    """Return the changes as a table of the page; None without any."""
    rows: list[Json] = []
    for difference, author in sources.changes.first:
        resource = sources.kinds.get(difference.kind)
        row: Json = {
            "change": difference.change,
            "kind": difference.kind,
            "in": difference.scope,
            "name": shown_name(resource, difference, cover),
            "who": cover.text(author.shown) if author else None,
            "time": author.when if author else None,
        }
        changed = difference.change == CHANGED and not cover.redact
        for field, old, new in difference.fields if changed else (("", None, None),):
            both = (
                {}
                if not changed
                else {"old": shown(difference.kind, old, cover), "new": shown(difference.kind, new, cover)}
            )
            rows.append({**row, "field": field, **both})
    return rows_table(TABLE, COLUMNS, rows) if rows else None
