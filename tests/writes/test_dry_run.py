"""What a dry run would have changed, for the tasks after it on the line."""

from __future__ import annotations

from typing import Any

import pytest

from ops.cli.app import App
from ops.kinds.resource import Owner, Resource
from ops.writes.make import simulate, simulated
from tests.writes.stage import ZONE, Shelf, Stage

OTHER = Owner("a1", "z2", {"name": "example.org"})
RENAMED = Owner(ZONE.account_id, ZONE.id, {"name": "by another name"})


@pytest.fixture
def app(stage: Stage) -> App:
    return stage.app(dry_run=True)


def test_what_changes_nothing_is_not_kept(app: App, shelf: Shelf) -> None:
    (thing,) = shelf.stock("a")

    simulate(app.run.pretended, [shelf.change(thing)])

    assert app.run.pretended == []


@pytest.mark.parametrize(
    ("item", "seen"),
    [
        ({"id": "id1"}, (True, {"id": "id1", "name": "a", "value": 2})),
        ({"name": "a"}, (True, {"id": "id1", "name": "a", "value": 2})),
        ({"id": "id1", "name": "by another name"}, (True, {"id": "id1", "name": "a", "value": 2})),
        ({"id": "id9", "name": "a"}, (False, None)),
        ({"id": "id2"}, (True, None)),
        ({"name": "b"}, (True, None)),
        ({"name": "new"}, (True, {"name": "new"})),
        ({"id": "id9", "name": "new"}, (True, {"name": "new"})),
        ({"name": "elsewhere"}, (False, None)),
        ({"name": None}, (False, None)),
        ({}, (False, None)),
    ],
)
def test_an_item_is_found_by_its_key_or_else_by_its_identity(
    app: App, shelf: Shelf, item: Any, seen: Any
) -> None:
    a, b = shelf.stock("a", "b")
    for change in (shelf.change(a, value=2), shelf.deletion(b), shelf.creation("new")):
        simulate(app.run.pretended, [change])
    simulate(app.run.pretended, [shelf.creation("elsewhere")._replace(owner=OTHER)])

    assert simulated(app.run.pretended, shelf.resource, RENAMED, item) == seen


def test_the_last_change_of_an_item_counts(app: App, shelf: Shelf) -> None:
    (a,) = shelf.stock("a")
    simulate(app.run.pretended, [shelf.change(a, value=2)])
    simulate(app.run.pretended, [shelf.change({**a, "value": 2}, value=3)])

    assert simulated(app.run.pretended, shelf.resource, ZONE, {"id": "id1"}) == (True, {**a, "value": 3})
    simulate(app.run.pretended, [shelf.deletion({**a, "value": 3})])
    assert simulated(app.run.pretended, shelf.resource, ZONE, {"id": "id1"}) == (True, None)


def test_all_that_is_said_of_the_identity_has_to_fit(app: App, shelf: Shelf) -> None:
    records = Resource("dns.record", "zones.zone", shelf.resource.list, ("name", "type"))
    simulate(app.run.pretended, [shelf.creation("a", type="A")._replace(resource=records)])

    found = [
        simulated(app.run.pretended, records, ZONE, item)[0]
        for item in ({"name": "a"}, {"name": "a", "type": "A"}, {"name": "a", "type": "MX"}, {"type": "A"})
    ]

    assert found == [True, True, False, True]
    assert simulated(app.run.pretended, shelf.resource, ZONE, {"name": "a"}) == (False, None)
