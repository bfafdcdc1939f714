"""Workers that are old, that nothing calls, that log nothing, or that answer on workers.dev too."""

from __future__ import annotations

from ops.checks.model import ACCOUNT, DAY, Check, Found, Subject, View
from ops.checks.workers.bindings import SCRIPT, SETTINGS, unread_settings
from ops.items import Json, reach, seconds_of
from ops.snapshots.usage import users_of
from ops.snapshots.whole import NotRead

SUBDOMAIN = "workers.script_subdomain"
OLD = 730 * DAY


def _judge(view: View) -> Found:
    yield from unread_settings(view)
    for script in view.items(SCRIPT):
        name = script["id"]
        if view.sections.gap(SETTINGS, name) is None:
            for settings in view.sections.items(SETTINGS, name):
                for problem in _settings_problems(settings, view.now):
                    yield Subject(SETTINGS, name, problem, settings, scope=name)
    yield from _callers(view)


def _settings_problems(settings: Json, now: float) -> list[str]:
    date = str(settings.get("compatibility_date") or "")
    since = seconds_of(f"{date}T00:00:00Z")
    found = [f"has the compatibility date {date}"] if since and now - since > OLD else []
    observed = settings.get("logpush") or reach(settings, "observability.enabled")
    if not observed and not settings.get("tail_consumers"):
        found.append("has no logs: neither observability nor Logpush nor a tail Worker")
    return found


def _callers(view: View) -> Found:
    """Yield the Workers that nothing calls, and those that answer on workers.dev besides their routes."""
    try:
        used = users_of(view.sections, SCRIPT)
        subdomains = dict(view.sections.everything(SUBDOMAIN))
    except NotRead as gap:
        yield gap
        return
    for script in view.items(SCRIPT):
        name, public = script["id"], bool(subdomains.get(script["id"], {}).get("enabled"))
        users = used.get(name, [])
        if public and any(user.kind in ("workers.route", "workers.domain") for user in users):
            yield Subject(SCRIPT, name, "answers on workers.dev too, around the rules of its zone", script)
        # A dispatcher calls scripts of its namespace by name, and an e-mail rule calls handlers of mail.
        elif not users and not public and script.get("handlers", ["fetch"]) == ["fetch"]:
            yield Subject(SCRIPT, name, "is called by nothing in this account", script)


CHECK = Check(
    id="worker-hygiene",
    severity="low",
    title="A Worker that is old, unused, without logs, or open on workers.dev",
    why="What nobody calls or watches is code that still runs with its bindings and secrets.",
    needs=(SCRIPT,),
    also=(
        SETTINGS,
        SUBDOMAIN,
        "workers.route",
        "workers.domain",
        "workers.schedule",
        "queues.queue",
        "pages.project",
        "workflows.workflow",
    ),
    judge=_judge,
    fix="inv workers.show SCRIPT shows it",
    judges=ACCOUNT,
    caution="Routes, domains, crons, queues, tail Workers and service bindings call a Worker. An old"
    " compatibility date is stable by design. The last two ideas need a snapshot with --deep.",
    sources=("FlareInspect: WORK-*",),
)
