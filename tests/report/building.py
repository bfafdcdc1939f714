"""Pages of small accounts, and a page as a browser parses it."""

from __future__ import annotations

import gzip
import json
import re
from base64 import b64decode
from collections.abc import Mapping, Sequence
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

from ops.checks.catalog import chosen
from ops.checks.model import View
from ops.checks.run import Result, run
from ops.checks.since import Ages
from ops.items import Json, seconds_of
from ops.kinds.catalog import kinds, resources
from ops.report.page import write_page
from ops.report.sources import Look, Sources, gather
from ops.snapshots.library import Entry
from ops.snapshots.snapshot import Snapshot
from ops.snapshots.whole import WholeSections
from tests.snapshots.making import made

NOW = seconds_of("2026-11-23T06:00:00Z")
ZONE_ID = "f" * 32
ZONE = {"id": ZONE_ID, "name": "example.com", "status": "active", "type": "full", "paused": False}


def record(name: str, content: str, type: str = "A", **more: Any) -> Json:
    """Return a record of example.com."""
    id = f"{type}-{name}-{content}"[:32]
    return {"id": id, "name": name, "type": type, "content": content, "proxied": False, "ttl": 1, **more}


def account(
    folder: Path, records: Sequence[Json], more: Mapping[tuple[str, str], Any] | None = None, **options: Any
) -> Snapshot:
    """Return a snapshot with *records* of one zone, and *more* by kind and scope."""
    items = {("zones.zone", ""): [ZONE], ("dns.record", ZONE_ID): list(records), **(more or {})}
    return made(folder, items, kinds=resources(), **options)


def view_of(snapshot: Snapshot) -> View:
    return View(WholeSections(snapshot, kinds()), snapshot.started)


def sources_of(snapshot: Snapshot, *older: Snapshot, look: Look | None = None, **more: Any) -> Sources:
    """Return the sources of a page about *snapshot*, with *older* ones stored beside it."""
    entries = [Entry(one.path, one.started, one.manifest) for one in older]
    newest_first = sorted(older, key=lambda one: one.started, reverse=True)

    def judged(one: Snapshot) -> tuple[list[Result], Ages]:
        results = list(run(chosen((), every=False), view_of(one)))
        return results, Ages(results, one.started, newest_first, view_of)

    return gather(snapshot, entries, kinds(), look or Look(), NOW, judge=judged, **more)


def page_of(snapshot: Snapshot, *older: Snapshot, look: Look | None = None, **more: Any) -> Page:
    """Return the page about *snapshot*."""
    look = look or Look()
    return Page(write_page(sources_of(snapshot, *older, look=look, **more), look).decode())


class Page(HTMLParser):
    """The page as a browser with JavaScript parses it: elements, attributes, texts and data blocks."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.text = text
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str]] = []
        self.texts: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += [(name, value or "") for name, value in attrs]

    def handle_data(self, data: str) -> None:
        self.texts.append(data)

    def section(self, id: str) -> str:
        """Return the texts of a section, with single spaces."""
        found = re.search(rf'<section id="{id}".*?</section>', self.text, re.DOTALL)
        assert found, id
        return " ".join(" ".join(Page(found[0]).texts).split())

    def block(self, id: str) -> Any:
        """Return what is packed in a block of data."""
        found = re.search(rf'<script type="text/plain" id="{re.escape(id)}">([^<]*)</script>', self.text)
        assert found, id
        return json.loads(gzip.decompress(b64decode(found[1])))

    def rows(self, kind: str) -> list[Json]:
        """Return the rows of a table as the page's script puts them together."""
        index = self.index["kinds"][kind]
        columns: dict[str, list[Any]] = {}
        for column in self.block(f"t:{kind}")["columns"]:
            values = column.get("v") or column.get("s") or [column["d"][at] for at in column["i"]]
            columns[column["n"]] = values
        parents = columns.get(index["parent"], [])
        for name, values in columns.items():
            if values is not parents and parents:
                columns[name] = [_long(value, parents[at]) for at, value in enumerate(values)]
        return [{name: values[at] for name, values in columns.items()} for at in range(index["count"])]

    @property
    def index(self) -> Json:
        found = re.search(r'<script type="application/json" id="index">(.*?)</script>', self.text)
        assert found
        index: Json = json.loads(found[1])
        return index


def _long(value: Any, parent: str) -> Any:
    if not isinstance(value, str) or not value.endswith("\x01"):
        return value
    return f"{value[:-1]}.{parent}" if value[:-1] else parent
