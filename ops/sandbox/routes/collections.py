"""Products whose items all have the same form: a list at a path, and each item below it.

`COLLECTIONS` and `SINGLES` declare them, a line each; the seed is in seed_collections.py.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from functools import partial
from typing import Any

from ops.sandbox.pages import page_of_items
from ops.sandbox.router import route
from ops.sandbox.store import Json, Store, new_id
from ops.sandbox.wire import Answer, Refusal, Request, ok, require

A, Z = "/accounts/{account_id}", "/zones/{zone_id}"
ON = ("created_on", "modified_on")
AT = ("created_at", "updated_at")


@dataclass(frozen=True)
class Collection:
    """Items at *path*, stored as documents of *kind* (the path if it has none).

    *key* is the field of the id, *ids* its form: "hex", "uuid", "number", or the name of the field that has
    it. *required* must be sent. *methods* change an item. *page* are the least, the default and the largest
    size of a page; without it a list is one answer. *stamps* are the times of creation and change. *defaults*
    are added to a new item. *unique* may not be sent twice. *listed*: the list is registered here too.
    *shows_deleted*: a deletion answers the item, not an empty list.
    An item is not deleted while a document of the kind *used_in* has its id.
    Fields that are *inside* only one item that is read has, not lists and answers to writes.
    """

    path: str
    scope: str
    required: tuple[str, ...] = ("name",)
    key: str = "id"
    ids: str = "hex"
    methods: tuple[str, ...] = ("PUT",)
    page: tuple[int, int, int] | None = None
    stamps: tuple[str, ...] = ON
    defaults: Json | None = None
    unique: str = "name"
    kind: str = ""
    listed: bool = True
    readable: bool = True
    shows_deleted: bool = True
    used_in: str = ""
    inside: tuple[str, ...] = ()

    @property
    def document(self) -> str:
        return self.kind or self.path


@dataclass(frozen=True)
class Only:
    """The only item at *path*: its value before the first change, and the *method* that changes it."""

    path: str
    scope: str
    default: Json
    method: str = "PUT"
    deletable: bool = False


def add(
    store: Store, collection: Collection, owner: str, sent: Json, *, id: str = "", stamp: str = ""
) -> Json:
    """Store a new item and return it."""
    key: Any = id or new_id()
    if collection.ids == "uuid":
        key = str(uuid.UUID(hex=key))
    elif collection.ids == "number":
        key = int(key[:5], 16)
    elif collection.ids != "hex":
        key = sent[collection.ids]
    stamps = dict.fromkeys(collection.stamps, stamp or store.stamp())
    item = {collection.key: key, **(collection.defaults or {}), **sent, **stamps}
    store.put_document(collection.document, owner, str(key), item, sort=str(sent.get("name", key)))
    return item


def owner_of(request: Request) -> str:
    """Return the owner of the items at the path of *request*: the zone or account, and what is below it."""
    names = [name for name in request.args if name != "item"]
    return "/".join(request.args[name] for name in names)


def _register(one: Collection) -> None:
    read, edit, where = f"{one.scope}:read", f"{one.scope}:edit", one.path + "/{item}"
    if one.listed:
        route("GET", one.path, read)(partial(_list, one))
    if one.required:
        route("POST", one.path, edit)(partial(_create, one))
    if one.readable:
        route("GET", where, read)(lambda request, store: ok(_find(one, request, store)))
    for method in one.methods:
        route(method, where, edit)(partial(_change, one))
    if one.required:
        route("DELETE", where, edit)(partial(_delete, one))


def _list(one: Collection, request: Request, store: Store) -> Answer:
    items = [_head(one, item) for item in store.list_documents(one.document, owner_of(request))]
    if request.query.get("is_deleted") == "false":
        items = [item for item in items if not item.get("deleted_at")]
    if one.page is None:
        return ok(items)
    least, default, most = one.page
    return page_of_items(request, items, minimum=least, default=default, maximum=most)


def _head(one: Collection, item: Json) -> Json:
    return {name: value for name, value in item.items() if name not in one.inside}


def _find(one: Collection, request: Request, store: Store) -> Json:
    missing = Refusal(404, 1002, "The requested item was not found.")
    return store.required(one.document, owner_of(request), request.args["item"], missing)


def _create(one: Collection, request: Request, store: Store) -> Answer:
    sent, owner = request.object(), owner_of(request)
    require(all(sent.get(name) not in (None, "") for name in one.required))
    if one.unique in sent:
        taken = (item.get(one.unique) for item in store.list_documents(one.document, owner))
        if sent[one.unique] in taken:
            raise Refusal(409, 1009, f"An item with this {one.unique} already exists.")
    return ok(_head(one, add(store, one, owner, sent)))


def _change(one: Collection, request: Request, store: Store) -> Answer:
    """PUT replaces what was sent before, PATCH changes the fields that are sent."""
    found, sent = _find(one, request, store), request.object()
    if request.method == "PUT":
        require(all(sent.get(name) not in (None, "") for name in one.required))
        kept = {name: found[name] for name in (one.key, *one.stamps, *(one.defaults or {})) if name in found}
        item = {**kept, **sent}
    else:
        item = {**found, **sent}
    item |= dict.fromkeys(one.stamps[1:], store.stamp())
    sort = str(item.get("name", item[one.key]))
    store.put_document(one.document, owner_of(request), str(found[one.key]), item, sort=sort)
    return ok(_head(one, item))


def _delete(one: Collection, request: Request, store: Store) -> Answer:
    found, owner = _find(one, request, store), owner_of(request)
    using = "SELECT 1 FROM document WHERE kind = ? AND instr(body, ?)"
    if one.used_in and store.one(using, (one.used_in, found[one.key])):
        raise Refusal(400, 1049, "The item is in use, and cannot be deleted.")
    id = str(found[one.key])
    store.delete_document(one.document, owner, id)
    store.run("DELETE FROM document WHERE kind LIKE ? AND owner = ?", (f"{one.path}/%", f"{owner}/{id}"))
    return ok(found if one.shows_deleted else [])


def _register_only(one: Only) -> None:
    def find(request: Request, store: Store) -> Json:
        found: Json | None = store.get_document(one.path, owner_of(request), "only")
        if found is None and one.deletable:
            raise Refusal(404, 1002, "It was never set.")
        return found or one.default

    def change(request: Request, store: Store) -> Answer:
        found = store.get_document(one.path, owner_of(request), "only") or one.default
        item = {**found, **request.object()}
        return ok(store.put_document(one.path, owner_of(request), "only", item))

    def delete(request: Request, store: Store) -> Answer:
        find(request, store)
        store.delete_document(one.path, owner_of(request), "only")
        return ok({})

    route("GET", one.path, f"{one.scope}:read")(lambda request, store: ok(find(request, store)))
    if one.method:
        route(one.method, one.path, f"{one.scope}:edit")(change)
    if one.deletable:
        route("DELETE", one.path, f"{one.scope}:edit")(delete)


_TEN = (1, 20, 1000)
_RULE: Json = {"allowed_modes": ["block", "challenge", "js_challenge", "managed_challenge", "whitelist"]}
_POLICIES = (5, 1000, 1000)
# What Cloudflare reads in a certificate: that of the seed.
_IN_CERTIFICATE: Json = {
    "issuer": "O=Example",
    "serial_number": "235217144297995885180570755458463043449861756659",
    "signature": "SHA256",
    "expires_on": "2034-01-15T09:00:00Z",
}
COLLECTIONS = (
    Collection(A + "/rules/lists", "lists", ("name", "kind"), defaults={"num_items": 0}),
    Collection(A + "/email/routing/addresses", "email", ("email",), methods=(), page=(5, 20, 50),
               stamps=("created", "modified"), unique="email"),
    Collection(A + "/access/groups", "access", ("name", "include"), ids="uuid", page=_POLICIES, stamps=AT),
    Collection(A + "/access/policies", "access", ("name", "decision", "include"), ids="uuid",
               page=_POLICIES, stamps=AT, unique=""),
    Collection(A + "/access/apps", "access", ("type",), ids="uuid", page=_POLICIES, stamps=AT, unique="",
               defaults={"aud": "737646a56ab1df6ec9bddc7e5ca84eaf3b0768850f3ffb5d74f1534911fe3893"}),
    Collection(A + "/access/service_tokens", "access", (), ids="uuid", page=_POLICIES, stamps=AT, methods=()),
    Collection(A + "/access/identity_providers", "access", ("name", "type", "config"), ids="uuid",
               page=_POLICIES, stamps=(), unique=""),
    Collection(A + "/access/tags", "access", key="name", ids="name", stamps=AT),
    Collection(A + "/access/custom_pages", "access", ("name", "type", "custom_html"), key="uid", ids="uuid",
               page=_POLICIES, stamps=AT, inside=("custom_html",)),
    Collection(A + "/access/certificates", "access", (), ids="uuid", page=_POLICIES, stamps=AT,
               defaults={"fingerprint": "", "expires_on": "2034-01-15T09:00:00Z"}),
    Collection(A + "/cfd_tunnel", "tunnels", ids="uuid", page=(1, 1000, 1000), stamps=("created_at",),
               methods=("PATCH",), defaults={"status": "inactive", "connections": [], "deleted_at": None}),
    Collection(A + "/teamnet/virtual_networks", "tunnels", ids="uuid", stamps=("created_at",),
               methods=("PATCH",), defaults={"comment": "", "is_default_network": False},
               used_in=A + "/teamnet/routes"),
    Collection(A + "/gateway/lists", "gateway", ("name", "type"), ids="uuid", stamps=AT,
               defaults={"count": 0}, methods=("PUT",)),
    Collection(A + "/gateway/locations", "gateway", ids="uuid", stamps=AT,
               defaults={"doh_subdomain": "oli3n9zkz5"}),
    Collection(A + "/gateway/rules", "gateway", ("name", "action"), ids="uuid", stamps=AT, unique=""),
    Collection(A + "/devices/posture", "devices", ("name", "type"), ids="uuid", stamps=()),
    Collection(A + "/challenges/widgets", "turnstile", ("name", "mode", "domains"), key="sitekey",
               page=(5, 25, 1000), unique="", readable=False),
    Collection(A + "/logpush/jobs", "logpush", ("destination_conf",), ids="number", stamps=(), unique=""),
    Collection(Z + "/logpush/jobs", "logpush", ("destination_conf",), ids="number", stamps=(), unique=""),
    Collection(A + "/alerting/v3/destinations/webhooks", "notifications", ("name", "url"),
               stamps=("created_at",), defaults={"type": "generic"}),
    Collection(A + "/alerting/v3/policies", "notifications", ("name", "alert_type", "mechanisms"),
               stamps=("created", "modified")),
    Collection(A + "/firewall/access_rules/rules", "access_rules", ("mode", "configuration"), page=_TEN,
               methods=("PATCH",), unique="configuration", defaults=_RULE),
    Collection(Z + "/firewall/access_rules/rules", "access_rules", ("mode", "configuration"), page=_TEN,
               methods=("PATCH",), unique="configuration", defaults=_RULE),
    Collection(Z + "/firewall/lockdowns", "firewall", ("urls", "configurations"), page=(1, 25, 1000)),
    Collection(Z + "/firewall/ua_rules", "firewall", ("mode", "configuration"), page=_TEN, stamps=()),
    Collection(Z + "/healthchecks", "healthchecks", ("name", "address"), page=(5, 25, 1000),
               defaults={"status": "healthy", "failure_reason": ""}),
    Collection(Z + "/spectrum/apps", "spectrum", ("protocol", "dns"), page=(1, 20, 100), unique=""),
    Collection(Z + "/page_shield/policies", "page_shield",
               ("value", "description", "expression", "action"), stamps=(), unique="", page=(1, 20, 100)),
    Collection(Z + "/waiting_rooms", "waiting_rooms",
               ("name", "host", "new_users_per_minute", "total_active_users"), page=(5, 25, 1000)),
    Collection(A + "/hyperdrive/configs", "hyperdrive", ("name", "origin"), methods=("PUT", "PATCH")),
    Collection(A + "/vectorize/v2/indexes", "vectorize", ("name", "config"), key="name", ids="name",
               methods=()),
    Collection(A + "/secrets_store/stores", "secrets", (), page=(5, 20, 100), methods=(),
               stamps=("created", "modified")),
    Collection(A + "/secrets_store/stores/{store}/secrets", "secrets", (), page=(5, 20, 100), methods=(),
               stamps=("created", "modified")),
    Collection(A + "/mtls_certificates", "mtls", ("ca", "certificates"), stamps=("uploaded_on",), methods=(),
               unique="", defaults=_IN_CERTIFICATE),
    Collection(A + "/zerotrust/routes/hostname", "tunnels", ("hostname", "tunnel_id"), ids="uuid",
               page=(1, 100, 1000), stamps=("created_at",), methods=("PATCH",), unique="hostname",
               defaults={"comment": ""}),
    Collection(A + "/load_balancers/monitor_groups", "lb", ("description", "members"), unique=""),
    Collection(Z + "/leaked-credential-checks/detections", "firewall", ("username", "password"), stamps=(),
               unique=""),
    Collection(A + "/registrar/domains", "registrar", (), stamps=AT, key="name", ids="name"),
    Collection(A + "/members", "account", (), page=(5, 15, 50), stamps=(), methods=()),
    Collection(A + "/roles", "account", (), page=(5, 20, 50), stamps=(), methods=()),
    Collection(A + "/subscriptions", "billing", (), stamps=(), methods=(), readable=False),
    Collection(A + "/custom_pages", "error_pages", (), ids="id", methods=("PUT",)),
    Collection(Z + "/custom_pages", "error_pages", (), ids="id", methods=("PUT",)),
    Collection(Z + "/client_certificates", "ssl", (), page=(5, 20, 50), stamps=(), methods=()),
    Collection(A + "/dns_firewall", "dns", page=(1, 20, 100), methods=("PATCH",), stamps=("modified_on",),
               defaults={"dns_firewall_ips": ["203.0.113.1"]}),
    *(Collection(f"{A}/secondary_dns/{part}", "dns", stamps=()) for part in ("acls", "peers", "tsigs")),
    Collection(Z + "/load_balancers", "lb", ("name", "default_pools", "fallback_pool"),
               kind="load_balancer", listed=False),
    Collection(A + "/load_balancers/monitors", "lb", ("type",), kind="lb.monitor", listed=False, unique=""),
    Collection(A + "/load_balancers/pools", "lb", ("name", "origins"), kind="lb.pool", listed=False),
    Collection(Z + "/pagerules", "pagerules", ("targets", "actions"), kind="page_rule", listed=False),
    Collection(Z + "/custom_hostnames", "ssl", ("hostname",), methods=("PATCH",), kind="custom_hostname",
               listed=False, unique="hostname", stamps=("created_at",), defaults={"status": "pending"}),
    Collection(A + "/ai-gateway/gateways", "ai_gateway", ("id", "cache_ttl"), ids="id", page=(5, 20, 100),
               stamps=("created_at", "modified_at"), unique="id"),
    Collection(A + "/event_subscriptions/subscriptions", "queues",
               ("name", "source", "destination", "events"), page=(1, 20, 100), methods=("PATCH",),
               stamps=("created_at", "modified_at")),
    Collection(A + "/dns_settings/views", "dns", ("name", "zones"), page=(1, 20, 100), methods=("PATCH",),
               stamps=("created_time", "modified_time")),
    Collection(A + "/custom_ns", "account", ("ns_name",), key="ns_name", ids="ns_name", methods=(),
               stamps=(), unique="ns_name", readable=False, shows_deleted=False,
               defaults={"status": "pending", "dns_records": [{"type": "A", "value": "192.0.2.9"}],
                         "zone_tag": "023e105f4ecef8ad9ca31a8372d0c353"}),
    Collection(Z + "/origin_tls_client_auth", "ssl", (), stamps=("uploaded_on",), methods=()),
    Collection(Z + "/origin_tls_client_auth/hostnames/certificates", "ssl", (), stamps=(), methods=()),
    Collection(Z + "/waiting_rooms/{room}/events", "waiting_rooms",
               ("name", "event_start_time", "event_end_time"), page=(5, 25, 1000), methods=("PUT", "PATCH")),
    Collection(A + "/pages/projects", "pages", ("name",), key="name", ids="name", kind="pages.project",
               methods=("PATCH",), listed=False, stamps=("created_on",)),
    Collection(A + "/pages/projects/{project}/domains", "pages", key="name", ids="name", page=(1, 20, 100),
               methods=(), stamps=("created_on",), defaults={"status": "active"}),
)  # fmt: skip
_PAGE_SHIELD: Json = {
    "enabled": False,
    "use_cloudflare_reporting_endpoint": True,
    "use_connection_url_path": False,
    "updated_at": "2025-01-01T00:00:00Z",
    "updated_by": "",
}
EMAIL_ROUTING: Json = {
    "id": "75610dab9e69410a82cf7e400a09ecec",
    "enabled": True,
    "name": "example.com",
    "skip_wizard": True,
}
_ZARAZ: Json = {
    "tools": {},
    "triggers": {},
    "variables": {},
    "dataLayer": True,
    "debugKey": "f3a8",
    "zarazVersion": 1,
    "settings": {"autoInjectScript": True},
}
SINGLES = (
    Only(A + "/access/organizations", "access",
         {"name": "Example", "auth_domain": "example.cloudflareaccess.com"}),
    Only(A + "/gateway/configuration", "gateway", {"settings": {"activity_log": {"enabled": True}}}),
    Only(A + "/gateway/logging", "gateway", {"redact_pii": True}),
    Only(A + "/workers/account-settings", "workers",
         {"default_usage_model": "standard", "green_compute": False}),
    Only(Z + "/leaked-credential-checks", "firewall", {"enabled": False}, "POST"),
    Only(A + "/dns_settings", "dns", {"zone_defaults": {"flatten_all_cnames": False}}, "PATCH"),
    Only(A + "/cfd_tunnel/{tunnel}/configurations", "tunnels", {"config": None, "version": 0}),
    Only(Z + "/email/routing", "email",
         EMAIL_ROUTING, "PATCH"),
    Only(Z + "/managed_headers", "transforms",
         {"managed_request_headers": [{"id": "add_true_client_ip_headers", "enabled": False}],
          "managed_response_headers": [{"id": "add_security_headers", "enabled": False}]}, "PATCH"),
    Only(Z + "/url_normalization", "transforms", {"type": "cloudflare", "scope": "incoming"}),
    Only(Z + "/page_shield", "page_shield", _PAGE_SHIELD),
    Only(Z + "/bot_management", "bots", {"enable_js": False, "fight_mode": False}),
    Only(Z + "/argo/smart_routing", "zone",
         {"id": "smart_routing", "value": "off", "editable": True}, "PATCH"),
    Only(Z + "/settings/zaraz/config", "zaraz", _ZARAZ),
    Only(Z + "/custom_hostnames/fallback_origin", "ssl", {"status": "active"}, deletable=True),
    Only(Z + "/certificate_authorities/hostname_associations", "ssl", {"hostnames": []}),
    Only(Z + "/origin_tls_client_auth/settings", "ssl", {"enabled": False}),
    Only(Z + "/waiting_rooms/settings", "waiting_rooms", {"search_engine_crawler_bypass": False}),
    Only(Z + "/acm/total_tls", "ssl", {"enabled": False}, "POST"),
)  # fmt: skip

for _one in COLLECTIONS:
    _register(_one)
for _single in SINGLES:
    _register_only(_single)
