"""--at and --offline: every task that reads, answered from a snapshot."""

from __future__ import annotations

import json
import os
import re
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from ops.cli.command import Command
from ops.errors import NotFound, Refused, UserError
from ops.http.client import Client
from ops.http.paths import ApiPath, path
from ops.kinds.catalog import resources
from ops.kinds.resource import Resource
from ops.past.past import Past
from ops.program import collection
from ops.sandbox.faults import Fault
from ops.sandbox.server import Sandbox
from ops.snapshots.layout import MANIFEST
from ops.snapshots.library import Library
from ops.snapshots.manifest import load, write
from ops.snapshots.snapshot import Snapshot
from tests.cases import reads
from tests.conftest import Result

Inv = Callable[..., Result]

ZONE = ("--zone", "example.com")
SCRIPT = ("--script", "auth-edge")
ROOM = ("--namespace", "chat-room_Room")
# What a snapshot does not hold: the counts of analytics, and the message with which the API refused a part.
NOT_HELD = {
    "kv.list": {"keys", "bytes", "counted_on", "operations"},
    "workers.info": {"traffic"},
    "do.info": {"traffic"},
    "cache.settings": {"reason"},
    "workers.download": {"kept"},
}
FILTERS = (
    ("dns.list", *ZONE, "--type", "mx"),
    ("dns.list", *ZONE, "--search", "mail"),
    ("dns.list", *ZONE, "--proxied", "yes"),
    ("dns.list", *ZONE, "--proxied", "no", "--type", "A", "--match", "any"),
    ("dns.list", *ZONE, "--where", "name.startswith=www"),
    ("dns.list", *ZONE, "--where", "comment.present=true"),
    ("dns.list", *ZONE, "--where", "comment.absent=true"),
    ("dns.list", *ZONE, "--comment", "e"),
    ("dns.list", *ZONE, "--tag", "team:web"),
    ("dns.list", *ZONE, "--where", "tag.present=team"),
    ("dns.list", *ZONE, "--where", "tag.absent=team"),
    ("dns.list", *ZONE, "--filter", "ttl>300", "--fields", "name,ttl"),
    ("dns.list", "--zone", "all", "--name", "www"),
    ("dns.find", "--content", "MAIL"),
    ("dns.find", "--name", "www"),
    ("dns.find", "--comment", "e"),
    ("zones.list", "--name", "contains:shop"),
    ("zones.list", "--name", "ends_with:.net,.org"),
    ("zones.list", "--status", "pending"),
    ("zones.list", "--account", "Sandbox Account"),
    ("zones.list", "--account", "of nobody"),
    ("kv.keys", "--namespace", "sessions", "--prefix", "session:0"),
    ("do.list", "--script", "chat-room"),
    ("do.objects", *ROOM, "--stored", "yes"),
    ("workers.routes", *ZONE),
)


@pytest.fixture
def everything(export: Callable[..., Path]) -> Path:
    return export("--deep", "--kv", "values")


@pytest.fixture
def unplugged(monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    """Remove the token and the address of the sandbox."""

    def unplug() -> None:
        monkeypatch.delenv("CLOUDFLARE_API_TOKEN")
        monkeypatch.delenv("CLOUDFLARE_API_BASE_URL")

    return unplug


def changed(folder: Path, **changes: Any) -> None:
    """Write the manifest of the snapshot in *folder* with *changes*."""
    manifest = replace(load(folder), **changes)
    (folder / MANIFEST).unlink()
    write(folder, manifest)


def marked(folder: Path, kind: str, status: str, reason: str) -> None:
    sections = load(folder).sections
    changed(
        folder,
        sections=tuple(
            replace(section, status=status, reason=reason) if section.kind == kind else section
            for section in sections
        ),
    )


def same(out: str, without: set[str] = frozenset()) -> Any:  # type: ignore[assignment]  # an empty set
    """Return output so that it can be compared, independent of the order of items and fields."""
    try:
        document = json.loads(out)
    except ValueError:
        return out
    if not isinstance(document, list):
        return {name: value for name, value in document.items() if name not in without}
    rows = [{name: value for name, value in row.items() if name not in without} for row in document]
    return sorted(json.dumps(row, sort_keys=True) for row in rows)


def reading_tasks() -> set[str]:
    root = collection()
    tasks = {name: root[name] for name in root.task_names}
    return {name for name, task in tasks.items() if isinstance(task, Command) and "at" in task.shared}


def test_every_task_that_reads_snapshots_has_a_case() -> None:
    missing = reading_tasks() - set(reads())

    assert not missing, f"add to READS of tests/cases/<product>.py: {sorted(missing)}"


@pytest.mark.parametrize("task", sorted(reading_tasks() - {"zones.info"}))
def test_an_unchanged_account_reads_the_same_from_its_snapshot_without_a_request(
    task: str, everything: Path, staged: Sandbox, inv: Inv, unplugged: Callable[[], None]
) -> None:
    line = (*reads()[task].line(task, inv), "--output", "json")
    live = inv(*line)
    before = len(staged.requests)
    unplugged()

    past = inv(*line, "--at", "latest")

    without = NOT_HELD.get(task, set())
    assert (live.code, past.code) == (0, 0), past.err
    assert same(past.out, without) == same(live.out, without)
    assert len(staged.requests) == before


@pytest.mark.parametrize("line", FILTERS, ids=" ".join)
def test_filters_keep_the_items_that_the_api_would_keep(
    line: tuple[str, ...], everything: Path, staged: Sandbox, inv: Inv
) -> None:
    live = inv(*line, "--output", "json")

    past = inv(*line, "--output", "json", "--offline")

    assert past.code == live.code == 0
    assert same(past.out) == same(live.out)


def test_a_list_has_the_order_that_the_task_requests(everything: Path, inv: Inv) -> None:
    result = inv("dns.list", *ZONE, "--fields", "name", "--output", "tsv", "--no-headers", "--offline")

    assert result.out.splitlines() == sorted(result.out.splitlines())


def test_parts_missing_from_a_lean_snapshot_are_unavailable_and_reported(
    export: Callable[..., Path], staged: Sandbox, inv: Inv
) -> None:
    export()

    result = inv("zones.info", *ZONE, "--offline", "--output", "json")

    shown = json.loads(result.out)
    assert result.code == 4
    assert shown["dnssec"]
    assert shown["records"] > 1
    assert shown["routes"] > 1
    assert (shown["packs"], shown["universal_ssl"]) == ("unavailable", "unavailable")
    assert "does not hold ssl.universal (only with --deep)" in result.err
    assert staged.requests == []


def test_a_missing_part_is_reported_once(export: Callable[..., Path], inv: Inv) -> None:
    export()

    result = inv("cache.settings", *ZONE, "--offline")

    assert result.code == 4
    assert result.err.count("does not hold cache.setting") == 1


def test_only_the_snapshot_is_needed_and_nothing_is_written(
    everything: Path, inv: Inv, home: Path, unplugged: Callable[[], None]
) -> None:
    for folder in ("state", "cache"):
        shutil.rmtree(home / folder, ignore_errors=True)
    unplugged()

    result = inv("dns.list", *ZONE, "--offline")

    assert result.code == 0
    assert not (home / "state").exists()
    assert not (home / "cache").exists()


def test_the_age_is_printed_on_stderr_unless_quiet(everything: Path, inv: Inv) -> None:
    from datetime import UTC, datetime, timedelta

    begun = datetime.now(UTC) - timedelta(hours=31, minutes=5)
    changed(everything, started=f"{begun:%Y-%m-%dT%H:%M:%SZ}")

    result, quiet = (
        inv("kv.keys", "--namespace", "config", "--offline"),
        inv("zones.list", "--offline", "--quiet"),
    )

    assert f"from the snapshot of {begun:%Y-%m-%d %H:%M}, 31 h old\n" in result.err
    assert "snapshot" not in result.out
    assert quiet.err == ""


@pytest.mark.parametrize("how", ["name", "path", "date"])
def test_a_snapshot_is_named_by_name_path_or_date(how: str, everything: Path, inv: Inv) -> None:
    named = {"name": everything.name, "path": str(everything), "date": everything.name[:10]}

    assert inv("dns.list", *ZONE, "--at", named[how]).code == 0


def test_a_missing_snapshot_is_an_error_message(everything: Path, inv: Inv) -> None:
    result = inv("dns.list", *ZONE, "--at", "2001-01-01")

    assert result.code == 1
    assert "no complete snapshot was made on or before 2001-01-01" in result.err


def test_offline_without_a_snapshot_names_the_task_that_makes_one(inv: Inv) -> None:
    result = inv("dns.list", *ZONE, "--offline")

    assert result.code == 1
    assert "inv scan.export" in result.err


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("--at", "latest", "--offline"), "--offline means --at latest"),
        (("--identity", "key.txt"), "--identity needs --at"),
    ],
)
def test_contradicting_options_are_refused(
    options: tuple[str, ...], message: str, staged: Sandbox, inv: Inv
) -> None:
    result = inv("zones.list", *options)

    assert result.code == 1
    assert message in result.err
    assert staged.requests == []


def test_a_snapshot_of_another_account_is_refused(everything: Path, inv: Inv) -> None:
    result = inv("zones.list", "--at", str(everything), "--account-id", "f" * 32)

    assert result.code == 1
    assert "is a snapshot of the account" in result.err


def test_a_kind_that_was_left_out_is_reported_with_its_reason(export: Callable[..., Path], inv: Inv) -> None:
    export("--only", "dns")

    result = inv("kv.list", "--offline")

    assert result.code == 1
    assert result.out == ""
    assert "does not hold kv.namespace (not in --only)" in result.err


def test_a_deep_kind_names_the_export_that_keeps_it(export: Callable[..., Path], inv: Inv) -> None:
    export()

    result = inv("workers.secrets", *SCRIPT, "--offline")

    assert result.code == 1
    assert "hint: `inv scan.export --deep` keeps it" in result.err


def test_values_that_were_not_exported_name_the_export_that_keeps_them(
    export: Callable[..., Path], inv: Inv
) -> None:
    export()

    result = inv("kv.get", "--namespace", "config", "--key", "%2e%2e", "--offline")

    assert (result.code, result.out) == (1, "")
    assert "hint: `inv scan.export --kv values` keeps the values" in result.err


@pytest.mark.parametrize("namespace", ["config", "sessions"])
def test_metadata_and_expiry_of_a_key_come_from_the_listing(
    namespace: str, everything: Path, inv: Inv
) -> None:
    listed = json.loads(inv("kv.keys", "--namespace", namespace, "--output", "json").out)
    dated = next((key for key in listed if "expiration" in key), listed[-1])
    line = ("kv.get", "--namespace", namespace, f"--key={dated['name']}", "--metadata", "--output", "json")

    live, past = inv(*line), inv(*line, "--offline")

    assert (live.code, past.code) == (0, 0)
    assert json.loads(past.out) == json.loads(live.out)


def test_the_metadata_of_a_missing_key_is_not_found(everything: Path, inv: Inv) -> None:
    result = inv("kv.get", "--namespace", "config", "--key", "none", "--metadata", "--offline")

    assert result.code == 1
    assert "no key 'none'" in result.err


@pytest.mark.parametrize(
    "line", [("dns.get", *ZONE, "--id", "0" * 32), ("dns.list", "--zone", "nowhere.test")]
)
def test_an_item_that_did_not_exist_is_not_found(line: tuple[str, ...], everything: Path, inv: Inv) -> None:
    assert inv(*line, "--offline").code == 1


def test_an_incomplete_section_is_shown_and_marked(everything: Path, inv: Inv) -> None:
    marked(everything, "dns.record", "failed", "page 3 could not be read")

    result = inv("dns.list", *ZONE, "--at", str(everything), "--output", "json")

    assert result.code == 4
    assert len(json.loads(result.out)) > 1
    assert "holds dns.record as failed: page 3 could not be read" in result.err


def test_a_denied_section_is_empty_and_marked(everything: Path, inv: Inv) -> None:
    marked(everything, "workers.route", "denied", "no permission")

    result = inv("workers.routes", *ZONE, "--at", str(everything))

    assert result.code == 4
    assert "holds workers.route as denied: no permission" in result.err


def test_an_item_missing_from_an_incomplete_list_is_not_called_absent(everything: Path, inv: Inv) -> None:
    marked(everything, "zones.zone", "failed", "page 2 could not be read")

    result = inv("dns.list", "--zone", "nowhere.test", "--at", str(everything))

    assert result.code == 1
    assert "holds zones.zone as failed: page 2 could not be read" in result.err


def test_an_item_deleted_during_the_export_does_not_exist(everything: Path, inv: Inv) -> None:
    marked(everything, "dns.record", "gone", "deleted while the scan ran")

    result = inv("dns.list", *ZONE, "--at", str(everything))

    assert result.code == 1
    assert "deleted while the scan ran" in result.err


def test_a_damaged_file_is_never_read(everything: Path, inv: Inv) -> None:
    file = everything / "dns.record.jsonl"
    file.write_bytes(file.read_bytes().replace(b"192.0.2.10", b"192.0.2.66"))

    result = inv("dns.list", *ZONE, "--offline")

    assert (result.code, result.out.count("192.0.2.66")) == (2, 0)
    assert "inv snapshots.verify" in result.err


def test_a_damaged_module_is_never_written(everything: Path, inv: Inv) -> None:
    for file in everything.glob("scripts/auth-edge-*/*"):
        file.write_bytes(file.read_bytes() + b"//")

    result = inv("workers.download", *SCRIPT, "--to", "code", "--offline")

    assert result.code == 2
    assert not Path("code").exists()


def test_every_module_of_a_script_is_downloaded_with_its_entry_point(everything: Path, inv: Inv) -> None:
    inv("workers.download", "--script", "api-gateway", "--to", "live")

    result = inv("workers.download", "--script", "api-gateway", "--to", "past", "--offline")

    live, past = (
        {file.name: file.read_bytes() for file in Path(folder).rglob("*.*js")} for folder in ("live", "past")
    )
    entries = [
        json.loads(Path(folder, "modules.json").read_text())["entry_point"] for folder in ("live", "past")
    ]
    assert result.code == 0, result.err
    assert entries[0] == entries[1] != ""
    assert past == live
    assert len(past) > 1


def test_only_the_task_with_the_option_reads_the_snapshot(
    everything: Path, staged: Sandbox, inv: Inv
) -> None:
    result = inv("dns.list", *ZONE, "--offline", "--output", "json", "do.list", "--output", "json")

    assert result.code == 0
    assert staged.requests
    assert not any("dns_records" in asked for _, asked in staged.requests)


@pytest.mark.parametrize(
    "task", ["dns.create", "cache.purge", "doctor", "config", "ssl.check", "scan.export"]
)
def test_a_task_that_writes_or_does_not_read_cloudflare_does_not_have_the_option(task: str, inv: Inv) -> None:
    result = inv(task, "--at", "latest")

    assert result.code == 1
    assert "--at" in result.err


def test_when_the_api_cannot_be_reached_the_hint_names_offline(
    everything: Path, staged: Sandbox, inv: Inv, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CFOPS_ATTEMPTS", "1")
    staged.stop()

    result = inv("dns.list", *ZONE)

    assert result.code == 3
    assert re.search(r"`--offline` reads the snapshot of [-0-9]{10} [:0-9]{5} \(\d+ \w+ old\)", result.err)


def test_when_cloudflare_fails_the_hint_names_offline(
    everything: Path, staged: Sandbox, inv: Inv, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CFOPS_ATTEMPTS", "1")
    staged.faults.add(Fault("503", times=-1))

    result = inv("dns.list", *ZONE)

    assert result.code == 2
    assert "`--offline` reads the snapshot of" in result.err


def test_without_a_snapshot_the_hint_does_not_name_offline(
    staged: Sandbox, inv: Inv, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CFOPS_ATTEMPTS", "1")
    staged.stop()

    result = inv("dns.list", *ZONE)

    assert result.code == 3
    assert "--offline" not in result.err


def test_a_writing_task_that_cannot_reach_the_api_does_not_suggest_offline(
    everything: Path, staged: Sandbox, inv: Inv, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CFOPS_ATTEMPTS", "1")
    staged.stop()

    result = inv("zones.pause", *ZONE, "--yes")

    assert result.code == 3
    assert "--offline" not in result.err


def past_of(folder: Path) -> tuple[Client, Snapshot]:
    entry = Library(folder.parent.parent, folder.parent.name).find(folder.name)
    assert entry.manifest
    snapshot = Snapshot(folder, entry.manifest)
    return Client(Past(snapshot, lambda _text: None)), snapshot


def test_a_write_to_a_snapshot_is_refused(everything: Path) -> None:
    client, _ = past_of(everything)

    with pytest.raises(Refused):
        client.delete(path("/zones/{}", "z1"))


@pytest.mark.parametrize(
    "asked",
    [
        path("/accounts/{}/workers/scripts", "f" * 32),
        path("/zones/{}/dns_records", "f" * 32),
        path("/zones/{}/spectrum/apps", "f" * 32),
        path("/user"),
    ],
)
def test_a_path_that_the_snapshot_does_not_hold_is_not_found(asked: ApiPath, everything: Path) -> None:
    client, _ = past_of(everything)

    with pytest.raises(NotFound, match=f"does not hold GET {asked}"):
        client.get(asked)


def test_what_a_snapshot_lacks_of_something_that_it_has_is_not_found(export: Callable[..., Path]) -> None:
    folder = export("--only", "kv,workers,tunnels", "--kv", "values", "--deep")
    changed(folder, placed={f: p for f, p in load(folder).placed.items() if p.item != "auth-edge"})
    client, snapshot = past_of(folder)
    account = snapshot.manifest.account_id
    namespaces = client.pages(path("/accounts/{}/storage/kv/namespaces", account), per_page=50)
    values = "/accounts/{}/storage/kv/namespaces/{}/values"
    (config,) = (one["id"] for one in namespaces if one["title"] == "config")

    with pytest.raises(NotFound, match=r"does not hold a value of kv\.key 'absent'"):
        client.raw(path(f"{values}/{{}}", account, config, "absent"), limit=9).content()
    with pytest.raises(NotFound, match=r"does not hold the files of workers\.script 'auth-edge'"):
        client.raw(
            path("/accounts/{}/workers/scripts/{}/content/v2", account, "auth-edge"), limit=9
        ).content()
    with pytest.raises(NotFound, match=r"does not hold tunnels\.tunnel other than with is_deleted=false"):
        list(client.pages(path("/accounts/{}/cfd_tunnel", account), per_page=50, is_deleted="true"))


@pytest.mark.parametrize("ask", ["query", "graphql"])
def test_queries_that_only_cloudflare_answers_are_refused(ask: str, everything: Path) -> None:
    client, _ = past_of(everything)

    with pytest.raises(UserError, match="the snapshot of"):
        getattr(client, ask)("/accounts/a/bulk/get", {})


def test_an_encrypted_snapshot_is_read_with_its_key(staged: Sandbox, inv: Inv, tmp_path: Path) -> None:
    from pyrage import x25519

    pair = x25519.Identity.generate()
    key = tmp_path / "key.txt"
    key.write_text(f"{pair}\n")
    key.chmod(0o600)
    inv("scan.export", "--encrypt-to", str(pair.to_public()))
    staged.requests.clear()

    sealed = inv("zones.list", "--offline")
    opened = inv("zones.list", "--offline", "--identity", str(key))

    assert sealed.code == 1
    assert "--identity" in sealed.err
    assert opened.code == 0
    assert "example.com" in opened.out
    assert staged.requests == []


@pytest.mark.parametrize("resource", resources(), ids=lambda resource: resource.kind)
def test_every_kind_is_read_from_a_snapshot_by_its_own_declaration(
    resource: Resource, everything: Path
) -> None:
    from ops.kinds.resource import ACCOUNT, Owner

    client, snapshot = past_of(everything)
    account = snapshot.manifest.account_id
    scopes = {section.scope for section in snapshot.manifest.sections if section.kind == resource.kind}
    kept: dict[str, list[Any]] = {scope: [] for scope in scopes}
    for scope, item in snapshot.items(resource.kind):
        kept[scope].append(item)

    for scope in scopes:
        owner = Owner(account, account if resource.parent == ACCOUNT else scope, {})
        read = list(resource.list(client, owner)) if kept[scope] else []
        assert same(json.dumps(read)) == same(json.dumps(kept[scope]))


def test_every_declared_kind_has_a_path() -> None:
    assert [resource.kind for resource in resources() if not resource.path] == []


def test_the_module_is_not_loaded_without_the_option() -> None:
    import subprocess
    import sys

    code = "import sys; import tasks; print([m for m in sys.modules if m in ('ops.past.past', 'ops.http')])"
    root = Path(__file__).parent.parent.parent

    done = subprocess.run(
        [sys.executable, "-c", code], cwd=root, capture_output=True, text=True, check=True, env={**os.environ}
    )

    assert "past" not in done.stdout
