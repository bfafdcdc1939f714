"""Profiles of WARP clients: the custom ones, the default one, and the three lists of each."""

from __future__ import annotations

import uuid

from ops.sandbox.router import route
from ops.sandbox.store import Json, Store
from ops.sandbox.wire import Answer, Refusal, Request, ok, require

A = "/accounts/{account_id}"
PROFILES, PROFILE = A + "/devices/policies", A + "/devices/policy"
CUSTOM = PROFILE + "/{item:uuid}"
LISTS = ("exclude", "include", "fallback_domains")
DEFAULT: Json = {
    "allow_mode_switch": False,
    "allow_updates": False,
    "allowed_to_leave": True,
    "auto_connect": 0,
    "captive_portal": 180,
    "default": True,
    "disable_auto_fallback": False,
    "enabled": True,
    "exclude": [{"address": "192.0.2.0/24", "description": "Office"}],
    "exclude_office_ips": False,
    "fallback_domains": [{"suffix": "internal"}, {"suffix": "lan"}],
    "gateway_unique_id": "699d98642c564d2e855e9661899b7252",
    "include": [],
    "service_mode_v2": {"mode": "warp"},
    "support_url": "",
    "switch_locked": False,
}


def add(store: Store, account: str, sent: Json, id: str = "") -> Json:
    """Store a custom profile and return it."""
    key = id or str(uuid.uuid4())
    profile = {**DEFAULT, "default": False, "description": "", **sent, "policy_id": key}
    return store.put_document(PROFILES, account, key, profile, sort=profile["name"])


def _live(request: Request, store: Store) -> Json:
    """Return the profile at the path: a custom one, or the default one."""
    if "item" not in request.args:
        return store.get_document(PROFILE, request.account, "only") or DEFAULT
    missing = Refusal(404, 2051, "The device policy was not found.")
    return store.required(PROFILES, request.account, request.args["item"], missing)


def _save(request: Request, store: Store, profile: Json) -> Json:
    if "item" not in request.args:
        return store.put_document(PROFILE, request.account, "only", profile)
    id = request.args["item"]
    return store.put_document(PROFILES, request.account, id, profile, sort=profile["name"])


@route("GET", PROFILES, "devices:read")
def list_profiles(request: Request, store: Store) -> Answer:
    return ok(store.list_documents(PROFILES, request.account))


@route("POST", PROFILE, "devices:edit")
def create_profile(request: Request, store: Store) -> Answer:
    sent = request.object()
    require(sent.get("name") and sent.get("match") and "precedence" in sent)
    held = store.list_documents(PROFILES, request.account)
    if sent["precedence"] in [one.get("precedence") for one in held]:
        raise Refusal(409, 2052, "A profile with this precedence already exists.")
    return ok(add(store, request.account, sent))


@route("GET", PROFILE, "devices:read")
@route("GET", CUSTOM, "devices:read")
def get_profile(request: Request, store: Store) -> Answer:
    return ok(_live(request, store))


@route("PATCH", PROFILE, "devices:edit")
@route("PATCH", CUSTOM, "devices:edit")
def change_profile(request: Request, store: Store) -> Answer:
    return ok(_save(request, store, {**_live(request, store), **request.object()}))


@route("DELETE", CUSTOM, "devices:edit")
def delete_profile(request: Request, store: Store) -> Answer:
    """Delete a profile; answer with the others."""
    store.delete_document(PROFILES, request.account, _live(request, store)["policy_id"])
    return list_profiles(request, store)


def get_list(request: Request, store: Store) -> Answer:
    return ok(_live(request, store).get(request.path.rpartition("/")[2], []))


def put_list(request: Request, store: Store) -> Answer:
    """Replace a list: of a profile one of `exclude` and `include` is empty."""
    sent, name = request.json(), request.path.rpartition("/")[2]
    field = "suffix" if name == "fallback_domains" else "address"
    require(isinstance(sent, list) and all(field in one or "host" in one for one in sent))
    profile = {**_live(request, store), name: sent}
    other = {"exclude": "include", "include": "exclude"}.get(name)
    if other and sent:
        profile[other] = []
    _save(request, store, profile)
    return ok(sent)


for _where in (PROFILE, CUSTOM):
    for _name in LISTS:
        route("GET", f"{_where}/{_name}", "devices:read")(get_list)
        route("PUT", f"{_where}/{_name}", "devices:edit")(put_list)
