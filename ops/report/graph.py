"""The graph of an account: zones, what leads from them to Workers, and what Workers use.

It follows the declarations of the kinds (`links`, `uses`), so it knows what `snapshots.usage` knows. What is
many is folded: zones with the same Workers are one node, and so are their routes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import cached_property
from typing import NamedTuple

from ops.items import Json
from ops.kinds.resource import Resource
from ops.report.sources import Sources
from ops.report.tables import Names, is_listed, link
from ops.snapshots.compare.side import name_of
from ops.snapshots.usage import User, names_of, users_of
from ops.snapshots.whole import NotRead

ZONE, SCRIPT, PAGES = "zones.zone", "workers.script", "pages.project"
ENTRIES = ("workers.route", "workers.domain", "workers.schedule")
STORES = ("kv.namespace", "do.namespace", "r2.bucket", "d1.database", "queues.queue")
COLUMNS = ((ZONE,), ENTRIES, (SCRIPT, PAGES), STORES)
MISSING, UNUSED = "missing", "unused"
MOST = 40
"""The most nodes of a column: beyond them, like ones are folded, and the rest is one node."""
FEW = 4
"""How many like nodes without an edge are shown before they are one."""
SWEEPS = 12

Id = tuple[str, str]


class Node(NamedTuple):
    """An item, or *members* of them. *state*: MISSING: it does not exist; UNUSED: nothing points at it."""

    kind: str
    name: str
    column: int
    href: str = ""
    state: str = ""
    members: int = 1


class Graph:
    """The nodes by their ids, the edges between them, and *gaps*, the kinds that were not read completely."""

    def __init__(self) -> None:
        self.nodes: dict[Id, Node] = {}
        self.edges: set[tuple[Id, Id]] = set()
        self.gaps: set[str] = set()
        self.idle_zones = 0

    @cached_property
    def near(self) -> dict[Id, set[Id]]:
        """Return the nodes that an edge connects with each node, when all edges are known."""
        found: dict[Id, set[Id]] = {id: set() for id in self.nodes}
        for one, other in self.edges:
            found[one].add(other)
            found[other].add(one)
        return found

    def column(self, number: int) -> list[Id]:
        """Return the ids in a column, by name."""
        found = [id for id, node in self.nodes.items() if node.column == number]
        return sorted(found, key=lambda id: (self.nodes[id].kind, self.nodes[id].name.lower()))


def graph_of(sources: Sources, names: Names) -> Graph:
    """Return the graph of the snapshot."""
    return _Builder(sources, names).graph


class _Builder:
    def __init__(self, sources: Sources, names: Names) -> None:
        self._sources, self._names = sources, names
        self.graph = Graph()
        for number, kinds in enumerate(COLUMNS[1:], 1):
            for kind in kinds:
                self._add_items(kind, number)
        for kind in (SCRIPT, *STORES):
            self._connect(kind)
        self._add_zones()
        self._mark_unused()

    def _items(self, kind: str) -> list[tuple[str, Json]]:
        try:
            return self._sources.whole.everything(kind)
        except NotRead:
            self.graph.gaps.add(kind)
            return list(self._sources.snapshot.items(kind))

    def _add_items(self, kind: str, column: int) -> None:
        if kind not in self._sources.kinds:
            return
        resource = self._sources.kinds[kind]
        for scope, item in self._items(kind):
            key = str(item.get(resource.key))
            href = (
                link(kind, self._names.of(resource.parent, scope), key)
                if is_listed(self._sources, kind)
                else ""
            )
            self.graph.nodes[kind, _unique(resource, scope, key)] = Node(
                kind, name_of(resource, item), column, href
            )

    def _connect(self, kind: str) -> None:
        """Add the edges from what uses the items of *kind*, and nodes for what does not exist."""
        sources, nodes = self._sources, self.graph.nodes
        if kind not in sources.kinds:
            return
        gaps: list[NotRead] = []
        users = users_of(sources.whole, kind, gaps)
        self.graph.gaps |= {gap.kind for gap in gaps}
        resource = sources.kinds[kind]
        keys = {
            name: str(item.get(resource.key))
            for _, item in sources.snapshot.items(kind)
            for name in names_of(resource, item)
        }
        column = next(number for number, kinds in enumerate(COLUMNS) if kind in kinds)
        for target, found in users.items():
            id = (kind, keys.get(target, target))
            if id not in nodes and kind not in self.graph.gaps:
                nodes[id] = Node(kind, target, column, "", MISSING)
            for user in found:
                start = (user.kind, self._key(user))
                if start in nodes and id in nodes and start != id:
                    self.graph.edges.add((start, id))

    def _key(self, user: User) -> str:
        return _unique(self._sources.kinds[user.kind], user.scope, user.key)

    def _add_zones(self) -> None:
        """Add the zones that lead to a Worker; the others are only counted."""
        zones = {str(zone["id"]): str(zone["name"]) for _, zone in self._items(ZONE)}
        reached: set[str] = set()
        for kind in ENTRIES[:2]:
            resource = self._sources.kinds.get(kind)
            for scope, item in self._items(kind) if resource else ():
                id = scope if resource and resource.parent == ZONE else str(item.get("zone_id"))
                if id in zones and resource:
                    entry = (kind, _unique(resource, scope, str(item.get(resource.key))))
                    self.graph.nodes[ZONE, id] = Node(ZONE, zones[id], 0, link(ZONE, "", id))
                    self.graph.edges.add(((ZONE, id), entry))
                    reached.add(id)
        self.graph.idle_zones = len(zones.keys() - reached)

    def _mark_unused(self) -> None:
        """Mark the Workers and stores that nothing points at, if all that might was read."""
        if self.graph.gaps:
            return
        used = {end for _, end in self.graph.edges} | {
            start for start, end in self.graph.edges if start[0] in STORES
        }
        for id, node in self.graph.nodes.items():
            if node.column >= 2 and node.kind != PAGES and id not in used and not node.state:
                self.graph.nodes[id] = node._replace(state=UNUSED)


def _unique(resource: Resource, scope: str, key: str) -> str:
    """Return what tells an item from others: crons have the same key in several Workers."""
    return f"{scope} {key}" if resource.kind == "workers.schedule" else key


def folded(graph: Graph) -> Graph:
    """Return *graph* with few nodes in each column: like ones are one node."""
    groups: dict[Id, Id] = {}
    crowded = [len(graph.column(number)) > MOST for number in range(4)]

    def around(id: Id) -> frozenset[Id]:
        return frozenset(groups.get(one, one) for one in graph.near[id])

    if crowded[0] or crowded[1]:
        groups.update(_alike(graph, graph.column(0), lambda id: _beyond(graph, id, 2)))
        groups.update(_alike(graph, graph.column(1), around))
    for number in (2, 3):
        if crowded[number]:
            groups.update(_alike(graph, graph.column(number), around))
    alone = [id for number in (2, 3) for id in graph.column(number) if not graph.near[id]]
    groups.update(_alike(graph, alone, around, FEW))
    made = _merged(graph, groups)
    for number in range(4):
        made = _merged(made, _rest(made, made.column(number)))
    return made


def _beyond(graph: Graph, id: Id, column: int) -> frozenset[Id]:
    """Return the nodes of *column* that are two steps from *id*."""
    found = (far for near in graph.near[id] for far in graph.near[near])
    return frozenset(far for far in found if graph.nodes[far].column == column)


def _alike(
    graph: Graph, ids: Iterable[Id], signature: Callable[[Id], frozenset[Id]], few: int = 2
) -> dict[Id, Id]:
    """Return the id of a group for each of *ids* that shares its kind, state and *signature* with others."""
    found: dict[tuple[str, str, frozenset[Id]], list[Id]] = {}
    for id in ids:
        node = graph.nodes[id]
        found.setdefault((node.kind, node.state, signature(id)), []).append(id)
    groups: dict[Id, Id] = {}
    for number, members in enumerate(found.values()):
        if len(members) > few:
            groups |= dict.fromkeys(members, (members[0][0], f"\x00{number} {members[0][1]}"))
    return groups


def _rest(graph: Graph, ids: Sequence[Id]) -> dict[Id, Id]:
    """Return one id for the nodes with the fewest edges, if there are too many."""
    if len(ids) <= MOST:
        return {}
    least = sorted(ids, key=lambda id: (len(graph.near[id]), -graph.nodes[id].members))[: len(ids) - MOST + 1]
    return {id: ("", f"\0rest {graph.nodes[id].column}") for id in least}


def _merged(graph: Graph, groups: dict[Id, Id]) -> Graph:
    made = Graph()
    made.gaps, made.idle_zones = graph.gaps, graph.idle_zones
    for id, node in graph.nodes.items():
        group = groups.get(id, id)
        if group == id:
            made.nodes[id] = node
        else:
            count = node.members + (made.nodes[group].members if group in made.nodes else 0)
            name = f"{count:,} {node.kind.partition('.')[2]}s" if group[0] else f"{count:,} more"
            href = f"#{node.kind}" if group[0] else ""
            made.nodes[group] = Node(node.kind, name, node.column, href, node.state, count)
    for one, other in graph.edges:
        pair = groups.get(one, one), groups.get(other, other)
        if pair[0] != pair[1]:
            made.edges.add(pair)
    return made


def ordered(graph: Graph) -> list[list[Id]]:
    """Return the columns, each in an order with few crossings: by the mean place of its neighbors."""
    columns = [graph.column(number) for number in range(4)]
    near = graph.near
    places: dict[Id, float] = {}
    for column in columns:
        places |= {id: (at + 0.5) / len(column) for at, id in enumerate(column)}
    for sweep in range(SWEEPS):
        for column in columns if sweep % 2 else reversed(columns):
            means = {
                id: sum(places[one] for one in near[id]) / len(near[id]) if near[id] else 2.0 for id in column
            }
            column.sort(key=lambda id: (means[id], graph.nodes[id].state, graph.nodes[id].name))
            places |= {id: (at + 0.5) / len(column) for at, id in enumerate(column)}
    return columns
