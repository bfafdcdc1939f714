"""Routes to a Worker that does not exist."""

from __future__ import annotations

from ops.checks.model import Check, Found, Subject, ZoneView

ROUTE, SCRIPT = "workers.route", "workers.script"


def _judge(zone: ZoneView) -> Found:
    scripts = {script["id"] for script in zone.account.items(SCRIPT)}
    for route in zone.items(ROUTE):
        # A route without a script turns Workers off for its requests.
        name = str(route.get("script") or "")
        # With service environments, the script of a route is called SERVICE-ENVIRONMENT.
        service = name.removesuffix(f"-{route['environment']}") if route.get("environment") else name
        if name and not {name, service} & scripts:
            yield Subject(ROUTE, route["pattern"], f"names the Worker {name}, which does not exist", route)


CHECK = Check(
    id="route-without-script",
    severity="high",
    title="A route names a Worker that does not exist",
    why="Its requests fail, or go to the origin without what the Worker added: often authentication.",
    needs=(ROUTE, SCRIPT),
    judge=_judge,
    fix="inv workers.route-delete --zone ZONE --id ID, or deploy the Worker again",
    caution="A route without a script is on purpose. Service environments count as their service.",
)
