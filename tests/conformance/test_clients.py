"""wrangler, octoDNS, lexicon, certbot and cli4 work with the sandbox as they do with Cloudflare."""

from __future__ import annotations

import json
import os
import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from ops.sandbox.seed_workers import namespace_id
from ops.sandbox.server import Sandbox
from ops.sandbox.store import stable_uuid, zone_id

from .clients import npm_client, python_client, run, variables

pytestmark = [pytest.mark.long, pytest.mark.timeout(600)]

WORKER = """
export class Counter { async fetch() { return new Response("one"); } }
export default {
  async fetch(request, env) { return env.ASSETS.fetch(request); },
  async scheduled() {},
  async queue() {},
};
"""
ORDERS = stable_uuid("d1", "orders")
PROJECT: dict[str, Any] = {
    "name": "from-wrangler",
    "main": "index.js",
    "compatibility_date": "2026-01-01",
    "send_metrics": False,
    "workers_dev": True,
    "assets": {"directory": "public", "binding": "ASSETS"},
    "kv_namespaces": [{"binding": "KV", "id": namespace_id("config")}],
    "r2_buckets": [{"binding": "R2", "bucket_name": "assets"}],
    "d1_databases": [{"binding": "DB", "database_name": "orders", "database_id": ORDERS}],
    "services": [{"binding": "AUTH", "service": "auth-edge"}],
    "durable_objects": {"bindings": [{"name": "COUNTER", "class_name": "Counter"}]},
    "migrations": [{"tag": "v1", "new_sqlite_classes": ["Counter"]}],
    "queues": {"producers": [{"binding": "Q", "queue": "emails"}], "consumers": [{"queue": "jobs"}]},
    "triggers": {"crons": ["*/5 * * * *"]},
    "vars": {"STAGE": "test"},
    "routes": [
        {"pattern": "wrangler.example.com/*", "zone_name": "example.com"},
        {"pattern": "attached.example.com", "custom_domain": True},
    ],
}


@pytest.mark.parametrize(
    "packages", [("wrangler@4.86.0",), ("wrangler@latest", "node@24")], ids=["4.86", "latest"]
)
def test_wrangler_deploys_changes_and_deletes_a_worker(
    packages: tuple[str, ...], sandbox: Sandbox, tmp_path: Path
) -> None:
    programs = npm_client(*packages)
    (tmp_path / "public").mkdir()
    (tmp_path / "public" / "index.html").write_text("<h1>one</h1>")
    (tmp_path / "index.js").write_text(WORKER)
    (tmp_path / "wrangler.json").write_text(json.dumps(PROJECT))
    (tmp_path / "secrets.json").write_text('{"FIRST": "one", "SECOND": "two"}')

    def wrangler(line: str, *more: str) -> str:
        path = f"{programs}:{os.environ['PATH']}"
        words = line.split()
        return run(programs / "wrangler", *words, *more, folder=tmp_path, **variables(sandbox), PATH=path)

    def worker() -> Any:
        return sandbox.store.get_document("worker", sandbox.account_id, "from-wrangler")

    assert "Sandbox Account" in wrangler("whoami")
    wrangler("queues create jobs")

    deployed = wrangler("deploy")
    for target in ("wrangler.example.com/*", "attached.example.com", "*/5 * * * *", "Consumer for jobs"):
        assert target in deployed
    bound = {one["type"] for one in worker()["settings"]["bindings"]}
    assert bound == {
        *("kv_namespace", "r2_bucket", "d1", "service", "durable_object_namespace"),
        *("queue", "assets", "plain_text"),
    }
    assert (worker()["has_assets"], worker()["subdomain"]["enabled"]) == (True, True)
    (domain,) = sandbox.store.rows("SELECT type, content FROM dns_record WHERE name = 'attached.example.com'")
    assert domain == ("AAAA", "100::")

    wrangler("secret bulk secrets.json")
    assert re.findall(r"FIRST|SECOND", wrangler("secret list")) == ["FIRST", "SECOND"]
    wrangler("secret delete SECOND")
    assert [one["number"] for one in worker()["versions"]] == [3, 2, 1]

    uploaded = wrangler("versions upload --tag v2 --message second")
    listed = wrangler("versions list")
    assert "v2" in listed
    assert "second" in listed
    (version,) = re.findall(r"Worker Version ID: (\S+)", uploaded)
    assert worker()["version"] != version
    wrangler(f"versions deploy {version}@100% --yes --message now")
    assert worker()["version"] == version
    assert "now" in wrangler("deployments list")
    wrangler("versions secret bulk secrets.json")
    wrangler("rollback --yes --message back")
    assert worker()["version"] != version
    wrangler("triggers deploy")

    wrangler("r2 bucket create from-wrangler")
    assert "from-wrangler" in wrangler("r2 bucket list")
    wrangler("r2 bucket info from-wrangler")
    wrangler("r2 object put from-wrangler/pages/index.html --file public/index.html --remote")
    wrangler("r2 object get from-wrangler/pages/index.html --file read.html --remote")
    assert (tmp_path / "read.html").read_text() == "<h1>one</h1>"
    wrangler("r2 object delete from-wrangler/pages/index.html --remote")
    wrangler("r2 bucket delete from-wrangler")
    wrangler("d1 create from-wrangler")
    assert "from-wrangler" in wrangler("d1 info from-wrangler")
    (tmp_path / "migrations").mkdir()
    (tmp_path / "migrations" / "0001_first.sql").write_text("CREATE TABLE pages (name TEXT, size INTEGER);")
    wrangler("d1 migrations apply orders --remote")
    command = ("--command", "INSERT INTO pages VALUES ('home', 12); SELECT name, size FROM pages")
    executed = wrangler("d1 execute orders --remote --json", *command)
    assert json.loads(executed)[1]["results"] == [{"name": "home", "size": 12}]
    wrangler("d1 delete from-wrangler --skip-confirmation")
    assert "from-wrangler" in wrangler("queues info jobs")
    wrangler("queues consumer remove jobs from-wrangler")
    wrangler("delete --force")
    wrangler("queues delete jobs")

    assert worker() is None
    assert sandbox.crashes == []


RECORDS = """
'':
- {type: A, value: 192.0.2.1, octodns: {cloudflare: {proxied: true}}}
- {type: MX, value: {exchange: mx1.octo.example., preference: 10}}
- {type: CAA, value: {flags: 0, tag: issue, value: letsencrypt.org}}
- {type: TXT, values: [v=spf1 -all, 'one\\; two']}
aaaa: {type: AAAA, value: '2001:db8::1'}
www: {type: CNAME, ttl: 300, value: octo.example., octodns: {cloudflare: {comment: hello}}}
_sip._tcp: {type: SRV, value: {priority: 10, weight: 20, port: 5060, target: sip.octo.example.}}
_none._tcp: {type: SRV, value: {priority: 0, weight: 0, port: 0, target: .}}
https: {type: HTTPS, value: {svcpriority: 1, targetname: ., svcparams: {alpn: [h2, h3]}}}
named: {type: HTTPS, value: {svcpriority: 1, targetname: www.octo.example., svcparams: {alpn: [h2]}}}
svcb: {type: SVCB, value: {svcpriority: 2, targetname: www.octo.example., svcparams: {}}}
naptr:
  type: NAPTR
  value: {flags: S, order: 1, preference: 2, regexp: '', replacement: _sip._tcp.octo.example., service: SIP}
ptr: {type: PTR, value: host.octo.example.}
sshfp: {type: SSHFP, value: {algorithm: 4, fingerprint: FINGERPRINT, fingerprint_type: 2}}
tlsa:
  type: TLSA
  value: {certificate_association_data: FINGERPRINT, certificate_usage: 3, matching_type: 1, selector: 1}
loc:
  type: LOC
  value: {altitude: 20, lat_degrees: 31, lat_direction: S, lat_minutes: 58, lat_seconds: 52.1,
    long_degrees: 115, long_direction: E, long_minutes: 49, long_seconds: 11.7,
    precision_horz: 10, precision_vert: 2, size: 10}
sub:
- {type: NS, value: ns1.other.example.}
- type: DS
  value: {key_tag: 60485, algorithm: 5, digest_type: 1, digest: 2BB183AF5F22588179A53B0A98631FAD1A292118}
"""


@pytest.fixture
def octodns(sandbox: Sandbox, tmp_path: Path) -> Any:
    """Return a function that runs a command of octoDNS with a configuration for the sandbox."""
    python = python_client("octodns", "octodns-cloudflare")
    provider = {"class": "octodns.provider.yaml.YamlProvider", "enforce_order": False}
    configuration = {
        "manager": {"max_workers": 1},
        "providers": {
            "config": {**provider, "directory": "config"},
            "cloudflare": {
                "class": "octodns_cloudflare.CloudflareProvider",
                "token": "env/CLOUDFLARE_API_TOKEN",
                "account_id": "env/CLOUDFLARE_ACCOUNT_ID",
                "api_url": sandbox.url,
            },
        },
        "zones": {"*": {"sources": ["config"], "targets": ["cloudflare"]}},
    }
    (tmp_path / "config").mkdir()
    (tmp_path / "octodns.yaml").write_text(yaml.safe_dump(configuration))

    def command(name: str, *words: str) -> str:
        options = ("--config-file", "octodns.yaml", *words)
        return run(python.parent / f"octodns-{name}", *options, folder=tmp_path, **variables(sandbox))

    return command


def test_octodns_keeps_every_type_through_two_syncs(octodns: Any, sandbox: Sandbox, tmp_path: Path) -> None:
    (tmp_path / "config" / "octo.example.yaml").write_text(RECORDS.replace("FINGERPRINT", "bf6b6825" * 8))

    first = octodns("sync", "--doit", "--force")
    second = octodns("sync", "--doit")

    assert "18 total changes" in first
    assert "No changes were planned" in second


@pytest.mark.parametrize("zone", ["mail.example.", "shop.example.", "wild.example."])
def test_octodns_dumps_a_seeded_zone_that_a_sync_leaves_unchanged(octodns: Any, zone: str) -> None:
    dumped = octodns("dump", "--output-dir", "config", zone, "cloudflare")

    synced = octodns("sync", "--doit", zone)

    assert re.search(r"making \d+ changes", dumped)
    assert "No changes were planned" in synced


LEXICON = """
import sys
from lexicon.client import Client
from lexicon.config import ConfigResolver
from lexicon._private.providers import cloudflare
opened = cloudflare.Provider.__init__
def at_the_sandbox(self, config):
    opened(self, config)
    self.api_endpoint = sys.argv[1]
cloudflare.Provider.__init__ = at_the_sandbox
options = {"provider_name": "cloudflare", "domain": "example.net", "cloudflare": {"auth_token": sys.argv[2]}}
record = {"rtype": "TXT", "name": "_acme-challenge.lexicon"}
with Client(ConfigResolver().with_dict(options)) as zone:
    assert zone.create_record(**record, content="one")
    assert [one["content"] for one in zone.list_records(**record)] == ["one"]
    assert zone.update_record(**record, content="two")
    assert [one["content"] for one in zone.list_records(**record)] == ["two"]
    assert len(zone.list_records(rtype="A")) == 131
    assert zone.delete_record(**record)
    assert zone.list_records(**record) == []
"""


def test_lexicon_creates_updates_lists_and_deletes_a_record(sandbox: Sandbox, tmp_path: Path) -> None:
    python = python_client("dns-lexicon")

    run(python, "-c", LEXICON, sandbox.url, sandbox.token, folder=tmp_path)

    assert tuple(method for method, _ in sandbox.requests if method in ("PUT", "DELETE")) == ("PUT", "DELETE")


CERTBOT = """
import sys
from certbot.errors import PluginError
from certbot_dns_cloudflare._internal.dns_cloudflare import _CloudflareClient
token, email, key = sys.argv[1:]
for client in (_CloudflareClient(api_token=token), _CloudflareClient(email=email, api_key=key)):
    name = "_acme-challenge.www.example.com"
    client.add_txt_record("www.example.com", name, "value", 120)
    client.add_txt_record("www.example.com", name, "value", 120)
    client.del_txt_record("www.example.com", name, "value")
    try:
        client.add_txt_record("www.unknown.example", "_acme-challenge.www.unknown.example", "value", 120)
    except PluginError as error:
        assert "Unable to determine zone_id" in str(error), error
    else:
        raise SystemExit("a domain without a zone was accepted")
"""


def test_certbots_client_adds_and_removes_a_challenge(sandbox: Sandbox, tmp_path: Path) -> None:
    python = python_client("certbot-dns-cloudflare")
    words = (sandbox.token, sandbox.email, sandbox.key)

    run(python, "-c", CERTBOT, *words, folder=tmp_path, CLOUDFLARE_BASE_URL=sandbox.url)

    methods = [method for method, path in sandbox.requests if "/dns_records" in path and method != "GET"]
    assert methods == ["POST", "POST", "DELETE"] * 2


def test_cli4_lists_creates_changes_and_deletes(sandbox: Sandbox, tmp_path: Path) -> None:
    cli4 = python_client("cloudflare==2.*").parent / "cli4"
    zone = zone_id("example.com")

    def call(*words: str) -> Any:
        output = run(cli4, *words, folder=tmp_path, PYTHONWARNINGS="ignore", **variables(sandbox))
        return json.loads(output[min(output.index(mark) for mark in "[{" if mark in output) :])

    assert [one["id"] for one in call("name=example.com", "/zones")] == [zone]
    assert len(call("per_page=1000", "/zones")) == 12
    created = call("--post", "name=cli4", "type=A", "content=192.0.2.9", "/zones/:example.com/dns_records")
    record = f"/zones/:example.com/dns_records/:{created['id']}"
    assert call("--put", "name=cli4", "type=A", "content=192.0.2.8", record)["content"] == "192.0.2.8"
    assert call("--patch", "comment=changed", record)["comment"] == "changed"
    # The document has no envelope for this answer, so cli4 returns it whole.
    assert call("--delete", record) == {"result": {"id": created["id"]}}
