"""A snapshot as one page to read: what was read and what not, and a table for each kind; fit to be mailed.

The page runs no script and asks for nothing: its policy (CSP) allows its own style alone. Whatever stands in
an item is text to it, and what would not be seen or would turn the reading direction is shown as an escape.
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
from ops.export.renderings.zone_folder import owners
from ops.items import reach
from ops.kinds.resource import ACCOUNT, Resource
from ops.snapshots import snapshot
from ops.snapshots.manifest import Manifest
from ops.snapshots.sections import COMPLETE, STATUSES, WHOLE
from ops.ui.cells import table_cells
from ops.ui.escape import json_text, printable

SHOWN = 5_000
"""Items of a kind that a page shows. More, and it is no longer read but searched, which other forms do."""


TONES = (COMPLETE, "dim", "incomplete")
"""How the page colours what was read, what was not asked for, and what is missing."""


class Row(NamedTuple):
    """An item: whose it is, what tells it apart, and all of it."""

    owner: str
    cells: list[str]
    whole: str


class KindTable(NamedTuple):
    """A kind of the snapshot: how many items there are, how its sections ended, and the rows in order.

    *listed* says whether it has items at all: contents of scripts, for one, have none.
    """

    name: str
    size: int
    statuses: dict[str, int]
    columns: tuple[str, ...]
    rows: Iterator[Row]
    listed: bool

    @property
    def tone(self) -> str:
        return max(map(tone, self.statuses), key=TONES.index, default=COMPLETE)


def check() -> None:
    """Raise UsageError where no page can be made on this machine."""
    if find_spec("jinja2") is None:
        raise UsageError(
            "a page needs the extra html, which is not installed", hint="`pip install 'cfops[html]'`"
        )


def write(folder: Path, manifest: Manifest, out: BinaryIO, resources: Iterable[Resource]) -> list[str]:
    """Write the snapshot in *folder* to *out*; returns a sentence for what the page does not show."""
    known = {resource.kind: resource for resource in resources}
    kinds = [_kind(folder, manifest, name, known) for name in _names(manifest)]
    told = _left_out(manifest, kinds)
    missing = sorted(
        (section for section in manifest.sections if section.status != COMPLETE),
        key=lambda section: (-STATUSES.index(section.status), section),
    )
    page = _template().stream(
        manifest=manifest, kinds=kinds, missing=missing, told=told, shown=SHOWN, style=_style()
    )
    page.enable_buffering(64)
    # A lone surrogate is an escape already where it stands in an item; nothing else may bring one.
    page.dump(out, encoding="utf-8", errors="backslashreplace")
    return told


def tone(status: str) -> str:
    return status if status == COMPLETE else "dim" if status in WHOLE else "incomplete"


def _names(manifest: Manifest) -> list[str]:
    return sorted({*snapshot.kinds(manifest), *(section.kind for section in manifest.sections)})


def _kind(folder: Path, manifest: Manifest, name: str, known: dict[str, Resource]) -> KindTable:
    sections = [section for section in manifest.sections if section.kind == name]
    statuses = Counter(section.status for section in sections)
    resource = known.get(name)
    columns = _columns(resource) if resource else ()
    there = name in snapshot.kinds(manifest)
    names = _owner_names(folder, manifest, resource, known) if there and resource else {}
    rows = _rows(folder, name, columns, names) if there else iter(())
    count = sum(section.count for section in sections)
    return KindTable(name, count, dict(sorted(statuses.items())), columns, rows, there)


def _columns(resource: Resource) -> tuple[str, ...]:
    return tuple(dict.fromkeys((resource.label, *resource.identity)))


def _owner_names(
    folder: Path, manifest: Manifest, resource: Resource, known: dict[str, Resource]
) -> dict[str, str]:
    """Return what people call the owners, by their ids; at account scope nothing, for there is only one."""
    if resource.parent == ACCOUNT:
        return {manifest.account_id: ""}
    found = owners(folder, manifest, resource, known.values())
    label = known[resource.parent].label if resource.parent in known else ""
    return {id: str(reach(item, label) or id) for id, item in found.items()}


def _rows(folder: Path, kind: str, columns: tuple[str, ...], names: dict[str, str]) -> Iterator[Row]:
    for scope, item in islice(snapshot.items(folder, kind), SHOWN):
        cells = [printable(cell) for cell in table_cells(item, columns)]
        yield Row(printable(names.get(scope, scope)), cells, json_text(item, indent=1))


def _left_out(manifest: Manifest, kinds: list[KindTable]) -> list[str]:
    told = [
        f"{kind.name}: the first {SHOWN:,} of {kind.size:,} are shown; --to FILE.sqlite holds all"
        for kind in kinds
        if kind.listed and kind.size > SHOWN
    ]
    if manifest.placed:
        told.append(f"{len(manifest.placed):,} files of contents are in the snapshot, not on the page")
    return told


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


def _style() -> dict[str, Any]:
    """Return the style and the hash by which the page's policy knows it."""
    from markupsafe import Markup

    text = (Path(__file__).parent / "report" / "style.css").read_text()
    return {"text": Markup(text), "hash": b64encode(sha256(text.encode()).digest()).decode()}  # noqa: S704 (our own file)
