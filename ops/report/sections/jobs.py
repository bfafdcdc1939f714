"""The jobs: the last runs, their requests and the budget, latencies by route, and what the newest read."""

from __future__ import annotations

from collections.abc import Sequence

from ops.items import Json, duration, timestamp
from ops.metrics.history import COMPLETE, DIFFERS, PARTIAL, History, outcome
from ops.report.draw import legend, svg
from ops.report.markup import Child, Html, el, folded, plural, section, table
from ops.report.sources import Sources
from ops.telemetry.record import SectionSpan

RUNS, ROUTES, ROWS = 30, 12, 45
WIDTH, HEIGHT = 1080.0, 120.0
_EXPORT = "scan.export"
_TONES = {COMPLETE: COMPLETE, DIFFERS: COMPLETE, PARTIAL: PARTIAL}
FAILED, OTHER = "failed", "other"
_MARKS = {PARTIAL: "!", FAILED: "✕", OTHER: "·"}


def jobs(sources: Sources) -> Html | None:
    """Return the section; None if no run of this account is known."""
    exports = [line for line in sources.runs if _EXPORT in line["task"].split(", ")]
    runs = (exports or list(sources.runs))[:RUNS]
    if not runs:
        return None
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
        _waterfall(sources.spans),
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
    step = WIDTH / max(len(runs), 12)
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
        bar = el("rect", x=x + 2, y=HEIGHT - high, width=step - 4, height=high, rx=2, class_=f"fill-{kind}")
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
        ("Route", "Requests", "Failed", "p50 ms", "p95 ms", "p99 ms"),
        found,
        "Routes with the most requests",
        "numbers",
    )


def _number(value: float | None) -> str:
    return "unknown" if value is None else f"{value:,.0f}"


def _waterfall(spans: Sequence[SectionSpan]) -> Child:
    """Return when each kind was read by the run that made the snapshot, the longest first read on top."""
    by_kind: dict[str, list[SectionSpan]] = {}
    for span in spans:
        by_kind.setdefault(span.name, []).append(span)
    if not by_kind:
        return None
    start, end = min(span.started for span in spans), max(span.ended for span in spans)
    longest = sorted(by_kind.items(), key=lambda pair: -sum(span.ended - span.started for span in pair[1]))[
        :ROWS
    ]
    scale = (WIDTH - 260) / ((end - start) or 1)
    parts: list[Child] = []
    for at, (kind, found) in enumerate(
        sorted(longest, key=lambda pair: min(span.started for span in pair[1]))
    ):
        y = at * 17
        parts.append(el("text", kind, x=0, y=y + 12, class_="axis"))
        first, last = min(span.started for span in found), max(span.ended for span in found)
        bad = any(span.status not in ("complete", "skipped", "gone") for span in found)
        said = f"{kind}: {plural(len(found), 'section')}, {last - first:.2f} s"
        bar = el(
            "rect",
            x=250 + (first - start) * scale,
            y=y + 3,
            width=max(1.5, (last - first) * scale),
            height=10,
            rx=2,
            class_="fill-failed" if bad else "fill-differs",
        )
        parts.append(el("g", el("title", said), bar))
    title = f"When the kinds were read, in {end - start:.1f} s"
    drawn = svg(WIDTH, len(longest) * 17 + 4, title, parts, class_="waterfall")
    return folded(
        title, el("div", drawn, class_="wide", tabindex=0, role="group", aria_label=title), class_="group"
    )
