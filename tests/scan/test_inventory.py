"""The report of a scan."""

from __future__ import annotations

from pathlib import Path

import pytest

from ops.errors import CredentialsError, DiskError
from ops.export.delivery import DocumentFile, SnapshotFolder
from ops.export.job import worth_keeping
from ops.kinds.catalog import resources
from ops.scan.inventory import Inventory
from ops.snapshots.manifest import Section
from ops.ui.cells import readable_size

DENIED = Section("dns.record", "z1", "denied", 0, "GET /zones/z1: no")
FAILED = Section("dns.record", "z2", "failed", 7, "GET /zones/z2: 502")
WHOLE = Section("dns.record", "z3", "complete", 5)


def rows(*sections: Section) -> list[tuple[object, ...]]:
    return [tuple(row.values()) for row in Inventory(sections).rows()]


def test_a_kind_is_reported_with_its_worst_status() -> None:
    assert rows(WHOLE) == [("dns.record", 5, 1, "complete", "")]
    assert rows(DENIED) == [("dns.record", None, 1, "denied", "GET /zones/z1: no")]
    assert rows(DENIED, FAILED, WHOLE) == [
        (
            "dns.record",
            12,
            3,
            "failed",
            "denied in 1 of 3: GET /zones/z1: no; failed in 1 of 3: GET /zones/z2: 502",
        )
    ]


@pytest.mark.parametrize(("counts", "known"), [((0, 0), 0), ((0, None), None), ((3, None), 3), ((2, 0), 2)])
def test_a_kind_of_which_nothing_was_read_has_no_number_of_items(
    counts: tuple[int | None, ...], known: int | None
) -> None:
    sections = tuple(
        Section("dns.record", f"z{at}", "denied" if count is None else "complete", count or 0)
        for at, count in enumerate(counts)
    )

    assert [row["items"] for row in Inventory(sections).rows()] == [known]


def test_a_kind_that_could_not_be_read_does_not_count_as_one_that_was() -> None:
    assert (Inventory((DENIED,)).kinds, Inventory((DENIED, WHOLE)).kinds) == (0, 1)


def test_contents_are_not_counted_as_items_or_kinds() -> None:
    contents = Section("code.script/contents", "s", "complete", 9)

    inventory = Inventory((Section("code.script", "a", "complete", 1), contents))

    assert (inventory.kinds, inventory.items) == (1, 1)


def test_a_stop_takes_precedence_over_other_reasons() -> None:
    stopped = Inventory((DENIED,), ended_by=CredentialsError("the token was revoked"))

    assert stopped.reason == "stopped: the token was revoked"
    assert Inventory((), ended_by=KeyboardInterrupt()).reason == "stopped: interrupted"
    assert Inventory((), ended_by=KeyError("cfut_secret")).reason == "stopped: KeyError"
    assert Inventory((DENIED,)).reason == "dns.record: denied: GET /zones/z1: no"
    assert Inventory((WHOLE,)).reason == ""


def test_skipping_is_suggested_only_if_it_helps() -> None:
    known = resources()
    failed, denied = Inventory((FAILED,)), Inventory((DENIED, WHOLE))

    assert failed.gaps(known) == ["dns.record: failed: GET /zones/z2: 502"]
    assert failed.skippable(known) == []
    assert denied.gaps(known) == [
        "dns.record: denied in 1 of 2: GET /zones/z1: no (it takes Zone > DNS > Read)"
    ]
    assert denied.skippable(known) == ["dns.record"]


def test_a_permission_that_several_kinds_lack_is_named_once() -> None:
    sections = (
        Section("email.address", "a", "denied", 0, "GET /addresses: no"),
        Section("email.rule", "a", "unavailable", 0, "GET /rules: no"),
        Section("gateway.list", "a", "denied", 0, "GET /lists: no"),
        Section("gateway.rule", "a", "denied", 0, "GET /rules: no"),
        Section("workers.script/contents", "s", "denied", 0, "GET /scripts/s: no"),
    )
    read = [one for one in resources() if not one.deep]
    inventory = Inventory(sections)

    assert inventory.gaps(read) == [
        "email.address: denied: GET /addresses: no (it takes Account > Email Routing Addresses > Read)",
        "email.rule: unavailable: GET /rules: no",
        "denied without Account > Zero Trust > Read: gateway.list, gateway.rule",
        "workers.script/contents: denied: GET /scripts/s: no (it takes Account > Workers Scripts > Read)",
    ]
    assert inventory.skippable(read) == [
        *("email", "gateway.list", "gateway.rule", "workers.script/contents"),
    ]
    assert inventory.reason == (
        "denied: email.address, gateway.list, gateway.rule, workers.script/contents; "
        "email.rule: unavailable: GET /rules: no"
    )


@pytest.mark.parametrize(
    ("error", "sections", "kept"),
    [
        (KeyboardInterrupt(), (WHOLE,), True),
        (CredentialsError("revoked"), (FAILED,), True),
        (CredentialsError("revoked"), (DENIED,), False),
        (OSError(28, "No space left on device"), (WHOLE,), False),
        (DiskError("the disk is full"), (WHOLE,), False),
    ],
)
def test_the_items_of_a_stopped_scan_are_kept_unless_the_disk_failed(
    tmp_path: Path, error: BaseException, sections: tuple[Section, ...], kept: bool
) -> None:
    inventory = Inventory(sections, ended_by=error)

    assert worth_keeping(inventory, SnapshotFolder(tmp_path, newest=True)) is kept
    assert not worth_keeping(inventory, DocumentFile(tmp_path / "all.json", lambda _made, _file: ()))


@pytest.mark.parametrize(
    ("size", "text"),
    [
        (0, "0 B"),
        (999, "999 B"),
        (1_000, "1.0 kB"),
        (999_949, "999.9 kB"),
        (999_950, "1.0 MB"),
        (5e12, "5.0 TB"),
    ],
)
def test_sizes_are_readable(size: int, text: str) -> None:
    assert readable_size(int(size)) == text
