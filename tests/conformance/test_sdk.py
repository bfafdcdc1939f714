"""Cloudflare's own Python SDK works with the sandbox."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

import pytest

from ops.sandbox.seed_workers import BINARY_VALUES, SESSIONS, namespace_id
from ops.sandbox.server import Sandbox
from ops.sandbox.store import SCRIPTS

from .document import required

required("the official SDK", find_spec("cloudflare") is not None)

if TYPE_CHECKING:
    from cloudflare import Cloudflare

MODULE = b"export default { async fetch() { return new Response('from the SDK') } };\n"
WASM = b"\x00asm\x01\x00\x00\x00\r\n--\xff"


@pytest.fixture
def sdk(sandbox: Sandbox) -> Iterator[Cloudflare]:
    """Return the SDK with strict validation: an answer that its models do not accept is an error."""
    yield from opened(sandbox, strict=True)


@pytest.fixture
def lenient(sandbox: Sandbox) -> Iterator[Cloudflare]:
    """Return the SDK for documented answers that its models do not accept."""
    yield from opened(sandbox, strict=False)


def opened(sandbox: Sandbox, *, strict: bool) -> Iterator[Cloudflare]:
    from cloudflare import Cloudflare

    options: dict[str, Any] = {"max_retries": 0, "_strict_response_validation": strict}
    with Cloudflare(api_token=sandbox.token, base_url=sandbox.url, **options) as client:
        yield client
    assert sandbox.crashes == []


@pytest.fixture
def account(sandbox: Sandbox) -> str:
    return sandbox.account_id


@pytest.fixture
def zone(sdk: Cloudflare) -> str:
    return next(iter(sdk.zones.list(name="example.com"))).id


def test_it_verifies_the_token_and_finds_the_account(sdk: Cloudflare, account: str) -> None:
    verified = sdk.user.tokens.verify()
    found = sdk.accounts.get(account_id=account)

    assert verified is not None
    assert verified.status == "active"
    assert [one.id for one in sdk.accounts.list()] == [account]
    assert found is not None
    assert found.name == "Sandbox Account"


def test_it_lists_every_zone_over_several_pages(sdk: Cloudflare, sandbox: Sandbox) -> None:
    names = [one.name for one in sdk.zones.list(per_page=5)]

    public = [zone for zone in sandbox.store.list_documents("zone", "") if zone["type"] != "internal"]
    assert len(names) == len(set(names)) == len(public)


def test_it_creates_edits_and_deletes_a_zone(sdk: Cloudflare, account: str) -> None:
    made = sdk.zones.create(account={"id": account}, name="from-sdk.example", type="full")
    assert made is not None

    edited = sdk.zones.edit(zone_id=made.id, paused=True)
    got = sdk.zones.get(zone_id=made.id)
    deleted = sdk.zones.delete(zone_id=made.id)

    assert edited is not None
    assert edited.paused is True
    assert got is not None
    assert (got.name, got.paused) == ("from-sdk.example", True)
    assert deleted is not None
    assert deleted.id == made.id


def test_it_lists_every_dns_record_over_several_pages(sdk: Cloudflare, sandbox: Sandbox, zone: str) -> None:
    ids = [one.id for one in sdk.dns.records.list(zone_id=zone, per_page=5)]

    stored = sandbox.store.value("SELECT count(*) FROM dns_record WHERE zone = ?", (zone,))
    assert len(ids) == len(set(ids)) == stored > 5


def test_it_creates_edits_replaces_and_deletes_a_record(sdk: Cloudflare, zone: str) -> None:
    made: Any = sdk.dns.records.create(
        zone_id=zone, type="A", name="sdk.example.com", content="192.0.2.1", ttl=300, comment="made"
    )
    edited: Any = sdk.dns.records.edit(
        made.id, zone_id=zone, type="A", name="sdk.example.com", content="192.0.2.2", ttl=300
    )
    put: Any = sdk.dns.records.update(
        made.id, zone_id=zone, type="A", name="sdk.example.com", content="192.0.2.3", ttl=1
    )
    got: Any = sdk.dns.records.get(made.id, zone_id=zone)
    deleted: Any = sdk.dns.records.delete(made.id, zone_id=zone)

    assert (edited.content, edited.comment) == ("192.0.2.2", "made")
    assert (put.content, put.ttl, put.comment) == ("192.0.2.3", 1, None)
    assert got == put
    assert deleted.id == made.id


def test_it_changes_records_in_a_batch(sdk: Cloudflare, zone: str) -> None:
    old: Any = sdk.dns.records.create(zone_id=zone, type="TXT", name="old.example.com", content='"a"', ttl=1)
    kept: Any = sdk.dns.records.create(
        zone_id=zone, type="TXT", name="kept.example.com", content='"b"', ttl=1
    )

    done: Any = sdk.dns.records.batch(
        zone_id=zone,
        deletes=[{"id": old.id}],
        patches=[{"id": kept.id, "type": "TXT", "name": "kept.example.com", "content": '"c"', "ttl": 1}],
        posts=[{"type": "MX", "name": "example.com", "content": "mx9.example.com", "priority": 9, "ttl": 1}],
    )

    assert [one.id for one in done.deletes] == [old.id]
    assert [one.content for one in done.patches] == ['"c"']
    assert [(one.type, one.priority) for one in done.posts] == [("MX", 9)]


def test_it_exports_and_imports_records(sdk: Cloudflare, zone: str) -> None:
    text = sdk.dns.records.export(zone_id=zone)
    counted: Any = sdk.dns.records.import_(zone_id=zone, file="new.example.com. 300 IN A 192.0.2.4\n")

    assert "example.com." in text
    assert counted.recs_added == 1


def test_it_reads_settings_certificates_rules_and_routes(sdk: Cloudflare, zone: str) -> None:
    ssl: Any = sdk.zones.settings.get("ssl", zone_id=zone)
    packs = list(sdk.ssl.certificate_packs.list(zone_id=zone))
    rulesets = list(sdk.rulesets.list(zone_id=zone))

    assert ssl.id == "ssl"
    assert packs
    assert rulesets
    assert list(sdk.workers.routes.list(zone_id=zone))
    assert sdk.dns.dnssec.get(zone_id=zone) is not None


def test_it_purges_the_cache(sdk: Cloudflare, zone: str) -> None:
    assert sdk.cache.purge(zone_id=zone, purge_everything=True) is not None


def test_it_creates_renames_and_deletes_a_namespace(sdk: Cloudflare, account: str) -> None:
    made = sdk.kv.namespaces.create(account_id=account, title="from the SDK")
    assert made is not None

    sdk.kv.namespaces.update(made.id, account_id=account, title="renamed")
    titles = {one.title for one in sdk.kv.namespaces.list(account_id=account, per_page=1)}
    sdk.kv.namespaces.delete(made.id, account_id=account)

    assert titles == {"assets", "config", "feature-flags", "renamed", "sessions"}
    assert len(list(sdk.kv.namespaces.list(account_id=account))) == 4


def test_a_duplicate_title_is_a_bad_request_with_its_code(sdk: Cloudflare, account: str) -> None:
    from cloudflare import BadRequestError

    with pytest.raises(BadRequestError) as refused:
        sdk.kv.namespaces.create(account_id=account, title="config")

    assert refused.value.errors[0].code == 10014


def test_it_lists_every_key_over_several_cursors(sdk: Cloudflare, account: str) -> None:
    keys = list(sdk.kv.namespaces.keys.list(namespace_id("sessions"), account_id=account, limit=500))

    assert len(keys) == len({one.name for one in keys}) == SESSIONS
    assert keys[0].metadata is not None
    assert keys[0].expiration is not None


@pytest.mark.parametrize("name", ["plain", "a/b?c#d%25", "💥 é+;", "..."])
def test_it_writes_and_reads_a_value_with_metadata(sdk: Cloudflare, account: str, name: str) -> None:
    space = namespace_id("assets")

    sdk.kv.namespaces.values.update(
        name,
        account_id=account,
        namespace_id=space,
        value=b"text",
        metadata='{"by": "sdk"}',
        expiration_ttl=120,
    )
    read = sdk.kv.namespaces.values.get(name, account_id=account, namespace_id=space)
    metadata = sdk.kv.namespaces.metadata.get(name, account_id=account, namespace_id=space)
    sdk.kv.namespaces.values.delete(name, account_id=account, namespace_id=space)

    assert read.read() == b"text"
    assert "expiration" in read.headers
    assert metadata == {"by": "sdk"}
    assert name not in {one.name for one in sdk.kv.namespaces.keys.list(space, account_id=account)}


@pytest.mark.parametrize("name", BINARY_VALUES)
def test_it_reads_binary_values_unchanged(sdk: Cloudflare, account: str, name: str) -> None:
    read = sdk.kv.namespaces.values.get(name, account_id=account, namespace_id=namespace_id("assets"))

    assert read.read() == BINARY_VALUES[name]


def test_it_writes_reads_and_deletes_in_bulk(sdk: Cloudflare, lenient: Cloudflare, account: str) -> None:
    space = namespace_id("config")
    encoded = base64.b64encode(b"\x00\xff").decode()

    written = sdk.kv.namespaces.bulk_update(
        space,
        account_id=account,
        body=[
            {"key": "one", "value": "1"},
            {"key": "two", "value": encoded, "base64": True, "metadata": {"n": 2}},
        ],
    )
    # Its models have no null, the documented value of a key that does not exist.
    read: Any = lenient.kv.namespaces.bulk_get(space, account_id=account, keys=["one", "two", "absent"])
    full: Any = sdk.kv.namespaces.bulk_get(space, account_id=account, keys=["two"], with_metadata=True)
    deleted = sdk.kv.namespaces.bulk_delete(space, account_id=account, body=["one", "two"])

    assert written is not None
    assert (written.successful_key_count, written.unsuccessful_keys) == (2, [])
    assert read.values == {"one": "1", "two": "\x00\ufffd", "absent": None}
    assert full.values["two"].metadata == {"n": 2}
    assert deleted is not None
    assert deleted.successful_key_count == 2


def test_it_lists_every_durable_object(sdk: Cloudflare, account: str) -> None:
    spaces = {one.name: one for one in sdk.durable_objects.namespaces.list(account_id=account, per_page=1)}
    room = spaces["chat-room_Room"]
    assert room.id is not None

    objects = list(sdk.durable_objects.namespaces.objects.list(room.id, account_id=account))

    assert set(spaces) == {"api-gateway_RateLimiter", "chat-room_Room", "webhook-relay_Inbox"}
    assert (room.script, room.class_, room.use_sqlite) == ("chat-room", "Room", True)
    assert len({one.id for one in objects}) == 1100
    assert {one.has_stored_data for one in objects} == {True, False}


def test_it_lists_workers_with_their_settings(sdk: Cloudflare, lenient: Cloudflare, account: str) -> None:
    scripts = list(sdk.workers.scripts.list(account_id=account))
    # Its models have no binding of an unknown type, which this Worker has.
    settings: Any = lenient.workers.scripts.script_and_version_settings.get("api-gateway", account_id=account)
    sdk.workers.scripts.script_and_version_settings.get("cron-reports", account_id=account)
    schedules = sdk.workers.scripts.schedules.get("cron-reports", account_id=account)
    secrets = list(sdk.workers.scripts.secrets.list("api-gateway", account_id=account))

    assert [one.id for one in scripts] == sorted(SCRIPTS)
    assert {"kv_namespace", "durable_object_namespace", "quantum_store"} <= {
        one.type for one in settings.bindings
    }
    assert len(schedules.schedules) == 2
    assert [one.name for one in secrets] == ["SIGNING_KEY"]


def test_it_uploads_a_worker_and_reads_it_back(sdk: Cloudflare, account: str) -> None:
    files = [
        ("index.js", b'import wasm from "./a.wasm";\n' + MODULE, "application/javascript+module"),
        ("a.wasm", WASM, "application/wasm"),
    ]

    sdk.workers.scripts.update(
        "from-sdk",
        account_id=account,
        metadata={
            "main_module": "index.js",
            "compatibility_date": "2026-01-01",
            "bindings": [{"type": "kv_namespace", "name": "KV", "namespace_id": namespace_id("config")}],
        },
        files=files,
    )
    content = sdk.workers.scripts.content.get("from-sdk", account_id=account)
    settings: Any = sdk.workers.scripts.script_and_version_settings.get("from-sdk", account_id=account)

    assert content.headers["cf-entrypoint"] == "index.js"
    body = content.read()
    assert MODULE in body
    assert WASM in body
    assert [one.namespace_id for one in settings.bindings] == [namespace_id("config")]


def test_it_replaces_the_content_only(sdk: Cloudflare, account: str) -> None:
    before: Any = sdk.workers.scripts.script_and_version_settings.get("redirects", account_id=account)

    sdk.workers.scripts.content.update(
        "redirects",
        account_id=account,
        metadata={"main_module": "main.js"},
        files=[("main.js", MODULE, "application/javascript+module")],
    )

    after: Any = sdk.workers.scripts.script_and_version_settings.get("redirects", account_id=account)
    assert after == before
    assert MODULE in sdk.workers.scripts.content.get("redirects", account_id=account).read()


def test_it_sets_crons_secrets_domains_and_deletes_a_worker(sdk: Cloudflare, account: str, zone: str) -> None:
    sdk.workers.scripts.schedules.update("redirects", account_id=account, body=[{"cron": "0 * * * *"}])
    sdk.workers.scripts.secrets.update(
        "redirects", account_id=account, name="TOKEN", text="hidden", type="secret_text"
    )
    domain = sdk.workers.domains.update(
        account_id=account, zone_id=zone, hostname="sdk-domain.example.com", service="redirects"
    )
    listed = {one.hostname for one in sdk.workers.domains.list(account_id=account)}
    names = {one.name for one in sdk.dns.records.list(zone_id=zone)}

    sdk.workers.scripts.delete("redirects", account_id=account, force=True)

    assert domain is not None
    assert domain.zone_name == "example.com"
    assert "sdk-domain.example.com" in listed & names
    assert "sdk-domain.example.com" not in {one.name for one in sdk.dns.records.list(zone_id=zone)}
    assert "redirects" not in [one.id for one in sdk.workers.scripts.list(account_id=account)]


def test_it_writes_reads_lists_and_deletes_an_object(sdk: Cloudflare, account: str) -> None:
    objects, place = sdk.r2.buckets.objects, {"account_id": account, "bucket_name": "assets"}
    uploaded = objects.upload("a/b", b"\x00\xff", **place)
    read = objects.get("a/b", **place).read()
    (listed,) = objects.list(**place)
    deleted = objects.delete("a/b", **place)

    assert (uploaded.size, read) == ("2", b"\x00\xff")
    assert (listed.key, listed.size, listed.etag) == ("a/b", 2, uploaded.etag)
    assert deleted.key == "a/b"
    assert list(objects.list(**place)) == []


def test_it_runs_the_sql_of_a_database(sdk: Cloudflare, account: str) -> None:
    place = {"account_id": account, "database_id": next(iter(sdk.d1.database.list(account_id=account))).uuid}
    made, written = sdk.d1.database.query(sql="CREATE TABLE t (a, b); INSERT INTO t VALUES (1, 'x')", **place)
    (read,) = sdk.d1.database.raw(sql="SELECT a, b FROM t WHERE a = ?", params=["1"], **place)
    (counted,) = sdk.d1.database.raw(batch=[{"sql": "SELECT count(*) FROM t"}], **place)

    assert made.success
    assert written.meta.changes == 1
    assert read.results.columns == ["a", "b"]
    assert counted.results.rows == [[1]]


def test_it_lists_the_other_items_of_an_account(sdk: Cloudflare, account: str) -> None:
    buckets = sdk.r2.buckets.list(account_id=account, per_page=1000)
    audit = list(
        sdk.accounts.logs.audit.list(
            account_id=account, since="2026-03-01T00:00:00Z", before="2026-03-05T00:00:00Z", limit=15
        )
    )

    assert len(buckets.buckets or []) == 23
    assert len(list(sdk.d1.database.list(account_id=account))) == 2
    assert len(list(sdk.queues.list(account_id=account))) == 2
    assert len(list(sdk.pages.projects.list(account_id=account))) == 12
    assert len(list(sdk.rulesets.list(account_id=account))) == 3
    assert len(list(sdk.load_balancers.pools.list(account_id=account))) == 2
    assert len(list(sdk.load_balancers.monitors.list(account_id=account))) == 1
    assert len(list(sdk.audit_logs.list(account_id=account, per_page=15))) == 40
    assert len(audit) == 40
