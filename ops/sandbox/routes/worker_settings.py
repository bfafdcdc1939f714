"""Workers: settings and bindings, secrets, cron triggers and workers.dev of one script."""

from __future__ import annotations

import re
from typing import Any

from ops.sandbox.router import route
from ops.sandbox.routes.worker_bindings import SECRETS, changed_secrets, check_targets, public, resolve
from ops.sandbox.routes.worker_code import check_date, read_json
from ops.sandbox.routes.worker_deployments import release_settings
from ops.sandbox.routes.worker_state import SCRIPT, save, worker_of
from ops.sandbox.store import Json, Store
from ops.sandbox.wire import Answer, Refusal, Request, invalid_body, ok

_MONTHS = ("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC")
_WEEKDAYS = ("SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT")
# Each field of a cron trigger: least and greatest number, names in the order of the numbers, and the forms
# with L, W and # (docs:workers/configuration/cron-triggers). The week begins with Sunday, which is 1.
_CRON_FIELDS: tuple[tuple[int, int, tuple[str, ...], str], ...] = (
    (0, 59, (), ""),
    (0, 23, (), ""),
    (1, 31, (), r"L|LW|L-([1-9]|[12]\d|30)|([1-9]|[12]\d|3[01])W"),
    (1, 12, _MONTHS, ""),
    (1, 7, _WEEKDAYS, r"L|([1-7]|SUN|MON|TUE|WED|THU|FRI|SAT)(L|#[1-5])"),
)
_NO_SETTINGS = ("migrations", "annotations")


@route("GET", SCRIPT + "/settings", scope="workers:read")
def get_settings(request: Request, store: Store) -> Answer:
    return ok(_settings(worker_of(request, store)))


@route("PATCH", SCRIPT + "/settings", scope="workers:edit")
def edit_settings(request: Request, store: Store) -> Answer:
    """Change the settings in the part `settings`; bindings, if present, are replaced as a whole.

    A binding that only repeats the name and type of an existing one keeps it, so secrets survive.
    """
    with store.transaction():
        worker = worker_of(request, store)
        changes = _sent(request)
        if "bindings" in changes:
            old = worker["settings"]["bindings"]
            bindings = resolve(_inheriting(changes["bindings"], old), old)
            changes["bindings"] = check_targets(store, request.account, worker["id"], bindings)
        if "compatibility_date" in changes:
            check_date(changes["compatibility_date"], store)
        worker["settings"] |= {name: value for name, value in changes.items() if name not in _NO_SETTINGS}
        release_settings(store, request.account, worker, 10214, "settings")
    return ok(_settings(worker))


def _settings(worker: Json) -> Json:
    settings = {**worker["settings"], "bindings": [public(one) for one in worker["settings"]["bindings"]]}
    tag = worker.get("migration_tag")
    if not settings["placement"]:
        del settings["placement"]
    return {**settings, **({"migration_tag": tag} if tag else {})}


def _sent(request: Request) -> Json:
    if request.headers.get("content-type").startswith("application/json"):
        return request.object()
    for part in request.form():
        if part.name == "settings":
            return read_json(part)
    raise invalid_body()


def _inheriting(sent: Any, old: list[Json]) -> Any:
    """Return the bindings with `inherit` for each that has only a known name and type."""
    known = [{"name": one["name"], "type": one["type"]} for one in old]
    if not isinstance(sent, list):
        return sent
    return [{**one, "type": "inherit"} if one in known else one for one in sent]


@route("GET", SCRIPT + "/script-settings", scope="workers:read")
def get_script_settings(request: Request, store: Store) -> Answer:
    return ok(_script_settings(worker_of(request, store)))


@route("PATCH", SCRIPT + "/script-settings", scope="workers:edit")
def edit_script_settings(request: Request, store: Store) -> Answer:
    worker = worker_of(request, store)
    worker["settings"] |= {k: value for k, value in request.object().items() if k in _script_settings(worker)}
    save(store, request.account, worker)
    return ok(_script_settings(worker))


def _script_settings(worker: Json) -> Json:
    return {name: worker["settings"][name] for name in ("logpush", "tail_consumers", "tags", "observability")}


@route("GET", SCRIPT + "/secrets", scope="workers:read")
def list_secrets(request: Request, store: Store) -> Answer:
    """List secrets by name and type; no call returns their values."""
    bindings = worker_of(request, store)["settings"]["bindings"]
    return ok([public(one) for one in bindings if one["type"] in SECRETS])


@route("PUT", SCRIPT + "/secrets", scope="workers:edit")
def put_secret(request: Request, store: Store) -> Answer:
    body = request.object()
    with store.transaction():
        worker = worker_of(request, store)
        bindings = changed_secrets(worker["settings"]["bindings"], {str(body.get("name")): body})
        _save_bindings(request, store, worker, bindings)
    return ok(bindings[-1])


@route("PATCH", SCRIPT + "/secrets-bulk", scope="workers:edit")
def patch_secrets(request: Request, store: Store) -> Answer:
    """Set the secrets of `{"secrets": {name: secret}}` in one version, and delete those that are null."""
    secrets = request.object().get("secrets")
    if not isinstance(secrets, dict):
        raise invalid_body()
    with store.transaction():
        worker = worker_of(request, store)
        bindings = changed_secrets(worker["settings"]["bindings"], secrets)
        _save_bindings(request, store, worker, bindings)
    return ok([public(one) for one in bindings if one["type"] in SECRETS])


@route("DELETE", SCRIPT + "/secrets/{secret_name}", scope="workers:edit")
def delete_secret(request: Request, store: Store) -> Answer:
    name = request.args["secret_name"]
    with store.transaction():
        worker = worker_of(request, store)
        bindings = worker["settings"]["bindings"]
        others = [one for one in bindings if one["name"] != name or one["type"] not in SECRETS]
        if len(others) == len(bindings):
            raise Refusal(404, 10056, f"Binding '{name}' not found.")
        _save_bindings(request, store, worker, others)
    return ok(None)


def _save_bindings(request: Request, store: Store, worker: Json, bindings: list[Json]) -> None:
    worker["settings"]["bindings"] = bindings
    release_settings(store, request.account, worker, 10215, "secret")


@route("GET", SCRIPT + "/schedules", scope="workers:read")
def get_schedules(request: Request, store: Store) -> Answer:
    return ok({"schedules": worker_of(request, store)["schedules"]})


@route("PUT", SCRIPT + "/schedules", scope="workers:edit")
def put_schedules(request: Request, store: Store) -> Answer:
    """Replace all cron triggers with those of an array `[{"cron": "*/30 * * * *"}]`."""
    sent = request.json()
    if not isinstance(sent, list):
        raise invalid_body()
    with store.transaction():
        worker = worker_of(request, store)
        old = {one["cron"]: one for one in worker["schedules"]}
        new = {"created_on": store.stamp(), "modified_on": store.stamp()}
        crons = dict.fromkeys(map(_cron, sent))
        worker["schedules"] = [old.get(cron) or {"cron": cron, **new} for cron in crons]
        save(store, request.account, worker)
    return ok({"schedules": worker["schedules"]})


def _cron(item: Any) -> str:
    cron = item.get("cron") if isinstance(item, dict) else None
    fields = cron.upper().split(" ") if isinstance(cron, str) and cron.isascii() else []
    if len(fields) != 5 or not all(map(_is_cron_field, fields, _CRON_FIELDS)):
        raise Refusal(400, 10100, f"invalid cron string: {cron}")
    return str(cron)


def _is_cron_field(text: str, rules: tuple[int, int, tuple[str, ...], str]) -> bool:
    least, most, names, special = rules
    pieces = (one for one in text.split(",") if not (special and re.fullmatch(special, one)))
    return all(_is_cron_range(one, least, most, names) for one in pieces)


def _is_cron_range(text: str, least: int, most: int, names: tuple[str, ...]) -> bool:
    """True for `*`, a number or name, or a range of them, each with an optional step."""
    words = {name: str(number) for number, name in enumerate(names, least)}
    found = re.fullmatch(r"(?:\*|(\w+)(?:-(\w+))?)(?:/(\d{1,3}))?", text)
    if found is None or found[3] == "0":
        return False
    ends = [words.get(end, end) for end in (found[1], found[2]) if end is not None]
    numbers = [int(end) for end in ends if re.fullmatch(r"\d{1,2}", end)]
    return (
        len(numbers) == len(ends) and numbers == sorted(numbers) and all(least <= n <= most for n in numbers)
    )


@route("GET", SCRIPT + "/subdomain", scope="workers:read")
def get_subdomain(request: Request, store: Store) -> Answer:
    return ok(worker_of(request, store)["subdomain"])


@route("POST", SCRIPT + "/subdomain", scope="workers:edit")
@route("DELETE", SCRIPT + "/subdomain", scope="workers:edit")
def set_subdomain(request: Request, store: Store) -> Answer:
    body = request.object() if request.method == "POST" else {"enabled": False}
    if not isinstance(body.get("enabled"), bool):
        raise invalid_body()
    worker = worker_of(request, store)
    previews = body.get("previews_enabled", body["enabled"]) is True
    worker["subdomain"] = {"enabled": body["enabled"], "previews_enabled": previews}
    save(store, request.account, worker)
    return ok(worker["subdomain"])
