"""Uploads and reads of scripts for the Workers tests."""

from __future__ import annotations

import json
from typing import Any

from ops.sandbox.store import ACCOUNT_ID
from ops.sandbox.wire import Part, parts

from .conftest import Api

WORKERS = f"/accounts/{ACCOUNT_ID}/workers"
NEW = f"{WORKERS}/scripts/new-one"
JS = "application/javascript+module"
CODE = "export default { async fetch(request) { return new Response('new') } };\n"
BINARY = b"\x00asm\r\n--boundary\r\n\r\n\xff\xfe--\r\n"


def upload(metadata: Any = None, *modules: tuple[str, str | bytes, str]) -> dict[str, Any]:
    """Return the `files` of an upload; without modules, only `index.js`."""
    chosen = {"main_module": "index.js"} if metadata is None else metadata
    form: dict[str, Any] = {"metadata": (None, json.dumps(chosen), "application/json")}
    for name, data, content_type in modules or (("index.js", CODE, JS),):
        form[name] = (name, data, content_type)
    return {"files": form}


def bound(*bindings: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"main_module": "index.js", "bindings": list(bindings), **more}


def settings(api: Api, script: str) -> dict[str, Any]:
    found: dict[str, Any] = api.result("GET", f"{WORKERS}/scripts/{script}/settings")
    return found


def bindings(api: Api, script: str) -> dict[str, dict[str, Any]]:
    return {one["name"]: one for one in settings(api, script)["bindings"]}


def content(api: Api, script: str) -> list[Part]:
    answer = api("GET", f"{WORKERS}/scripts/{script}/content/v2")
    found = parts(answer.headers["Content-Type"], answer.content)
    assert found is not None
    return found
