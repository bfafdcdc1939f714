"""The `metrics` collection: what the runs on this machine did, and how long that took."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

from ops.cli.command import command
from ops.errors import UsageError, did_you_mean
from ops.typed import in_text
from ops.ui.shapes import KEY, LOW, MAIN, SIZE, STATUS, TIME, Column, Item, Rows

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from ops.cli.app import App
    from ops.items import Json
    from ops.metrics.history import History

RUNS = (
    Column("started", MAIN, TIME), Column("task", MAIN), Column("outcome", MAIN, STATUS),
    Column("seconds", MAIN), Column("bar", LOW), "requests", "waited", "items", "changes", "budget",
    Column("bytes", LOW, SIZE),
    Column("account", LOW), Column("profile", LOW), Column("run", KEY),
)  # fmt: skip
GROUPED = ("runs", "success", "requests", "per_minute", "p50", "p95", "p99", "waited", "cache", "budget")
ROUTES = ("requests", "failed", "success", "p50", "p95", "p99")
WATCHED = (
    "task", Column("outcome", MAIN, STATUS), "seconds", "sections", "known", "items", "requests",
    "budget_left", "left",
)  # fmt: skip
SINCE = "the runs of this period, e.g. 24h, 7d or 4w"
FILES = ("dashboard.json", "cfops.rules.yml", "cfops.rules.test.yml")


@command(
    "show",
    default=True,
    help={
        "since": SINCE,
        "task": "only the runs of this task, e.g. scan.export",
        "by": "a row for each route, task, account, profile, day or hour: latencies in ms, rates in percent",
    },
)
def show_metrics(app: App, since: str = "7d", task: str = "", by: str = "") -> Rows:
    """Show the runs on this machine, or what the requests of a period took.

    inv metrics
    inv metrics --since 30d --task scan.export
    inv metrics --by route
    inv metrics --by day --output csv
    """
    from ops.metrics.history import GROUPS, run_row

    if by and by not in GROUPS:
        hint = f"{did_you_mean(by, GROUPS)} --by takes {', '.join(GROUPS)}".strip()
        raise UsageError(f"metrics cannot be shown by {by!r}", hint=hint)
    history = history_of(app, since, task)
    if history.elsewhere and not history.stage:
        app.note(f"{history.elsewhere} runs on the sandbox are not shown: `inv sandbox metrics`")
    if not by:
        return Rows(_with_bars(app, [run_row(line) for line in history.runs()], "seconds"), RUNS, "run")
    fields = ROUTES if by == "route" else GROUPED
    columns = (Column(by, KEY), *(Column(name, MAIN) for name in fields), Column("bar", LOW))
    return Rows(_with_bars(app, list(history.grouped(by)), "p95"), columns, by)


@command(
    "export",
    required=("to",),
    help={
        "to": "the textfile of Prometheus' node_exporter, e.g. /var/lib/node_exporter/cfops.prom",
        "since": SINCE,
        "max_age": "the greatest age of a fresh snapshot, e.g. 26h or 8d",
    },
)
def export_metrics(app: App, to: str = "", since: str = "24h", max_age: str = "26h") -> Item:
    """Write the metrics of the runs and of the snapshots as a textfile for Prometheus.

    inv metrics.export cfops.prom
    inv metrics.export /var/lib/node_exporter/cfops.prom --quiet
    """
    from ops.metrics import runs, snapshots, textfile
    from ops.snapshots.layout import period
    from ops.snapshots.library import Library, accounts

    age, of_period, all_runs = period(max_age, "--max-age"), history_of(app, since), history_of(app, "1y")
    root, known = app.settings.exports, app.known_account
    ids = [known] if known else accounts(root, lambda error: app.gap(error.message))
    found = [snapshots.status(Library(root, id), age, app.clock()) for id in ids]
    families = textfile.merged(
        [
            *runs.families(all_runs, of_period, app.clock()),
            *(family for one in found for family in snapshots.families(one)),
        ]
    )
    textfile.write(Path(to), families)
    samples = sum(len(family.known) for family in families)
    return Item({"file": to, "metrics": len(families), "samples": samples})


@command("watch", help={"run": "the id of the run, or its beginning, if several are under way"})
def watch_run(app: App, run: str = "") -> Rows | None:
    """Show a run that is under way, once a second until it ends; a line for each change in a pipe.

    inv metrics.watch
    inv metrics.watch --output jsonl
    """
    from ops.metrics.watching import choose, follow

    folder = app.settings.state_dir
    rows = follow(folder, choose(folder, run, app.run.id), app.stop.wait)
    if not app.for_people:
        return Rows(rows, WATCHED, "change", live=True)
    _draw(rows)
    return None


@command("dashboard", required=("to",), help={"to": "the folder to write the files into"})
def write_dashboard(app: App, to: str = "") -> Rows:
    """Write a Grafana dashboard and alert rules for Prometheus, with their tests, into a folder.

    inv metrics.dashboard prometheus
    """
    from importlib.resources import files

    from ops.files import disk

    folder, source = disk.private_folder(Path(to)), files("ops.metrics") / "prometheus"
    for name in FILES:
        with disk.atomic(folder / name, 0o644) as target:
            target.write(in_text((source / name).read_text("utf-8")).encode())
    app.note("to check the rules: `promtool test rules cfops.rules.test.yml`, in that folder")
    return Rows([{"file": str(folder / name)} for name in FILES], noun="file")


def history_of(app: App, since: str, task: str = "") -> History:
    """Return the runs of the period on the stage of this line."""
    from ops.config.settings import SANDBOX
    from ops.metrics.history import History
    from ops.snapshots.layout import period
    from ops.telemetry.ledger import Ledger

    here = SANDBOX if app.settings.api_host == SANDBOX else ""
    lines = Ledger(app.settings.state_dir).lines(app.clock() - period(since, "--since"))
    history = History(lines, stage=here, task=task)
    if history.unread:
        app.warn(f"{history.unread} lines of the history are damaged and are not counted")
    return history


def _with_bars(app: App, rows: list[Json], field: str) -> Iterable[Json]:
    """Return *rows*, in a table with a bar for the value of *field*; other formats have numbers alone."""
    from ops.ui.cells import bar

    if not app.for_people:
        return rows
    most = max((row[field] or 0 for row in rows), default=0)
    return [{**row, "bar": bar(row[field], most)} for row in rows]


def _draw(rows: Iterator[Json]) -> None:
    """Draw one line for each of *rows*, on a terminal in the place of the one before."""
    from ops.items import duration
    from ops.ui.cells import bar
    from ops.ui.output import screen

    for row in rows:
        parts = [f"{row['task']} {row['outcome']}", duration(row["seconds"])]
        if row["known"]:
            parts.append(
                f"{bar(row['sections'], row['known'])} {row['sections']:,} of {row['known']:,} sections"
            )
        parts += [f"{row['items'] or 0:,} items", f"{row['requests']:,} requests"]
        if row["budget_left"] is not None:
            parts.append(f"{row['budget_left']:,} left in the budget")
        if row["left"]:
            parts.append(f"about {duration(row['left'])} left")
        line = ", ".join(parts)
        width = screen(sys.stdout)[0]
        redrawn = sys.stdout.isatty()
        sys.stdout.write(f"\r\x1b[K{line[: width - 1] if width else line}" if redrawn else f"{line}\n")
        sys.stdout.flush()
    if sys.stdout.isatty():
        sys.stdout.write("\n")
