"""How it hangs together: the map from zones to stores as a drawing, and the same as a list."""

from __future__ import annotations

from collections.abc import Sequence

from ops.report.cover import Cover
from ops.report.graph import MISSING, PAGES, SCRIPT, UNUSED, Graph, Id, Node, folded, graph_of, ordered
from ops.report.markup import Child, Html, el, plural, section, text
from ops.report.markup import folded as details
from ops.report.sources import Sources
from ops.report.tables import Names

WIDTH, NODE, STEP, TOP = 1080, 216, 27, 30
_HEADS = ("Zones", "Routes, domains, crons", "Workers", "Stores and queues")
_WORDS = {
    "kv.namespace": "KV", "do.namespace": "DO", "r2.bucket": "R2", "d1.database": "D1",
    "queues.queue": "queue", "workers.schedule": "cron", "workers.domain": "domain", PAGES: "Pages",
}  # fmt: skip
_SAID = {MISSING: "does not exist", UNUSED: "nothing here points at it"}
_LONGEST, _LISTED, _INSIDE = 27, 60, 12


def map_of(sources: Sources, names: Names, cover: Cover) -> Html | None:
    """Return the section; None for an account without Workers and stores."""
    graph = graph_of(sources, names)
    if not any(node.column >= 2 for node in graph.nodes.values()):
        return None
    shown = folded(graph)
    states = [node.state for node in graph.nodes.values()]
    missing, unused = states.count(MISSING), states.count(UNUSED)
    said = [f"{plural(missing, 'target')} missing"] if missing else []
    said += [f"nothing here points at {plural(unused, 'item')}"] if unused else []
    note = f"{'; '.join(said).capitalize()}. " if said else ""
    note += "Click on an item for what is two steps around it."
    if len(shown.nodes) < len(graph.nodes):
        note += " Like items are one, with their number."
    unknown = f"Not read, so not on the map: {', '.join(sorted(graph.gaps))}." if graph.gaps else None
    return section(
        "map",
        "How it hangs together",
        el("p", unknown, class_="note") if unknown else None,
        _drawing(shown, cover),
        details("The same as a list", _list(graph, cover), class_="group"),
        note=note,
    )


def _drawing(graph: Graph, cover: Cover) -> Html:
    columns = ordered(graph)
    tallest = max(map(len, columns))
    height = TOP + tallest * STEP + (24 if graph.idle_zones else 6)
    places: dict[Id, tuple[float, float]] = {}
    for number, column in enumerate(columns):
        x = number * (WIDTH - NODE) / 3
        start = TOP + (tallest - len(column)) * STEP / 2 * (len(column) > 0)
        places |= {id: (x, start + at * STEP) for at, id in enumerate(column)}
    numbers = {id: at for at, id in enumerate(places)}
    heads = [
        el("text", text(head), x=number * (WIDTH - NODE) / 3, y=14, class_="head")
        for number, head in enumerate(_HEADS)
        if columns[number]
    ]
    edges = [_edge(graph, pair, places, numbers) for pair in sorted(graph.edges)]
    nodes = [_node(graph.nodes[id], places[id], numbers[id], cover) for id in places]
    idle = None
    if graph.idle_zones:
        more = "more " if columns[0] else ""
        idle = el(
            "text",
            f"{plural(graph.idle_zones, f'{more}zone')} without a Worker",
            x=0,
            y=height - 5,
            class_="head",
        )
    drawn = el(
        "svg", heads, el("g", edges, class_="edges"), nodes, idle,
        viewBox=f"0 0 {WIDTH} {height:g}", role="group", aria_label="Map of the account", class_="map",
    )  # fmt: skip
    return el("div", drawn, class_="wide", tabindex=0, role="group", aria_label="Map, scrolls sideways")


def _edge(
    graph: Graph, pair: tuple[Id, Id], places: dict[Id, tuple[float, float]], numbers: dict[Id, int]
) -> Html:
    (x1, y1), (x2, y2) = sorted((places[pair[0]], places[pair[1]]))
    y1, y2 = y1 + 11, y2 + 11
    broken = MISSING in (graph.nodes[pair[0]].state, graph.nodes[pair[1]].state)
    if x1 == x2:
        right = x1 + NODE
        path = (
            f"M{right:.0f} {y1:.0f}C{right + 34:.0f} {y1:.0f} {right + 34:.0f} {y2:.0f} {right:.0f} {y2:.0f}"
        )
    else:
        x1, bend = x1 + NODE, (x2 - x1 - NODE) / 2
        path = f"M{x1:.0f} {y1:.0f}C{x1 + bend:.0f} {y1:.0f} {x2 - bend:.0f} {y2:.0f} {x2:.0f} {y2:.0f}"
    ends = f"{numbers[pair[0]]} {numbers[pair[1]]}"
    return el("path", d=path, data_e=ends, class_=MISSING if broken else None)


def _node(node: Node, place: tuple[float, float], number: int, cover: Cover) -> Html:
    name = cover.text(node.name)
    word = _WORDS.get(node.kind, "")
    room = _LONGEST - len(word) - (2 if word else 0)
    short = f"{name[: room - 1]}…" if len(name) > room else name
    x, y = place
    said = f"{node.kind} {name}{f': {_SAID[node.state]}' if node.state else ''}"
    parts = (
        el("title", said),
        el("rect", x=x + 0.5, y=y + 0.5, width=NODE - 1, height=21, rx=5),
        el("text", text(short), x=x + 9, y=y + 15),
        el("text", word, x=x + NODE - 9, y=y + 15, text_anchor="end", class_="word") if word else None,
    )
    kind = f"node {node.state or 'column-' + str(node.column)}"
    if node.href:
        return el("a", parts, href=node.href, data_n=number, class_=kind)
    return el("g", parts, data_n=number, class_=kind)


def _list(graph: Graph, cover: Cover) -> Child:
    """Return each Worker with what leads to it and what it uses, then what nothing points at."""
    workers = graph.column(2)
    into: dict[Id, list[Id]] = {}
    out: dict[Id, list[Id]] = {}
    for start, end in sorted(graph.edges):
        out.setdefault(start, []).append(end)
        into.setdefault(end, []).append(start)
    rows = []
    for id in workers[:_LISTED]:
        callers = [
            _named(graph, one, cover, [zone for zone in into.get(one, ()) if zone[0] == "zones.zone"])
            for one in into.get(id, ())
        ]
        used = [_named(graph, one, cover) for one in out.get(id, ())]
        inside = [_part("reached by", callers), _part("uses", used)]
        rows.append(el("li", _named(graph, id, cover), el("ul", inside) if callers or used else None))
    if len(workers) > _LISTED:
        rows.append(el("li", f"and {len(workers) - _LISTED:,} more"))
    alone = [_named(graph, id, cover) for id in graph.column(3) if id not in into and id not in out]
    if alone:
        rows.append(el("li", "bound to no Worker: ", _joined(alone)))
    return el("ul", rows, class_="tree")


def _part(title: str, found: Sequence[Html]) -> Html | None:
    return el("li", el("span", f"{title} ", class_="note"), _joined(found)) if found else None


def _joined(found: Sequence[Html]) -> Child:
    more = f", and {len(found) - _INSIDE:,} more" if len(found) > _INSIDE else ""
    return [[", " if at else "", one] for at, one in enumerate(found[:_INSIDE])] + [more]


def _named(graph: Graph, id: Id, cover: Cover, zones: Sequence[Id] = ()) -> Html:
    node = graph.nodes[id]
    name = el("a", cover.text(node.name), href=node.href) if node.href else el("b", cover.text(node.name))
    word = _WORDS.get(node.kind, "")
    place = ", ".join(graph.nodes[zone].name for zone in zones)
    about = ", ".join(filter(None, (word if node.kind != SCRIPT else "", place, _SAID.get(node.state, ""))))
    return el("span", name, f" ({about})" if about else "")
