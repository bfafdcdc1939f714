"""The pagination forms of the API: page/per_page, flat cursor, nested cursor."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Sequence
from typing import Any

from ops.sandbox.router import getter, not_routable, route, segments
from ops.sandbox.store import Json, Store
from ops.sandbox.wire import Answer, Refusal, Request, dumps, ok, ok_list, ok_text

# A cursor that is malformed, of another list, or too old.
INVALID_CURSOR = (400, 10002, "Invalid cursor: it has expired or does not belong to this list.")


def page_info(page: int, per_page: int, count: int, total: int) -> dict[str, int]:
    """Return the ``result_info`` of the page form."""
    pages = -(-total // per_page)
    return {"page": page, "per_page": per_page, "count": count, "total_count": total, "total_pages": pages}


def _page(request: Request, *, maximum: int, default: int = 20, minimum: int = 5) -> tuple[int, int]:
    """Return page and per_page; a size out of bounds is clamped, not refused, and echoed."""
    text = request.query.get("per_page", "")
    if text.lstrip("-").isdigit() and text.isascii():
        request.query["per_page"] = str(min(max(int(text[:20]), minimum), maximum))
    return request.number("page", 1, 1, 2**31), request.number("per_page", default, minimum, maximum)


def page_of(
    request: Request, store: Store, select: str, count: str, args: Sequence[Any] = (), **bounds: int
) -> Answer:
    """Answer with one page of *select*, whose first column is the JSON text of an item.

    *count* is the query for the number of all items; both take the same *args*. *bounds*, here and below, of
    ``per_page``: ``maximum``, ``default`` (20) and ``minimum`` (5); without them all items are on one page.
    """
    if not bounds:
        return ok_list(store.texts(select, args))
    page, per_page = _page(request, **bounds)
    texts = store.texts(select + " LIMIT ? OFFSET ?", (*args, per_page, (page - 1) * per_page))
    return ok_list(texts, page_info(page, per_page, len(texts), int(store.value(count, args))))


def page_of_documents(
    request: Request,
    store: Store,
    kind: str,
    owner: str,
    *,
    where: str = "",
    args: Sequence[Any] = (),
    order: str = "sort, id",
    **bounds: int,
) -> Answer:
    """Answer with one page of the documents of a kind and owner that satisfy *where* (``AND ...``)."""
    base = f" FROM document WHERE kind = ? AND owner = ?{where}"
    select, count = f"SELECT body{base} ORDER BY {order}", f"SELECT count(*){base}"
    return page_of(request, store, select, count, (kind, owner, *args), **bounds)


def listing(template: str, scope: str, kind: str, filters: str = "", **bounds: int) -> None:
    """Register a GET that lists the documents of a kind, of the zone or the account in the path.

    *filters*: the fields by which parameters of the same name select; ``~name`` has to contain the text.
    """

    def answer(request: Request, store: Store) -> Answer:
        where, args = "", []
        for name in filters.split():
            field = name.lstrip("~")
            if value := request.query.get(field):
                column = f"json_extract(body, '$.{field}')"
                where += f" AND {column} = ?" if field == name else f" AND instr(lower({column}), ?) > 0"
                args.append(value if field == name else value.lower())
        base = f" FROM document WHERE kind = ? AND owner = ?{where}"
        select, count = f"SELECT body{base} ORDER BY sort, id", f"SELECT count(*){base}"
        return page_of(request, store, select, count, (kind, request.owner, *args), **bounds)

    route("GET", template, scope)(answer)


def reader(
    template: str, scope: str, kind: str, *missing: Any, owner: Callable[[Request], str] | None = None
) -> Callable[[Request, Store], Json]:
    """Register a GET of one document, named by the last placeholder; return the function that finds it.

    *missing*: status, code and message that refuse an unknown one, which is not routable without them.
    """
    name = template.rpartition("{")[2].partition("}")[0].partition(":")[0]

    @getter(template, scope)
    def find(request: Request, store: Store) -> Json:
        refusal = Refusal(*missing) if missing else not_routable(segments(request.path))
        return store.required(kind, owner(request) if owner else request.owner, request.args[name], refusal)

    return find


def only(template: str, scope: str, kind: str, default: Json) -> Callable[[Request, Store], Json]:
    """Register a GET of a zone's one document of a kind; return the function that finds it, or *default*."""

    @getter(template, scope)
    def find(request: Request, store: Store) -> Json:
        return store.get_document(kind, request.zone, kind) or default

    return find


def page_of_items(request: Request, items: Sequence[Any], **bounds: int) -> Answer:
    """Answer with one page of a list in memory (filtered small lists)."""
    page, per_page = _page(request, **bounds)
    shown = items[(page - 1) * per_page : page * per_page]
    return ok(shown, page_info(page, per_page, len(shown), len(items)))


def after(request: Request, store: Store) -> str:
    """Return the key after which the cursor continues; it is valid for its path and ``cursor_lifetime`` s."""
    text = request.query.get("cursor", "")
    if not text:
        return ""
    try:
        path, key, born = json.loads(base64.urlsafe_b64decode(text.encode()))
    except (ValueError, TypeError):
        path, key, born = "", "", 0.0
    if path != request.path or store.now() - born > float(store.meta("cursor_lifetime", "3600")):
        raise Refusal(*INVALID_CURSOR)
    return str(key)


def cursor_behind(request: Request, store: Store, key: str) -> str:
    """Return the opaque cursor that continues after *key*."""
    return base64.urlsafe_b64encode(dumps([request.path, key, int(store.now())]).encode()).decode()


def cursor_of(
    request: Request,
    store: Store,
    select: str,
    args: dict[str, Any] | None = None,
    *,
    limit: int,
    both: bool = False,
    inside: str = "",
) -> Answer:
    """Answer with one page of a cursor list.

    *select* yields (key, JSON text) in the order of the key; it uses ``:after`` (exclusive, "" at the start)
    and ``:limit``. Flat: ``result_info {count, cursor}``, an empty cursor at the end. *both*: also
    nested, ``cursors {after}``, where the document and Cloudflare's clients read different places. *inside*
    names the field of ``result`` that has the list.
    """
    bound = {**(args or {}), "after": after(request, store), "limit": limit + 1}
    rows = store.rows(select, bound)
    shown = rows[:limit]
    cursor = cursor_behind(request, store, shown[-1][0]) if len(rows) > limit else ""
    text = "[" + ",".join(row[1] for row in shown) + "]"
    if inside:
        text = "{" + dumps(inside) + ":" + text + "}"
        return ok_text(text, {"per_page": limit, **({"cursor": cursor} if cursor else {})})
    info: dict[str, Any] = {"count": len(shown), "cursor": cursor}
    return ok_text(text, {**info, "cursors": {"after": cursor}} if both else info)
