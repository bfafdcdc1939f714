"""`snapshots.counts`: how the account grew, by the manifests of the kept snapshots."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from ops.cli.command import command
from ops.commands.snapshots.listing import FROM
from ops.ui.shapes import KEY, MAIN, Column, Rows

if TYPE_CHECKING:
    from ops.cli.app import App
    from ops.items import Json
    from ops.snapshots.manifest import Manifest

GROWTH = (
    Column("kind", KEY), Column("first", MAIN), Column("last", MAIN), Column("change", MAIN),
    Column("growth", MAIN), "snapshots", "unknown",
)  # fmt: skip
_BARS = "▁▂▃▄▅▆▇█"
_HOLE = "·"
_WIDEST = 60


@command(
    "counts",
    help={
        "since": "how far back: a time such as 90d or 52w, or a date",
        "kind": "only these kinds or products, e.g. dns,kv.key; may be repeated",
        "from_": FROM,
    },
)
def count_items(app: App, since: str = "90d", kind: tuple[str, ...] = (), from_: str = "") -> Rows:
    """Show how many items of each kind the kept snapshots hold, from their manifests alone.

    A snapshot that did not read a kind completely is a hole in the line, never a zero. `--output json` has
    the count of each snapshot.

    inv snapshots.counts --since 90d
    inv snapshots.counts --kind dns.record --output json
    """
    from ops.offsite.library import open_library
    from ops.scan.inventory import names
    from ops.snapshots.compare.report import selection

    oldest = _since(app, since)
    entries = [e for e in reversed(open_library(app, from_).all()) if e.started >= oldest]
    manifests = [entry.manifest for entry in entries if entry.manifest is not None]
    if sealed := sum(entry.sealed for entry in entries):
        app.note(f"{sealed} encrypted snapshots are not counted: their manifests need the key")
    rows = growth(manifests, selection(names(kind), ()))
    return Rows(rows, GROWTH, "kind")


def _since(app: App, text: str) -> float:
    """Return the moment that --since names, in seconds since 1970. Raises UsageError."""
    from ops.items import seconds_of
    from ops.snapshots.layout import period

    date = seconds_of(f"{text}T00:00:00Z") if text[:4].isdecimal() and "-" in text else 0.0
    return date or app.clock() - period(text, "--since")


def growth(manifests: list[Manifest], selected: Callable[[str], bool]) -> Iterator[Json]:
    """Yield a row for each kind: its counts in *manifests*, oldest first, None where it is unknown."""
    from ops.snapshots.manifest import CONTENTS, counts

    known = [counts(manifest.sections) for manifest in manifests]
    kinds = sorted({kind for found in known for kind in found})
    for kind in kinds:
        if kind.endswith(CONTENTS) or not selected(kind):
            continue
        points = [found.get(kind) for found in known]
        read = [point for point in points if point is not None]
        series = [
            {"time": manifest.started, "count": point}
            for manifest, point in zip(manifests, points, strict=True)
        ]
        yield {
            "kind": kind,
            "first": read[0],
            "last": read[-1],
            "change": read[-1] - read[0],
            "growth": sparkline(points),
            "snapshots": len(points),
            "unknown": points.count(None),
            "counts": series,
        }


def sparkline(points: list[int | None]) -> str:
    """Return *points* as a line of bars from the least to the greatest; what is unknown is a dot."""
    step = max(1, -(-len(points) // _WIDEST))
    # Of several points in one place the last known one is shown.
    shown = [
        next((p for p in reversed(points[n : n + step]) if p is not None), None)
        for n in range(0, len(points), step)
    ]
    known = [point for point in shown if point is not None]
    least, most = min(known, default=0), max(known, default=0)
    scale = (len(_BARS) - 1) / (most - least) if most > least else 0
    return "".join(_HOLE if p is None else _BARS[int((p - least) * scale)] for p in shown)
