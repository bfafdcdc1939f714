"""Each server and its verdict: the whole check over real sockets."""

from __future__ import annotations

import pytest

from tests.products.ssl.cases import CASES, Bench, Case, has_ipv6, twenty_names
from tests.products.ssl.cases import many_names as start_many_names
from tests.products.ssl.conftest import Ask

NO_IPV6 = pytest.mark.skipif(not has_ipv6(), reason="this machine has no ::1")


def test_each_server_has_its_own_title() -> None:
    assert len({case.title for case in CASES}) == 38


@pytest.mark.fault("A22")
@pytest.mark.parametrize(
    "case",
    [pytest.param(case, id=case.title, marks=NO_IPV6 if case.title == "IPv6" else ()) for case in CASES],
)
def test_the_verdict_is_that_of_the_table(case: Case, bench: Bench, ask: Ask) -> None:
    result = ask(case.start(bench), timeout=0.3 if "silent" in case.problems else 10.0)

    found = (result["verdict"], result["problems"], result["verify_code"])
    assert found == (case.verdict, case.problems, case.code), result["reasons"]
    assert len(result["reasons"]) == len(case.problems)
    if result["covers_host"] is not None:
        assert result["covers_host"] is not bool({"wrong-name", "no-names"} & set(result["problems"]))


def test_each_of_twenty_names_on_one_port_is_answered_with_its_own_certificate(
    bench: Bench, ask: Ask
) -> None:
    target = start_many_names(bench)

    results = [ask(target._replace(name=name)) for name in twenty_names()]

    assert [result["names"] for result in results] == [[name] for name in twenty_names()]
    assert {result["verdict"] for result in results} == {"ok"}
