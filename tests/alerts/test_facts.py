"""What the rules are given: the end of certificates, changes between snapshots, and damage."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from ops.alerts.facts import gather
from ops.alerts.state import State
from ops.config.settings import Settings, load
from ops.items import Json, seconds_of, timestamp
from ops.kinds.catalog import resources
from ops.sandbox.server import Sandbox
from tests.conftest import Result
from tests.snapshots.making import made

Inv = Callable[..., Result]
DAY = 86_400.0
NOW = seconds_of("2026-11-23T06:00:00Z")
ZONE_ID = "f" * 32
ZONE = {"id": ZONE_ID, "name": "example.com", "name_servers": ["ada.ns.example", "bob.ns.example"]}
Items = Mapping[tuple[str, str], list[Json]]


def certificate(ends: float, *hosts: str, id: str = "c") -> Json:
    return {
        "id": id,
        "hosts": list(hosts),
        "uploaded_on": timestamp(ends - 90 * DAY),
        "expires_on": timestamp(ends),
    }


@pytest.fixture
def account(staged: Sandbox, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setenv("CLOUDFLARE_ACCOUNT_ID", staged.account_id)
    return staged.account_id


@pytest.fixture
def snapshot(home: Path, account: str) -> Callable[..., Path]:
    """Return a function that stores a snapshot of the account, of *age* days; the zone is always in it."""

    def stored(age: float, more: Items, zone: Json = ZONE, now: float = NOW, **options: Any) -> Path:
        items = {("zones.zone", ""): [zone], **more}
        moment = timestamp(now - age * DAY)
        folder = home / "exports" / account / f"{moment.replace(':', '-')}-aaaa"
        return made(folder, items, kinds=resources(), account_id=account, started=moment, **options).path

    return stored


@pytest.fixture
def settings(home: Path) -> Settings:
    import os

    return load({}, invoke={}, environ=dict(os.environ), cwd=home / "work")


def rows(result: Result) -> dict[str, Json]:
    assert result.code == 0, result.err
    return {row["rule"]: row for row in json.loads(result.out)}


def test_a_certificate_that_ends_soon_is_named_by_its_zone_and_hosts(
    inv: Inv, snapshot: Callable[..., Path]
) -> None:
    import time

    now = time.time()
    held = [certificate(now + 3 * DAY, "pay.example.com"), {"id": "d", "hosts": ["old.example.com"]}]
    snapshot(0.01, {("ssl.certificate", ZONE_ID): held}, now=now)

    found = rows(inv("alerts.check", "--output", "json"))["certificate-old"]

    assert found["state"] == "firing"
    (line,) = found["lines"]
    assert "example.com" in line
    assert "pay.example.com" in line


@pytest.mark.parametrize(
    ("statuses", "expected"),
    [
        ({}, [("example.com", "pay.example.com")]),
        # One zone of two was denied: nothing is known of the kind.
        ({("ssl.certificate", ZONE_ID): "denied"}, None),
    ],
)
def test_certificates_are_those_of_kinds_that_were_read_completely(
    snapshot: Callable[..., Path], settings: Settings, account: str, statuses: Any, expected: Any
) -> None:
    items = {("ssl.certificate", ZONE_ID): [certificate(NOW + DAY, "pay.example.com")]}
    snapshot(1, items, statuses=statuses)

    found = gather(settings, account, (), State(), NOW, thorough=False).certificates

    assert (found and [(one.zone, one.names) for one in found]) == expected
    assert expected is None or (found and found[0].ends == NOW + DAY)


def test_certificates_in_a_damaged_file_are_not_known_and_that_is_damage(
    snapshot: Callable[..., Path], settings: Settings, account: str
) -> None:
    folder = snapshot(1, {("ssl.certificate", ZONE_ID): [certificate(NOW + DAY, "pay.example.com")]})
    (folder / "ssl.certificate.jsonl").write_text("not JSON\n")

    found = gather(settings, account, (), State(), NOW, thorough=True)

    assert found.certificates is None
    assert any("ssl.certificate.jsonl" in line for line in found.damage or ())


def test_name_servers_that_changed_are_named_and_the_comparison_is_kept(
    snapshot: Callable[..., Path], settings: Settings, account: str
) -> None:
    snapshot(2, {})
    snapshot(1, {}, {**ZONE, "name_servers": ["bob.ns.example", "eve.ns.example"]})
    state = State()

    first = gather(settings, account, (), state, NOW, thorough=False).pair
    kept = State(pair=json.loads(json.dumps(state.pair)))
    again = gather(settings, account, (), kept, NOW, thorough=False).pair

    assert first is not None
    assert first.apex == (
        "example.com: name servers changed: ada.ns.example, bob.ns.example to bob.ns.example, eve.ns.example",
    )
    assert again == first


@pytest.mark.parametrize("damaged", [0, 1], ids=["the older one", "the newer one"])
def test_snapshots_that_cannot_be_compared_are_not_a_pair(
    snapshot: Callable[..., Path], settings: Settings, account: str, damaged: int
) -> None:
    folders = [snapshot(2, {}), snapshot(1, {})]
    (folders[damaged] / "zones.zone.jsonl").write_text("not JSON\n")

    assert gather(settings, account, (), State(), NOW, thorough=False).pair is None


def test_a_manifest_that_cannot_be_read_is_damage(
    snapshot: Callable[..., Path], settings: Settings, account: str
) -> None:
    folder = snapshot(1, {})
    (folder / "manifest.json").write_text("{")

    found = gather(settings, account, (), State(), NOW, thorough=False)

    assert found.pair is None
    assert found.certificates is None
    (line,) = found.damage or ()
    assert "manifest.json" in line
