"""Markup: elements of HTML and SVG, in which text is escaped unless it is markup itself."""

from __future__ import annotations

from collections.abc import Iterable
from html import escape

from ops.items import timestamp
from ops.ui.escape import printable

VOID = frozenset({"br", "hr", "input", "link", "meta"})

Attribute = str | int | float | bool | None


class Html(str):
    """Text that is markup already."""

    __slots__ = ()


Child = str | Iterable["Child"] | None


def text(value: object) -> Html:
    """Return *value* as text of a page; invisible characters and changes of direction become escapes."""
    return Html(escape(printable(str(value))))


def el(name: str, /, *children: Child, **attributes: Attribute) -> Html:
    """Return an element. Of attributes, a final `_` is dropped, other `_` are dashes; None is left out."""
    parts = [f"<{name}"]
    for key, value in attributes.items():
        if value is None or value is False:
            continue
        label = key.rstrip("_").replace("_", "-")
        if value is True:
            parts.append(f" {label}")
        else:
            parts.append(f' {label}="{text(f"{value:g}" if isinstance(value, float) else value)}"')
    parts.append(">")
    if name not in VOID:
        parts += [join(child) for child in children]
        parts.append(f"</{name}>")
    return Html("".join(parts))


def join(child: Child) -> Html:
    """Return *child*, a text, markup, or several of them, as markup."""
    if child is None:
        return Html("")
    if isinstance(child, Html):
        return child
    if isinstance(child, str):
        return text(child)
    return Html("".join(map(join, child)))


def section(id: str, title: str, *children: Child, note: Child = None) -> Html:
    """Return a section of the page with its heading."""
    head = el("h2", title, id=f"{id}-title")
    said = el("p", note, class_="note") if note else None
    return el("section", head, said, *children, id=id, aria_labelledby=f"{id}-title")


def moment(seconds: float) -> Html:
    """Return a time in UTC; the page's script adds how long ago that is."""
    written = timestamp(seconds)
    return el("time", f"{written[:10]} {written[11:16]} UTC", datetime=written)


def command(line: str) -> Html:
    """Return a command that can be copied."""
    return el(
        "span",
        el("code", line),
        el("button", "Copy", type="button", class_="copy", aria_label=f"Copy the command: {line}"),
        class_="command",
    )


def folded(summary: Child, *children: Child, opened: bool = False, class_: str | None = None) -> Html:
    """Return children that open with a click on the *summary*."""
    return el("details", el("summary", summary), *children, open=opened, class_=class_)


def table(heads: Iterable[str], rows: Iterable[Iterable[Child]], caption: str, class_: str = "") -> Html:
    """Return a table; *caption* names it for those who cannot see it."""
    head = el("thead", el("tr", [el("th", name, scope="col") for name in heads]))
    body = el("tbody", [el("tr", [el("td", cell) for cell in row]) for row in rows])
    return el(
        "div",
        el("table", el("caption", caption), head, body),
        class_=f"wide {class_}".strip(),
        tabindex=0,
        role="group",
        aria_label=caption,
    )


def plural(count: int, noun: str) -> str:
    """Return "1 change", "1,200 changes", "3 entries"."""
    from ops.ui.cells import counted

    return counted(count, noun)
