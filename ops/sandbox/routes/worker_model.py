"""Workers in the newer model `/workers/workers`, which separates a Worker from its versions."""

from __future__ import annotations

from copy import deepcopy

from ops.sandbox.pages import page_of_texts
from ops.sandbox.router import route
from ops.sandbox.routes.worker_bindings import changed_secrets, public
from ops.sandbox.routes.worker_deployments import add_version, annotations_of, no_version
from ops.sandbox.routes.worker_state import KIND, modules, not_found, save, save_modules
from ops.sandbox.routes.workers import WORKERS, delete_script
from ops.sandbox.store import Json, Store
from ops.sandbox.wire import Answer, Refusal, Request, dumps, invalid_body, ok

MODELS = WORKERS + "/workers"
MODEL = MODELS + "/{worker}"
_OPTIONS = ("logpush", "observability", "tags", "tail_consumers")
_REFERENCES = ("durable_objects", "domains", "queues", "workers", "dispatch_namespace_outbounds")


def _worker(request: Request, store: Store) -> Json:
    """Return the Worker with the name or id of the path."""
    for one in store.list_documents(KIND, request.account):
        if request.args["worker"] in (one["id"], one["tag"]):
            return dict(one)
    raise not_found()


def _model(worker: Json) -> Json:
    options = {name: worker["settings"][name] for name in _OPTIONS}
    options["tail_consumers"] = [{"name": one.get("service")} for one in options["tail_consumers"]]
    about = {"id": worker["tag"], "name": worker["id"], "created_on": worker["created_on"]}
    stamps = {"updated_on": worker["modified_on"], "deployed_on": worker["deployments"][0]["created_on"]}
    references: Json = {name: [] for name in _REFERENCES}
    return {**about, **stamps, **options, "subdomain": worker["subdomain"], "references": references}


@route("GET", MODELS, scope="workers:read")
def list_models(request: Request, store: Store) -> Answer:
    texts = [dumps(_model(one)) for one in store.list_documents(KIND, request.account)]
    return page_of_texts(request, texts, maximum=100, default=10, minimum=1)


@route("GET", MODEL, scope="workers:read")
def get_model(request: Request, store: Store) -> Answer:
    return ok(_model(_worker(request, store)))


@route("PATCH", MODEL, scope="workers:edit")
def patch_model(request: Request, store: Store) -> Answer:
    worker, sent = _worker(request, store), request.object()
    worker["settings"] |= {name: sent[name] for name in _OPTIONS if name in sent}
    worker["subdomain"] |= {
        k: v for k, v in (sent.get("subdomain") or {}).items() if k in worker["subdomain"]
    }
    save(store, request.account, worker)
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
    texts = [dumps(_version(one)) for one in _worker(request, store)["versions"]]
    return page_of_texts(request, texts, maximum=100, default=10, minimum=1)


@route("GET", MODEL + "/versions/latest", scope="workers:read")
@route("GET", MODEL + "/versions/{version:any}", scope="workers:read")
def get_model_version(request: Request, store: Store) -> Answer:
    id = request.args.get("version", "latest")
    for one in _worker(request, store)["versions"]:
        if id in ("latest", one["id"]):
            return ok(_version(one))
    raise no_version()


@route("PATCH", MODEL + "/versions/latest", scope="workers:edit")
def patch_latest_version(request: Request, store: Store) -> Answer:
    """Add a version with the code of the newest one and changed secrets; it is not deployed."""
    sent = request.object()
    env = sent.get("env")
    if not isinstance(env, dict):
        raise invalid_body()
    with store.transaction():
        worker = _worker(request, store)
        if not worker["versions"]:
            raise Refusal(404, 10222, "This Worker has no versions.")
        latest = worker["versions"][0]
        draft = deepcopy(latest["resources"])
        draft["settings"]["bindings"] = changed_secrets(draft["settings"]["bindings"], env)
        version = add_version(worker, draft, store.stamp(), **annotations_of(sent))
        parts = modules(store, request.account, {**worker, "version": latest["id"]})
        save_modules(store, request.account, worker["id"], version["id"], parts)
        save(store, request.account, worker)
    return ok(_version(version))
