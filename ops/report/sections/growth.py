"""Growth: small curves over the kept snapshots; a hole where a kind was not read completely, never a zero."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from ops.report.draw import polyline, svg
from ops.report.markup import Html, el, plural, section
from ops.report.sources import Look, Sources
from ops.snapshots.manifest import CONTENTS, Manifest, counts
from ops.snapshots.snapshot import seconds
from ops.ui.cells import readable_size

POINTS, KINDS = 90, 8
WIDTH, HEIGHT = 240.0, 56.0
_FIRST = ("zones.zone", "dns.record", "workers.script", "workers.route", "kv.namespace", "kv.key", "ssl.pack")

Point = tuple[float, int | None]


def growth(sources: Sources, look: Look) -> Html | None:
    """Return the section; None with a single snapshot."""
    whole = [one.manifest for one in sources.kept if not one.manifest.options.get("zone")][:POINTS]
    manifests = list(reversed(whole))
    if len(manifests) < 2:
        return None
    known = [counts(manifest.sections) for manifest in manifests]
    times = [seconds(manifest.started) for manifest in manifests]
    curves = [
        _curve(kind, list(zip(times, [found.get(kind) for found in known], strict=True)))
        for kind in _kinds(known[0] | known[-1], look)
    ]
    sizes: list[Point] = list(zip(times, map(_size, manifests), strict=True))
    curves.append(_curve("size of the snapshot", sizes, size=True))
    count = plural(len(manifests), "snapshot")
    since = manifests[0].started[:10]
    note = f"{count} since {since}. A gap is a snapshot that did not read the kind completely."
    return section("growth", "Growth", el("div", curves, class_="curves"), note=note)


def _kinds(held: dict[str, int], look: Look) -> list[str]:
    wanted = [kind for kind in (*_FIRST, *sorted(held, key=lambda kind: -held[kind])) if held.get(kind)]
    return [k for k in dict.fromkeys(wanted) if look.selected(k) and not k.endswith(CONTENTS)][:KINDS]


def _size(manifest: Manifest) -> int | None:
    """Return the bytes of a snapshot, None for a partial one, which is not as large as it would be."""
    return sum(stored.bytes for stored in manifest.files.values()) if manifest.complete else None


def _curve(name: str, points: Sequence[Point], *, size: bool = False) -> Html:
    """Return one curve with its last value and its change."""
    read = [value for _, value in points if value is not None]
    written: Callable[[int], str] = readable_size if size else "{:,}".format
    last = written(read[-1]) if read and points[-1][1] is not None else "unknown"
    change = read[-1] - read[0] if read else 0
    sign = "+" if change > 0 else "-" if change < 0 else "±"
    moved = f"{sign}{written(abs(change))}" if read else ""
    drawn = svg(WIDTH, HEIGHT, f"{name}: {last}, {moved}", _lines(points), class_="curve")
    return el("div", el("p", el("span", name), el("b", last), el("span", moved, class_="note")), drawn)


def _lines(points: Sequence[Point]) -> list[Html]:
    read = [value for _, value in points if value is not None]
    if not read:
        return []
    least, most = min(read), max(read)
    first, last = points[0][0], points[-1][0]
    runs: list[list[tuple[float, float]]] = [[]]
    for time, value in points:
        if value is None:
            runs.append([])
            continue
        x = 4 + (WIDTH - 8) * (time - first) / ((last - first) or 1)
        y = HEIGHT / 2 if most == least else HEIGHT - 6 - (HEIGHT - 12) * (value - least) / (most - least)
        runs[-1].append((x, y))
    drawn = [_run(run) for run in runs if run]
    if points[-1][1] is not None:
        x, y = next(run for run in reversed(runs) if run)[-1]
        drawn.append(el("circle", cx=x, cy=y, r=3, class_="dot"))
    return drawn


def _run(points: Sequence[tuple[float, float]]) -> Html:
    """Return the curve between two gaps, a dot if it is a single point."""
    if len(points) > 1:
        return polyline(points, "line")
    return el("circle", cx=points[0][0], cy=points[0][1], r=1.6, class_="dot")
