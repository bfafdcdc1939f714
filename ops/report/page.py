"""The page: its sections in their order, as one file without a server, or as a folder for strict policies."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterator
from hashlib import sha256
from importlib.resources import files

from ops.report.cover import Cover
from ops.report.markup import Html, el
from ops.report.sections import (
    certificates,
    changes,
    everything,
    findings,
    growth,
    jobs,
    map,
    needs,
    opening,
    unread,
)
from ops.report.sources import Look, Sources
from ops.report.tables import Names

POLICY = "default-src 'none'; base-uri 'none'; form-action 'none'; style-src {style}; script-src {script}"
STYLE, SCRIPT, INDEX = "style.css", "report.js", "index.html"


def asset(name: str) -> str:
    """Return the text of a file that the page is made of, without comments of a line and indentation."""
    lines = (files("ops.report") / "assets" / name).read_text("utf-8").splitlines()
    kept = (line.strip() for line in lines if not line.lstrip().startswith("// "))
    return "\n".join(line for line in kept if line)


def write_page(sources: Sources, look: Look) -> bytes:
    """Return the page as one file: its policy allows its own style and script only, by their hashes."""
    style, script = asset(STYLE), asset(SCRIPT)
    policy = POLICY.format(style=_hash(style), script=_hash(script))
    end = el("script", Html(script))
    return _document(sources, look, policy, el("style", Html(style)), end)


def write_folder(sources: Sources, look: Look) -> dict[str, bytes]:
    """Return the files of a folder, for servers whose policy allows files of their own only."""
    head, end = el("link", rel="stylesheet", href=STYLE), el("script", src=SCRIPT)
    policy = POLICY.format(style="'self'", script="'self'")
    return {
        INDEX: _document(sources, look, policy, head, end),
        STYLE: asset(STYLE).encode(),
        SCRIPT: asset(SCRIPT).encode(),
    }


def _hash(text: str) -> str:
    return f"'sha256-{b64encode(sha256(text.encode()).digest()).decode()}'"


def _document(sources: Sources, look: Look, policy: str, style: Html, script: Html) -> bytes:
    manifest = sources.manifest
    name = manifest.account_name or manifest.account_id
    head = el(
        "head",
        el("meta", charset="utf-8"),
        el("meta", http_equiv="Content-Security-Policy", content=policy),
        el("meta", name="viewport", content="width=device-width, initial-scale=1"),
        el("meta", name="color-scheme", content="light dark"),
        el("title", f"{name}, {manifest.started[:10]}"),
        style,
    )
    page = el("html", head, el("body", list(_body(sources, look)), script), lang="en")
    return f"<!doctype html>\n{page}\n".encode("utf-8", "backslashreplace")


def _body(sources: Sources, look: Look) -> Iterator[Html]:
    cover, names = Cover(redact=look.redact), Names(sources)
    tables = everything.tables_of(sources, look, names, cover)
    summaries = (changes.table(sources, cover), findings.table(sources, cover))
    tables = [*(table for table in summaries if table), *tables]
    yield opening.bar(sources, redact=look.redact)
    found = needs.needs_of(sources, names, cover)
    severe = any(need.severity in ("critical", "high") for need in found)
    yield el(
        "main",
        opening.sentence(sources, len(found), severe=severe),
        needs.needs(found),
        changes.changes(sources, cover),
        map.map_of(sources, names, cover),
        certificates.certificates(sources, look, names, cover),
        findings.findings(sources, names, cover),
        growth.growth(sources, look),
        jobs.jobs(sources),
        everything.everything(sources, look, tables),
        unread.unread(sources, look, cover),
    )
    yield everything.ITEM
    yield from everything.data(sources, tables)
