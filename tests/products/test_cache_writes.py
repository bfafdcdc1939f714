"""Purging by exactly one rule, and how a zone's cache settings are put back."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import pytest
import responses
from responses.matchers import json_params_matcher

from ops.errors import ValidationError
from ops.http.client import Client
from ops.kinds.catalog import resources
from ops.kinds.resource import Json, Owner, Writes
from ops.products.cache import valid
from ops.products.cache.resources import PURGE, RESOURCES
from ops.sandbox.server import Sandbox
from tests.conftest import API
from tests.products.answers import envelope
from tests.products.connection import connected
from tests.products.writing import answer, unstamped, written

ZONE = "1" * 32
OWNER = Owner("a" * 32, ZONE, {"id": ZONE})
LINE = ("cache.purge", "--zone", "example.com")
RULES = {
    "--files": "https://example.com/a.css",
    "--tags": "shop",
    "--hosts": "www.example.com",
    "--prefixes": "example.com/images",
}


def purge(client: Client, item: Json) -> None:
    assert PURGE.writes
    assert PURGE.writes.create
    PURGE.writes.create(client, OWNER, item)


def cleaned(rule: str, *given: str) -> list[str]:
    return valid.values(rule, given, "example.com", lambda: ())


@pytest.mark.parametrize(("option", "value"), RULES.items())
def test_each_rule_takes_one_request_and_says_that_it_cannot_be_taken_back(
    staged: Sandbox, inv: Any, option: str, value: str
) -> None:
    result = inv(*LINE, option, value)

    assert result.code == 0
    assert "cannot be undone" in result.err
    assert "undo.apply" not in result.err
    assert [path.rpartition("/")[2] for _, path in written(staged)] == ["purge_cache"]


def test_what_is_sent_is_the_rule_alone(client: Client, http: responses.RequestsMock) -> None:
    for rule, values in (("tags", ["a", "b"]), ("purge_everything", True)):
        match = [json_params_matcher({rule: values})]
        http.post(f"{API}/zones/{ZONE}/purge_cache", json=envelope({"id": ZONE}), match=match)

        purge(client, {"name": "some", "rule": rule, "values": values})


@pytest.mark.fault("G5")
def test_everything_is_purged_only_where_it_was_said_twice(staged: Sandbox, inv: Any) -> None:
    refused = inv(*LINE, "--all")
    before = written(staged)
    done = inv(*LINE, "--all", "--yes")

    assert (refused.code, before) == (1, [])
    assert "10 times a second" in refused.err
    assert (done.code, len(written(staged))) == (0, 1)


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ((), "none was given"),
        (("--all", "--tags", "a"), "not --all and --tags together"),
        (("--files", "https://example.com/a", "--hosts", "example.com"), "not --files and --hosts together"),
    ],
)
def test_none_or_two_rules_are_refused_before_anything_is_asked(
    staged: Sandbox, inv: Any, line: tuple[str, ...], said: str
) -> None:
    result = inv(*LINE, *line)

    assert result.code == 1
    assert said in result.err
    assert staged.requests == []


@pytest.mark.parametrize(
    ("option", "value", "said"),
    [
        ("--files", "https://example.org/a", "is not of the zone example.com"),
        ("--files", "https://notexample.com/a", "is not of the zone"),
        ("--files", "https://example.com@example.org/a", "is not of the zone"),
        ("--files", "/a.css", "is no complete URL"),
        ("--files", "ftp://example.com/a", "is no complete URL"),
        ("--files", "https://example.com/a b", "is no complete URL"),
        ("--files", "https://example.com:x/", "is no complete URL"),
        ("--files", "https://[/", "is no complete URL"),
        ("--hosts", "example.org", "is not of the zone"),
        ("--prefixes", "https://example.com/a", "a scheme, a query or a fragment"),
        ("--prefixes", "example.com/a?b", "a scheme, a query or a fragment"),
        ("--prefixes", "example.com/a#b", "a scheme, a query or a fragment"),
        ("--prefixes", "/a", "is no prefix"),
        ("--prefixes", "example.org/a", "is not of the zone"),
        ("--tags", "a b", "is no cache tag"),
        ("--tags", "ä", "is no cache tag"),
        ("--tags", "x" * 1025, "is no cache tag"),
        ("--tags", " , ", "names nothing"),
    ],
)
def test_what_is_not_of_the_zone_is_refused_before_anything_is_written(
    staged: Sandbox, inv: Any, option: str, value: str, said: str
) -> None:
    result = inv(*LINE, option, value)

    assert result.code == 1
    assert said in result.err
    assert "hint: " in result.err
    assert written(staged) == []


def test_one_wrong_url_among_many_leaves_all_of_them(staged: Sandbox, inv: Any) -> None:
    urls = ",".join([*(f"https://example.com/{n}" for n in range(150)), "https://example.org/"])

    assert inv(*LINE, "--files", urls).code == 1
    assert written(staged) == []


def test_hosts_and_urls_are_sent_in_the_letters_of_dns() -> None:
    here = "xn--bcher-kva.example"

    assert valid.values("hosts", ["WWW.bücher.example"], here, lambda: ()) == [f"www.{here}"]
    assert valid.values("files", ["https://bücher.example:8443/ä"], here, lambda: ()) == [
        f"https://{here}:8443/ä"
    ]
    assert valid.values("prefixes", ["bücher.example/a"], here, lambda: ()) == [f"{here}/a"]


def test_values_are_told_apart_by_commas_or_by_options_and_named_once() -> None:
    assert cleaned("tags", "a,b", "c", "a") == ["a", "b", "c"]
    assert cleaned("files", "https://example.com/a,b,https://example.com/c") == [
        "https://example.com/a,b",
        "https://example.com/c",
    ]


def test_more_than_a_hundred_values_go_in_requests_of_a_hundred(staged: Sandbox, inv: Any) -> None:
    urls = ",".join(f"https://example.com/{n}" for n in range(250))

    result = inv(*LINE, "--files", urls, "--output", "json")

    names = [row["name"] for row in json.loads(result.out)]
    assert result.code == 0
    assert names == ["100 files 1-100 of 250", "100 files 101-200 of 250", "50 files 201-250 of 250"]
    assert len(written(staged)) == 3


def test_ten_thousand_values_are_taken_and_one_more_is_not() -> None:
    many = [f"t{n}" for n in range(10_000)]

    assert len(cleaned("tags", *many)) == 10_000
    with pytest.raises(ValidationError, match="10,001 tags are more than the 10,000"):
        cleaned("tags", *many, "one-more")


def test_urls_are_read_from_stdin(staged: Sandbox, inv: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO("https://example.com/a\n\nhttps://example.com/b\n"))

    result = inv(*LINE, "--files", "-", "--output", "json")

    assert [row["name"] for row in json.loads(result.out)] == ["2 files"]


def test_a_dry_purge_sends_nothing(staged: Sandbox, inv: Any) -> None:
    result = inv(*LINE, "--all", "--dry-run")

    assert result.code == 0
    assert "create cache.purge everything" in result.err
    assert written(staged) == []


@pytest.mark.fault("A8")
def test_a_purge_that_is_never_answered_is_sent_once_more(staged: Sandbox, inv: Any) -> None:
    staged.faults.parse("error-after POST */purge_cache times=1")

    assert inv(*LINE, "--tags", "a").code == 0
    assert len(written(staged)) == 2


def test_a_purge_is_nothing_that_a_scan_could_list() -> None:
    assert PURGE.kind not in {resource.kind for resource in resources()}
    assert PURGE.list(None, OWNER) == ()  # type: ignore[arg-type]  # it asks nobody


@pytest.mark.parametrize(
    ("part", "value"),
    [
        ("cache_reserve", "on"),
        ("tc_regional", "on"),
        ("tiered_cache_smart_topology_enable", "on"),
        ("tiered_caching", "on"),
        ("variants", {"avif": ["image/avif"]}),
    ],
)
def test_each_cache_setting_is_set_and_put_back(
    sandbox: Sandbox, tmp_path: Path, part: str, value: object
) -> None:
    zone = next(one for one in answer(sandbox, "/zones") if one["name"] == "empty.example")
    owner = Owner(sandbox.account_id, zone["id"], zone)
    way: Writes | None = RESOURCES[0].writes
    assert way
    assert way.update
    with connected(sandbox, tmp_path) as client:
        stood = way.find(client, owner, {"id": part}) or {}

        changed = way.update(client, owner, stood, {"id": part, "value": value})
        way.update(client, owner, changed, stood)

        found = way.find(client, owner, {"id": part})

    assert changed["value"] == value
    assert unstamped(found) == unstamped(stood)
