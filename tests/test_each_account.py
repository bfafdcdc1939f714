"""`each-account`: the rest of the line for each account or profile, and how it ends."""

from __future__ import annotations

import json
import os
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import responses
from responses.matchers import query_param_matcher

from ops.sandbox.faults import Fault
from ops.sandbox.server import Sandbox
from tests.conftest import API, Result
from tests.faults.canary import TOKEN
from tests.products.answers import page, refusal

Inv = Callable[..., Result]
FIRST, SECOND, THIRD = "1" * 32, "2" * 32, "3" * 32
ACCOUNTS = {FIRST: "client-a", SECOND: "client-b", THIRD: "internal"}


@pytest.fixture(autouse=True)
def token(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CLOUDFLARE_API_TOKEN", TOKEN)


@pytest.fixture
def accounts(http: responses.RequestsMock) -> responses.RequestsMock:
    http.get(f"{API}/accounts", json=page([{"id": id, "name": name} for id, name in ACCOUNTS.items()]))
    return http


def zones_of(http: responses.RequestsMock, id: str, **answer: Any) -> None:
    """Answer a listing of the zones of the account *id*."""
    zone = {"id": id[::-1], "name": f"{ACCOUNTS[id]}.example", "account": {"id": id, "name": ACCOUNTS[id]}}
    asked = query_param_matcher({"account.id": id}, strict_match=False)
    http.get(f"{API}/zones", match=[asked], **(answer or {"json": page([zone])}))


def runs(home: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (home / "state" / "runs.jsonl").read_text().splitlines()]


def test_the_line_runs_for_each_account_as_a_run_of_its_own(
    accounts: responses.RequestsMock, inv: Inv, home: Path
) -> None:
    for id in ACCOUNTS:
        zones_of(accounts, id)

    result = inv("each-account", "zones.list", "--output", "jsonl")

    names = [json.loads(line)["name"] for line in result.out.splitlines()]
    assert (result.code, names) == (0, [f"{name}.example" for name in ACCOUNTS.values()])
    recorded = [(run["task"], run["account"], run["exit_code"]) for run in runs(home)]
    assert recorded[:3] == [("zones.list", id, 0) for id in ACCOUNTS]
    assert recorded[3][0] == "each-account"
    assert len({run["run"] for run in runs(home)}) == 4
    for run, (id, name) in zip(runs(home), ACCOUNTS.items(), strict=False):
        assert f"{name} ({id}): complete" in result.err
        assert f"1 request, run {run['run']}" in result.err


def test_a_failure_ends_one_run_and_the_line_with_the_worst_exit_code(
    accounts: responses.RequestsMock, inv: Inv, home: Path
) -> None:
    zones_of(accounts, FIRST, json=refusal(9109, "Unauthorized"), status=403)
    zones_of(accounts, SECOND, json=page([{"id": 1}]))  # not a zone
    zones_of(accounts, THIRD)

    result = inv("each-account", "zones.list", "--output", "jsonl")

    assert json.loads(result.out)["name"] == "internal.example"
    assert [run["exit_code"] for run in runs(home)] == [1, 2, 0, 2]
    assert result.code == 2
    assert "2 of 3 runs did not end with 0: client-a (1), client-b (2)" in result.err


@pytest.mark.parametrize(
    ("options", "wanted"),
    [
        (("--only", "client-*"), (FIRST, SECOND)),
        (("--only", "CLIENT-*", "--skip", SECOND), (FIRST,)),
        (("--skip", "client-?"), (THIRD,)),
        (("--only", "internal", "--only", FIRST), (FIRST, THIRD)),
    ],
)
def test_accounts_are_chosen_by_globs_of_names_and_ids(
    accounts: responses.RequestsMock, inv: Inv, options: tuple[str, ...], wanted: tuple[str, ...]
) -> None:
    for id in wanted:
        zones_of(accounts, id)

    result = inv("each-account", *options, "zones.list", "--output", "jsonl")

    found = [json.loads(line)["account"]["id"] for line in result.out.splitlines()]
    assert (result.code, found) == (0, list(wanted))


@pytest.mark.parametrize(
    ("line", "said"),
    [
        (("--only", "clint-a", "zones.list"), "did you mean client-a?"),
        (("--skip", "nothing-*", "zones.list"), "there are: client-a, client-b, internal"),
        (("--skip", "*", "zones.list"), "leave nothing to run for"),
    ],
)
def test_a_glob_that_fits_nothing_is_a_mistake(
    accounts: responses.RequestsMock, inv: Inv, line: tuple[str, ...], said: str
) -> None:
    result = inv("each-account", *line)

    assert (result.code, result.out) == (1, "")
    assert said in result.err


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ((), "needs tasks to run"),
        (("zones.list", "--account-id", FIRST), "--account-id stands after each-account"),
        (("--profiles", "zones.list", "--profile", "a"), "--profile stands after each-account"),
        (("each-account", "zones.list"), "each-account stands once on a line"),
        (("zones.list", "--trace", "t.json"), "each-account starts several"),
        (("--profiles", "zones.list"), "there are no profiles"),
    ],
)
def test_a_line_that_cannot_be_run_for_each_is_refused(inv: Inv, line: tuple[str, ...], said: str) -> None:
    result = inv("each-account", *line)

    assert (result.code, result.out) == (1, "")
    assert said in result.err


def test_each_profile_has_its_own_settings(inv: Inv, home: Path, http: responses.RequestsMock) -> None:
    folder = home / "config"
    folder.mkdir(mode=0o700)
    file = folder / "profiles.toml"
    file.write_text(f'[one]\naccount_id = "{FIRST}"\n[two]\naccount_id = "{SECOND}"\n')
    file.chmod(0o600)
    for id in (FIRST, SECOND):
        zones_of(http, id)

    result = inv("each-account", "--profiles", "zones.list", "--output", "jsonl")

    assert [json.loads(line)["account"]["id"] for line in result.out.splitlines()] == [FIRST, SECOND]
    assert [(run["profile"], run["account"]) for run in runs(home)][:2] == [("one", FIRST), ("two", SECOND)]
    assert "one: complete" in result.err


def test_the_changes_of_each_run_are_undone_by_its_id(staged: Sandbox, inv: Inv, home: Path) -> None:
    written = inv("each-account", "dns.put", "example.com", "fresh", "A", "192.0.2.7", "--yes")
    [first, *_] = runs(home)

    undone = inv("undo.apply", first["run"], "--yes")

    assert (written.code, undone.code) == (0, 0)
    assert inv("dns.list", "example.com", "--name", "fresh", "--output", "json").out.strip() == "[]"


def test_a_dry_line_stays_dry_for_each(staged: Sandbox, inv: Inv) -> None:
    result = inv("--dry", "each-account", "dns.put", "example.com", "fresh", "A", "192.0.2.7", "--yes")

    assert result.code == 0
    assert "dry run: nothing was sent" in result.err
    assert inv("dns.list", "example.com", "--name", "fresh", "--output", "json").out.strip() == "[]"


def test_an_interrupt_stops_all_of_them(
    accounts: responses.RequestsMock, inv: Inv, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupt(_request: object) -> tuple[int, dict[str, str], str]:
        os.kill(os.getpid(), signal.SIGINT)
        return 200, {}, json.dumps(page([]))

    accounts.add_callback(responses.GET, f"{API}/zones", callback=interrupt)

    result = inv("each-account", "zones.list")

    assert result.code == 130
    assert "client-b" in result.err
    assert "not started" in result.err
    assert len([call for call in accounts.calls if "/zones" in str(call.request.url)]) == 1


def test_accounts_that_could_not_be_listed_are_a_gap(
    http: responses.RequestsMock, inv: Inv, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CFOPS_ATTEMPTS", "1")
    id = next(iter(ACCOUNTS))
    listing = page([{"id": id, "name": ACCOUNTS[id]}])
    listing["result_info"] = {"page": 1, "per_page": 1, "count": 1, "total_count": 2, "total_pages": 2}
    first = query_param_matcher({"page": "1"}, strict_match=False)
    http.get(f"{API}/accounts", json=listing, match=[first])
    http.get(f"{API}/accounts", status=500, match=[query_param_matcher({"page": "2"}, strict_match=False)])
    zones_of(http, id)

    result = inv("each-account", "zones.list", "--output", "jsonl")

    assert result.code == 4, result.err
    assert "accounts: " in result.err
    assert json.loads(result.out)["account"]["id"] == id


def test_no_account_is_tried_if_they_cannot_be_listed(staged: Sandbox, inv: Inv) -> None:
    staged.faults.add(Fault("denied", path="/accounts", times=-1))

    result = inv("each-account", "zones.list")

    assert (result.code, result.out) == (1, "")


def test_zones_and_records_of_all_accounts_are_found(
    inv: Inv, http: responses.RequestsMock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CLOUDFLARE_ACCOUNT_ID", FIRST)
    zones = [
        {"id": id[::-1], "name": f"{name}.example", "account": {"id": id, "name": name}}
        for id, name in ACCOUNTS.items()
    ]
    http.get(f"{API}/zones", json=page(zones))
    for zone in zones:
        record = {"id": f"{zone['id']}", "name": zone["name"], "type": "A", "content": "192.0.2.1"}
        record |= {"ttl": 1, "proxied": False}
        http.get(f"{API}/zones/{zone['id']}/dns_records", json=page([record]))

    listed = inv("zones.list", "--account", "all", "--output", "jsonl")
    found = inv("dns.find", "192.0.2.1", "--account", "all", "--output", "jsonl")

    assert "account.id" not in str(http.calls[0].request.url)
    assert len(listed.out.splitlines()) == len(found.out.splitlines()) == 3


@pytest.mark.parametrize("line", [("zones.list",), ("dns.find", "192.0.2.1")])
def test_all_accounts_are_not_read_from_the_snapshot_of_one(
    staged: Sandbox, inv: Inv, line: tuple[str, ...]
) -> None:
    assert inv("scan.export", "--only", "zones,dns", "--quiet").code == 0

    result = inv(*line, "--account", "all", "--offline")

    assert (result.code, result.out) == (1, "")
    assert "a snapshot holds one account" in result.err
