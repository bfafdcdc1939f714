"""An app whose API is a remote in memory, so that a test decides when it fails."""

from __future__ import annotations

import io
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from ops.cli.app import App
from ops.cli.command import command
from ops.cli.run import Run
from ops.config.settings import Settings
from ops.http.client import Client
from ops.http.exchange import Call, Reply
from ops.items import Json
from ops.kinds.resource import Change, Compare, Owner, Resource, Writes
from ops.ui.shapes import Rows
from ops.ui.talk import Talk
from ops.writes.journal import Journal
from ops.writes.make import make

ZONE = Owner("a1", "z1", {"id": "z1", "name": "example.com"})
KIND = "remote.thing"


@command("write", writes=True, guards=("force", "confirm"))
def write(app: App) -> Rows:
    """Write."""
    return make(app)


class Remote:
    """The remote: things by id. `before` and `after` are called with the number of each write, before and
    after it is made; the caller meets what they raise.
    """

    def __init__(self, **options: Any) -> None:
        self.things: dict[str, Json] = {}
        self.calls: list[str] = []
        self.before: Callable[[int], None] = lambda _number: None
        self.after: Callable[[int], None] = lambda _number: None
        self._made = 0
        ways: Json = {
            "find": self.find,
            "create": self._create,
            "update": self._update,
            "delete": self._delete,
        }
        self.resource = Resource(
            kind=KIND,
            parent="zones.zone",
            listing=lambda _client, _owner: list(self.things.values()),
            identity=("name",),
            compare=Compare(volatile=("id",), read_only=options.pop("read_only", ())),
            writes=Writes(**{**ways, **options}),
        )

    @property
    def written(self) -> int:
        return len(self.calls)

    def state(self) -> list[Json]:
        """Return the things without their ids."""
        bare = [{name: v for name, v in thing.items() if name != "id"} for thing in self.things.values()]
        return sorted(bare, key=lambda thing: str(thing["name"]))

    def find(self, client: Client, owner: Owner, item: Json) -> Json | None:
        _of_a_zone(client, owner)
        if "id" in item:
            return self.things.get(str(item["id"]))
        return next((thing for thing in self.things.values() if thing["name"] == item["name"]), None)

    def batch(self, client: Client, owner: Owner, changes: Sequence[Change]) -> list[Json | None]:
        _of_a_zone(client, owner)
        self._begin(f"batch {len(changes)}")
        made = [self._apply(change) for change in changes]
        self.after(self.written)
        return made

    def _apply(self, change: Change) -> Json | None:
        if change.before is not None:
            self.things.pop(str(change.before["id"]), None)
        if change.after is None:
            return None
        kept = change.before["id"] if change.before else None
        return self._put(change.after, kept)

    def _create(self, client: Client, owner: Owner, item: Json) -> Json:
        _of_a_zone(client, owner)
        self._begin(f"create {item['name']}")
        made = self._put(item)
        self.after(self.written)
        return made

    def _update(self, client: Client, owner: Owner, before: Json, after: Json) -> Json:
        _of_a_zone(client, owner)
        self._begin(f"update {before['name']}")
        made = self._put(after, before["id"])
        self.after(self.written)
        return made

    def _delete(self, client: Client, owner: Owner, item: Json) -> None:
        _of_a_zone(client, owner)
        self._begin(f"delete {item['name']}")
        self.things.pop(str(item["id"]), None)
        self.after(self.written)

    def _begin(self, call: str) -> None:
        self.before(self.written + 1)
        self.calls.append(call)

    def _put(self, item: Json, id: str | None = None) -> Json:
        self._made += 1
        made = {**item, "id": id or f"id{self._made}"}
        self.things[made["id"]] = made
        return made

    def creation(self, name: str, **fields: Any) -> Change:
        return Change(self.resource, ZONE, None, {"name": name, **fields})

    def change(self, before: Json, **fields: Any) -> Change:
        return Change(self.resource, ZONE, before, {**before, **fields})

    def deletion(self, before: Json) -> Change:
        return Change(self.resource, ZONE, before, None)

    def stock(self, *names: str) -> list[Json]:
        """Add things that no request creates."""
        return [self._put({"name": name, "value": 1}) for name in names]


class Stage:
    """The apps of one user: each is a run with one task."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.err = io.StringIO()

    @property
    def messages(self) -> str:
        return self.err.getvalue()

    def app(self, run: Run | None = None, **options: Any) -> App:
        settings = Settings(
            exports=self.folder / "exports",
            state_dir=self.folder / "state",
            cache_dir=self.folder / "cache",
            account_id="a1",
            base_url="http://127.0.0.1:1/client/v4",
        )
        shared = {**write.shared, "yes": True, **options}
        app = App(run or Run(), settings, Talk(self.err), write, shared)
        vars(app)["client"] = Client(_nowhere)
        return app

    def journal(self) -> Journal:
        return Journal(self.folder / "state" / "journal")


def _of_a_zone(client: Client, owner: Owner) -> None:
    assert isinstance(client, Client)
    assert (owner.account_id, owner.id[:1]) == ("a1", "z")


def _nowhere(call: Call) -> Reply:
    raise AssertionError(f"{call} left the stage")
