"""Tasks as functions of other tasks: their data, without what they print."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from invoke.context import Context
from invoke.exceptions import Exit

from ops.cli.run import RUN
from ops.products.dns.tasks import export_records, list_records
from ops.products.kv.tasks import get_value
from ops.products.zones.tasks import info, list_zones
from ops.sandbox.faults import Fault
from ops.sandbox.server import Sandbox

ZONE = "example.com"


@pytest.fixture(autouse=True)
def run(staged: Sandbox, home: Path) -> Iterator[None]:
    RUN.begin(project=home / "work", dry=False, debug=False)
    yield
    RUN.end()


def test_a_list_is_returned_and_not_printed(capsys: pytest.CaptureFixture[str]) -> None:
    found = list_records.data(Context(), zone=ZONE, type="MX")

    assert [record["content"] for record in found] == ["mx1.example.com", "mx2.example.com"]
    assert capsys.readouterr().out == ""


def test_an_object_text_and_bytes_are_returned_as_they_are() -> None:
    assert info.data(Context(), zone=ZONE)["name"] == ZONE
    assert "IN\tMX" in export_records.data(Context(), zone=ZONE)
    assert get_value.data(Context(), namespace="feature-flags", key="beta-search").startswith(b'{"on"')


def test_an_error_ends_the_line_with_the_exit_code_of_the_task(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(Exit) as ended:
        list_records.data(Context(), zone="nowhere.example")

    assert ended.value.code == 1
    assert "error: no zone nowhere.example" in capsys.readouterr().err


def test_an_incomplete_list_is_never_returned_as_if_it_were_whole(staged: Sandbox) -> None:
    staged.faults.add(Fault("total-lies", path="/zones*", times=-1, total=9))

    with pytest.raises(Exit) as ended:
        list_zones.data(Context())

    assert ended.value.code == 4
