"""A fake account: lists without a network, independent of the products."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from typing import Any

from ops.http.parallel import Pool
from ops.items import Json
from ops.kinds.resource import ACCOUNT, Content, Owner, Resource
from ops.scan.inventory import Inventory, ScanFilter, ScanPlan, choose
from ops.scan.request import Count
from ops.scan.walk import ItemSink, Walk

ACCOUNT_ID = "a" * 32
ME = Owner(ACCOUNT_ID, ACCOUNT_ID, {})


class Silent:
    """A watch that reports nothing."""

    def found(self, more: int) -> None: ...

    def read(self, kind: str) -> None: ...


class Lists:
    """Lists by (kind, parent id), with a log of the requests; a failure is raised instead of a list.

    *delay* gives the seconds before each page; a page has *page* items.
    """

    def __init__(self, delay: Callable[[], float] = lambda: 0.0, page: int = 50) -> None:
        self.items: dict[tuple[str, str], list[Json]] = {}
        self.failures: dict[tuple[str, str], BaseException] = {}
        self.failures_when_asked_again: dict[tuple[str, str], BaseException] = {}
        self.asked: list[tuple[str, str]] = []
        self.pages = 0
        self._delay, self._page = delay, page
        self._lock = threading.Lock()

    def reader(self, kind: str) -> Callable[[Any, Owner], Iterator[Json]]:
        def read(_client: Any, owner: Owner) -> Iterator[Json]:
            self.asked.append((kind, owner.id))
            if self.asked.count((kind, owner.id)) > 1 and (kind, owner.id) in self.failures_when_asked_again:
                raise self.failures_when_asked_again[kind, owner.id]
            items = self.items.get((kind, owner.id), [])
            for start in range(0, max(1, len(items)), self._page):
                self._one_request()
                if start == 0 and (kind, owner.id) in self.failures:
                    raise self.failures[kind, owner.id]
                yield from items[start : start + self._page]

        return read

    def _one_request(self) -> None:
        with self._lock:
            self.pages += 1
        if seconds := self._delay():
            time.sleep(seconds)

    def contents(self, _client: Any, owner: Owner, item: Json) -> Iterator[Content]:
        self.asked.append(("contents", item["id"]))
        if ("contents", item["id"]) in self.failures:
            raise self.failures["contents", item["id"]]
        yield Content("index.js", "application/javascript", f"// {item['id']}".encode())


def declared(lists: Lists) -> tuple[Resource, ...]:
    """Return the kinds of the fake account: zones, scripts with contents, stores with keys."""

    def resource(kind: str, scope: str = ACCOUNT, **more: Any) -> Resource:
        return Resource(kind, scope, listing=lists.reader(kind), **{"identity": ("name",), **more})

    return (
        resource("flat.thing", needs="Thing > Read"),
        resource("zones.zone"),
        *(resource(f"dns.kind{number}", "zones.zone", needs="Zone > DNS > Read") for number in range(4)),
        resource("dns.extra", "zones.zone", deep=True),
        resource("code.script", contents=lists.contents),
        resource("code.cron", "code.script", identity=("cron",), key="cron"),
        resource("kv.namespace", label="name"),
        resource("kv.key", "kv.namespace", key="name", values=_values(lists)),
    )


def _values(lists: Lists) -> Callable[[Any, Owner, Iterable[Json]], Iterator[Json]]:
    def read(_client: Any, owner: Owner, keys: Iterable[Json]) -> Iterator[Json]:
        lists.asked.append(("values", owner.id))
        for key in keys:
            yield {"key": key["name"], "value": f"value of {key['name']}"}

    return read


def filled(lists: Lists, zones: int = 3, records: int = 4) -> Lists:
    """Fill the account."""
    lists.items["flat.thing", ACCOUNT_ID] = [{"id": "t1", "name": "thing"}]
    lists.items["zones.zone", ACCOUNT_ID] = [
        {"id": f"z{n}", "name": f"z{n}.example", "account": {"id": ACCOUNT_ID, "name": "Example"}}
        for n in range(zones)
    ]
    for n in range(zones):
        for kind in range(4):
            lists.items[f"dns.kind{kind}", f"z{n}"] = [
                {"id": f"r{r}", "name": f"{(r * 7919) % records:04}.z{n}.example"} for r in range(records)
            ]
    lists.items["code.script", ACCOUNT_ID] = [{"id": "router", "name": "router"}]
    lists.items["code.cron", "router"] = [{"cron": "* * * * *"}]
    lists.items["kv.namespace", ACCOUNT_ID] = [{"id": "n1", "name": "sessions"}]
    lists.items["kv.key", "n1"] = [{"name": f"key{n}"} for n in range(3)]
    return lists


def walked(
    lists: Lists,
    options: ScanFilter | None = None,
    sink: ItemSink | None = None,
    *,
    resources: tuple[Resource, ...] = (),
    workers: int = 4,
    stop: threading.Event | None = None,
) -> Inventory:
    """Walk the account."""
    plan: ScanPlan = choose(resources or declared(lists), options or ScanFilter())
    pool = partial(Pool, workers, stop or threading.Event())
    return Walk(None, ME, plan, sink=sink or Count(), pool=pool, watch=Silent()).run()  # type: ignore[arg-type]
