"""The kinds of Zaraz: the configuration of zones."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ops.errors import OpsError
from ops.kinds.collection import single
from ops.kinds.paging import ANY
from ops.kinds.resource import Applied, Restore, address

if TYPE_CHECKING:
    from ops.http.client import Client
    from ops.items import Json
    from ops.kinds.resource import Owner

KIND = "zaraz.config"
ZARAZ = "/zones/{zone}/settings/zaraz"
CONFIG = f"{ZARAZ}/config"
SENT = (
    "tools", "triggers", "variables", "settings", "dataLayer", "debugKey", "consent", "historyChange",
    "analytics",
)  # fmt: skip
PREVIEW = "preview"


def _write(client: Client, zone: Owner, before: Json, after: Json) -> Json:
    """Replace the configuration. Raises Applied if it has to be published first."""
    body = {name: after[name] for name in SENT if after.get(name) is not None}
    version = before.get("zarazVersion", after.get("zarazVersion"))
    live = client.put(address(CONFIG, zone), json={**body, "zarazVersion": version}) | {"id": KIND}
    try:
        workflow = client.envelope(address(f"{ZARAZ}/workflow", zone)).get("result")
    except OpsError as error:
        raise Applied(live, f"it may have to be published in the dashboard: {error.message}") from error
    if workflow == PREVIEW:
        raise Applied(live, "the configuration of Zaraz is a preview now: publish it in the dashboard")
    return live


def _secret_variables(wanted: Json, live: Json | None, _now: float) -> str:
    """Return which variables would lose their values; "" if none would."""
    variables = [*wanted["variables"].values(), *(live or {"variables": {}})["variables"].values()]
    names = sorted({str(one["name"]) for one in variables if one["type"] == "secret"})
    if not names:
        return ""
    return (
        f"Cloudflare never returns the values of its secret variables ({', '.join(names)}), and a write would"
        " remove them: change it by hand, or delete these variables first and enter their values again later"
    )


CONFIGURATION = single(
    KIND,
    CONFIG,
    "Zone > Zaraz > Read",
    volatile=("zarazVersion",),
    label="zarazVersion",
    absent=ANY,
    # Settings of tools often hold keys of the services that they report to.
    secret=("debugKey", "tools.*.settings.*"),
    restore=Restore(blocked=_secret_variables),
)
assert CONFIGURATION.writes is not None  # noqa: S101 (a single has them)
RESOURCES = (
    CONFIGURATION._replace(
        writes=CONFIGURATION.writes._replace(
            create=lambda client, zone, after: _write(client, zone, {}, after), update=_write
        )
    ),
)
