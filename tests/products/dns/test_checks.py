"""What a record may be beside its content: limits one below, at and above, by plan."""

from __future__ import annotations

from typing import Any

import pytest

from ops.errors import Conflict, ValidationError
from ops.products.dns.checks import check, check_together


def zone(plan: str) -> dict[str, Any]:
    return {"id": "1" * 32, "name": "example.com", "plan": {"legacy_id": plan}}


def record(**fields: Any) -> dict[str, Any]:
    return {"name": "www.example.com", "type": "A", "content": "192.0.2.1", **fields}


FINE = [
    ("free", record(ttl=1)), ("free", record(ttl=60)), ("free", record(ttl=86400)),
    ("enterprise", record(ttl=30)), ("enterprise", record(ttl=59)), ("free", record(comment="c" * 100)),
    ("pro", record(comment="c" * 500)), ("pro", record(tags=["a:b"] * 20)), ("pro", record(tags=["flag"])),
    ("pro", record(tags=["a" * 32 + ":" + "v" * 100])), ("free", record(proxied=True, ttl=1)),
    ("free", record(type="CNAME", content="other.example.com", proxied=True)), ("free", record(type="TXT")),
    ("free", record(comment=None, tags=[])),
]  # fmt: skip
WRONG = [
    ("free", record(ttl=0), "TTL"), ("free", record(ttl=2), "TTL"), ("free", record(ttl=30), "TTL"),
    ("free", record(ttl=59), "TTL"), ("free", record(ttl=86401), "TTL"),
    ("enterprise", record(ttl=29), "TTL"),
    ("free", record(ttl="300"), "TTL"), ("free", record(ttl=True), "TTL"),
    ("free", record(proxied=True, ttl=300), "proxied"), ("free", record(type="TXT", proxied=True), "proxied"),
    ("free", record(type="MX", proxied=True), "proxied"), ("free", record(comment="c" * 101), "101"),
    ("pro", record(comment="c" * 501), "501"), ("pro", record(comment="a\nb"), "one line"),
    ("pro", record(comment="a\rb"), "one line"), ("pro", record(comment=5), "one line"),
    ("pro", record(tags=["a:b"] * 21), "21 tags"), ("free", record(tags=["a:b"]), "1 tags"),
    ("pro", record(tags=["a" * 33]), "not a list of tags"),
    ("pro", record(tags=["a:" + "v" * 101]), "not a list of tags"),
    ("pro", record(tags=["a b:c"]), "not a list of tags"), ("pro", record(tags=[""]), "not a list of tags"),
    ("pro", record(tags="a:b"), "not a list of tags"),
    ("free", record(type="CNAME", content="WWW.example.com"), "itself"),
]  # fmt: skip


@pytest.mark.parametrize(("plan", "fine"), FINE)
def test_a_record_within_the_limits_of_the_plan_passes(plan: str, fine: dict[str, Any]) -> None:
    check(fine, zone(plan))


@pytest.mark.parametrize(("plan", "wrong", "words"), WRONG)
def test_a_record_that_the_api_would_refuse_is_refused_first(
    plan: str, wrong: dict[str, Any], words: str
) -> None:
    with pytest.raises(ValidationError, match=words) as error:
        check(wrong, zone(plan))

    assert error.value.hint


def test_an_unchanged_field_is_not_checked() -> None:
    check(record(ttl=30, comment="new"), zone("free"), ["comment"])


def alias(content: str = "a.example") -> dict[str, Any]:
    return record(type="CNAME", content=content)


@pytest.mark.parametrize(
    "together",
    [
        [alias(), record()],
        [record(type="AAAA", content="::1"), alias()],
        [alias("a.example"), alias("b.example")],
        [record(type="NS", content="ns.example"), record()],
        [record(type="NS", content="ns.example"), alias()],
        [alias(), record(name="WWW.Example.com")],
    ],
)
def test_records_that_exclude_each_other_under_one_name_are_a_conflict(
    together: list[dict[str, Any]],
) -> None:
    with pytest.raises(Conflict) as error:
        check_together(together, "example.com")

    assert "dns.list" in error.value.hint


@pytest.mark.parametrize(
    "together",
    [
        [record(), record(content="192.0.2.2"), record(type="AAAA", content="::1")],
        [alias(), record(type="TXT", content="x"), record(type="MX", content="m.example", priority=1)],
        [record(name="example.com"), record(name="example.com", type="NS", content="ns.example")],
        [alias("A.example."), alias("a.example")],
        [alias(), record(name="other.example.com")],
    ],
)
def test_records_that_may_share_a_name_pass(together: list[dict[str, Any]]) -> None:
    check_together(together, "example.com")
