"""Workers in the newer model `/workers/workers`, which separates a Worker from its versions."""

from __future__ import annotations

from copy import deepcopy

from ops.sandbox.pages import page_of_items
from ops.sandbox.router import getter, route
from ops.sandbox.routes import worker_state
from ops.sandbox.routes.worker_code import changed_secrets, public
from ops.sandbox.routes.worker_state import KIND
from ops.sandbox.routes.workers import WORKERS, delete_script
from ops.sandbox.store import Json, Store
from ops.sandbox.wire import Answer, Refusal, Request, invalid_body, ok

MODELS = WORKERS + "/workers"
MODEL = MODELS + "/{worker}"
_OPTIONS = ("logpush", "observability", "tags", "tail_consumers")
_REFERENCES = ("durable_objects", "domains", "queues", "workers", "dispatch_namespace_outbounds")


def _worker(request: Request, store: Store) -> Json:
    """Return the Worker with the name or id of the path."""
    for one in store.list_documents(KIND, request.account):
        if request.args["worker"] in (one["id"], one["tag"]):
            return dict(one)
    raise worker_state.not_found()


def _model(worker: Json) -> Json:
    options = {name: worker["settings"][name] for name in _OPTIONS}
    options["tail_consumers"] = [{"name": one.get("service")} for one in options["tail_consumers"]]
    about = {"id": worker["tag"], "name": worker["id"], "created_on": worker["created_on"]}
    stamps = {"updated_on": worker["modified_on"], "deployed_on": worker["deployments"][0]["created_on"]}
    references: Json = {name: [] for name in _REFERENCES}
    return {**about, **stamps, **options, "subdomain": worker["subdomain"], "references": references}


@route("GET", MODELS, scope="workers:read")
def list_models(request: Request, store: Store) -> Answer:
    models = [_model(one) for one in store.list_documents(KIND, request.account)]
    return page_of_items(request, models, maximum=100, default=10, minimum=1)


getter(MODEL, "workers:read")(lambda request, store: _model(_worker(request, store)))


@route("PATCH", MODEL, scope="workers:edit")
def patch_model(request: Request, store: Store) -> Answer:
    worker, sent = _worker(request, store), request.object()
    worker["settings"] |= {name: sent[name] for name in _OPTIONS if name in sent}
    subdomain = sent.get("subdomain") or {}
    worker["subdomain"] |= {k: v for k, v in subdomain.items() if k in worker["subdomain"]}
    worker_state.save(store, request.account, worker)
    return ok(_model(worker))


@route("DELETE", MODEL, scope="workers:edit")
def delete_model(request: Request, store: Store) -> Answer:
    request.args["script_name"] = _worker(request, store)["id"]
    return delete_script(request, store)


def _version(version: Json) -> Json:
    resources, about = version["resources"], {"id": version["id"], "number": version["number"]}
    settings = {name: resources["settings"][name] for name in ("compatibility_date", "compatibility_flags")}
    about |= {"created_on": version["metadata"]["created_on"], "source": version["metadata"]["source"]}
    bindings = [public(one) for one in resources["settings"]["bindings"]]
    code = {"main_module": resources["main"], "annotations": version["annotations"]}
    return {**about, **settings, **code, "bindings": bindings}


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
    raise worker_state.no_version()


@route("PATCH", MODEL + "/versions/latest", scope="workers:edit")
def patch_latest_version(request: Request, store: Store) -> Answer:
    """Add a version with the code of the newest one and changed secrets; it is not deployed."""
    sent, worker = request.object(), _worker(request, store)
    env = sent.get("env")
    if not isinstance(env, dict):
        raise invalid_body()
    if not worker["versions"]:
        raise Refusal(404, 10222, "This Worker has no versions.")
    latest = worker["versions"][0]
    draft = deepcopy(latest["resources"])
    draft["settings"]["bindings"] = changed_secrets(draft["settings"]["bindings"], env)
    version = worker_state.add_version(worker, draft, store.stamp(), **worker_state.annotations_of(sent))
    parts = worker_state.modules(store, request.account, {**worker, "version": latest["id"]})
    worker_state.save_modules(store, request.account, worker["id"], version["id"], parts)
    worker_state.save(store, request.account, worker)
    return ok(_version(version))
