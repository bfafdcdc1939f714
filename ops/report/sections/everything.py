"""Everything: a table for each kind, as data for the page's script, and the first rows without it."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from typing import Any

from ops.items import Json
from ops.kinds.resource import Resource
from ops.report.cover import COUNTED, Cover
from ops.report.dashboard import PAGES
from ops.report.markup import Child, Html, el, section, text
from ops.report.past import Past
from ops.report.sources import Look, Sources
from ops.report.tables import Names, Table, detail_blocks, head_block, is_listed, packed, table_of
from ops.report.usage import Usage
from ops.snapshots.manifest import known
from ops.typed import in_message
from ops.ui.cells import table_cell

STATIC = 100
"""The rows of a kind that are on the page without JavaScript."""
_LONGEST = 120
_PRODUCTS = {
    "all": "Summaries", "dns": "DNS", "ssl": "TLS", "kv": "KV", "do": "Durable Objects", "r2": "R2",
    "d1": "D1", "mtls": "mTLS", "rum": "Web Analytics", "pagerules": "Page Rules",
}  # fmt: skip


def tables_of(sources: Sources, look: Look, names: Names, cover: Cover) -> list[Table]:
    """Return the tables of the selected kinds, in the order of the catalog."""
    past, usage = Past(sources, cover), Usage(sources, names, cover)
    found = []
    for resource in sources.kinds.values():
        if look.selected(resource.kind) and is_listed(sources, resource.kind):

            def extra(scope: str, key: str, item: Json, resource: Resource = resource) -> list[Any]:
                return [
                    past.of(resource.kind, scope, key if resource.identity else ""),
                    usage.of(resource, item),
                ]

            found.append(table_of(sources, resource, names, cover, extra))
    return found


def everything(sources: Sources, look: Look, tables: Sequence[Table]) -> Html:
    """Return the section with the tables."""
    return section(
        "everything",
        "Everything",
        _kinds(sources, look, tables),
        _BROWSER,
        el("noscript", [_static(table, STATIC) for table in tables]),
        el("div", [_static(table, table.size) for table in tables], class_="print-only")
        if look.print_all
        else None,
        note="Each kind as it was read. Click on a row for all fields, its history and where it is used.",
    )


def _kinds(sources: Sources, look: Look, tables: Sequence[Table]) -> Html:
    """Return the kinds by product, with their counts; those that are only counted are not links."""
    products: dict[str, list[Child]] = {}
    for table in tables:
        product, _, name = table.kind.partition(".")
        entry = el("a", name, " ", el("span", f"{table.size:,}"), href=f"#{table.kind}", data_kind=table.kind)
        products.setdefault(product, []).append(entry)
    for kind in sorted(COUNTED & sources.kinds.keys()):
        count = known(one for one in sources.manifest.sections if one.kind == kind)
        if look.selected(kind) and count:
            product, _, name = kind.partition(".")
            products.setdefault(product, []).append(
                el("span", f"{name} {count:,}, counted only", class_="counted")
            )
    rows = [
        el("div", el("dt", _PRODUCTS.get(name) or name.replace("_", " ").capitalize()), el("dd", kinds))
        for name, kinds in products.items()
    ]
    return el("dl", rows, class_="kinds")


_BROWSER = el(
    "div",
    el(
        "div",
        el("h3", id="kind"),
        el("span", id="count", role="status"),
        el("label", "Add a filter", for_="filter", class_="unseen"),
        el("select", el("option", "Filter…", value=""), id="filter"),
        el("span", id="chips"),
        el(
            "span",
            el("button", "CSV", type="button", id="csv"),
            el("button", "JSON", type="button", id="json"),
            class_="downloads",
        ),
        class_="grid-tools",
    ),
    el(
        "div",
        el("div", el("div", id="head", role="row"), role="rowgroup"),
        el("div", id="rows", role="rowgroup"),
        id="grid", role="table", tabindex=0, aria_label="Items",
    ),
    id="browser", hidden=True,
)  # fmt: skip

ITEM = el(
    "aside",
    el("div", el("h2", id="item-name"), el("button", "Close", type="button", id="close"), class_="item-head"),
    el("div", id="item-body"),
    id="item", hidden=True, aria_labelledby="item-name", tabindex=-1,
)  # fmt: skip


def _static(table: Table, most: int) -> Html:
    """Return the first rows of a table in HTML, for readers without JavaScript and for paper."""
    columns = [column for column in table.columns if column.shown]
    head = el("tr", [el("th", column.name, scope="col") for column in columns])
    shown = min(most, table.size)
    rows = [el("tr", [el("td", _cell(column.values[at])) for column in columns]) for at in range(shown)]
    title = f"{table.kind}: {table.size:,}"
    if shown < table.size:
        title += in_message(f", the first {shown:,} are shown; with JavaScript, or in `inv items.list`, all")
    return el(
        "div", el("table", el("caption", title), el("thead", head), el("tbody", rows)), class_="wide static"
    )


def _cell(value: Any) -> Html:
    written = table_cell(value)
    return text(f"{written[:_LONGEST]}…" if len(written) > _LONGEST else written)


def data(sources: Sources, tables: Sequence[Table]) -> Iterable[Html]:
    """Yield the blocks of data: an index, then the columns and the details of each table."""
    kinds: Json = {}
    pages = PAGES if sources.dashboard else {}
    for table in tables:
        facts = {"count": table.size, "parent": table.parent, "key": table.key}
        kinds[table.kind] = {**facts, "page": pages.get(table.kind, "")}
    index = {"account": sources.manifest.account_id, "at": sources.manifest.started, "kinds": kinds}
    written = json.dumps(index, ensure_ascii=True).replace("<", "\\u003c")
    yield el("script", Html(written), type="application/json", id="index")
    for table in tables:
        yield _block(
            f"t:{table.kind}", json.dumps(head_block(table), ensure_ascii=True, separators=(",", ":"))
        )
        for at, block in enumerate(detail_blocks(table)):
            yield _block(f"t:{table.kind}:{at}", block)


def _block(id: str, document: str) -> Html:
    return el("script", Html(packed(document)), type="text/plain", id=id)
