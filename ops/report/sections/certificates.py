"""Certificates on a time line of 120 days, in a lane for each issuer, and the next ten."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from ops.items import Json, timestamp
from ops.report.cover import Cover
from ops.report.draw import label, legend, svg
from ops.report.markup import Child, Html, el, plural, section, table
from ops.report.sources import Look, Sources
from ops.report.tables import Names, is_listed, reference
from ops.snapshots.compare.side import name_of
from ops.snapshots.whole import NotRead

DAY = 86_400.0
DAYS, NEXT, TICKS = 120, 10, 40
WIDTH, LEFT, RIGHT, LANE = 1080, 190, 70, 34
GOOD, DUE, OVER = "good", "due", "over"
_SAID = {
    GOOD: "more than a third of its life is left",
    DUE: "less than a third of its life is left",
    OVER: "ended",
}


class Certificate(NamedTuple):
    """A certificate in use: when its life *began* and *ends*, in seconds since 1970."""

    name: str
    zone: str
    issuer: str
    began: float
    ends: float
    href: str

    def state(self, now: float) -> str:
        """Return how near the end is, by the part of the life that is left."""
        if self.ends <= now:
            return OVER
        return DUE if self.ends - now < (self.ends - self.began) / 3 else GOOD


def certificates(sources: Sources, look: Look, names: Names, cover: Cover) -> Html | None:
    """Return the section; None if the snapshot has no certificates."""
    found = sorted(_certificates(sources, look, names, cover), key=lambda one: one.ends)
    if not found:
        return None
    now = sources.snapshot.started
    due = sum(one.state(now) == DUE for one in found)
    over = sum(one.state(now) == OVER for one in found)
    count = plural(len(found), "certificate")
    note = f"{count} at the time of the snapshot: {over} ended, {due} in the last third of their life."
    return section(
        "certificates",
        "Certificates",
        legend([_SAID[GOOD], _SAID[DUE], _SAID[OVER]], [GOOD, DUE, OVER]),
        _timeline(found, now),
        _next(found, now),
        _unread(sources, look),
        note=note,
    )


def _certificates(sources: Sources, look: Look, names: Names, cover: Cover) -> list[Certificate]:
    found = []
    for resource in sources.kinds.values():
        if not resource.lifetime or not look.selected(resource.kind) or not is_listed(sources, resource.kind):
            continue
        for scope, item in sources.snapshot.items(resource.kind):
            if life := resource.lifetime(item):
                hosts = item.get("hosts") or item.get("hostnames") or ()
                name = cover.text(min(map(str, hosts), key=len, default="") or name_of(resource, item))
                zone = names.of(resource.parent, scope)
                href = reference(resource, names, scope, item)
                found.append(Certificate(name, zone, _issuer(item), *life, href))
    return found


def _issuer(item: Json) -> str:
    return str(item.get("certificate_authority") or item.get("issuer") or "uploaded").replace("_", " ")[:24]


def _x(days: float) -> float:
    return LEFT + (WIDTH - LEFT - RIGHT) * min(max(days, 0.0), DAYS) / DAYS


def _timeline(found: Sequence[Certificate], now: float) -> Html:
    lanes: dict[str, list[Certificate]] = {}
    for one in found:
        lanes.setdefault(one.issuer, []).append(one)
    height = 26 + LANE * len(lanes)
    parts: list[Child] = []
    for days in range(0, DAYS + 1, 30):
        x = _x(days)
        written = "today" if not days else timestamp(now + days * DAY)[:10]
        parts.append(el("line", x1=x, x2=x, y1=18, y2=height, class_="today" if not days else "grid"))
        parts.append(label(x, 12, written, "middle", "axis"))
    for number, (issuer, members) in enumerate(sorted(lanes.items())):
        y = 26 + LANE * number
        parts.append(label(0, y + 18, issuer, class_="lane"))
        inside = [one for one in members if one.ends - now <= DAYS * DAY]
        parts.append(
            _histogram(inside, y, now) if len(inside) > TICKS else [_tick(one, y, now) for one in inside]
        )
        if later := len(members) - len(inside):
            parts.append(label(WIDTH, y + 18, f"+{later:,} later", "end", "axis"))
    title = f"When {plural(len(found), 'certificate')} end in the next {DAYS} days, by issuer"
    drawn = svg(WIDTH, height, title, parts, class_="timeline")
    return el("div", drawn, class_="wide", tabindex=0, role="group", aria_label="Time line, scrolls sideways")


def _tick(one: Certificate, y: float, now: float) -> Html:
    """Return a certificate: a mark where it ends, behind it the last third of its life."""
    state = one.state(now)
    end = (one.ends - now) / DAY
    third = (one.ends - (one.ends - one.began) / 3 - now) / DAY
    x = _x(end)
    # The shapes differ too: a disc, a triangle, a square.
    shape = {
        GOOD: el("circle", cx=x, cy=y + 14, r=5),
        DUE: el("path", d=f"M{x:.1f} {y + 8:.1f}l6.5 11h-13Z"),
        OVER: el("rect", x=x - 5, y=y + 9, width=10, height=10),
    }[state]
    said = f"{one.name}, {one.zone}: {'ended' if state == OVER else 'ends'} on {timestamp(one.ends)[:10]}"
    life = el("line", x1=_x(third), x2=x, y1=y + 14, y2=y + 14, class_="life") if end > 0 else None
    return el("g", el("title", said), life, shape, class_=f"mark {state}")


def _histogram(members: Sequence[Certificate], y: float, now: float) -> list[Html]:
    """Return a bar for each week, because the marks would cover each other."""
    weeks: dict[int, list[Certificate]] = {}
    for one in members:
        weeks.setdefault(max(-1, int((one.ends - now) // (7 * DAY))), []).append(one)
    most = max(map(len, weeks.values()))
    bars = []
    for week, found in sorted(weeks.items()):
        left, right = _x(week * 7), _x(week * 7 + 7)
        x, width = (left - 9, 8.0) if week < 0 else (left + 1, max(2.0, right - left - 2))
        high = max(2.0, (LANE - 8) * len(found) / most)
        worst = max((one.state(now) for one in found), key=(GOOD, DUE, OVER).index)
        title = el(
            "title", f"{plural(len(found), 'certificate')} {'ended' if week < 0 else f'in week {week + 1}'}"
        )
        bar = el("rect", x=x, y=y + LANE - 6 - high, width=width, height=high, rx=1)
        bars.append(el("g", title, bar, class_=f"mark {worst}"))
    return bars


def _next(found: Sequence[Certificate], now: float) -> Html:
    rows = []
    for one in found[:NEXT]:
        days = int((one.ends - now) // DAY)
        left = f"{plural(days, 'day')} left" if one.ends > now else f"ended {plural(-days, 'day')} before"
        mark = el("span", class_=f"key {one.state(now)}", aria_hidden="true")
        rows.append(
            [
                el("a", one.name, href=one.href),
                one.zone,
                [mark, f" {timestamp(one.ends)[:10]}"],
                left,
                one.issuer,
            ]
        )
    return table(("Certificate", "Zone", "Ends", "Left", "Issuer"), rows, f"The next {len(rows)} to end")


def _unread(sources: Sources, look: Look) -> Child:
    """Return the kinds of certificates that are unknown."""
    missing = []
    for resource in sources.kinds.values():
        if resource.lifetime and look.selected(resource.kind):
            try:
                sources.whole.everything(resource.kind)
            except NotRead as gap:
                missing.append(f"{gap.kind} ({gap.status})")
    return (
        el("p", f"Not known, because not all of them were read: {', '.join(missing)}.", class_="note")
        if missing
        else None
    )
