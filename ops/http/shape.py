"""The shape of a response: checked before its fields are used, because a 2xx may hold something else."""

from __future__ import annotations

from typing import Any, TypeVar

from ops.errors import MalformedAnswer

T = TypeVar("T")
Json = dict[str, Any]

TYPE_NAMES: dict[type, str] = {
    str: "text",
    int: "a number",
    float: "a number",
    bool: "true or false",
    list: "a list",
    dict: "an object",
}


def require(value: Any, what: str, /, *, optional: tuple[str, ...] = (), **fields: type) -> Json:
    """Return *value*, an object whose *fields* have these types. Raise MalformedAnswer otherwise.

    *what* names it in the message. A field name with `__` reaches inside (`account__id`); a field in
    *optional* may be missing or null.
    """
    item: Json = instance(value, dict, what)
    for name, type in fields.items():
        path, found = name.replace("__", "."), value
        for part in path.split("."):
            found = found.get(part) if isinstance(found, dict) else None
        if not (found is None and name in optional):
            instance(found, type, f"`{path}` of {what}")
    return item


def instance(value: Any, type: type[T], what: str) -> T:
    """Return *value*, which has this *type*. Raise MalformedAnswer otherwise."""
    if not isinstance(value, type) or (isinstance(value, bool) and type is not bool):
        found = "missing" if value is None else "not " + TYPE_NAMES[type]
        raise MalformedAnswer(
            f"the response is not as documented: {what} is {found}",
            hint="a proxy may have answered instead of Cloudflare; `inv doctor` checks the connection",
        )
    return value
