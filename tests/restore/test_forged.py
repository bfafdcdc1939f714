"""Forged snapshots: diff, drift and restore say in a sentence what is damaged, and write nothing."""

from __future__ import annotations

import json
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from ops.snapshots.layout import encode
from tests.restore.conftest import Inv, Stage

COMMANDS = (
    ("snapshots.diff", "latest", "live"),
    ("snapshots.drift",),
    ("snapshots.restore", "--dry-run", "--delete"),
    ("snapshots.diff", "latest", "latest"),
)


def sealed(document: dict[str, Any]) -> bytes:
    """Return a manifest with its checksum, as the writer writes it."""
    document.pop("sha256", None)
    text = json.dumps(document, indent=1, ensure_ascii=False).removesuffix("\n}")
    data = text.encode("utf-8", "backslashreplace")
    return data + f',\n "sha256": "{sha256(data).hexdigest()}"\n}}\n'.encode()


@pytest.fixture
def folder(stage: Stage, home: Path) -> Path:
    (folder,) = (home / "exports" / stage.sandbox.account_id).glob("20*")
    return folder


def forge(folder: Path, place: tuple[str | int, ...], value: Any) -> None:
    """Replace one value of the manifest, with a checksum that fits."""
    document = at = json.loads((folder / "manifest.json").read_bytes())
    for name in place[:-1]:
        at = at[name]
    at[place[-1]] = value
    (folder / "manifest.json").write_bytes(sealed(document))


@pytest.mark.fault("F19")
@pytest.mark.parametrize(
    ("place", "value"),
    [
        *[(("options", name), value) for name in ("only", "skip", "zone") for value in (7, None, [1])],
        (("sections", 0, "count"), 10**4299),
        (("sections", 0), 7),
        (("sections",), True),
        (("files",), [1]),
        (("contents",), 7),
    ],
)
def test_a_value_of_another_type_in_the_manifest_is_damage(
    stage: Stage, inv: Inv, folder: Path, place: tuple[str | int, ...], value: Any
) -> None:
    forge(folder, place, value)
    stage.forget()

    for command in COMMANDS:
        result = inv(command[0], *(folder.as_posix() if name == "latest" else name for name in command[1:]))
        assert result.code in (1, 2), result.out
        assert "Traceback" not in result.err
        assert "is damaged" in result.err or "no complete snapshot" in result.err or "has no" in result.err
    assert stage.wrote() == []


def forge_item(folder: Path, kind: str, **fields: Any) -> None:
    """Replace fields of the first item of *kind*, with sizes and checksums that fit."""
    file = folder / f"{kind}.jsonl"
    first, *others = file.read_bytes().splitlines(keepends=True)
    line = json.loads(first)
    line["item"] |= fields
    file.write_bytes(b"".join([encode(line), *others]))
    stored = {"bytes": file.stat().st_size, "sha256": sha256(file.read_bytes()).hexdigest()}
    forge(folder, ("files", file.name), stored)


@pytest.mark.fault("F19")
@pytest.mark.parametrize(
    ("kind", "fields"),
    [
        ("dns.record", {"type": [1]}),
        ("dns.record", {"type": {"a": [None]}, "name": 7}),
        ("dns.record", {"ttl": 10**4299, "content": 10**4299}),
        ("workers.settings", {"bindings": 7}),
        ("workers.settings", {"bindings": [{"a": [None]}]}),
        ("zones.dnssec", {"status": None}),
        ("zones.setting", {"value": [None]}),
        ("workers.route", {"pattern": {"a": 1}}),
    ],
)
def test_an_item_of_another_form_is_compared_or_reported(
    stage: Stage, inv: Inv, folder: Path, kind: str, fields: dict[str, Any]
) -> None:
    forge_item(folder, kind, **fields)
    stage.forget()

    for command in COMMANDS:
        result = inv(*command)
        assert result.code in (0, 2, 4), result.err
        assert "Traceback" not in result.err
    assert inv("snapshots.diff", "latest", "live", "--exit-code").code in (2, 5)
    assert stage.wrote() == []


@pytest.mark.fault("F19")
def test_a_lone_surrogate_in_an_item_is_compared_and_shown(stage: Stage, inv: Inv, folder: Path) -> None:
    forge_item(folder, "dns.record", comment="\ud800")

    for options in ((), ("--unified",), ("--output", "csv")):
        result = inv("snapshots.diff", "latest", "live", "--exit-code", *options)
        assert result.code == 5, result.err
        assert "ud800" in result.out
    dry = inv("snapshots.restore", "--dry-run")
    assert dry.code == 0, dry.err
    assert "ud800" in dry.err


@pytest.mark.long
@pytest.mark.fault("F19")
def test_a_hundred_thousand_sections_are_compared_in_bounded_time(
    stage: Stage, inv: Inv, folder: Path
) -> None:
    document = json.loads((folder / "manifest.json").read_bytes())
    document["sections"] += [
        {"kind": "dns.record", "scope": f"{n:032x}", "status": "complete", "count": 0, "reason": ""}
        for n in range(100_000)
    ]
    (folder / "manifest.json").write_bytes(sealed(document))
    stage.forget()

    diff = inv("snapshots.diff", "latest", "live", "--exit-code")
    restore = inv("snapshots.restore", "--dry-run")

    assert (diff.code, restore.code) == (0, 0), diff.err + restore.err
    assert len(stage.sandbox.requests) < 200
