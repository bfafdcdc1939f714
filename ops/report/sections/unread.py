"""What was not read, and how the page was made."""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import sha256

from ops.items import seconds_of
from ops.report.cover import COUNTED, Cover
from ops.report.markup import Child, Html, el, folded, moment, plural, section, table
from ops.report.sources import Look, Sources
from ops.snapshots.layout import MANIFEST
from ops.snapshots.manifest import COMPLETE, STATUSES, WHOLE, Section
from ops.snapshots.snapshot import open_file
from ops.version import VERSION

_SHOWN, _NAMED = 60, 3


def unread(sources: Sources, look: Look, cover: Cover) -> Html:
    """Return the section."""
    missing = [one for one in sources.manifest.sections if one.status != COMPLETE and look.selected(one.kind)]
    lost = [one for one in missing if one.status not in WHOLE]
    skipped = [one for one in missing if one.status in WHOLE]
    earlier = ", a part of it earlier" if sources.manifest.carried else ""
    return section(
        "unread",
        "What was not read",
        _table(lost, cover, "Not read completely")
        if lost
        else el("p", f"Everything that was asked for was read{earlier}.", class_="calm"),
        _skipped(skipped, cover) if skipped else None,
        _carried(sources, look),
        _made(sources, look),
    )


def _table(sections: list[Section], cover: Cover, caption: str) -> Child:
    """Return a row for each kind, status and reason."""
    groups: dict[tuple[int, str, str, str], int] = {}
    for one in sections:
        key = (-STATUSES.index(one.status), one.kind, one.status, one.reason)
        groups[key] = groups.get(key, 0) + 1
    rows = [
        [el("b", kind), status, cover.text(reason), plural(count, "section")]
        for (_, kind, status, reason), count in sorted(groups.items())
    ]
    more = el("p", f"and {len(rows) - _SHOWN} more", class_="note") if len(rows) > _SHOWN else None
    return [table(("Kind", "Status", "Reason", "Sections"), rows[:_SHOWN], caption), more]


def _skipped(sections: list[Section], cover: Cover) -> Html:
    """Return the kinds with each reason for which they were not read."""
    reasons: dict[tuple[str, str], set[str]] = {}
    for one in sections:
        reasons.setdefault((one.status, one.reason), set()).add(one.kind)
    rows = [
        el(
            "li",
            el("b", cover.text(reason) or status),
            f": {plural(len(kinds), 'kind')}. ",
            ", ".join(sorted(kinds)),
        )
        for (status, reason), kinds in sorted(reasons.items(), key=lambda pair: (-len(pair[1]), pair[0]))
    ]
    more = el("p", f"and {len(rows) - _SHOWN} more", class_="note") if len(rows) > _SHOWN else None
    title = f"Not asked for, or deleted meanwhile: {plural(len({one.kind for one in sections}), 'kind')}"
    return folded(title, el("ul", rows[:_SHOWN], class_="subjects"), more, class_="group")


def _carried(sources: Sources, look: Look) -> Child:
    """Return what was not read again but carried over from earlier snapshots, the oldest first."""
    origins: dict[tuple[str, str], list[str]] = {}
    for one in sources.manifest.sections:
        if one.carried_from and look.selected(one.kind):
            origins.setdefault((one.read_at, one.carried_from), []).append(one.kind)
    if not origins:
        return None
    count = sum(map(len, origins.values()))
    rows = [
        [el("b", name), moment(seconds_of(read)), named(sorted(set(kinds))), plural(len(kinds), "section")]
        for (read, name), kinds in sorted(origins.items())
    ]
    more = el("p", f"and {len(rows) - _SHOWN} more", class_="note") if len(rows) > _SHOWN else None
    caption = f"Not read again, because nothing says that it changed: {plural(count, 'section')}"
    heads = ("Snapshot", "Read", "Kinds", "Sections")
    return folded(
        caption, table(heads, rows[:_SHOWN], "Carried over, the oldest first"), more, class_="group"
    )


def named(names: Sequence[str]) -> str:
    """Return the first few of *names*, and how many more there are."""
    more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
    return ", ".join(names[:_NAMED]) + more


def _made(sources: Sources, look: Look) -> Html:
    """Return what somebody needs who wants to make the page again, or to check it."""
    manifest = sources.manifest
    try:
        with open_file(sources.snapshot.path / MANIFEST) as file:
            digest = sha256(file.read()).hexdigest()
    except OSError:
        digest = "not known"
    counted = ", ".join(sorted(COUNTED & sources.kinds.keys()))
    facts = (
        ("Snapshot", sources.snapshot.name),
        ("Read by", manifest.tool),
        ("Read", [moment(sources.snapshot.started), f", {manifest.requests:,} requests"]),
        ("SHA-256 of its manifest", el("span", digest, class_="mono")),
        (
            "This page",
            [f"cfops {VERSION}, ", moment(sources.now), f", {look.options}" if look.options else ""],
        ),
        (
            "Left out",
            f"{counted}: counts only. Contents of Workers, and values. Of secrets a fingerprint is shown.",
        ),
    )
    return el("dl", [el("div", el("dt", name), el("dd", value)) for name, value in facts], class_="facts")
