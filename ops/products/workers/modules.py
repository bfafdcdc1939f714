"""The modules of a script: read from what the API sends."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from ops.errors import MalformedAnswer
from ops.kinds.resource import Content

SERVICE_WORKER = "application/javascript"
MODULE = "application/javascript+module"
_PARAMETER = re.compile(r';\s*([^\s=;]+)=(?:"((?:[^"\\]|\\.)*)"|([^;\s]*))')


class Script(NamedTuple):
    """All modules of a script; *entry_point* is the name of the one that is run first."""

    entry_point: str
    modules: tuple[Content, ...]


def read_script(name: str, content_type: str, body: bytes, *, entry_point: str, whole: bool = True) -> Script:
    """Read what `content/v2` answers for the script *name*: multipart, or one service-worker script.

    *whole* says that the length of *body* is proven; multipart proves its own by its last boundary.
    Raises MalformedAnswer where the content is cut, has a name twice or lacks *entry_point*.
    """
    media_type, parameters = _header_value(content_type)
    if not media_type.startswith("multipart/"):
        if not whole:
            raise MalformedAnswer(f"the content of {name!r} may be cut: the answer does not tell its length")
        only = Content(f"{name}.js", media_type or SERVICE_WORKER, body)
        return Script(only.name, (only,))
    modules = tuple(map(_module, _split(body, parameters.get("boundary", "").encode())))
    names = {module.name for module in modules}
    if len(names) < len(modules):
        raise MalformedAnswer(f"the content of {name!r} has two modules of the same name")
    entry = entry_point or (modules[0].name if len(modules) == 1 else "")
    if entry and entry not in names:
        raise MalformedAnswer(f"the content of {name!r} has no module {entry!r}, its entry point")
    return Script(entry, modules)


def _split(body: bytes, boundary: bytes) -> Iterator[bytes]:
    """Give the parts between the boundaries, untouched (RFC 2046, 5.1.1)."""
    _preamble, *parts = (b"\r\n" + body).split(b"\r\n--" + boundary)
    if not boundary or not parts or not parts[-1].startswith(b"--"):
        raise MalformedAnswer("the multipart answer is cut: its closing boundary is missing")
    for part in parts[:-1]:
        # Blanks may follow a boundary before its line ends.
        yield part.partition(b"\r\n")[2]


def _module(part: bytes) -> Content:
    head, blank, data = part.partition(b"\r\n\r\n")
    headers = dict(_header(line) for line in head.split(b"\r\n"))
    given = _header_value(headers.get("content-disposition", ""))[1]
    name = given.get("name") or given.get("filename")
    if not blank or not name:
        raise MalformedAnswer("a part of the multipart answer has no name")
    return Content(name, headers.get("content-type", "application/octet-stream"), data)


def _header(line: bytes) -> tuple[str, str]:
    name, _, value = line.decode("utf-8", "backslashreplace").partition(":")
    return name.strip().lower(), value.strip()


def _header_value(header: str) -> tuple[str, dict[str, str]]:
    """Give a header's main value, lower case, and its parameters, unquoted."""
    main, _, rest = header.partition(";")
    found = _PARAMETER.findall(";" + rest)
    return main.strip().lower(), {name.lower(): _unquoted(quoted) or plain for name, quoted, plain in found}


def _unquoted(text: str) -> str:
    # Browsers' form encoding escapes a quote as %22, others with a backslash.
    return re.sub(r"\\(.)", r"\1", text).replace("%22", '"')
