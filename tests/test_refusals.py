"""What a line cannot do is refused before anything is sent, with the reason and what to type instead."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from ops.sandbox.server import Sandbox
from tests.conftest import Result

Inv = Callable[..., Result]
PING = "https://monitor.example/id"

REFUSED = {
    "a page of an export elsewhere": (
        ("scan.export", "--report", "--to", "all.json"),
        "--report is for snapshots in exports/ that are not encrypted, because the page is not",
        "`inv report --at FILE --identity KEY --to PAGE.html` makes one",
    ),
    "a log without a monitor": (
        ("scan.export", "--ping-log"),
        "--ping-log needs --ping",
        "--ping https://monitor.example/ID --ping-log",
    ),
    "a negative number of scans": (
        ("scan.export", "--since", "latest", "--refresh=-1"),
        "--refresh takes a number of scans, or 0 for none, not -1",
        "--refresh 24",
    ),
    "the zone of what has none": (
        ("history", "kv.namespace", "sessions", "--zone", "example.com"),
        "kv.namespace does not belong to a zone",
        "--parent names what it belongs to",
    ),
    "a product that is misspelt": (
        ("items.kinds", "--product", "emial"),
        "no product is called 'emial'",
        "did you mean email?",
    ),
    "a product like no other": (
        ("items.kinds", "--product", "zzzzzz"),
        "no product is called 'zzzzzz'",
        "products: access, ",
    ),
    "a snapshot of a bucket that is pushed": (
        ("snapshots.push", "s3://backups/a", "--name", "s3://backups/b"),
        "--name takes a snapshot on this machine",
        "--name latest",
    ),
    "all profiles and one": (
        ("profile", "--name", "shop", "schedule", "--each-profile"),
        "--each-profile and a profile of the line exclude each other",
        "",
    ),
    "a default that a file of profiles cannot say": (
        ("profile", "--name", "shop", "--default"),
        "profiles.toml cannot be changed safely",
        'write default = "shop" in it',
    ),
}


def test_a_job_cannot_name_a_profile_that_its_file_cannot_hold(inv: Inv, home: Path) -> None:
    (home / "config").mkdir()
    (home / "config" / "profiles.toml").write_text('default = "a\\u0085b"\n["a\\u0085b"]\n')

    result = inv("schedule")

    assert result.code == 1
    assert "error: --profile holds a character that cannot be printed" in result.err


@pytest.mark.parametrize(("line", "why", "hint"), REFUSED.values(), ids=REFUSED)
def test_a_line_that_cannot_be_run_is_refused(
    staged: Sandbox, inv: Inv, home: Path, line: tuple[str, ...], why: str, hint: str
) -> None:
    (home / "config").mkdir()
    text = '"default" = "main"\n[main]\n[shop]\n'
    (home / "config" / "profiles.toml").write_text(text)

    result = inv(*line)

    assert result.code == 1, result.err
    assert why in result.err
    assert hint in result.err
    assert (home / "config" / "profiles.toml").read_text() == text
    assert staged.requests == []
