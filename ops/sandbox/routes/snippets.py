"""Snippets: heads in the list, the code as a form with a part for each file."""

from __future__ import annotations

import json

from ops.sandbox.pages import page_of_items
from ops.sandbox.router import getter, route
from ops.sandbox.store import Json, Store, new_id
from ops.sandbox.wire import Answer, Refusal, Request, ok, require

SNIPPETS = "/zones/{zone_id}/snippets"
SNIPPET = SNIPPETS + "/{snippet}"
_HEAD = ("snippet_name", "created_on", "modified_on")


def add(store: Store, zone: str, name: str, files: dict[str, str], main: str, created: str) -> Json:
    """Store a snippet and return its head."""
    snippet: Json = {"snippet_name": name, "created_on": created, "modified_on": store.stamp()}
    store.put_document(SNIPPETS, zone, name, {**snippet, "files": files, "main_module": main}, sort=name)
    return snippet


def _find(request: Request, store: Store) -> Json:
    missing = Refusal(404, 10002, "requested snippet not found")
    return store.required(SNIPPETS, request.zone, request.args["snippet"], missing)


def _head(snippet: Json) -> Json:
    return {name: snippet[name] for name in _HEAD}


@route("GET", SNIPPETS, "snippets:read")
def list_snippets(request: Request, store: Store) -> Answer:
    heads = [_head(one) for one in store.list_documents(SNIPPETS, request.zone)]
    return page_of_items(request, heads, minimum=1, default=25, maximum=100)


@getter(SNIPPET, "snippets:read")
def get_snippet(request: Request, store: Store) -> Json:
    return _head(_find(request, store))


@route("PUT", SNIPPET, "snippets:edit")
def put_snippet(request: Request, store: Store) -> Answer:
    """Store the files of a form; its part `metadata` names the one that runs first."""
    parts, name = request.form(), request.args["snippet"]
    files = {part.filename or part.name: part.text() for part in parts if part.name != "metadata"}
    about: Json = next((json.loads(part.data) for part in parts if part.name == "metadata"), {})
    require(about.get("main_module") in files)
    held = store.get_document(SNIPPETS, request.zone, name) or {"created_on": store.stamp()}
    return ok(add(store, request.zone, name, files, about["main_module"], held["created_on"]))


@route("DELETE", SNIPPET, "snippets:edit")
def delete_snippet(request: Request, store: Store) -> Answer:
    store.delete_document(SNIPPETS, request.zone, _find(request, store)["snippet_name"])
    return Answer(200, {}, b'{"success":true,"errors":[],"messages":[]}')


@route("GET", SNIPPET + "/content", "snippets:read")
def get_content(request: Request, store: Store) -> Answer:
    boundary = new_id()
    body = "".join(
        f'--{boundary}\r\nContent-Disposition: form-data; name="files"; filename="{name}"\r\n'
        f"Content-Type: application/javascript+module\r\n\r\n{text}\r\n"
        for name, text in _find(request, store)["files"].items()
    )
    headers = {"Content-Type": f"multipart/form-data; boundary={boundary}"}
    return Answer(200, headers, f"{body}--{boundary}--\r\n".encode())
