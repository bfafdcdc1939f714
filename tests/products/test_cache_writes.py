"""Purging by exactly one rule, and how a zone's cache settings are restored."""

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
from ops.items import Json
from ops.kinds.catalog import resources
from ops.kinds.resource import Owner, Writes
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


def checked(rule: str, *given: str) -> list[str | Json]:
    return valid.values(rule, given, "example.com", lambda: ())


@pytest.mark.parametrize(("option", "value"), RULES.items())
def test_each_rule_takes_one_request_and_cannot_be_undone(
    staged: Sandbox, inv: Any, option: str, value: str
) -> None:
    result = inv(*LINE, option, value)

    assert result.code == 0
    assert "cannot be undone" in result.err
    assert "undo.apply" not in result.err
    assert [path.rpartition("/")[2] for _, path in written(staged)] == ["purge_cache"]


def test_a_purge_is_not_waited_for_because_nothing_can_be_looked_up(
    staged: Sandbox, inv: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ops.writes.writing.PAUSES", ("a wait for this would be an error",))

    result = inv(*LINE, "--tags", "shop")

    assert result.code == 0, result.err


def test_only_the_rule_is_sent(client: Client, http: responses.RequestsMock) -> None:
    for rule, values in (("tags", ["a", "b"]), ("purge_everything", True)):
        match = [json_params_matcher({rule: values})]
        http.post(f"{API}/zones/{ZONE}/purge_cache", json=envelope({"id": ZONE}), match=match)

        purge(client, {"name": "some", "rule": rule, "values": values})


@pytest.mark.fault("G5")
def test_everything_is_purged_only_with_consent(staged: Sandbox, inv: Any) -> None:
    refused = inv(*LINE, "--all")
    before = written(staged)
    done = inv(*LINE, "--all", "--yes")

    assert (refused.code, before) == (1, [])
    assert "10 times a second" in refused.err
    assert (done.code, len(written(staged))) == (0, 1)


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ((), "none was given"),
        (("--all", "--tags", "a"), "not --all and --tags together"),
        (("--files", "https://example.com/a", "--hosts", "example.com"), "not --files and --hosts together"),
    ],
)
def test_no_rule_and_two_rules_are_refused_before_any_request(
    staged: Sandbox, inv: Any, line: tuple[str, ...], message: str
) -> None:
    result = inv(*LINE, *line)

    assert result.code == 1
    assert message in result.err
    assert staged.requests == []


@pytest.mark.parametrize(
    ("option", "value", "message"),
    [
        ("--files", "https://example.org/a", "does not belong to the zone example.com"),
        ("--files", "https://notexample.com/a", "does not belong to the zone"),
        ("--files", "https://example.com@example.org/a", "does not belong to the zone"),
        ("--files", "/a.css", "is not a complete URL"),
        ("--files", "ftp://example.com/a", "is not a complete URL"),
        ("--files", "https://example.com/a b", "is not a complete URL"),
        ("--files", "https://example.com:x/", "is not a complete URL"),
        ("--files", "https://[/", "is not a complete URL"),
        ("--hosts", "example.org", "does not belong to the zone"),
        ("--prefixes", "https://example.com/a", "a scheme, a query or a fragment"),
        ("--prefixes", "example.com/a?b", "a scheme, a query or a fragment"),
        ("--prefixes", "example.com/a#b", "a scheme, a query or a fragment"),
        ("--prefixes", "/a", "is not a prefix"),
        ("--prefixes", "example.org/a", "does not belong to the zone"),
        ("--tags", "a b", "is not a cache tag"),
        ("--tags", "ä", "is not a cache tag"),
        ("--tags", "x" * 1025, "is not a cache tag"),
        ("--tags", " , ", "names nothing"),
        ("--files", "https://example.com/images/*", "has a wildcard"),
        ("--files", "https://*.example.com/a.css", "has a wildcard"),
        ("--files", "https://example.com/a?b=*", "has a wildcard"),
        ("--hosts", "*.example.com", "has a wildcard"),
        ("--prefixes", "example.com/images/*", "has a wildcard"),
        ("--prefixes", "*.example.com/images", "has a wildcard"),
        ("--tags", "shop-*", "has a wildcard"),
        ("--files", "https://example.com/a#b", "has a fragment"),
        ("--files", "https://example.com/#", "has a fragment"),
        ("--files", "https://user:pw@example.com/a", "has a user name"),
        ("--files", "https://example.com\\@example.org/a", "is not a complete URL"),
        ("--files", "https://example.com/a.css,example.com/b.css", "several URLs in one"),
        ("--files", "https://example.com/a.css,www.example.com/b.css", "several URLs in one"),
        ("--files", "https://example.com/a.css,//example.com/b.css", "several URLs in one"),
        ("--files", "https://example.com/a.css,/b.css", "several URLs in one"),
        ("--files", "https://example.com/a.css;https://example.com/b.css", "several URLs in one"),
        ("--prefixes", "example.com:8443/A", "has a port or a user name"),
        ("--prefixes", "user@example.com/A", "has a port or a user name"),
        ("--prefixes", "example.com/" + "a/" * 31, "more than the 31 slashes"),
        ("--prefixes", "//example.com/a", "is not a prefix"),
        ("--hosts", "https://www.example.com", "is not a host name"),
        ("--hosts", "www.example.com:8443", "is not a host name"),
        ("--hosts", "www.example.com/a", "is not a host name"),
        ("--hosts", "a b.example.com", "is not a host name"),
        ("--hosts", "-.example.com", "has no valid host name"),
        ("--hosts", "a..example.com", "has no valid host name"),
        ("--files", "{", "is not JSON"),
        ("--files", '{"headers": {"Origin": "https://a.example"}}', "is not a URL with headers"),
        ("--files", '{"url": 1}', "is not a URL with headers"),
        ("--files", '{"url": "https://example.com/a", "url": "https://example.com/b"}', "is not JSON"),
        ("--files", '{"url": "https://example.com/", "header": {}}', "is not a URL with headers"),
        ("--files", '{"url": "https://example.com/", "headers": []}', "is not a URL with headers"),
        ("--files", '{"url": "https://example.com/", "headers": {"A B": "c"}}', "is not a header"),
        ("--files", '{"url": "https://example.com/", "headers": {"A": 1}}', "is not a header"),
        ("--files", '{"url": "https://example.com/", "headers": {"A": "b\\nc"}}', "is not a header"),
        ("--files", '{"url": "https://example.com/*"}', "has a wildcard"),
        ("--files", '{"url": "https://example.org/"}', "does not belong to the zone"),
    ],
)
def test_values_that_cannot_purge_what_is_meant_are_refused_before_any_write(
    staged: Sandbox, inv: Any, option: str, value: str, message: str
) -> None:
    result = inv(*LINE, option, value)

    assert result.code == 1
    assert message in result.err
    assert "hint: " in result.err
    assert written(staged) == []


@pytest.mark.parametrize(
    ("option", "value", "hint"),
    [
        ("--files", "https://example.com/images/*", "--prefixes example.com/images/\n"),
        ("--files", "https://EXAMPLE.com/*", "--prefixes example.com/\n"),
        ("--prefixes", "example.com/images/*", "--prefixes example.com/images/\n"),
    ],
)
def test_a_refused_value_gets_a_hint_to_the_prefix_that_covers_it_and_nothing_else(
    staged: Sandbox, inv: Any, option: str, value: str, hint: str
) -> None:
    assert f"hint: {hint}" in inv(*LINE, option, value).err


@pytest.mark.parametrize(
    ("option", "value"),
    [
        ("--files", "https://example.com/*.css"),
        ("--files", "https://example.com/images/*.png?x=1"),
        ("--files", "https://example.com/images/*?x=1"),
        ("--files", "https://example.com/images/logo*"),
        ("--files", "https://example.com/*/logo/*"),
        ("--files", "https://example.com/a?b=/*"),
        ("--files", "https://example.com:8443/images/*"),
        ("--files", "https://*.example.com/images/*"),
        ("--files", '{"url": "https://example.com/images/*", "headers": {"Origin": "https://a.example"}}'),
        ("--prefixes", "example.com/*.css"),
        ("--prefixes", "example.com:8443/A"),
        ("--prefixes", "example.com/" + "a/" * 31),
        ("--hosts", "*.example.com"),
        ("--tags", "shop-*"),
    ],
)
def test_no_hint_names_what_would_purge_more_than_was_meant(
    staged: Sandbox, inv: Any, option: str, value: str
) -> None:
    hint = inv(*LINE, option, value).err.partition("hint: ")[2]

    assert "name each" in hint
    assert not any(wider in hint for wider in ("--prefixes", "--hosts", "--all"))


def test_values_are_sent_as_given_except_the_scheme_and_the_host() -> None:
    urls = [
        "https://example.com/A?b=C,d&e=%2A",
        "https://example.com:8443/a",
        "https://example.com/cdn-cgi/image/width=80,quality=75/a.jpg",
        "https://example.com/a;v=1",
        "http://example.com",
    ]

    assert checked("files", *urls, "HTTPS://WWW.Example.com./Path") == [*urls, "https://www.example.com/Path"]
    assert checked("prefixes", "Example.COM/Images//A%20b/") == ["example.com/Images//A%20b/"]
    assert checked("prefixes", "example.com", "example.com/" + "a/" * 30) == [
        "example.com", "example.com/" + "a/" * 30
    ]  # fmt: skip
    assert checked("hosts", "WWW.example.com.", "_x.a-b.example.com") == [
        "www.example.com", "_x.a-b.example.com"
    ]  # fmt: skip


def test_a_url_is_sent_with_the_headers_of_its_cache_key(
    staged: Sandbox, inv: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    entry = {"url": "https://example.com/a", "headers": {"CF-Device-Type": "mobile", "Origin": "https://a.b"}}
    monkeypatch.setattr("sys.stdin", io.StringIO(f"{json.dumps(entry)}\nhttps://example.com/b\n"))

    result = inv(*LINE, "--files", "-", "--files", '{"url": "https://EXAMPLE.com/a"}', "--output", "json")

    assert [row["name"] for row in json.loads(result.out)] == ["3 files"]
    assert checked("files", json.dumps(entry), json.dumps(entry), '{"url": "https://EXAMPLE.com/a"}') == [
        entry, {"url": "https://example.com/a"}
    ]  # fmt: skip
    alone = inv(*LINE, "--files", json.dumps(entry), "--output", "json")
    assert [row["name"] for row in json.loads(alone.out)] == ["https://example.com/a"]


def test_a_list_may_have_comments_blank_lines_and_a_byte_order_mark() -> None:
    lines = [
        "\ufeff# the new release\r\n", "\r\n", "https://example.com/a # the style sheet\r\n", "  # end\n",
        "https://example.com/b,https://example.com/c\n",
    ]  # fmt: skip

    assert valid.values("files", ["-"], "example.com", lambda: lines) == [
        f"https://example.com/{name}" for name in "abc"
    ]
    assert valid.values("tags", ["-", "#d"], "example.com", lambda: ["a,b\n", "#c\n"]) == ["a", "b", "#d"]
    assert valid.values("prefixes", ["-"], "example.com", lambda: ["example.com/a,b\n"]) == [
        "example.com/a,b"
    ]


def test_a_list_of_comments_names_nothing() -> None:
    with pytest.raises(ValidationError, match="names nothing"):
        valid.values("files", ["-"], "example.com", lambda: ["# https://example.com/a"])


def test_a_closed_stdin_and_one_that_is_not_utf_8_are_refused(
    staged: Sandbox, inv: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdin", None)
    closed = inv(*LINE, "--files", "-")
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(b"https://example.com/\xfc\n"), "utf-8"))
    foreign = inv(*LINE, "--files", "-")

    assert (closed.code, foreign.code) == (1, 1)
    assert "stdin is closed" in closed.err
    assert "is not UTF-8" in foreign.err
    assert written(staged) == []


def test_one_invalid_url_among_many_purges_none(staged: Sandbox, inv: Any) -> None:
    urls = ",".join([*(f"https://example.com/{n}" for n in range(150)), "https://example.org/"])

    assert inv(*LINE, "--files", urls).code == 1
    assert written(staged) == []


def test_hosts_of_values_are_sent_in_a_labels() -> None:
    here = "xn--bcher-kva.example"

    assert valid.values("hosts", ["WWW.bücher.example"], here, lambda: ()) == [f"www.{here}"]
    assert valid.values("files", ["https://bücher.example:8443/ä"], here, lambda: ()) == [
        f"https://{here}:8443/ä"
    ]
    assert valid.values("prefixes", ["bücher.example/a"], here, lambda: ()) == [f"{here}/a"]


def test_values_are_separated_by_commas_or_options_and_sent_once() -> None:
    assert checked("tags", "a,b", "c", "a") == ["a", "b", "c"]
    assert checked("files", "https://example.com/a,b,https://example.com/c") == [
        "https://example.com/a,b",
        "https://example.com/c",
    ]


def test_more_than_a_hundred_values_take_several_requests(staged: Sandbox, inv: Any) -> None:
    urls = ",".join(f"https://example.com/{n}" for n in range(250))

    result = inv(*LINE, "--files", urls, "--output", "json")

    names = [row["name"] for row in json.loads(result.out)]
    assert result.code == 0
    assert names == ["100 files 1-100 of 250", "100 files 101-200 of 250", "50 files 201-250 of 250"]
    assert len(written(staged)) == 3


def test_ten_thousand_values_are_accepted_and_one_more_is_not() -> None:
    many = [f"t{n}" for n in range(10_000)]

    assert len(checked("tags", *many)) == 10_000
    with pytest.raises(ValidationError, match="10,001 tags are more than the 10,000"):
        checked("tags", *many, "one-more")


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
def test_a_purge_that_was_not_answered_is_sent_again(staged: Sandbox, inv: Any) -> None:
    staged.faults.parse("error-after POST */purge_cache times=1")

    assert inv(*LINE, "--tags", "a").code == 0
    assert len(written(staged)) == 2


def test_a_scan_does_not_list_purges() -> None:
    assert PURGE.kind not in {resource.kind for resource in resources()}
    assert PURGE.list(None, OWNER) == ()  # type: ignore[arg-type]  # it sends no request


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
def test_each_cache_setting_is_set_and_restored(
    sandbox: Sandbox, tmp_path: Path, part: str, value: object
) -> None:
    zone = next(one for one in answer(sandbox, "/zones") if one["name"] == "empty.example")
    owner = Owner(sandbox.account_id, zone["id"], zone)
    writer: Writes | None = RESOURCES[0].writes
    assert writer
    assert writer.update
    with connected(sandbox, tmp_path) as client:
        original = writer.find(client, owner, {"id": part}) or {}

        changed = writer.update(client, owner, original, {"id": part, "value": value})
        writer.update(client, owner, changed, original)

        found = writer.find(client, owner, {"id": part})

    assert changed["value"] == value
    assert unstamped(found) == unstamped(original)
