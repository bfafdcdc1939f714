"""Workers: settings and bindings, secrets, cron triggers and workers.dev of one script."""

from __future__ import annotations

import re
from typing import Any

from ops.sandbox.router import getter, route
from ops.sandbox.routes import worker_code
from ops.sandbox.routes.worker_code import SECRETS
from ops.sandbox.routes.worker_state import SCRIPT, optional, release_settings, save, worker_of
from ops.sandbox.store import Json, Store
from ops.sandbox.wire import Answer, Refusal, Request, invalid_body, ok, require

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
_SCRIPT_SETTINGS = ("logpush", "tail_consumers", "tags", "observability")


@route("PATCH", SCRIPT + "/settings", scope="workers:edit")
def edit_settings(request: Request, store: Store) -> Answer:
    """Change `settings`; bindings are replaced, but one that repeats name and type keeps its secret."""
    worker = worker_of(request, store)
    if request.headers.get("content-type").startswith("application/json"):
        changes = request.object()
    else:
        part = next((part for part in request.form() if part.name == "settings"), None)
        if part is None:
            raise invalid_body()
        changes = worker_code.read_json(part)
    if "bindings" in changes:
        old, sent = worker["settings"]["bindings"], changes["bindings"]
        known = [{"name": one["name"], "type": one["type"]} for one in old]
        if isinstance(sent, list):
            sent = [{**one, "type": "inherit"} if one in known else one for one in sent]
        resolved = worker_code.resolve(sent, old)
        changes["bindings"] = worker_code.check_targets(store, request.account, worker["id"], resolved)
    if "compatibility_date" in changes:
        worker_code.check_date(changes["compatibility_date"], store)
    worker["settings"] |= {name: value for name, value in changes.items() if name not in _NO_SETTINGS}
    release_settings(store, request.account, worker, 10214, "settings")
    return ok(_settings(request, store))


getter(SCRIPT + "/schedules", "workers:read")(
    lambda request, store: {"schedules": worker_of(request, store)["schedules"]}
)
getter(SCRIPT + "/subdomain", "workers:read")(lambda request, store: worker_of(request, store)["subdomain"])


@getter(SCRIPT + "/settings", "workers:read")
def _settings(request: Request, store: Store) -> Json:
    worker = worker_of(request, store)
    bindings = [worker_code.public(one) for one in worker["settings"]["bindings"]]
    return optional(worker, {**worker["settings"], "bindings": bindings})


@route("GET", SCRIPT + "/script-settings", scope="workers:read")
@route("PATCH", SCRIPT + "/script-settings", scope="workers:edit")
def edit_script_settings(request: Request, store: Store) -> Answer:
    worker, sent = worker_of(request, store), {} if request.method == "GET" else request.object()
    if sent:
        worker["settings"] |= {name: sent[name] for name in _SCRIPT_SETTINGS if name in sent}
        save(store, request.account, worker)
    return ok({name: worker["settings"][name] for name in _SCRIPT_SETTINGS})


@getter(SCRIPT + "/secrets", "workers:read")
def list_secrets(request: Request, store: Store) -> list[Json]:
    """List secrets by name and type; no call returns their values."""
    bindings = worker_of(request, store)["settings"]["bindings"]
    return [worker_code.public(one) for one in bindings if one["type"] in SECRETS]


@route("PUT", SCRIPT + "/secrets", scope="workers:edit")
def put_secret(request: Request, store: Store) -> Answer:
    body = request.object()
    return ok(_change_secrets(request, store, {str(body.get("name")): body})[-1])


@route("PATCH", SCRIPT + "/secrets-bulk", scope="workers:edit")
def patch_secrets(request: Request, store: Store) -> Answer:
    """Set the secrets of `{"secrets": {name: secret}}` in one version, and delete those that are null."""
    secrets = request.object().get("secrets")
    require(isinstance(secrets, dict))
    _change_secrets(request, store, secrets)
    return ok(list_secrets(request, store))


@route("DELETE", SCRIPT + "/secrets/{secret_name}", scope="workers:edit")
def delete_secret(request: Request, store: Store) -> Answer:
    name = request.args["secret_name"]
    if name not in [one["name"] for one in list_secrets(request, store)]:
        raise Refusal(404, 10056, f"Binding '{name}' not found.")
    _change_secrets(request, store, {name: None})
    return ok(None)


def _change_secrets(request: Request, store: Store, secrets: dict[str, Any]) -> list[Json]:
    """Set or delete secrets in a new version; return the bindings."""
    worker = worker_of(request, store)
    bindings = worker_code.changed_secrets(worker["settings"]["bindings"], secrets)
    worker["settings"]["bindings"] = bindings
    release_settings(store, request.account, worker, 10215, "secret")
    return bindings


@route("PUT", SCRIPT + "/schedules", scope="workers:edit")
def put_schedules(request: Request, store: Store) -> Answer:
    """Replace all cron triggers with those of an array `[{"cron": "*/30 * * * *"}]`."""
    sent, worker = request.json(), worker_of(request, store)
    require(isinstance(sent, list))
    old = {one["cron"]: one for one in worker["schedules"]}
    new = {"created_on": store.stamp(), "modified_on": store.stamp()}
    crons = dict.fromkeys(map(_cron, sent))
    worker["schedules"] = [old.get(cron) or {"cron": cron, **new} for cron in crons]
    save(store, request.account, worker)
    return ok({"schedules": worker["schedules"]})


def _cron(item: Any) -> str:
    cron = item.get("cron") if isinstance(item, dict) else None
    fields = cron.upper().split(" ") if isinstance(cron, str) and cron.isascii() else []
    valid = (
        (special and re.fullmatch(special, field))
        or all(_is_cron_range(one, least, most, names) for one in field.split(","))
        for field, (least, most, names, special) in zip(fields, _CRON_FIELDS, strict=False)
    )
    if len(fields) != 5 or not all(valid):
        raise Refusal(400, 10100, f"invalid cron string: {cron}")
    return str(cron)


def _is_cron_range(text: str, least: int, most: int, names: tuple[str, ...]) -> bool:
    """True for `*`, a number or name, or a range, which may go past the end, each with an optional step."""
    words = {name: str(number) for number, name in enumerate(names, least)}
    found = re.fullmatch(r"(?:\*|(\w+)(?:-(\w+))?)(?:/(\d{1,3}))?", text)
    if found is None or found[3] == "0":
        return False
    ends = [words.get(end, end) for end in (found[1], found[2]) if end is not None]
    numbers = [int(end) for end in ends if re.fullmatch(r"\d{1,2}", end)]
    within = all(least <= number <= most for number in numbers)
    return within and len(numbers) == len(ends)


@route("POST", SCRIPT + "/subdomain", scope="workers:edit")
@route("DELETE", SCRIPT + "/subdomain", scope="workers:edit")
def set_subdomain(request: Request, store: Store) -> Answer:
    body = request.object() if request.method == "POST" else {"enabled": False}
    require(isinstance(body.get("enabled"), bool))
    worker = worker_of(request, store)
    previews = body.get("previews_enabled", body["enabled"]) is True
    worker["subdomain"] = {"enabled": body["enabled"], "previews_enabled": previews}
    save(store, request.account, worker)
    return ok(worker["subdomain"])
