"""Code as the API sends it: the modules of a script or a snippet, in a form with a part for each."""

from __future__ import annotations

import re
from typing import NamedTuple

from ops.errors import MalformedAnswer
from ops.kinds.resource import Content

SERVICE_WORKER = "application/javascript"
MODULE = "application/javascript+module"
_PARAMETER = re.compile(r';\s*([^\s=;]+)=(?:"((?:[^"\\]|\\.)*)"|([^;\s]*))')


class Script(NamedTuple):
    """All modules of a script; *entry_point* is the name of the one that runs first."""

    entry_point: str
    modules: tuple[Content, ...]


def read_script(
    name: str,
    content_type: str,
    body: bytes,
    *,
    entry_point: str,
    complete: bool = True,
    by_file: bool = False,
) -> Script:
    """Return the script *name* as `content/v2` sends it: multipart, or one service worker.

    *complete* means that the length of *body* is verified; multipart ends with a boundary of its own. With
    *by_file* a module is named by its file, for forms in which all files have one name.
    Raises MalformedAnswer if the content is cut, has a name twice or lacks *entry_point*.
    """
    media_type, parameters = _header_value(content_type)
    if not media_type.startswith("multipart/"):
        if not complete:
            problem = f"the content of {name!r} may be cut: the response does not state its length"
            raise MalformedAnswer(problem)
        only = Content(f"{name}.js", media_type or SERVICE_WORKER, body)
        return Script(only.name, (only,))
    boundary = parameters.get("boundary", "").encode()
    # The parts between the boundaries, unchanged (RFC 2046, 5.1.1).
    _preamble, *parts = (b"\r\n" + body).split(b"\r\n--" + boundary)
    if not boundary or not parts or not parts[-1].startswith(b"--"):
        raise MalformedAnswer("the multipart response is cut: its closing boundary is missing")
    # White space may follow a boundary before its line ends.
    modules = tuple(_module(part.partition(b"\r\n")[2], by_file=by_file) for part in parts[:-1])
    names = {module.name for module in modules}
    if len(names) < len(modules):
        raise MalformedAnswer(f"the content of {name!r} has two modules of the same name")
    entry = entry_point or (modules[0].name if len(modules) == 1 else "")
    if entry and entry not in names:
        raise MalformedAnswer(f"the content of {name!r} has no module {entry!r}, its entry point")
    return Script(entry, modules)


def _module(part: bytes, *, by_file: bool) -> Content:
    head, blank, data = part.partition(b"\r\n\r\n")
    headers = {}
    for line in head.split(b"\r\n"):
        field, _, value = line.decode("utf-8", "backslashreplace").partition(":")
        headers[field.strip().lower()] = value.strip()
    parameters = _header_value(headers.get("content-disposition", ""))[1]
    names = [parameters.get("name"), parameters.get("filename")]
    name = next(filter(None, reversed(names) if by_file else names), "")
    if not blank or not name:
        raise MalformedAnswer("a part of the multipart response has no name")
    return Content(name, headers.get("content-type", "application/octet-stream"), data)


def _header_value(header: str) -> tuple[str, dict[str, str]]:
    """Return a header's main value in lower case, and its parameters without quotes."""

    def unquoted(text: str) -> str:
        # Browsers' form encoding escapes a quote as %22, others with a backslash.
        return re.sub(r"\\(.)", r"\1", text).replace("%22", '"')

    main, _, rest = header.partition(";")
    found = _PARAMETER.findall(";" + rest)
    return main.strip().lower(), {name.lower(): unquoted(quoted) or plain for name, quoted, plain in found}
