"""Who asks, and may they: the gateway's checks before any product sees a request.

Codes and their order follow the API's documentation: 9106, 6003 with 6111/6103/6102, 9103, 9109, 10000.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime

from ops.sandbox.store import Store
from ops.sandbox.wire import Refusal, Request

# A route with this scope looks at the token itself (token verification).
SELF_CHECKED = "self-checked"

# Durable Objects have no permission of their own: they come with Workers.
_PART_OF = {"do": "workers"}

_TOKEN = re.compile(r"[A-Za-z0-9_.-]{20,200}")
_GLOBAL_KEY = re.compile(r"[0-9a-f]{37,45}|cfk_\w+")
_EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")


@dataclass(frozen=True)
class Token:
    """A credential the sandbox knows. ``scopes`` such as ``dns:read``, ``dns:edit``, ``dns:*``, ``*``."""

    token: str
    id: str
    scopes: frozenset[str]
    status: str
    expires_on: str | None
    owner: str

    def may(self, scope: str) -> bool:
        """Tell whether the token holds *scope*; edit holds read."""
        product, _, verb = scope.partition(":")
        product = _PART_OF.get(product, product)
        enough = {"*", f"{product}:*", f"{product}:{verb}", scope}
        if verb == "read":
            enough.add(f"{product}:edit")
        return not self.scopes.isdisjoint(enough)


def identify(request: Request, store: Store) -> Token | None:
    """Return the credential of a request, None when it is well-formed but unknown; refuse a malformed one."""
    bearer = request.headers.get("Authorization")
    if bearer:
        return _by_bearer(bearer, store)
    email, key = request.headers.get("X-Auth-Email"), request.headers.get("X-Auth-Key")
    if email and key:
        return _by_key(email, key, store)
    raise Refusal(400, 9106, "Missing X-Auth-Key, X-Auth-Email or Authorization headers")


def admit(request: Request, token: Token | None, scope: str) -> None:
    """Refuse an unusable token or one that lacks *scope*."""
    if token is None or token.status != "active":
        raise Refusal(403, 9109, "Invalid access token")
    if scope and not (token.may(scope) and not _denied(request, scope)):
        raise unauthorized(scope)


def unauthorized(scope: str) -> Refusal:
    """The answer to a missing permission: zones have a code of their own."""
    if scope.startswith("zone:"):
        return Refusal(403, 9109, "Unauthorized to access requested resource")
    return Refusal(403, 10000, "Authentication error")


def _denied(request: Request, scope: str) -> bool:
    return not request.denied.isdisjoint({scope, scope.partition(":")[0], "*"})


def _malformed(code: int, header: str) -> Refusal:
    return Refusal(400, 6003, "Invalid request headers", [(code, f"Invalid format for {header} header")])


def _by_bearer(header: str, store: Store) -> Token | None:
    kind, _, token = header.partition(" ")
    known = token if kind.lower() == "bearer" and _TOKEN.fullmatch(token) else ""
    if not known or _GLOBAL_KEY.fullmatch(known) or known == store.meta("key"):
        raise _malformed(6111, "Authorization")
    sql = "SELECT token, id, scopes, status, expires_on, owner FROM token WHERE token = ?"
    row = store.one(sql, (known,))
    if row is None or row[3] == "revoked":
        return None
    return Token(row[0], row[1], frozenset(row[2].split()), _status(row[3], row[4], store), row[4], row[5])


def _status(status: str, expires_on: str | None, store: Store) -> str:
    if expires_on and datetime.fromisoformat(expires_on).timestamp() <= store.now():
        return "expired"
    return status


def _by_key(email: str, key: str, store: Store) -> Token:
    if not _EMAIL.fullmatch(email):
        raise _malformed(6102, "X-Auth-Email")
    if not (_GLOBAL_KEY.fullmatch(key) or key == store.meta("key")):
        raise _malformed(6103, "X-Auth-Key")
    if key != store.meta("key") or email != store.meta("email"):
        raise Refusal(403, 9103, "Unknown X-Auth-Key or X-Auth-Email")
    return Token(key, "", frozenset({"*"}), "active", None, "key")
