"""Workers: the upload of static assets before the script that serves them.

A session answers with the hashes that are missing and a JWT, with which they are uploaded; the last upload
answers with the JWT for the metadata of the script. Form: docs:workers/static-assets/direct-upload.
"""

from __future__ import annotations

import base64
import json
from typing import Any

from ops.sandbox.router import route
from ops.sandbox.routes.worker_bindings import invalid
from ops.sandbox.routes.worker_state import SCRIPT
from ops.sandbox.store import Json, Store, new_id
from ops.sandbox.wire import Answer, Request, dumps, invalid_body, ok

UPLOAD = "/accounts/{account_id}/workers/assets/upload"
_FILES_A_BUCKET = 50


def _token(store: Store, session: str, *, complete: bool) -> str:
    """Return a JWT of a session and let it pass as a credential for uploads."""
    claims = {"session": session, "complete": complete}
    parts = ({"alg": "none", "typ": "JWT"}, claims, {"sandbox": True})
    texts = (base64.urlsafe_b64encode(dumps(part).encode()).decode().rstrip("=") for part in parts)
    jwt = ".".join(texts)
    store.add_token(jwt, scopes=("assets:edit",))
    return jwt


def _claims(jwt: Any) -> Json:
    try:
        claims = json.loads(base64.urlsafe_b64decode(str(jwt).split(".")[1] + "=="))
    except (ValueError, IndexError):
        claims = None
    if not isinstance(claims, dict):
        raise invalid("the assets of the metadata need a valid JWT")
    return claims


def check_assets(store: Store, account: str, assets: Any) -> bool:
    """Return True if the metadata has assets, whose upload must be complete."""
    if not assets:
        return False
    claims = _claims(assets.get("jwt") if isinstance(assets, dict) else None)
    if (
        not claims.get("complete")
        or store.document_text("assets", account, str(claims.get("session"))) is None
    ):
        raise invalid("the upload of the assets is not complete")
    return True


@route("POST", SCRIPT + "/assets-upload-session", scope="workers:edit")
def start_session(request: Request, store: Store) -> Answer:
    manifest = request.object().get("manifest")
    if not isinstance(manifest, dict) or not all(isinstance(one, dict) for one in manifest.values()):
        raise invalid_body()
    session, hashes = new_id(), dict.fromkeys(str(one.get("hash")) for one in manifest.values())
    missing = [one for one in hashes if store.document_text("asset", request.account, one) is None]
    store.put_document("assets", request.account, session, missing)
    jwt = _token(store, session, complete=not missing)
    buckets = [missing[at : at + _FILES_A_BUCKET] for at in range(0, len(missing), _FILES_A_BUCKET)]
    return ok({"jwt": jwt, "buckets": buckets})


@route("POST", UPLOAD, scope="assets:edit")
def upload_assets(request: Request, store: Store) -> Answer:
    """Accept files of a session, named by their hashes; the last ones complete it (201)."""
    session = _claims(request.headers.get("Authorization").rpartition(" ")[2])["session"]
    for part in request.form():
        store.put_document("asset", request.account, part.name, part.content_type)
    expected = store.get_document("assets", request.account, session) or []
    if any(store.document_text("asset", request.account, one) is None for one in expected):
        return ok({}, status=202)
    return ok({"jwt": _token(store, session, complete=True)}, status=201)
