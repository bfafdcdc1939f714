"""Simulated changes of a dry run, as later tasks of the line see them."""

from __future__ import annotations

from typing import Any

import pytest

from ops.cli.app import App
from ops.kinds.resource import Owner, Resource
from ops.writes.make import simulate, simulated
from tests.writes.stage import ZONE, Remote, Stage

OTHER = Owner("a1", "z2", {"name": "example.org"})
RENAMED = Owner(ZONE.account_id, ZONE.id, {"name": "by another name"})


@pytest.fixture
def app(stage: Stage) -> App:
    return stage.app(dry_run=True)


def test_an_unchanged_item_is_not_simulated(app: App, remote: Remote) -> None:
    (thing,) = remote.stock("a")

    simulate(app.run.pretended, [remote.change(thing)])

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
def test_a_simulated_item_is_found_by_its_key_or_by_its_identity(
    app: App, remote: Remote, item: Any, seen: Any
) -> None:
    a, b = remote.stock("a", "b")
    for change in (remote.change(a, value=2), remote.deletion(b), remote.creation("new")):
        simulate(app.run.pretended, [change])
    simulate(app.run.pretended, [remote.creation("elsewhere")._replace(owner=OTHER)])

    assert simulated(app.run.pretended, remote.resource, RENAMED, item) == seen


def test_the_last_change_of_an_item_counts(app: App, remote: Remote) -> None:
    (a,) = remote.stock("a")
    simulate(app.run.pretended, [remote.change(a, value=2)])
    simulate(app.run.pretended, [remote.change({**a, "value": 2}, value=3)])

    assert simulated(app.run.pretended, remote.resource, ZONE, {"id": "id1"}) == (True, {**a, "value": 3})
    simulate(app.run.pretended, [remote.deletion({**a, "value": 3})])
    assert simulated(app.run.pretended, remote.resource, ZONE, {"id": "id1"}) == (True, None)


def test_all_given_identity_fields_must_match(app: App, remote: Remote) -> None:
    records = Resource("dns.record", "zones.zone", ("name", "type"), listing=remote.resource.listing)
    simulate(app.run.pretended, [remote.creation("a", type="A")._replace(resource=records)])

    found = [
        simulated(app.run.pretended, records, ZONE, item)[0]
        for item in ({"name": "a"}, {"name": "a", "type": "A"}, {"name": "a", "type": "MX"}, {"type": "A"})
    ]

    assert found == [True, True, False, True]
    assert simulated(app.run.pretended, remote.resource, ZONE, {"name": "a"}) == (False, None)
