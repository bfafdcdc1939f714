"""`inv scan.export --encrypt-to`."""

from __future__ import annotations

import io
import json
import tarfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyrage
import pytest

from ops.sandbox.faults import Fault
from ops.sandbox.server import Sandbox
from tests.conftest import Result
from tests.snapshots.checking import checked, leftovers

Inv = Callable[..., Result]


@pytest.fixture
def identity() -> Any:
    return pyrage.x25519.Identity.generate()


def opened(sealed: Path, identity: Any, into: Path) -> Path:
    data = pyrage.decrypt(sealed.read_bytes(), [identity])
    with tarfile.open(fileobj=io.BytesIO(data), mode="r:gz") as tar:
        tar.extractall(into, filter="data")
    [folder] = into.iterdir()
    return folder


def test_one_file_contains_the_whole_snapshot_and_no_plaintext_remains(
    staged: Sandbox, inv: Inv, home: Path, tmp_path: Path, identity: Any
) -> None:
    options = ("--kv", "values", "--encrypt-to", str(identity.to_public()), "--output", "json")

    result = inv("scan.export", *options)

    sealed = Path(json.loads(result.out)["snapshot"])
    folder = opened(sealed, identity, tmp_path / "opened")
    assert result.code == 0
    assert checked(folder).complete
    assert sealed.name == f"{folder.name}.tar.gz.age"
    assert [p for p in (home / "exports").rglob("[!.]*") if p.is_file()] == [sealed]
    assert leftovers(home / "exports") == []
    assert sealed.stat().st_mode & 0o777 == 0o600
    assert "age --decrypt" in result.err


def test_the_file_may_be_named(staged: Sandbox, inv: Inv, tmp_path: Path, identity: Any) -> None:
    Path("mine.tar.gz.age").write_text("older")

    result = inv("scan.export", "--to", "mine.tar.gz.age", "--encrypt-to", str(identity.to_public()))

    assert result.code == 0
    assert checked(opened(Path("mine.tar.gz.age"), identity, tmp_path / "opened")).complete
    assert [p.name for p in Path().iterdir()] == ["mine.tar.gz.age"]


def test_the_name_shows_that_it_is_partial(
    staged: Sandbox, inv: Inv, home: Path, tmp_path: Path, identity: Any
) -> None:
    staged.faults.add(Fault("denied", path="*/dns_records*", times=-1))

    result = inv("scan.export", "--encrypt-to", str(identity.to_public()), "--output", "json")

    sealed = Path(json.loads(result.out)["snapshot"])
    assert result.code == 4
    assert sealed.name.endswith(".partial.tar.gz.age")
    assert checked(opened(sealed, identity, tmp_path / "opened")).status == "partial"
    assert inv("snapshots.status").code == 1


def test_a_rendering_is_not_left_unencrypted_by_mistake(staged: Sandbox, inv: Inv, identity: Any) -> None:
    result = inv("scan.export", "--to", "all.json", "--encrypt-to", str(identity.to_public()))

    assert result.code == 1
    assert ".tar.gz.age" in result.err
    assert staged.requests == []
