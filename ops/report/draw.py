"""Drawings in SVG, made here: no library is on the page, and everything has a title or a table beside it."""

from __future__ import annotations

from collections.abc import Sequence

from ops.report.markup import Child, Html, el, text


def svg(width: float, height: float, title: str, *children: Child, class_: str = "") -> Html:
    """Return a drawing with a name for those who cannot see it."""
    return el(
        "svg", el("title", title), *children,
        viewBox=f"0 0 {width:g} {height:g}", role="img", class_=f"drawing {class_}".strip(),
    )  # fmt: skip


def legend(words: Sequence[str], tones: Sequence[str]) -> Html:
    """Return the words of the colors of a drawing."""
    pairs = zip(words, tones, strict=True)
    return el(
        "p", [el("span", el("span", class_=f"key {tone}"), word) for word, tone in pairs], class_="legend"
    )


def stacked(
    rows: Sequence[tuple[str, Sequence[int]]], words: Sequence[str], classes: Sequence[str],
    tones: Sequence[str] = (),
) -> Html:  # fmt: skip
    """Return a bar for each of *rows*, in parts called *words*; *tones* gives each row a color of its own."""
    most = max((sum(counts) for _, counts in rows), default=0) or 1
    found = []
    for at, (name, counts) in enumerate(rows):
        parts, x = [], 0.0
        for word, tone, count in zip(words, classes, counts, strict=True):
            if count:
                width = max(0.6, 100 * count / most)
                fill = f"fill-{tones[at] if tones else tone}"
                parts.append(
                    el(
                        "rect",
                        el("title", f"{name}: {count:,} {word}"),
                        x=x,
                        y=0,
                        width=width,
                        height=8,
                        class_=fill,
                    )
                )
                x += width
        drawn = el(
            "svg",
            parts,
            viewBox="0 0 100 8",
            preserveAspectRatio="none",
            class_="bar-line",
            aria_hidden="true",
        )
        said = ", ".join(f"{count:,} {word}" for word, count in zip(words, counts, strict=True) if count)
        total = f"{sum(counts):,}"
        found.append(
            el("tr", el("th", name, scope="row"), el("td", drawn), el("td", el("span", total, title=said)))
        )
    return el("table", el("tbody", found), class_="bars")


def polyline(points: Sequence[tuple[float, float]], class_: str) -> Html:
    """Return a line through *points*."""
    return el("polyline", points=" ".join(f"{x:.1f},{y:.1f}" for x, y in points), class_=class_)


def label(x: float, y: float, written: str, anchor: str = "start", class_: str | None = None) -> Html:
    """Return a text in a drawing."""
    return el("text", text(written), x=x, y=y, text_anchor=anchor, class_=class_)
