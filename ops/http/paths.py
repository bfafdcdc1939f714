"""API paths: the one place where names become parts of a URL."""

from __future__ import annotations

import re
from functools import cache
from urllib.parse import quote

from ops.errors import UsageError

# urllib3 removes dot segments, so a key called ".." would address its parent: the namespace itself.
_UNSAFE = frozenset({"", ".", ".."})


class ApiPath(str):
    """A path whose parts are encoded. *route* is the same with placeholders in place of ids and names."""

    __slots__ = ("route",)
    route: str

    def below(self, template: str, *segments: str) -> ApiPath:
        """Return the path of *template*, filled in as by `path`, below this one."""
        return _filled(f"{self}/{template.format(*map(segment, segments))}", f"{self.route}/{template}")


def path(template: str, *segments: str, **named: str) -> ApiPath:
    """Return *template* with `{}` and `{name}` filled in, each value encoded as exactly one path segment.

    Raises UsageError for a segment that cannot be sent: empty, `.`, `..`, or not text.
    """
    values = {name: segment(value) for name, value in named.items()}
    return _filled(template.format(*map(segment, segments), **values), template)


def route_of(path: str) -> str:
    """Return the route of *path*, "other" if it was not made from a template."""
    return path.route if isinstance(path, ApiPath) else "other"


def _filled(text: str, template: str) -> ApiPath:
    filled = ApiPath(text)
    filled.route = _route(template)
    return filled


_PLACEHOLDER = re.compile(r"(?<![^/])([^/{}]*)/{\w*}")


@cache
def _route(template: str) -> str:
    """Return *template* with the same name for the same placeholder, however its caller named it."""

    def named(found: re.Match[str]) -> str:
        name = {"accounts": "account_id", "zones": "zone_id"}.get(found[1], "id")
        return f"{found[1]}/{{{name}}}"

    return _PLACEHOLDER.sub(named, template)


def segment(name: str) -> str:
    """Percent-encode everything in *name* except letters, digits and `-._~`."""
    if name in _UNSAFE:
        raise UsageError(
            f"{name!r} cannot be part of an API path",
            hint="empty names, `.` and `..` are refused because they would address something else",
        )
    try:
        return quote(name, safe="")
    except UnicodeEncodeError:
        raise UsageError(f"{name!r} is not valid text", hint="write the name in UTF-8") from None
