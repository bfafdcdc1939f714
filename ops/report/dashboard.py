"""Where the items of a kind are in Cloudflare's dashboard; kinds without a page of their own are left out."""

from __future__ import annotations

_ZONE, _WORKERS = "{account}/{zone}", "{account}/workers"
PAGES = {
    "zones.zone": _ZONE,
    "zones.setting": _ZONE,
    "zones.dnssec": f"{_ZONE}/dns/settings",
    "dns.record": f"{_ZONE}/dns/records",
    "ssl.pack": f"{_ZONE}/ssl-tls/edge-certificates",
    "ssl.certificate": f"{_ZONE}/ssl-tls/edge-certificates",
    "ssl.hostname": f"{_ZONE}/ssl-tls/custom-hostnames",
    "workers.route": f"{_ZONE}/workers",
    "workers.script": f"{_WORKERS}/services/view/{{item}}/production",
    "kv.namespace": f"{_WORKERS}/kv/namespaces/{{item}}",
    "do.namespace": f"{_WORKERS}/durable-objects",
    "d1.database": f"{_WORKERS}/d1/databases/{{item}}",
    "r2.bucket": "{account}/r2/default/buckets/{item}",
    "pages.project": "{account}/pages/view/{item}",
}
