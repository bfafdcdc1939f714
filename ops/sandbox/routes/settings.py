"""Zone settings: read all or one, change one or many."""

from __future__ import annotations

from typing import Any

from ops.sandbox.router import getter, route
from ops.sandbox.settings_table import SETTINGS, editable, fits
from ops.sandbox.store import Json, Store
from ops.sandbox.wire import Answer, Refusal, Request, dumps, invalid_body, ok, ok_list

ALL = "/zones/{zone_id}/settings"
ONE = "/zones/{zone_id}/settings/{setting}"
_PLANS = ("free", "pro", "business", "enterprise")


def _default(id: str, plan: str) -> Json:
    return {"id": id, "value": SETTINGS[id].default, "modified_on": None, "editable": editable(id, plan)}


# The same text for every zone of a plan: a listing joins it with the changed settings of the zone.
_TEXTS = {plan: {id: dumps(_default(id, plan)) for id in SETTINGS} for plan in _PLANS}


def _plan(store: Store, zone_id: str) -> str:
    sql = """SELECT json_extract(body, '$.plan.legacy_id') FROM document
        WHERE kind = 'zone' AND owner = '' AND id = ?"""
    return str(store.value(sql, (zone_id,)))


@route("GET", ALL, "zone:read")
def list_settings(request: Request, store: Store) -> Answer:
    zone_id = request.zone
    changed = dict(
        store.rows("SELECT id, body FROM document WHERE kind = 'setting' AND owner = ?", (zone_id,))
    )
    return ok_list(list({**_TEXTS[_plan(store, zone_id)], **changed}.values()))


@route("PATCH", ONE, "zone:edit")
def patch_setting(request: Request, store: Store) -> Answer:
    return ok(_change(request, store, request.args["setting"], request.object()))


@route("PATCH", ALL, "zone:edit")
def patch_settings(request: Request, store: Store) -> Answer:
    """Accept an array or ``{"items": [...]}``: the sources of the documentation differ."""
    sent = request.json()
    items = sent.get("items") if isinstance(sent, dict) else sent
    if not isinstance(items, list) or not items or not all(isinstance(item, dict) for item in items):
        raise invalid_body()
    return ok([_change(request, store, str(item.get("id")), item) for item in items])


@getter(ONE, "zone:read")
def _setting(request: Request, store: Store, id: str = "") -> Json:
    id = id or request.args["setting"]
    if id not in SETTINGS:
        raise Refusal(404, 1003, f"Undefined zone setting: {id}")
    changed: Json | None = store.get_document("setting", request.zone, id)
    return changed or _default(id, _plan(store, request.zone))


def _change(request: Request, store: Store, id: str, sent: Json) -> Json:
    setting = _setting(request, store, id)
    if not setting["editable"]:
        raise Refusal(400, 1015, f"Not allowed to edit setting for {id}")
    if "value" not in sent or not fits(id, sent["value"]):
        raise Refusal(400, 1007, f"Invalid value for zone setting {id}")
    changed = {**setting, "value": _merged(setting["value"], sent["value"]), "modified_on": store.stamp()}
    if id == "development_mode":
        changed["time_remaining"] = 10800 if sent["value"] == "on" else 0
    store.put_document("setting", request.zone, id, changed)
    return changed


def _merged(old: Any, new: Any) -> Any:
    if isinstance(old, dict) and isinstance(new, dict):
        return {**old, **{name: _merged(old.get(name), value) for name, value in new.items()}}
    return new
