"""Records of all zones: found by address, network or text, live and in a snapshot."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest

from ops.sandbox.faults import Fault
from ops.sandbox.server import Sandbox
from ops.sandbox.store import zone_id
from tests.conftest import Result
from tests.past.conftest import export, exported  # noqa: F401  (fixtures)

Inv = Callable[..., Result]


def found(result: Result) -> list[tuple[str, str, str]]:
    return [(row["zone"], row["name"], row["type"]) for row in json.loads(result.out)]


@pytest.fixture
def mixed(inv: Inv, staged: Sandbox) -> Inv:
    """Use one address in two zones: as it is, within a network of SPF, and as a hint."""
    for zone, name, type, content in (
        ("example.com", "one", "A", "198.51.100.7"),
        ("example.com", "near", "A", "198.51.100.70"),
        ("example.org", "two", "A", "198.51.100.7"),
        ("example.org", "spf", "TXT", "v=spf1 ip4:198.51.100.0/28 -all"),
        ("example.org", "hint", "HTTPS", "1 . ipv4hint=203.0.113.1,198.51.100.7"),
        ("example.org", "six", "AAAA", "2001:db8:7::7"),
        ("example.org", "six-spf", "TXT", "v=spf1 +ip6:2001:db8:7::/48 -all"),
    ):
        made = inv("dns.create", "--zone", zone, "--name", name, "--type", type, "--content", content)
        assert made.code == 0, made.err
    return inv


@pytest.mark.parametrize(
    ("address", "names"),
    [
        ("198.51.100.7", ["one.example.com", "hint.example.org", "spf.example.org", "two.example.org"]),
        ("198.51.100.64/26", ["near.example.com"]),
        ("198.51.100.65/26", ["near.example.com"]),
        ("2001:DB8:7:0:0:0:0:7", ["six-spf.example.org", "six.example.org"]),
        ("2001:db8:7::/64", ["six-spf.example.org", "six.example.org"]),
        ("198.51.100.200", []),
    ],
)
def test_an_address_or_a_network_finds_the_records_of_all_zones(
    address: str, names: list[str], mixed: Inv
) -> None:
    result = mixed("dns.find", "--address", address, "--output", "json")

    assert result.code == 0, result.err
    assert sorted(name for _, name, _ in found(result)) == sorted(names)
    assert all(name.endswith(zone) for zone, name, _ in found(result))


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        (("--content", "MX1.example.com"), [("example.com", "example.com", "MX")]),
        (("--name", "MX2.mail"), [("mail.example", "mx2.mail.example", "A")]),
        (("--comment", "sends NO mail"), [("example.org", "example.org", "TXT")]),
        (("--comment", "origin", "--address", "192.0.2.10"), [("example.com", "example.com", "A")]),
        (("--comment", "origin", "--address", "192.0.2.11"), []),
    ],
)
def test_a_text_is_found_in_any_case_and_all_conditions_hold(
    options: tuple[str, ...], expected: list[tuple[str, str, str]], staged: Sandbox, inv: Inv
) -> None:
    result = inv("dns.find", *options, "--output", "json")

    assert result.code == 0, result.err
    assert [row for row in found(result) if row[2] != "AAAA"] == expected


@pytest.mark.parametrize("task", [("dns.find", "--address", "192.0.2.0/24"), ("dns.list", "--zone", "all")])
@pytest.mark.parametrize("when", [("--offline",), ("--at", "latest")])
def test_a_snapshot_finds_the_same_without_a_request(
    task: tuple[str, ...],
    when: tuple[str, ...],
    export: Callable[..., object],  # noqa: F811  (the fixture)
    staged: Sandbox,
    inv: Inv,
) -> None:
    live = inv(*task, "--output", "json")
    export()

    past = inv(*task, *when, "--output", "json")

    assert past.code == 0, past.err
    assert sorted(found(past)) == sorted(found(live)) != []
    assert staged.requests == []


@pytest.mark.parametrize(
    ("options", "error"),
    [
        ((), "nothing to find was given"),
        (("--address", "192.0.2"), "'192.0.2' is neither an address nor a network"),
        (("--address", "192.0.2.0/33"), "'192.0.2.0/33' is neither an address nor a network"),
    ],
)
def test_nothing_to_find_is_refused_before_any_request(
    options: tuple[str, ...], error: str, staged: Sandbox, inv: Inv
) -> None:
    result = inv("dns.find", *options)

    assert (result.code, result.out) == (1, "")
    assert error in result.err
    assert staged.requests == []


def test_all_zones_are_listed_with_the_name_of_each(staged: Sandbox, inv: Inv) -> None:
    listed = inv("dns.list", "--zone", "all", "--type", "MX", "--output", "json")
    starred = inv("dns.list", "--zone", "*", "--type", "MX", "--output", "json")
    apex = inv("dns.list", "--zone", "all", "--name", "@", "--type", "MX", "--output", "json")
    complete = inv("dns.list", "--zone", "all", "--name", "mx1.mail.example.", "--output", "json")
    table = inv("dns.list", "--zone", "all", "--type", "MX", "--output", "tsv")

    assert {zone for zone, _, _ in found(listed)} == {"example.com", "example.org", "mail.example"}
    assert starred.out == listed.out == apex.out
    assert {name for _, name, _ in found(complete)} == {"mx1.mail.example"}
    assert table.out.startswith("zone\tname\ttype\t")


def test_a_zone_that_cannot_be_read_is_named_and_the_others_are_found(staged: Sandbox, inv: Inv) -> None:
    staged.faults.add(Fault("denied", "GET", f"*/{zone_id('example.org')}/dns_records*", times=-1))

    result = inv("dns.find", "--address", "192.0.2.0/24", "--output", "json")

    assert result.code == 4
    assert {"example.com", "mail.example"} <= {zone for zone, _, _ in found(result)}
    assert "records of example.org: " in result.err


def test_without_permission_for_any_zone_one_error_names_the_permission(staged: Sandbox, inv: Inv) -> None:
    staged.faults.add(Fault("denied", "GET", "*/dns_records*", times=-1))

    result = inv("dns.find", "--name", "www")

    assert result.code == 1
    assert "Zone > DNS > Read" in result.err
    assert "records of" not in result.err
