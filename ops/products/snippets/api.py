"""Snippets with their code, which is read and written as a form with a part for each file.

An item holds what a write takes: `files` with the text of each, and `main_module`, the one that runs first.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from ops.errors import NotFound
from ops.items import Json
from ops.kinds.code import MODULE, read_script
from ops.kinds.resource import address

if TYPE_CHECKING:
    from ops.http.client import Client
    from ops.http.paths import ApiPath
    from ops.kinds.resource import Owner

SNIPPETS = "/zones/{zone}/snippets"
# Why the code of a snippet is not in its item.
UNREAD = "code_unread"
# A snippet has at most 32 KB of code.
LIMIT = 1 << 20


def _where(zone: Owner, snippet: Json) -> ApiPath:
    return address(SNIPPETS, zone).below("{}", snippet["snippet_name"])


def with_code(client: Client, zone: Owner, head: Json, earlier: Json | None = None) -> Json:
    """Return a snippet with its code, which is that of *earlier* if it was not changed since."""
    if "files" in head:
        return head  # it was read from a snapshot
    if earlier and "files" in earlier and earlier.get("modified_on") == head.get("modified_on", ""):
        return {**earlier, **head}
    try:
        answer = client.raw(_where(zone, head).below("content"), limit=LIMIT)
    except NotFound as error:
        return {**head, UNREAD: error.message}
    body, headers = answer.content(), answer.headers
    code = read_script(
        head["snippet_name"],
        headers.get("content-type", ""),
        body,
        entry_point=headers.get("cf-entrypoint", ""),
        complete=answer.verified,
        by_file=True,
    )
    try:
        files = {file.name: file.data.decode("utf-8") for file in code.modules}
    except UnicodeDecodeError:
        return {**head, UNREAD: "one of its files is not text in UTF-8"}
    return {**head, "main_module": code.entry_point, "files": files}


def blocked(snippet: Json, _live: Json | None, _now: float) -> str:
    """Return why *snippet* cannot be written; "" if it can."""
    if not snippet.get("files"):
        return str(snippet.get(UNREAD) or "the snapshot does not hold its code")
    if not snippet.get("main_module"):
        return "it has several files, and Cloudflare does not say which of them runs first"
    return ""


def put_snippet(client: Client, zone: Owner, snippet: Json) -> Json:
    """Create or replace a snippet."""
    metadata = json.dumps({"main_module": snippet["main_module"]}).encode()
    files = [("files", (name, text.encode(), MODULE)) for name, text in snippet["files"].items()]
    form = [("metadata", (None, metadata, "application/json")), *files]
    return {**snippet, **client.put(_where(zone, snippet), files=form)}
