"""Secret fields of items reach no output, snapshot, report or journal in plain text, and are not lost."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from ops.kinds import secret
from ops.kinds.catalog import kinds, resources
from ops.sandbox.routes.collections import A, Z
from ops.sandbox.seed_collections import CANARY
from ops.sandbox.server import Sandbox
from tests.conftest import Result

Inv = Callable[..., Result]
JOBS = A + "/logpush/jobs"
EXPORT = ("scan.export", "--deep", "--kv", "none", "--quiet")


@pytest.fixture(autouse=True)
def unlimited(staged: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the tests send as many requests as they need."""
    monkeypatch.setenv("CFOPS_BUDGET", "0")
    staged.limiter.quota = None


def job(sandbox: Sandbox) -> dict[str, object]:
    (found,) = sandbox.store.list_documents(JOBS, sandbox.account_id)
    return dict(found)


def leaks(folder: Path) -> list[str]:
    files = (path for path in folder.rglob("*") if path.is_file())
    return [str(path) for path in files if CANARY.encode() in path.read_bytes()]


def test_a_fingerprint_shows_a_change_and_not_the_value() -> None:
    logpush = kinds()["logpush.job"]
    one, other = ({"destination_conf": f"r2://b?key={key}", "name": "n"} for key in ("a", "b"))

    hidden = secret.hide(logpush, one)

    assert hidden == secret.hide(logpush, dict(one)) != secret.hide(logpush, other)
    assert secret.hidden_fields(logpush, hidden) == ["destination_conf"]
    assert secret.hide(logpush, hidden) == hidden
    assert secret.revealed(logpush, hidden, one) == one
    assert secret.revealed(logpush, hidden, other) == hidden


def test_what_the_api_masks_is_never_known() -> None:
    app = kinds()["access.app"]
    masked = {"saas_app": {"client_secret": "********"}}

    assert secret.unknown(app, masked, masked) == ["saas_app.client_secret"]


@pytest.mark.parametrize("value", [None, "text", 5, []])
def test_what_holds_no_secret_fields_stays_as_it_is(value: object) -> None:
    assert secret.hide(kinds()["access.app"], {"saas_app": value}) == {"saas_app": value}


def test_headers_are_hidden_except_the_host() -> None:
    monitor = kinds()["load_balancers.monitor"]
    hidden = secret.hide(monitor, {"header": {"Host": ["a.example"], "Authorization": ["Bearer x"]}})

    assert hidden["header"]["Host"] == ["a.example"]
    assert secret.is_hidden(hidden["header"]["Authorization"])


def test_secrets_of_every_kind_stay_out_of_plain_snapshots_reports_and_output(
    staged: Sandbox, inv: Inv, home: Path
) -> None:
    seen = "".join(staged.store.texts("SELECT body FROM document"))
    assert seen.count(CANARY) >= 6

    lines = [
        EXPORT,
        ("scan.export", "--deep", "--kv", "none", "--to", "all.json"),
        ("scan.export", "--deep", "--kv", "none", "--to", "all.sqlite"),
        ("scan.export", "--deep", "--kv", "none", "--to", "all.html"),
        ("scan.export", "--deep", "--kv", "none", "--to", "all.csv"),
        ("scan.export", "--deep", "--kv", "none", "--to", "all.tf"),
        *(("items.list", one.kind, "--output", "json") for one in resources() if one.secret),
        *(
            ("items.list", one.kind, "--at", "latest", "--output", "json")
            for one in resources()
            if one.secret
        ),
        ("snapshots.diff", "latest", "live"),
    ]
    done = [inv(*line) for line in lines]

    assert [r.err for r in done if r.code] == []
    assert not any(CANARY in r.out + r.err for r in done)
    assert leaks(home) == []


def test_an_encrypted_snapshot_keeps_secrets_and_no_output_shows_them(
    staged: Sandbox, inv: Inv, home: Path
) -> None:
    from pyrage import x25519

    identity = x25519.Identity.generate()
    (home / "key.txt").write_text(f"{identity}\n")
    (home / "key.txt").chmod(0o600)
    assert inv(*EXPORT, "--encrypt-to", str(identity.to_public())).code == 0
    was = job(staged)["destination_conf"]
    staged.store.run("DELETE FROM document WHERE kind = ?", (JOBS,))
    sealed = next((home / "exports").rglob("*.age"))

    shown = inv("items.list", "logpush.job", "--at", str(sealed), "--identity", str(home / "key.txt"))
    line = ("snapshots.restore", str(sealed), "--identity", str(home / "key.txt"), "--kind", "logpush")
    result = inv(*line, "--yes")

    assert CANARY not in shown.out + shown.err + result.out + result.err
    assert result.code == 0, result.err
    assert job(staged)["destination_conf"] == was
    assert leaks(home) == []


def test_a_plain_snapshot_changes_other_fields_and_keeps_the_live_secret(staged: Sandbox, inv: Inv) -> None:
    assert inv(*EXPORT).code == 0
    before = job(staged)
    staged.store.put_document(JOBS, staged.account_id, str(before["id"]), {**before, "enabled": False})

    result = inv("snapshots.restore", "--kind", "logpush", "--yes", "--force")

    assert result.code == 0, result.err
    assert job(staged) == before


def test_a_plain_snapshot_never_writes_a_fingerprint(staged: Sandbox, inv: Inv) -> None:
    assert inv(*EXPORT).code == 0
    before = job(staged)
    other = {**before, "destination_conf": "r2://other?key=1", "enabled": False}
    staged.store.put_document(JOBS, staged.account_id, str(before["id"]), other)

    diff = inv("snapshots.diff", "latest", "live", "--output", "json")
    result = inv("snapshots.restore", "--kind", "logpush", "--yes", "--force")

    assert "destination_conf" in diff.out
    assert "its destination_conf is secret, and the snapshot does not keep the value" in result.err
    assert job(staged) == other


def test_a_deletion_of_an_item_with_a_secret_is_reported_as_final(staged: Sandbox, inv: Inv) -> None:
    assert inv(*EXPORT).code == 0
    owner = staged.store.value("SELECT owner FROM document WHERE kind = ?", (Z + "/healthchecks",))
    newer = {"id": "9" * 32, "name": "new", "address": "a.example", "http_config": {"header": {"X": ["s3"]}}}
    staged.store.put_document(Z + "/healthchecks", owner, "9" * 32, newer)

    result = inv("snapshots.restore", "--kind", "healthchecks", "--delete", "--yes", "--force")

    assert result.code == 0, result.err
    assert "cannot be undone: the journal does not keep secret values: http_config.header.*" in result.err


def test_secrets_are_kept_in_a_private_folder_only(staged: Sandbox, inv: Inv, home: Path) -> None:
    assert inv(*EXPORT).code == 0
    (home / "exports").chmod(0o755)

    refused = inv(*EXPORT, "--secrets", "keep")
    (home / "exports").chmod(0o700)
    kept = inv(*EXPORT, "--secrets", "keep")
    elsewhere = inv(*EXPORT, "--secrets", "keep", "--to", "x.json")
    unknown = inv(*EXPORT, "--secrets", "all")

    assert refused.code != 0
    assert "other users can read" in refused.err
    assert kept.code == 0, kept.err
    assert len(leaks(home / "exports")) > 0
    assert (elsewhere.code, unknown.code) == (1, 1)


@pytest.mark.parametrize("kind", [one.kind for one in resources() if one.secret])
def test_every_secret_field_is_a_path_of_names(kind: str) -> None:
    for field in kinds()[kind].secret:
        assert all(field.split(".")), field
        assert json.dumps(field)
