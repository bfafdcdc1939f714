"""Workers: list, search, download and delete scripts; services; the account's workers.dev name.

The calls on services are not in the public document; only Cloudflare's own deployment tool makes them, and
their forms are those that the open source of that tool reads. The newer model `/workers/workers` separates a
Worker from its versions.
"""

from __future__ import annotations

import re
from copy import deepcopy

from ops.sandbox.pages import page_of_items
from ops.sandbox.router import getter, route
from ops.sandbox.routes import worker_state as state
from ops.sandbox.routes.worker_code import changed_secrets, public
from ops.sandbox.routes.worker_domains import attached, detach
from ops.sandbox.routes.worker_state import SCRIPT, SCRIPTS
from ops.sandbox.store import Json, Store
from ops.sandbox.wire import Answer, Refusal, Request, ok, require

WORKERS = "/accounts/{account_id}/workers"
SERVICE = WORKERS + "/services/{service_name}"
ENVIRONMENT = SERVICE + "/environments/{environment_name}"
SUBDOMAIN = "worker.subdomain"
_ORDERS = {"": "script_name", "name": "script_name", "created_on": "created_on", "modified_on": "modified_on"}
_SUBDOMAIN_NAME = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?")


@route("GET", SCRIPTS, scope="workers:read")
def list_scripts(request: Request, store: Store) -> Answer:
    """List all Workers at once; `tags=a:yes,b:no` selects those with the tag a and without b."""
    workers = store.list_documents(state.KIND, request.account)
    for pair in filter(None, request.query.get("tags", "").split(",")):
        tag, _, answer = pair.partition(":")
        workers = [one for one in workers if (tag in one["settings"]["tags"]) == (answer != "no")]
    return ok([state.listed(one) for one in workers])


@route("GET", WORKERS + "/scripts-search", scope="workers:read")
def search_scripts(request: Request, store: Store) -> Answer:
    query = request.query
    order = _ORDERS.get(query.get("order_by", ""))
    if order is None:
        raise Refusal(400, 10001, "Invalid order_by: choose name, created_on or modified_on.")
    matching = [
        {
            "id": one["tag"],
            "script_name": one["id"],
            "service_name": one["id"],
            "environment_name": "production",
            "environment_is_default": True,
            "created_on": one["created_on"],
            "modified_on": one["modified_on"],
        }
        for one in store.list_documents(state.KIND, request.account)
        if query.get("name", "") in one["id"] and query.get("id", "") in ("", one["tag"])
    ]
    matching.sort(key=lambda one: str(one[order]))
    return page_of_items(request, matching, maximum=100, default=10, minimum=1)


@route("GET", SCRIPT, scope="workers:read")
@route("GET", SCRIPT + "/content/v2", scope="workers:read")
def get_content(request: Request, store: Store) -> Answer:
    """Answer with the code: a plain script in service-worker syntax, else a form with a part per module."""
    worker = state.worker_of(request, store)
    parts, headers = state.modules(store, request.account, worker), {"ETag": f'"{worker["etag"]}"'}
    if not worker["has_modules"] and len(parts) == 1:
        return Answer(200, {**headers, "Content-Type": "application/javascript"}, parts[0].data)
    boundary = worker["etag"][:40]
    headers["Content-Type"] = f"multipart/form-data; boundary={boundary}"
    if worker["has_modules"]:
        headers["cf-entrypoint"] = worker["main"]
    pieces = []
    for part in parts:
        name = part.name.replace('"', "%22")
        head = f'Content-Disposition: form-data; name="{name}"; filename="{name}"\r\n'
        head = f"--{boundary}\r\n{head}Content-Type: {part.content_type}\r\n\r\n"
        pieces.append(head.encode() + part.data + b"\r\n")
    return Answer(200, headers, b"".join(pieces) + f"--{boundary}--\r\n".encode())


@route("DELETE", SCRIPT, scope="workers:edit")
def delete_script(request: Request, store: Store) -> Answer:
    """Delete a Worker, its namespaces and domains; 10064 while others bind to it, unless `force=true`."""
    account, users = request.account, _users(request, store)
    name = request.args["script_name"]
    if users and request.flag("force") is not True:
        message = "Cannot delete this Worker as it is still referenced by other Workers"
        raise Refusal(400, 10064, f"{message}: {', '.join(users)}. Use force to delete it anyway.")
    state.drop_namespaces(store, account, name)
    for domain in attached(store, account).values():
        if domain["service"] == name:
            detach(store, account, domain)
    state.delete(store, account, name)
    return ok(None)


def _users(request: Request, store: Store) -> list[str]:
    """Return the Workers that bind to the Worker of the request, as a service or for its Durable Objects."""
    name, users = state.worker_of(request, store)["id"], []
    for one in store.list_documents(state.KIND, request.account):
        targets = [(b.get("service"), b.get("script_name")) for b in one["settings"]["bindings"]]
        if one["id"] != name and any(name in target for target in targets):
            users.append(one["id"])
    return users


@getter(SCRIPT + "/references", "workers:read")
def list_references(request: Request, store: Store) -> Json:
    users = _users(request, store)
    incoming = [{"name": "", "service": user, "environment": "production"} for user in users]
    return {"services": {"incoming": incoming, "outgoing": []}, "durable_objects": []}


@route("GET", WORKERS + "/tails/by-consumer/{script_name}", scope="workers:read")
def list_tail_producers(request: Request, store: Store) -> Answer:
    name = request.args["script_name"]
    workers = store.list_documents(state.KIND, request.account)
    consumers = [(one["id"], c.get("service")) for one in workers for c in one["settings"]["tail_consumers"]]
    return ok([{"producer": {"service": worker}} for worker, consumer in consumers if consumer == name])


def _service(request: Request, store: Store) -> Json:
    missing = Refusal(404, 10090, "workers.api.error.service_not_found")
    if request.args.get("environment_name", "production") != "production":
        raise missing
    return store.required(state.KIND, request.account, request.args["service_name"], missing)


@getter(ENVIRONMENT, "workers:read")
def _environment(request: Request, store: Store) -> Json:
    worker = _service(request, store)
    script = state.listed(worker)
    return {"environment": "production", "script": script, "modified_on": worker["modified_on"]}


@route("DELETE", SERVICE, scope="workers:edit")
def delete_service(request: Request, store: Store) -> Answer:
    request.args["script_name"] = _service(request, store)["id"]
    return delete_script(request, store)


getter(ENVIRONMENT + "/bindings", "workers:read")(
    lambda request, store: [public(one) for one in _service(request, store)["settings"]["bindings"]]
)


@getter(SERVICE, "workers:read")
def _service_with_environment(request: Request, store: Store) -> Json:
    worker, environment = _service(request, store), _environment(request, store)
    stamps = {"created_on": worker["created_on"], "modified_on": worker["modified_on"]}
    environment |= stamps
    return {"id": worker["id"], "default_environment": environment, "environments": [environment], **stamps}


@getter(WORKERS + "/subdomain", "workers:read")
def get_account_subdomain(request: Request, store: Store) -> Json:
    missing = Refusal(404, 10007, "You do not have a workers.dev subdomain yet.")
    return store.required(SUBDOMAIN, request.account, "", missing)


@route("PUT", WORKERS + "/subdomain", scope="workers:edit")
def put_account_subdomain(request: Request, store: Store) -> Answer:
    name = request.object().get("subdomain")
    require(isinstance(name, str) and _SUBDOMAIN_NAME.fullmatch(name))
    return ok(store.put_document(SUBDOMAIN, request.account, "", {"subdomain": name}))


@route("DELETE", WORKERS + "/subdomain", scope="workers:edit")
def delete_account_subdomain(request: Request, store: Store) -> Answer:
    store.delete_document(SUBDOMAIN, request.account, "")
    return Answer(204, {}, b"")


MODELS = WORKERS + "/workers"
MODEL = MODELS + "/{worker}"
_OPTIONS = ("logpush", "observability", "tags", "tail_consumers")
_REFERENCES = ("durable_objects", "domains", "queues", "workers", "dispatch_namespace_outbounds")


def _worker(request: Request, store: Store) -> Json:
    for one in store.list_documents(state.KIND, request.account):
        if request.args["worker"] in (one["id"], one["tag"]):
            return dict(one)
    raise Refusal(*state.NO_WORKER)


def _model(worker: Json) -> Json:
    options = {name: worker["settings"][name] for name in _OPTIONS}
    options["tail_consumers"] = [{"name": one.get("service")} for one in options["tail_consumers"]]
    about = {"id": worker["tag"], "name": worker["id"], "created_on": worker["created_on"]}
    stamps = {"updated_on": worker["modified_on"], "deployed_on": worker["deployments"][0]["created_on"]}
    references: Json = {name: [] for name in _REFERENCES}
    return {**about, **stamps, **options, "subdomain": worker["subdomain"], "references": references}


@route("GET", MODELS, scope="workers:read")
def list_models(request: Request, store: Store) -> Answer:
    models = [_model(one) for one in store.list_documents(state.KIND, request.account)]
    return page_of_items(request, models, maximum=100, default=10, minimum=1)


getter(MODEL, "workers:read")(lambda request, store: _model(_worker(request, store)))


@route("PATCH", MODEL, scope="workers:edit")
def patch_model(request: Request, store: Store) -> Answer:
    worker, sent = _worker(request, store), request.object()
    worker["settings"] |= {name: sent[name] for name in _OPTIONS if name in sent}
    subdomain = sent.get("subdomain") or {}
    worker["subdomain"] |= {k: v for k, v in subdomain.items() if k in worker["subdomain"]}
    state.save(store, request.account, worker)
    return ok(_model(worker))


@route("DELETE", MODEL, scope="workers:edit")
def delete_model(request: Request, store: Store) -> Answer:
    request.args["script_name"] = _worker(request, store)["id"]
    return delete_script(request, store)


def _version(version: Json) -> Json:
    resources, metadata = version["resources"], version["metadata"]
    about = {name: version[name] for name in ("id", "number", "annotations")}
    about |= {"created_on": metadata["created_on"], "source": metadata["source"]}
    about |= {name: resources["settings"][name] for name in ("compatibility_date", "compatibility_flags")}
    bindings = [public(one) for one in resources["settings"]["bindings"]]
    return {**about, "main_module": resources["main"], "bindings": bindings}


@route("GET", MODEL + "/versions", scope="workers:read")
def list_model_versions(request: Request, store: Store) -> Answer:
    versions = [_version(one) for one in _worker(request, store)["versions"]]
    return page_of_items(request, versions, maximum=100, default=10, minimum=1)


@route("GET", MODEL + "/versions/latest", scope="workers:read")
@route("GET", MODEL + "/versions/{version:any}", scope="workers:read")
def get_model_version(request: Request, store: Store) -> Answer:
    id = request.args.get("version", "latest")
    for one in _worker(request, store)["versions"]:
        if id in ("latest", one["id"]):
            return ok(_version(one))
    raise Refusal(*state.NO_VERSION)


@route("PATCH", MODEL + "/versions/latest", scope="workers:edit")
def patch_latest_version(request: Request, store: Store) -> Answer:
    """Add a version with the code of the newest one and changed secrets; it is not deployed."""
    sent, worker = request.object(), _worker(request, store)
    env = sent.get("env")
    require(isinstance(env, dict))
    latest = worker["versions"][0]
    draft = deepcopy(latest["resources"])
    draft["settings"]["bindings"] = changed_secrets(draft["settings"]["bindings"], env)
    version = state.add_version(worker, draft, store.stamp(), **state.annotations_of(sent))
    parts = state.modules(store, request.account, {**worker, "version": latest["id"]})
    state.save_modules(store, request.account, worker["id"], version["id"], parts)
    state.save(store, request.account, worker)
    return ok(_version(version))
