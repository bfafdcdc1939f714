"""State files that somebody else has changed between runs: refused or created again, never trusted."""

from __future__ import annotations

import os
import pickle
import random
from collections.abc import Callable
from pathlib import Path

import pytest

from ops.errors import DiskError, Locked
from ops.files.disk import locked
from ops.sandbox.server import Sandbox
from ops.snapshots import publish
from tests.conftest import Result

Inv = Callable[..., Result]


class Bomb:
    """Create a file when unpickled."""

    def __reduce__(self) -> tuple[Callable[[str], int], tuple[str]]:
        return os.system, ("touch exploded",)


POISON = {
    "nothing": b"",
    "pickle": pickle.dumps(Bomb()),
    "nesting": b"[" * 200_000,
    "object": b'{"a": NaN, "a": 1}\n',
    "list": b"[]\n",
    "text": b'"x"\n',
    "null": b"null\n",
    "endless": b'{"lines": Infinity, "head": "", "n": Infinity, "hash": "", "counts": {"a": Infinity}}\n',
    "list of names": b'["pid", "task", "since"]\n',
    "surrogate": b'{"n": 1, "type": "intent", "id": "\\ud800"}\n',
    "noise": random.Random(1).randbytes(200_000),
    "yaml": b"!!python/object/apply:os.system ['touch exploded']\n",
}
ZONE = ("--zone", "example.com")
RECORD = (*ZONE, "--type", "A", "--name", "new", "--content", "192.0.2.1")
READING = (
    ("zones.list", "--cache", "60"),
    ("undo.list",),
    ("audit", "--local"),
    ("audit", "--verify"),
    ("undo.last", "--yes"),
    ("dns.put", *RECORD),
    ("scan.export", "--only", "zones.zone", "--guard", "30"),
)


def lasting(home: Path) -> list[Path]:
    """Return the files that one run leaves for the next, except the sandbox's own."""
    folders = (home / "state", home / "cache")
    return sorted(file for folder in folders for file in folder.rglob("*") if file.is_file())


@pytest.mark.fault("F14", "A11")
@pytest.mark.parametrize(
    "poison",
    [pytest.param(name, marks=[] if name == "pickle" else pytest.mark.long) for name in POISON],
)
def test_a_poisoned_state_file_is_refused_or_created_again(
    staged: Sandbox, inv: Inv, home: Path, poison: str
) -> None:
    inv("zones.list", "--cache", "60", "dns.create", *RECORD)
    files = {file: file.read_bytes() for file in lasting(home)}
    assert {"audit.jsonl", "journal.jsonl", "audit-head.json"} <= {file.name for file in files}

    for file in files:
        for whole, content in files.items():
            whole.write_bytes(content)
        file.write_bytes(POISON[poison])
        for line in READING:
            result = inv(*line)
            assert "Traceback" not in result.err, (file.name, line, result.err)
            assert result.code in (0, 1, 2), (file.name, line, result.err)

    assert not Path("exploded").exists()


@pytest.mark.fault("F14", "D7")
@pytest.mark.parametrize("poison", POISON)
def test_a_lock_with_unreadable_content_is_still_a_lock(tmp_path: Path, poison: str) -> None:
    with locked(tmp_path, "zone", {"pid": 1}, "writing"):
        (file,) = tmp_path.iterdir()
        file.write_bytes(POISON[poison])
        with pytest.raises(Locked, match="another run is writing: "), locked(tmp_path, "zone", {}, "writing"):
            raise AssertionError("two hold it")


DEEP = "[" * 200_000
FILES: dict[str, tuple[str, tuple[str, ...]]] = {
    "plan": ("plan", ("dns.apply", *ZONE, "--plan", "plan", "--yes")),
    "records": ("records.json", ("dns.plan", *ZONE, "--file", "records.json")),
    "zone file": ("records.yaml", ("dns.plan", *ZONE, "--file", "records.yaml")),
    "dump": ("dump.jsonl", ("kv.load", "--namespace", "config", "--file", "dump.jsonl")),
    "bindings": (
        "bindings.json",
        ("workers.deploy", "--script", "x", "--path", "x.js", "--bindings", "bindings.json"),
    ),
    "download": ("folder/modules.json", ("workers.deploy", "--script", "x", "--path", "folder")),
}


@pytest.mark.fault("F14", "F19", "A11")
@pytest.mark.parametrize("name", FILES)
def test_a_file_with_endless_nesting_is_refused_and_nothing_is_written(
    staged: Sandbox, inv: Inv, name: str
) -> None:
    file, line = FILES[name]
    Path("folder").mkdir()
    Path("x.js").write_text("export default {}")
    Path("folder/x.js").write_text("export default {}")
    Path(file).write_text(DEEP)

    result = inv(*line)

    assert "Traceback" not in result.err
    assert result.code == 1, result.err
    assert [request for request in staged.requests if request[0] != "GET"] == []


@pytest.mark.fault("F14")
@pytest.mark.parametrize("option", ["--value", "--metadata"])
def test_an_option_with_endless_nesting_is_refused(staged: Sandbox, inv: Inv, option: str) -> None:
    lines = {
        "--value": ("zones.set", *ZONE, "--name", "minify", "--value", "[" * 50_000),
        "--metadata": (
            "kv.put",
            "--namespace",
            "config",
            "--key",
            "k",
            "--value",
            "v",
            "--metadata",
            "[" * 50_000,
        ),
    }

    result = inv(*lines[option])

    assert "Traceback" not in result.err
    assert result.code == 1


@pytest.mark.fault("C8")
@pytest.mark.skipif(os.geteuid() != 0, reason="only root gives folders away")
def test_a_folder_of_another_user_is_refused(tmp_path: Path) -> None:
    os.chown(tmp_path, 12345, -1)

    with pytest.raises(DiskError, match="belongs to another user"):
        publish.prepare(tmp_path, 1_800_000_000.0)
