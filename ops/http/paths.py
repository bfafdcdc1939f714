"""API paths: the one place where names become parts of a URL."""

from __future__ import annotations

from typing import NewType
from urllib.parse import quote

from ops.errors import UsageError

ApiPath = NewType("ApiPath", str)

# urllib3 removes dot segments, so a key called ".." would address its parent: the namespace itself.
_UNSAFE = frozenset({"", ".", ".."})


def path(template: str, *segments: str, **named: str) -> ApiPath:
    """Return *template* with `{}` and `{name}` filled in, each value encoded as exactly one path segment.

    Raises UsageError for a segment that cannot be sent: empty, `.`, `..`, or not text.
    """
    return ApiPath(template.format(*map(segment, segments), **{k: segment(v) for k, v in named.items()}))


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
