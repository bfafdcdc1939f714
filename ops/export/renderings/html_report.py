"""A snapshot as one HTML page: what was read and what was not, and a table for each kind; fit to be mailed.

The page runs no script and loads nothing: its policy (CSP) allows only its own style. All of an item is shown
as text, and invisible characters and changes of the reading direction are shown as escapes.
"""

from __future__ import annotations

from base64 import b64encode
from collections import Counter
from collections.abc import Iterable, Iterator
from hashlib import sha256
from importlib.util import find_spec
from itertools import islice
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple

from ops.errors import UsageError
from ops.export.renderings.plain import owners
from ops.items import reach
from ops.kinds.resource import ACCOUNT, Resource
from ops.snapshots import snapshot
from ops.snapshots.manifest import COMPLETE, STATUSES, WHOLE, Manifest, Section
from ops.snapshots.manifest import known as known_count
from ops.ui.cells import table_cell, value_at
from ops.ui.escape import json_text, printable

SHOWN = 5_000
"""The most items of a kind on a page; other formats are better for searching in more."""

TONES = (COMPLETE, "dim", "incomplete")
"""The colors for what was read, what was not requested, and what is missing."""


class Row(NamedTuple):
    """An item: its parent, its identity, and its JSON."""

    owner: str
    cells: list[str]
    whole: str


class KindTable(NamedTuple):
    """A kind with its rows in order; only items are *listed*, not the contents of scripts.

    *size* is None if it is unknown.
    """

    name: str
    size: int | None
    statuses: dict[str, int]
    columns: tuple[str, ...]
    rows: Iterator[Row]
    listed: bool

    @property
    def tone(self) -> str:
        return max(map(tone, self.statuses), key=TONES.index, default=COMPLETE)


def check() -> None:
    """Raise UsageError if the extra for pages is not installed."""
    if find_spec("jinja2") is None:
        hint = "`pip install 'cfops[html]'`"
        raise UsageError("a page needs the extra html, which is not installed", hint=hint)


def write(folder: Path, manifest: Manifest, out: BinaryIO, resources: Iterable[Resource]) -> list[str]:
    """Write the snapshot in *folder* to *out*; return a sentence for each thing that the page omits."""
    from markupsafe import Markup

    known = {resource.kind: resource for resource in resources}
    kinds = _kind_tables(folder, manifest, known)
    omitted = [
        f"{kind.name}: the first {SHOWN:,} of {kind.size:,} are shown; --to FILE.sqlite contains all"
        for kind in kinds
        if kind.listed and kind.size and kind.size > SHOWN
    ]
    if manifest.placed:
        omitted.append(f"{len(manifest.placed):,} files of contents are in the snapshot, but not on the page")
    missing = sorted(
        (section for section in manifest.sections if section.status != COMPLETE),
        key=lambda section: (-STATUSES.index(section.status), section),
    )
    text = (Path(__file__).parent / "report" / "style.css").read_text()
    style = {"text": Markup(text), "hash": b64encode(sha256(text.encode()).digest()).decode()}  # noqa: S704 (our own file)
    page = _template().stream(
        manifest=manifest, kinds=kinds, missing=missing, omitted=omitted, shown=SHOWN, style=style
    )
    page.enable_buffering(64)
    # Lone surrogates in items are escaped already; elsewhere they are replaced here.
    page.dump(out, encoding="utf-8", errors="backslashreplace")
    return omitted


def tone(status: str) -> str:
    return status if status == COMPLETE else "dim" if status in WHOLE else "incomplete"


def _kind_tables(folder: Path, manifest: Manifest, known: dict[str, Resource]) -> list[KindTable]:
    listed = set(snapshot.kinds(manifest))
    sections: dict[str, list[Section]] = {name: [] for name in listed}
    for section in manifest.sections:
        sections.setdefault(section.kind, []).append(section)
    tables = []
    for name, found in sorted(sections.items()):
        resource = known.get(name)
        columns = tuple(dict.fromkeys((resource.label, *resource.identity))) if resource else ()
        names = _owner_names(folder, manifest, resource, known) if name in listed and resource else {}
        rows = _rows(folder, name, columns, names) if name in listed else iter(())
        statuses = dict(sorted(Counter(section.status for section in found).items()))
        tables.append(KindTable(name, known_count(found), statuses, columns, rows, name in listed))
    return tables


def _owner_names(
    folder: Path, manifest: Manifest, resource: Resource, known: dict[str, Resource]
) -> dict[str, str]:
    """Return the names of the parents by their ids; at account scope none, because there is only one."""
    if resource.parent == ACCOUNT:
        return {manifest.account_id: ""}
    found = owners(folder, manifest, resource, known.values())
    label = known[resource.parent].label if resource.parent in known else ""
    return {id: str(reach(item, label) or id) for id, item in found.items()}


def _rows(folder: Path, kind: str, columns: tuple[str, ...], names: dict[str, str]) -> Iterator[Row]:
    for scope, item in islice(snapshot.items(folder, kind), SHOWN):
        cells = [printable(table_cell(value_at(item, column))) for column in columns]
        yield Row(printable(names.get(scope, scope)), cells, json_text(item, indent=1))


def _template() -> Any:
    from jinja2 import Environment, PackageLoader, StrictUndefined

    pages = Environment(
        loader=PackageLoader("ops.export.renderings", "report"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    pages.filters |= {"printable": printable, "tone": tone}
    return pages.get_template("page.html")
