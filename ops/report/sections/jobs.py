"""The jobs: the last runs, their requests and the budget, latencies by route, and what the newest read."""

from __future__ import annotations

from collections.abc import Sequence

from ops.items import Json, duration, timestamp
from ops.metrics.history import COMPLETE, DIFFERS, PARTIAL, History, outcome
from ops.report.draw import legend, svg
from ops.report.markup import Child, Html, el, folded, plural, section, table
from ops.report.sections.timeline import timeline
from ops.report.sources import Sources

RUNS, ROUTES = 30, 12
WIDTH, HEIGHT, WIDEST = 1080.0, 120.0, 90.0
_EXPORT = "scan.export"
_TONES = {COMPLETE: COMPLETE, DIFFERS: COMPLETE, PARTIAL: PARTIAL}
FAILED, OTHER = "failed", "other"
_MARKS = {PARTIAL: "!", FAILED: "✕", OTHER: "·"}


def jobs(sources: Sources) -> Html | None:
    """Return the section; None if no run of this account is known, and this one has not read anything."""
    exports = [line for line in sources.runs if _EXPORT in line["task"].split(", ")]
    runs = (exports or list(sources.runs))[:RUNS]
    scan = timeline(sources)
    if not runs:
        return (
            section("jobs", "The jobs", scan, note="This is the first run on this machine.") if scan else None
        )
    history = History(runs, stage=runs[0]["stage"])
    routes = list(history.grouped("route"))[:ROUTES]
    of = f"of {_EXPORT}" if exports else "of all tasks"
    return section(
        "jobs",
        "The jobs",
        legend(
            ("complete", "partial", "failed or lost", "locked or stopped"), (COMPLETE, PARTIAL, FAILED, OTHER)
        ),
        _columns(runs),
        _facts(runs),
        folded("Latency by route", _routes(routes), class_="group") if routes else None,
        scan,
        note=f"The last {plural(len(runs), 'run')} {of} on this machine. The height is the time.",
    )


def tone(line: Json) -> str:
    """Return the color of how a run ended."""
    ended = outcome(line)
    if ended in ("locked", "interrupted", "terminated"):
        return OTHER
    return _TONES.get(ended, FAILED)


def _columns(runs: Sequence[Json]) -> Html:
    longest = max((line["seconds"] for line in runs), default=0) or 1
    step = WIDTH / len(runs)
    width = min(step - 4, WIDEST)
    parts = []
    for at, line in enumerate(reversed(runs)):
        high = max(3.0, (HEIGHT - 22) * line["seconds"] / longest)
        x, kind = at * step, tone(line)
        when = timestamp(line["started"])[:16].replace("T", " ")
        said = f"{when}: {outcome(line)}, {duration(line['seconds'])}, {line['requests']:,} requests"
        # What did not end well has a mark as well as a color.
        mark = _MARKS.get(kind, "")
        above = (
            el("text", mark, x=x + step / 2, y=HEIGHT - high - 5, text_anchor="middle", class_="mark-text")
            if mark
            else None
        )
        bar = el(
            "rect",
            x=x + (step - width) / 2,
            y=HEIGHT - high,
            width=width,
            height=high,
            rx=2,
            class_=f"fill-{kind}",
        )
        parts.append(el("g", el("title", said), bar, above))
    first, last = runs[-1], runs[0]
    ends = el(
        "p",
        el("span", timestamp(first["started"])[:10]),
        el("span", f"longest {duration(longest)}"),
        el("span", timestamp(last["started"])[:10]),
        class_="ends",
    )
    return el(
        "div",
        svg(WIDTH, HEIGHT, f"Time and outcome of {plural(len(runs), 'run')}", parts, class_="runs"),
        ends,
    )


def _facts(runs: Sequence[Json]) -> Html:
    """Return the newest run against the median, and what went wrong on the way."""
    newest = runs[0]
    times = sorted(line["seconds"] for line in runs)
    median = times[len(times) // 2]
    budget = newest.get("budget") or {}
    used = (
        f"{100 * budget['used'] / budget['limit']:.0f} % of {budget['limit']:,}"
        if budget.get("limit")
        else "not known"
    )
    total = {name: sum(line[name] for line in runs) for name in ("retries", "limited", "waits", "waited")}
    wasted = "{retries:,} retries, {limited:,} answers with 429, {waits:,} waits of {waited:,.0f} s in all"
    facts = (
        ("Newest run", f"{outcome(newest)}, {duration(newest['seconds'])}; the median is {duration(median)}"),
        ("Requests", f"{newest['requests']:,}; budget in use at the end: {used}"),
        ("In these runs", wasted.format_map(total)),
    )
    return el("dl", [el("div", el("dt", name), el("dd", value)) for name, value in facts], class_="facts")


def _routes(rows: Sequence[Json]) -> Html:
    found: list[list[Child]] = [
        [
            el("code", row["route"]),
            *(_number(row[name]) for name in ("requests", "failed", "p50", "p95", "p99")),
        ]
        for row in rows
    ]
    return table(
        ("Route", "Requests", "Failed", "p50", "p95", "p99"),
        found,
        "Routes with the most requests; the percentiles are in ms",
        "numbers",
    )


def _number(value: float | None) -> str:
    return "unknown" if value is None else f"{value:,.0f}"
