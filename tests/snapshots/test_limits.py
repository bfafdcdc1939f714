"""Snapshots and folders that another user, a full disk or a small limit has made unusable."""

from __future__ import annotations

import base64
import errno
import json
import os
import resource
import threading
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from ops.errors import SystemFailure
from ops.files.disk import open_regular
from ops.http.cache import Cache, with_cache
from ops.http.exchange import Call, Reply
from ops.http.parallel import Pool
from ops.sandbox.server import Sandbox
from ops.telemetry.redact import Redactor
from tests.conftest import Result
from tests.snapshots.kept import ACCOUNT_ID, NOW, made

Inv = Callable[..., Result]

READERS = (
    ("snapshots.list",),
    ("snapshots.status",),
    ("snapshots.verify",),
    ("snapshots.show",),
    ("snapshots.diff", "previous", "latest"),
    ("snapshots.render", "--to", "all.json"),
    ("snapshots.render", "--to", "all.html"),
    ("dns.list", "--zone", "example.com", "--offline"),
    ("kv.list", "--namespace", "cache", "--offline"),
)


@pytest.fixture
def exports(home: Path) -> Path:
    return home / "exports"


def replaced(file: Path, kind: str) -> None:
    file.unlink()
    if kind == "pipe":
        os.mkfifo(file)
    elif kind == "link to a pipe":
        os.mkfifo(file.with_name("pipe"))
        file.symlink_to("pipe")
    elif kind == "device":
        file.symlink_to("/dev/zero")
    else:
        file.mkdir()


def forged(folder: Path, change: Callable[[Any], None]) -> None:
    """Change the manifest and update its checksum, as a forger would."""
    document = json.loads((folder / "manifest.json").read_bytes())
    del document["sha256"]
    change(document)
    body = json.dumps(document, indent=1).removesuffix("\n}").encode()
    digest = sha256(body).hexdigest()
    (folder / "manifest.json").write_bytes(body + f',\n "sha256": "{digest}"\n}}\n'.encode())


@pytest.mark.parametrize("kind", ["pipe", "link to a pipe", "device", "folder"])
@pytest.mark.parametrize("name", ["manifest.json", "dns.record.jsonl", "zones.zone.jsonl"])
def test_no_command_waits_for_a_file_that_is_not_a_regular_file(
    inv: Inv, exports: Path, name: str, kind: str
) -> None:
    made(exports, NOW - 3600)
    folder = made(exports)
    replaced(folder / name, kind)

    for line in READERS:
        result = inv(*line)

        assert "Traceback" not in result.err, (line, result.err)
        assert result.code in (0, 1, 2), (line, result.err)
    if name != "manifest.json":
        assert inv("snapshots.verify").code == 2


def test_a_pipe_in_place_of_a_key_is_refused_without_waiting(inv: Inv, exports: Path, tmp_path: Path) -> None:
    folder = made(exports)
    (exports / folder.parent.name / "2026-11-24T06-10-02Z-beef.tar.gz.age").write_bytes(b"age")
    os.mkfifo(tmp_path / "key")

    for option in ("--identity", "--passphrase-file"):
        result = inv("snapshots.verify", "--name", "2026-11-24T06-10-02Z-beef", option, str(tmp_path / "key"))

        assert result.code == 1
        assert "is not a regular file" in result.err


def test_only_a_regular_file_is_opened(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"x")
    (tmp_path / "link").symlink_to("file")
    os.mkfifo(tmp_path / "pipe")

    with open_regular(tmp_path / "link") as file:
        assert file.read() == b"x"
    with pytest.raises(OSError, match="not a regular file"):
        open_regular(tmp_path / "pipe")
    with pytest.raises(OSError, match="symbolic links"):
        open_regular(tmp_path / "link", follow=False)


CHANGES: dict[str, Callable[[Any], None]] = {
    "a count of thousands of digits": lambda d: d["sections"][0].update(count=10**4000),
    "an infinite count": lambda d: d["sections"][0].update(count=float("inf")),
    "an infinite option": lambda d: d["options"].update(deep=float("nan")),
    "a number for a list of options": lambda d: d["options"].update(only=7),
    "a number for the sections": lambda d: d.update(sections=7),
    "a list for the files": lambda d: d.update(files=[1, 2]),
    "a lone surrogate": lambda d: d["sections"][0].update(reason="\ud800", kind="\udfff"),
    "the year 8000": lambda d: d.update(started="8000-01-01T00:00:00Z"),
    "the year 9999": lambda d: d.update(started="9999-12-31T23:59:59Z"),
    "the year 1": lambda d: d.update(started="0001-01-01T00:00:00Z"),
    "the year 0": lambda d: d.update(started="0000-01-01T00:00:00Z"),
    "a year of five digits": lambda d: d.update(started="12026-01-01T00:00:00Z"),
    "many requests": lambda d: d.update(requests=10**18),
}


@pytest.mark.parametrize("change", CHANGES)
def test_a_forged_manifest_is_answered_in_a_sentence_by_each_command(
    inv: Inv, exports: Path, change: str
) -> None:
    made(exports, NOW - 3600)
    forged(made(exports), CHANGES[change])

    for line in (*READERS, ("snapshots.prune", "--keep-last", "1", "--keep-within", "9999y", "--dry-run")):
        result = inv(*line)

        assert "Traceback" not in result.err, (line, result.err)


@pytest.mark.parametrize("body", [b'{"sections": ' + b"9" * 5000 + b"}", b"[" * 200_000, b"\xff\xfe", b""])
def test_a_manifest_that_is_not_json_is_damaged(inv: Inv, exports: Path, body: bytes) -> None:
    (made(exports) / "manifest.json").write_bytes(body)

    [row] = json.loads(inv("snapshots.list", "--output", "json").out)

    assert row["status"] == "damaged"


def test_a_hundred_thousand_sections_are_grouped_once(inv: Inv, exports: Path) -> None:
    rows = [
        {"kind": f"a.b{number}", "scope": "s", "status": "denied", "count": 0, "reason": ""}
        for number in range(100_000)
    ]
    forged(made(exports), lambda document: document["sections"].extend(rows))

    result = inv("snapshots.render", "--to", "all.html")

    assert result.code == 0, result.err


def test_an_item_that_is_an_infinite_number_is_damage(inv: Inv, exports: Path) -> None:
    folder = made(exports)
    file = folder / "dns.record.jsonl"
    file.write_bytes(file.read_bytes().replace(b'"ttl":300', b'"ttl":1e999'))
    stored = {"bytes": file.stat().st_size, "sha256": sha256(file.read_bytes()).hexdigest()}
    forged(folder, lambda document: document["files"].update({"dns.record.jsonl": stored}))

    result = inv("snapshots.verify")

    assert result.code == 2
    assert "dns.record.jsonl, line 1" in result.err


@pytest.mark.parametrize("now", [0.0, -1e9, 4e9, 1.9e11, NOW * 50])
def test_the_status_is_a_sentence_with_any_clock(
    inv: Inv, exports: Path, now: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    made(exports)
    monkeypatch.setattr("time.time", lambda: now)

    for line in (("snapshots.status",), ("snapshots.list",), ("snapshots.prune", "--keep-last", "1")):
        result = inv(*line)

        assert "Traceback" not in result.err, result.err
        assert result.code in (0, 1), result.err


@pytest.mark.parametrize("folder", ["exports", "state"])
def test_a_file_in_place_of_a_folder_is_an_error_that_names_the_setting(
    staged: Sandbox, inv: Inv, home: Path, folder: str
) -> None:
    (home / folder).write_text("not a folder")

    result = inv("scan.export")

    assert result.code == 2
    assert str(home / folder) in result.err
    assert {"exports": "CFOPS_EXPORTS", "state": "CFOPS_STATE_DIR"}[folder] in result.err


FOLDERS = {
    "exports": "CFOPS_EXPORTS",
    "state": "CFOPS_STATE_DIR",
    "config": "CFOPS_CONFIG_DIR",
    "token": "CLOUDFLARE_API_TOKEN_FILE",
}


@pytest.mark.parametrize("folder", FOLDERS)
@pytest.mark.parametrize("line", [("scan.export",), ("dns.list", "--zone", "example.com", "--offline")])
def test_a_folder_that_leads_in_a_circle_is_an_error_that_names_the_setting(
    staged: Sandbox, inv: Inv, home: Path, monkeypatch: pytest.MonkeyPatch, folder: str, line: tuple[str, ...]
) -> None:
    monkeypatch.setenv("CLOUDFLARE_ACCOUNT_ID", ACCOUNT_ID)
    monkeypatch.setenv("CFOPS_CONFIG_DIR", str(home / "config"))
    if folder == "token":
        monkeypatch.delenv("CLOUDFLARE_API_TOKEN")
        monkeypatch.setenv("CLOUDFLARE_API_TOKEN_FILE", str(home / "token" / "file"))
    if (folder, line[0]) in (("state", "dns.list"), ("exports", "scan.export")):
        pytest.skip("it is not needed, or refused as a link")
    (home / folder).symlink_to(home / folder)

    result = inv(*line)

    assert result.code == 2, result.err
    assert str(home / folder) in result.err
    assert "Traceback" not in result.err
    assert FOLDERS[folder] in result.err


@pytest.mark.parametrize("code", [errno.EACCES, errno.EROFS, errno.ENOSPC, errno.EMFILE, errno.EIO])
def test_an_error_of_the_system_is_a_sentence_with_the_file_and_the_setting(
    staged: Sandbox, inv: Inv, home: Path, code: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: Any, **__: Any) -> Any:
        raise OSError(code, os.strerror(code), str(home / "state" / "locks" / "x"))

    monkeypatch.setattr("ops.commands.export.locked", fail)

    result = inv("scan.export")

    assert result.code == 2
    assert "Traceback" not in result.err
    assert f"{home}/state/locks/x cannot be used: {os.strerror(code)}" in result.err
    assert "CFOPS_STATE_DIR" in result.err
    assert not (home / "exports").exists() or not [
        p for p in (home / "exports").rglob("[!.]*") if p.is_file()
    ]


@pytest.mark.parametrize(
    "problem", [MemoryError(), RuntimeError("can't allocate lock"), RuntimeError("can't allocate read lock")]
)
def test_too_little_memory_is_a_sentence_that_names_the_limits(
    staged: Sandbox, inv: Inv, problem: Exception, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: Any, **__: Any) -> Any:
        raise problem

    monkeypatch.setattr("requests.cookies.RequestsCookieJar.__init__", fail)

    result = inv("scan.export")

    assert result.code == 2
    assert "needs more memory" in result.err
    assert "`ulimit -v`" in result.err


def test_an_unreadable_snapshot_is_listed_as_damaged(
    inv: Inv, exports: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made(exports, NOW - 3600)
    folder = made(exports)
    opened = open_regular

    def refuse(path: Path, **options: Any) -> Any:
        if path.parent == folder:
            raise PermissionError(errno.EACCES, "Permission denied", str(path))
        return opened(path, **options)

    monkeypatch.setattr("ops.snapshots.manifest.open_regular", refuse)

    rows = json.loads(inv("snapshots.list", "--output", "json").out)

    assert [row["status"] for row in rows] == ["damaged", "complete"]
    assert "Permission denied" in rows[0]["note"]
    assert inv("snapshots.show").code == 0


def test_a_sandbox_that_cannot_be_written_is_an_error_that_names_the_setting(inv: Inv, home: Path) -> None:
    (home / "state" / "sandbox.sqlite").mkdir(parents=True)

    result = inv("sandbox", "zones.list")

    assert result.code == 2
    (home / "state" / "sandbox.sqlite").rmdir()
    assert "sandbox.sqlite cannot be used" in result.err
    assert "CFOPS_STATE_DIR" in result.err


def test_the_sandbox_names_a_limit_of_open_files_that_is_too_low(
    inv: Inv, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(resource, "getrlimit", lambda _what: (9, 9))

    result = inv("sandbox", "zones.list")

    assert result.code == 2
    assert "the limit is 9" in result.err


def test_a_pool_works_with_the_threads_that_can_start(monkeypatch: pytest.MonkeyPatch) -> None:
    start, started = threading.Thread.start, 0

    def limited(thread: threading.Thread) -> None:
        nonlocal started
        if thread.name == "ops-worker":
            started += 1
            if started > 2:
                raise RuntimeError("can't start new thread")
        start(thread)

    monkeypatch.setattr(threading.Thread, "start", limited)
    pool, done = Pool(8, threading.Event()), []

    for number in range(20):
        pool.submit(lambda number=number: done.append(number))
    pool.run_until_empty()

    assert sorted(done) == list(range(20))


def test_without_any_thread_an_export_ends_with_an_error(
    staged: Sandbox, inv: Inv, exports: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    start = threading.Thread.start

    def refuse(thread: threading.Thread) -> None:
        if thread.name == "ops-worker":
            raise RuntimeError("can't start new thread")
        start(thread)

    monkeypatch.setattr(threading.Thread, "start", refuse)
    pool = Pool(2, threading.Event())

    with pytest.raises(SystemFailure, match="cannot start a thread"):
        pool.submit(lambda: None)
    result = inv("scan.export")

    assert pool.idle
    assert result.code == 2
    assert "Traceback" not in result.err
    assert [p for p in exports.rglob("[!.]*") if p.is_file()] == []


def test_a_response_with_the_token_is_not_kept_in_a_snapshot(
    staged: Sandbox, inv: Inv, exports: Path
) -> None:
    line = ("--zone", "example.com", "--type", "TXT", "--name", "leak", "--content", staged.token)
    assert inv("dns.put", *line, "--yes").code == 0

    result = inv("scan.export", "--only", "dns")

    assert result.code == 4
    [manifest] = exports.rglob("manifest.json")
    assert "contains the API token" in manifest.read_text()
    assert not [p for p in exports.rglob("*") if p.is_file() and staged.token.encode() in p.read_bytes()]


def in_lines(token: bytes) -> bytes:
    return base64.encodebytes(b"token: " + token)


def in_percents(token: bytes) -> bytes:
    return b"".join(b"%%%02x" % byte for byte in token)


@pytest.mark.parametrize(
    "encode", [bytes, bytes.hex, in_lines, in_percents, lambda t: b"\xff" * 5 + base64.b64encode(in_lines(t))]
)
def test_a_value_that_is_the_token_in_any_form_is_not_kept_in_a_snapshot(
    staged: Sandbox, inv: Inv, exports: Path, tmp_path: Path, encode: Callable[[bytes], bytes | str]
) -> None:
    value = encode(staged.token.encode())
    (tmp_path / "value").write_bytes(value if isinstance(value, bytes) else value.encode())
    line = ("--namespace", "config", "--key", "leak", "--file", str(tmp_path / "value"))
    assert inv("kv.put", *line, "--yes").code == 0
    (tmp_path / "value").unlink()

    result = inv("scan.export", "--only", "kv", "--kv", "values")

    assert result.code == 4
    [manifest] = exports.rglob("manifest.json")
    sections = json.loads(manifest.read_bytes())["sections"]
    assert [s["reason"] for s in sections if "contains the API token" in s["reason"]]
    kept = b"".join(p.read_bytes() for p in exports.rglob("*.jsonl"))
    assert b'"leak"' not in b"".join(p.read_bytes() for p in exports.rglob("kv/*.jsonl"))
    assert staged.token.encode() not in kept


def test_a_response_with_the_token_is_not_kept_in_the_cache(tmp_path: Path) -> None:
    cache = Cache(tmp_path / "cache", owner=("a",), holds_secret=Redactor(["secret-token"]).holds)
    call = Call("GET", "/zones", (), fresh=300.0)

    def send(_call: Call) -> Reply:
        reply = Reply(200, {}, b'{"success": true, "result": ["secret-token"]}')
        reply.data = {"success": True, "result": ["secret-token"]}
        return reply

    with_cache(send, cache)(call)

    assert cache.find(call) is None
    cache.close()
    assert not [p for p in tmp_path.iterdir() if b"secret-token" in p.read_bytes()]


@pytest.fixture
def unreadable(exports: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Make a folder of another account that cannot be listed."""
    folder = made(exports, account_id="b" * 32).parent
    listed = Path.iterdir

    def refuse(path: Path) -> Any:
        if path == folder:
            raise PermissionError(errno.EACCES, "Permission denied", str(path))
        return listed(path)

    monkeypatch.setattr(Path, "iterdir", refuse)
    return folder


def test_accounts_that_can_be_read_are_listed_beside_one_that_cannot(
    inv: Inv, exports: Path, unreadable: Path
) -> None:
    folder = made(exports)
    (exports / "lost+found").mkdir()

    result = inv("snapshots.list", "--output", "json")

    assert [row["path"] for row in json.loads(result.out)] == [str(folder)]
    assert result.code == 4
    assert f"{unreadable} cannot be read: Permission denied" in result.err


@pytest.mark.parametrize(
    "line",
    [
        ("snapshots.verify",),
        ("snapshots.show",),
        ("snapshots.status", "--max-age", "9999y"),
        ("snapshots.prune", "--keep-last", "1", "--yes"),
        ("snapshots.diff", "previous", "latest"),
        ("dns.list", "--zone", "example.com", "--offline"),
    ],
)
def test_the_only_account_that_can_be_read_is_used_with_a_warning(
    inv: Inv, exports: Path, unreadable: Path, line: tuple[str, ...]
) -> None:
    made(exports, NOW - 3600)
    made(exports)

    result = inv(*line)

    assert result.code == 0, result.err
    assert f"warning: {unreadable} cannot be read: Permission denied" in result.err


def test_without_any_account_that_can_be_read_the_error_names_the_folder(inv: Inv, unreadable: Path) -> None:
    result = inv("snapshots.verify")

    assert result.code == 2
    assert f"error: {unreadable} cannot be read: Permission denied" in result.err


def test_a_pipe_in_place_of_the_kept_counts_is_passed_over(
    staged: Sandbox, inv: Inv, home: Path, tmp_path: Path
) -> None:
    (tmp_path / "phrase").write_text("correct horse")
    assert inv("scan.export", "--guard", "30", "--passphrase-file", str(tmp_path / "phrase")).code == 0
    [kept] = (home / "state" / "counts").iterdir()
    replaced(kept, "pipe")

    result = inv("scan.export", "--guard", "30")

    assert result.code == 0
    assert "nothing to compare with yet" in result.err
