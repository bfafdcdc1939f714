"""Authentication and permissions: the gateway's checks before any product sees a request.

Codes and their order follow the API's documentation: 9106, 6003 with 6111/6103/6102, 9103, 9109, 10000.
"""

from __future__ import annotations

import re
from datetime import datetime

from ops.sandbox.store import Store
from ops.sandbox.wire import Refusal, Request, Token

# A route with this scope checks the token itself (token verification).
SELF_CHECKED = "self-checked"

_TOKEN = re.compile(r"[A-Za-z0-9_.-]{20,200}")
_GLOBAL_KEY = re.compile(r"[0-9a-f]{37,45}|cfk_\w+")
_EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")


def identify(request: Request, store: Store) -> Token | None:
    """Return the credential of a request, None if it is well-formed but unknown; refuse a malformed one."""
    bearer = request.headers.get("Authorization")
    email, key = request.headers.get("X-Auth-Email"), request.headers.get("X-Auth-Key")
    if bearer:
        kind, _, token = bearer.partition(" ")
        known = token if kind.lower() == "bearer" and _TOKEN.fullmatch(token) else ""
        if not known or _GLOBAL_KEY.fullmatch(known) or known == store.meta("key"):
            raise _malformed(6111, "Authorization")
        sql = "SELECT token, id, scopes, status, expires_on, owner FROM token WHERE token = ?"
        row = store.one(sql, (known,))
        if row is None or row[3] == "revoked":
            return None
        status, expires_on = row[3], row[4]
        if expires_on and datetime.fromisoformat(expires_on).timestamp() <= store.now():
            status = "expired"
        return Token(row[0], row[1], frozenset(row[2].split()), status, expires_on, row[5])
    if not email or not key:
        raise Refusal(400, 9106, "Missing X-Auth-Key, X-Auth-Email or Authorization headers")
    if not _EMAIL.fullmatch(email):
        raise _malformed(6102, "X-Auth-Email")
    if not (_GLOBAL_KEY.fullmatch(key) or key == store.meta("key")):
        raise _malformed(6103, "X-Auth-Key")
    if key != store.meta("key") or email != store.meta("email"):
        raise Refusal(403, 9103, "Unknown X-Auth-Key or X-Auth-Email")
    return Token(key, "", frozenset({"*"}), "active", None, "key")


def admit(request: Request, token: Token | None, scope: str) -> None:
    """Refuse an unusable token, and one without *scope*."""
    if token is None or token.status != "active":
        raise Refusal(403, 9109, "Invalid access token")
    denied = not request.denied.isdisjoint({scope, scope.partition(":")[0], "*"})
    if scope and (denied or not token.may(scope)):
        raise unauthorized(scope)


def unauthorized(scope: str) -> Refusal:
    """Return the refusal of a missing permission: zones have a code of their own."""
    if scope.startswith("zone:"):
        return Refusal(403, 9109, "Unauthorized to access requested resource")
    return Refusal(403, 10000, "Authentication error")


def _malformed(code: int, header: str) -> Refusal:
    return Refusal(400, 6003, "Invalid request headers", [(code, f"Invalid format for {header} header")])
