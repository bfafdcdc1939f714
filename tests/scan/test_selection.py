"""Which kinds are read, and how the others are reported."""

from __future__ import annotations

import pytest

from ops.errors import UsageError
from ops.scan.inventory import ScanFilter, ScanPlan, choose, names
from tests.scan.fakes import Lists, declared


def plan(**options: object) -> ScanPlan:
    return choose(declared(Lists()), ScanFilter(**options))  # type: ignore[arg-type]


def kinds(made: ScanPlan) -> list[str]:
    return [resource.kind for resource in made.resources]


def reasons(made: ScanPlan) -> dict[str, str]:
    return {section.kind: section.reason for section in made.skipped}


def test_deep_kinds_are_read_only_on_request() -> None:
    lean, deep = plan(), plan(deep=True)

    assert "dns.extra" not in kinds(lean)
    assert reasons(lean) == {"dns.extra": "only with --deep"}
    assert "dns.extra" in kinds(deep)


def test_a_deep_kind_that_is_named_is_read() -> None:
    made = plan(only=("dns.extra",))

    assert kinds(made) == ["zones.zone", "dns.extra"]


def test_only_a_product_reads_its_kinds_and_their_parents() -> None:
    made = plan(only=("kv",))

    assert kinds(made) == ["kv.namespace", "kv.key"]
    assert reasons(made)["zones.zone"] == "not in --only"


def test_a_skipped_kind_skips_its_children() -> None:
    made = plan(skip=("code.script",))

    assert "code.cron" not in kinds(made)
    assert reasons(made)["code.script"] == "--skip"
    assert "code.script" in reasons(made)["code.cron"]


def test_with_zones_only_those_are_read() -> None:
    made = plan(given={"zones.zone": [{"id": "z1"}]})

    assert kinds(made) == ["zones.zone", "dns.kind0", "dns.kind1", "dns.kind2", "dns.kind3"]
    assert reasons(made)["kv.namespace"] == "outside of what was requested"


def test_contents_are_read_for_snapshots_and_can_be_skipped() -> None:
    assert plan().contents == frozenset()
    assert plan(contents=True).contents == {"code.script"}
    assert plan(contents=True, skip=("code.script/contents",)).contents == frozenset()


def test_values_are_read_only_on_request() -> None:
    assert plan().values == frozenset()
    assert plan(values="values").values == {"kv.key"}
    assert "kv.key" not in kinds(plan(values="none"))


def test_an_unknown_name_is_refused_with_the_closest_one() -> None:
    with pytest.raises(UsageError) as error:
        plan(only=("dns.kind9",))

    assert "'dns.kind9'" in error.value.message
    assert "dns.kind0" in error.value.hint or "dns.kind3" in error.value.hint


def test_a_name_close_to_none_is_answered_with_all() -> None:
    with pytest.raises(UsageError) as error:
        plan(skip=("xyzzy",))

    assert "kv.namespace" in error.value.hint


def test_names_may_be_repeated_or_separated_by_commas() -> None:
    assert names(["dns, kv", "", "zones"]) == ("dns", "kv", "zones")


def test_parents_are_read_before_their_children() -> None:
    first = [resource.kind for resource in plan().within("account")]

    assert first == ["zones.zone", "code.script", "kv.namespace", "flat.thing"]


@pytest.mark.parametrize(
    "options",
    [{"only": ("kv",), "skip": ("kv",)}, {"only": ("kv",), "given": {"zones.zone": [{"id": "z1"}]}}],
)
def test_options_that_select_nothing_are_refused(options: dict[str, object]) -> None:
    with pytest.raises(UsageError, match="nothing to scan"):
        plan(**options)


def test_contents_cannot_be_requested_without_their_kind() -> None:
    with pytest.raises(UsageError, match=r"code\.script/contents"):
        plan(only=("code.script/contents",))
