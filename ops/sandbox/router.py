"""Finds the handler of a path. Segments are split before they are decoded.

Templates look like ``/zones/{zone_id}/dns_records/{record_id}``. A name ending in ``_id`` matches 32 hex
digits; ``{pack_id:uuid}`` matches a UUID; ``{setting_id:any}`` and names without ``_id`` match any text;
``{key:rest}`` matches the rest of the path.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from typing import Any, TypeVar
from urllib.parse import unquote

from ops.sandbox.store import Store
from ops.sandbox.wire import Refusal, Request

# What is not an answer yet is the result of one.
Handler = TypeVar("Handler", bound=Callable[[Request, "Store"], Any])
# A route with this scope checks the token itself (token verification).
SELF_CHECKED = "self-checked"
# Below it, a signature in the URL takes the place of a token.
SIGNED = "/signed/"
_SHAPES = {
    "hex": re.compile(r"[0-9a-fA-F]{32}"),
    "uuid": re.compile(r"[0-9a-fA-F]{8}-?([0-9a-fA-F]{4}-?){3}[0-9a-fA-F]{12}"),
    **dict.fromkeys(("any", "rest"), re.compile(r".+", re.DOTALL)),
}


@dataclass(frozen=True)
class Route:
    """A handler, its scope, and the placeholders with their shapes; not *atomic*: without a transaction."""

    scope: str
    handler: Callable[[Request, Store], Any]
    names: tuple[tuple[str, str], ...]
    atomic: bool


@dataclass
class Node:
    words: dict[str, Node] = field(default_factory=dict)
    any: Node | None = None
    rest: bool = False
    routes: dict[str, Route] = field(default_factory=dict)


_ROOT = Node()


def route(
    method: str, template: str, scope: str = "zone:read", *, atomic: bool = True
) -> Callable[[Handler], Handler]:
    """Register a handler; every valid token has the empty scope. Writes are *atomic*: all or nothing."""

    def register(handler: Handler) -> Handler:
        node, names = _ROOT, []
        for segment in template.strip("/").split("/"):
            if segment.startswith("{"):
                name, _, shape = segment[1:-1].partition(":")
                names.append((name, shape or ("hex" if name.endswith("_id") else "any")))
                node.any = node = node.any or Node(rest=shape == "rest")
            else:
                node = node.words.setdefault(segment, Node())
        if method in node.routes:
            raise ValueError(f"{method} {template} is registered twice")
        changes = atomic and method != "GET" and not scope.endswith(":read")
        node.routes[method] = Route(scope, handler, tuple(names), changes)
        return handler

    return register


getter = partial(route, "GET")


def segments(path: str) -> list[str]:
    """Split a path as the edge does: dot segments are resolved, empty ones removed, the rest decoded."""
    resolved: list[str] = []
    for raw in path.split("/"):
        word = unquote(raw)
        if word == "..":
            del resolved[-1:]
        elif word not in ("", "."):
            resolved.append(word)
    return resolved


def find(method: str, path: str) -> tuple[Route, dict[str, str]]:
    """Return the route of a request and its decoded arguments, or refuse as the gateway does."""
    words = segments(path)
    found = _walk(_ROOT, words, 0, [])
    if found is None:
        raise Refusal(404, 7000, "No route for that URI")
    node, values = found
    if method not in node.routes:
        raise Refusal(405, 7001, f"Method {method} not available for that URI.")
    args = {}
    for (name, shape), value in zip(node.routes[method].names, values, strict=True):
        if not _SHAPES[shape].fullmatch(value):
            raise not_routable(words)
        args[name] = value.lower() if shape == "hex" else value
    return node.routes[method], args


def _walk(node: Node, words: list[str], at: int, values: list[str]) -> tuple[Node, list[str]] | None:
    if at == len(words):
        return (node, values) if node.routes else None
    child = node.words.get(words[at])
    found = _walk(child, words, at + 1, values) if child else None
    if found is None and node.any is not None:
        found = _walk(node.any, words, at + 1, [*values, words[at]])
        if found is None and node.any.rest:
            found = node.any, [*values, "/".join(words[at:])]
    return found


def not_routable(words: list[str]) -> Refusal:
    """Return the gateway's refusal of an id that is malformed or unknown."""
    path = "/" + "/".join(words)
    return Refusal(404, 7003, f"Could not route to {path}, perhaps your object identifier is invalid?")
