"""The timeline of the newest scan: when each kind was read, and the requests of each route over the time."""

from __future__ import annotations

from collections.abc import Mapping

from ops.items import Json, duration, timestamp
from ops.metrics.history import timeline_of
from ops.report.draw import label, svg
from ops.report.markup import Child, Html, el, folded, plural
from ops.report.sources import Sources
from ops.telemetry.timeline import COLUMNS, Reading, Timeline

WIDTH, ROW = 1080.0, 17
NAMES, ROUTES = 190.0, 330.0
"""How wide the names of kinds and of routes are."""
SHADES = 5
_LONGEST = 48


def timeline(sources: Sources) -> Child:
    """Return both drawings of the newest run that has read anything; None without one."""
    for line in (sources.current, *sources.runs):
        found = timeline_of(line) if line else None
        if line and found and found.kinds:
            return [_waterfall(line, found), _heat_map(line, found)]
    return None


def _waterfall(line: Json, found: Timeline) -> Html:
    """Return a bar for each kind, from when its first section was begun until its last one was read."""
    start = min(one.begin for one in found.kinds.values())
    total = max(one.end for one in found.kinds.values()) - start
    scale = (WIDTH - NAMES - 60) / (total or 1)
    parts: list[Child] = []
    for at, (kind, one) in enumerate(sorted(found.kinds.items(), key=lambda pair: pair[1].begin)):
        x, width = NAMES + (one.begin - start) * scale, max(1.5, (one.end - one.begin) * scale)
        bar = el(
            "rect", x=x, y=at * ROW + 3, width=width, height=10, rx=2,
            class_="fill-failed" if one.short else "fill-differs",
        )  # fmt: skip
        length = label(x + width + 6, at * ROW + 12, _length(one.end - one.begin), class_="axis")
        parts.append(
            el("g", el("title", _said(kind, one)), label(0, at * ROW + 12, kind, class_="axis"), bar, length)
        )
    title = f"When the kinds were read by the run of {_moment(line)}, in {_length(total)}"
    return _folded(title, svg(WIDTH, len(found.kinds) * ROW + 4, title, parts, class_="waterfall"))


def _length(seconds: float) -> str:
    return f"{seconds:.2f} s" if seconds < 10 else duration(seconds)


def _said(kind: str, one: Reading) -> str:
    short = f", {one.short:,} not read whole" if one.short else ""
    return f"{kind}: {plural(one.sections, 'section')} in {_length(one.end - one.begin)}{short}"


def _heat_map(line: Json, found: Timeline) -> Html | None:
    """Return a row for each route, darker where more requests were sent; None if the run was too short."""
    last = max((max(counts) for counts in found.routes.values()), default=0) + 1
    if last == 1:
        return None
    most = max(max(counts.values()) for counts in found.routes.values())
    width = (WIDTH - ROUTES) / max(last, COLUMNS // 3)
    parts: list[Child] = []
    for at, (route, counts) in enumerate(found.routes.items()):
        total, peak = sum(counts.values()), max(counts.values())
        said = el("title", f"{route}: {plural(total, 'request')}, at most {peak:,} in {found.step} s")
        name = route if len(route) <= _LONGEST else f"…{route[1 - _LONGEST :]}"
        parts.append(
            el(
                "g",
                said,
                label(0, at * ROW + 12, name, class_="axis"),
                _cells(counts, at * ROW, width, most),
            )
        )
    parts.append(label(ROUTES, len(found.routes) * ROW + 12, "0 s", class_="axis"))
    end = duration(last * found.step)
    parts.append(label(ROUTES + last * width, len(found.routes) * ROW + 12, end, "end", "axis"))
    title = f"Requests by route and time in the run of {_moment(line)}, at most {most:,} in {found.step} s"
    return _folded(title, svg(WIDTH, len(found.routes) * ROW + 18, title, parts, class_="waterfall"))


def _cells(counts: Mapping[int, int], y: float, width: float, most: int) -> list[Html]:
    """Return the cells of a row, those of one shade as one shape, so that the page has few elements."""
    shapes: dict[int, str] = {}
    for at, count in sorted(counts.items()):
        if count:
            shade = -(-SHADES * count // most)
            cell = (
                f"M{ROUTES + at * width:.1f} {y + 2}h{max(1.0, width - 1):.1f}v13h-{max(1.0, width - 1):.1f}z"
            )
            shapes[shade] = shapes.get(shade, "") + cell
    return [
        el("path", d=shape, class_="fill-differs", fill_opacity=shade / SHADES)
        for shade, shape in shapes.items()
    ]


def _moment(line: Json) -> str:
    return timestamp(line["started"])[:16].replace("T", " ")


def _folded(title: str, drawn: Html) -> Html:
    return folded(
        title, el("div", drawn, class_="wide", tabindex=0, role="group", aria_label=title), class_="group"
    )
