"""For each check of DNS: what it finds, what it must not report, and what it cannot know."""

from __future__ import annotations

from tests.checks.building import Given, record

APEX = record("A", "@", "198.51.100.7", proxied=True)
MAIL = record("MX", "@", "mx.example.net")
PARENT = {"example.com": ()}
UNREAD = Given(unread=("dns.record",))
_TO_US = record("CNAME", "www", "gone.example.com")
_PAGES = record("CNAME", "docs", "docs-1ab.pages.dev")
_AZURE = record("CNAME", "shop", "shop.azurewebsites.net")
_HIDDEN = record("A", "www", "198.51.100.7", proxied=True)

FOUND = {
    "cname-to-nothing": [
        (Given([_TO_US]), ["www.example.com CNAME"]),
        (Given([record("CNAME", "a", "b.example.org")], others={"example.org": []}), ["a.example.com CNAME"]),
        # The closest name that exists hides the wildcard above it.
        (
            Given(
                [
                    record("CNAME", "www", "x.y.example.com"),
                    record("A", "*", "198.51.100.1"),
                    record("A", "y", "198.51.100.1"),
                ]
            ),
            ["www.example.com CNAME"],
        ),
    ],
    "cname-to-foreign-gone": [
        (Given([_PAGES], account={"pages.project": []}), ["docs.example.com CNAME"]),
        (
            Given(
                [record("CNAME", "api", "api.ours.workers.dev")],
                account={"workers.subdomain": [{"subdomain": "ours"}], "workers.script": []},
            ),
            ["api.example.com CNAME"],
        ),
        (
            Given(
                [record("CNAME", "files", f"files.{'a' * 32}.r2.cloudflarestorage.com")],
                account={"r2.bucket": [{"name": "other"}]},
            ),
            ["files.example.com CNAME"],
        ),
        (
            Given([record("CNAME", "vpn", "1-2.cfargotunnel.com")], account={"tunnels.tunnel": []}),
            ["vpn.example.com CNAME"],
        ),
    ],
    "takeover-candidate": [
        (Given([_AZURE], dead={"shop.azurewebsites.net": True}), ["shop.example.com CNAME"]),
    ],
    "origin-leak": [
        (Given([_HIDDEN, record("A", "old", "198.51.100.7")]), ["old.example.com A"]),
        # What is not an address does not stand for "no origin", whatever it begins with.
        (
            Given([record("A", "www", "192.0.2.1x", proxied=True), record("A", "old", "192.0.2.1x")]),
            ["old.example.com A"],
        ),
    ],
    "private-address": [
        (
            Given(
                [
                    record("A", "db", "10.1.2.3"),
                    record("A", "lo", "127.0.0.1"),
                    record("AAAA", "u", "fd00::1"),
                ]
            ),
            ["db.example.com A", "lo.example.com A", "u.example.com AAAA"],
        ),
        (Given([record("A", "cgn", "100.64.0.1")]), ["cgn.example.com A"]),
    ],
    "unproxied": [(Given([record("A", "plain", "198.51.100.9")]), ["plain.example.com A"])],
    "wildcard": [
        (Given([record("A", "*", "198.51.100.1")]), ["*.example.com A"]),
        (Given([record("CNAME", "*.cdn", "all.azurewebsites.net")]), ["*.cdn.example.com CNAME"]),
    ],
    "dnssec-off": [(Given(inside={"zones.dnssec": [{"status": "disabled"}]}), ["dnssec"])],
    "dnssec-pending": [
        (
            Given(inside={"zones.dnssec": [{"status": "pending", "modified_on": "2026-11-01T00:00:00Z"}]}),
            ["dnssec"],
        )
    ],
    "spf": [
        (Given([MAIL]), ["example.com TXT"]),
        (
            Given([MAIL, record("TXT", "@", '"v=spf1 -all"'), record("TXT", "@", '"v=spf1 mx -all"')]),
            ["example.com TXT"],
        ),
        (Given([MAIL, record("TXT", "@", '"v=spf1 a " "+all"')]), ["example.com TXT"]),
    ],
    "dmarc": [
        (Given([MAIL]), ["_dmarc.example.com TXT"]),
        (Given([record("TXT", "_dmarc", '"v=DMARC1; p=none"')]), ["_dmarc.example.com TXT"]),
    ],
    "dkim": [(Given([MAIL]), ["_domainkey.example.com"])],
    "null-mx": [(Given([APEX]), ["example.com MX"])],
    "caa-missing": [(Given([APEX]), ["example.com CAA"])],
}
NOT_FOUND = {
    "cname-to-nothing": [
        Given([record("CNAME", "www", "any.example.com"), record("A", "*", "198.51.100.1")]),
        Given([record("CNAME", "www", "a.sub.example.com"), record("NS", "sub", "ns.example.net")]),
        Given([record("CNAME", "_acme-challenge.www", "x.example.com")]),
        Given([_TO_US], zone={"type": "partial"}),
        Given([record("CNAME", "www", "www.example.net")]),
    ],
    "cname-to-foreign-gone": [
        Given([_PAGES], account={"pages.project": [{"name": "docs", "subdomain": "docs-1ab.pages.dev"}]}),
        # The project belongs to another account, whose snapshot is here too.
        Given(
            [_PAGES],
            account={"pages.project": []},
            elsewhere={"pages.project": [{"name": "docs", "subdomain": "docs-1ab.pages.dev"}]},
        ),
        Given(
            [record("CNAME", "api", "api.theirs.workers.dev")],
            account={"workers.subdomain": [{"subdomain": "ours"}], "workers.script": []},
        ),
        # A bucket of another account.
        Given(
            [record("CNAME", "files", f"files.{'b' * 32}.r2.cloudflarestorage.com")],
            account={"r2.bucket": []},
        ),
        Given(
            [record("CNAME", "vpn", "1-2.cfargotunnel.com")],
            account={"tunnels.tunnel": [{"id": "1-2", "name": "office"}]},
        ),
    ],
    "takeover-candidate": [
        Given([_AZURE], dead={"shop.azurewebsites.net": False}),
        Given([record("CNAME", "_sip._tcp", "x.azurewebsites.net")], dead={"x.azurewebsites.net": True}),
        Given([record("CNAME", "cdn", "x.cdn.cloudflare.net")], dead={"x.cdn.cloudflare.net": True}),
    ],
    "origin-leak": [
        Given([_HIDDEN, record("A", "mail", "198.51.100.7"), record("A", "ssh", "198.51.100.7")]),
        Given([_HIDDEN, record("A", "post", "198.51.100.7"), record("MX", "@", "post.example.com")]),
        Given([record("A", "www", "192.0.2.1", proxied=True), record("A", "old", "192.0.2.1")]),
    ],
    "private-address": [
        Given([record("AAAA", "worker", "100::", proxied=True), record("A", "x", "192.0.2.1", proxied=True)]),
        Given([record("A", "public", "172.64.0.1"), record("A", "other", "100.0.0.1")]),
    ],
    "unproxied": [
        Given([_HIDDEN, record("A", "mx1", "198.51.100.9"), record("MX", "@", "mx1.example.com")]),
        Given([record("CNAME", "k1._domainkey", "k1.example.net")]),
    ],
    "wildcard": [Given([record("TXT", "*", '"v=spf1 -all"'), record("MX", "*", ".")])],
    "dnssec-off": [
        Given(inside={"zones.dnssec": [{"status": "disabled"}]}, zone={"type": "partial"}),
        Given(inside={"zones.dnssec": [{"status": "disabled"}]}, zone={"type": "secondary"}),
        Given(inside={"zones.dnssec": [{"status": "active"}]}),
    ],
    "dnssec-pending": [
        Given(inside={"zones.dnssec": [{"status": "pending", "modified_on": "2026-11-21T00:00:00Z"}]})
    ],
    "spf": [
        Given([MAIL, record("TXT", "@", '"v=spf1 include:_spf.example.net -all"')]),
        Given([MAIL], zone={"type": "partial"}),
        # The apex is an alias, whose target has the policy.
        Given([record("CNAME", "@", "shop.example.net")]),
    ],
    "dmarc": [
        Given([record("CNAME", "_dmarc", "example.com.dmarc.example.net")]),
        Given([record("TXT", "_dmarc", '"v=DMARC1; p=reject"')]),
        Given(
            zone={"name": "shop.parent.org"},
            others={
                "parent.org": [record("TXT", "@", '"v=DMARC1; p=reject"') | {"name": "_dmarc.parent.org"}]
            },
        ),
    ],
    "dkim": [
        Given([MAIL, record("CNAME", "k1._domainkey", "k1.example.net")]),
        Given([record("MX", "@", ".")]),
    ],
    "null-mx": [Given([APEX, record("MX", "@", ".")]), Given([record("TXT", "@", '"x"')])],
    "caa-missing": [
        Given([record("CAA", "@", '0 issue "pki.goog"')]),
        Given(
            zone={"name": "shop.parent.org"},
            others={"parent.org": [record("CAA", "@", '0 issue "pki.goog"') | {"name": "parent.org"}]},
        ),
    ],
}
UNKNOWN = {
    **{
        name: (UNREAD, {"dns.record"})
        for name in FOUND
        if name not in ("dnssec-off", "dnssec-pending", "takeover-candidate", "cname-to-foreign-gone")
    },
    "cname-to-foreign-gone": (Given([_PAGES], unread=("pages.project",)), {"pages.project"}),
    "takeover-candidate": (Given([_AZURE], dead={"shop.azurewebsites.net": None}), {"DNS"}),
    "dnssec-off": (Given(unread=("zones.dnssec",)), {"zones.dnssec"}),
    "dnssec-pending": (
        Given(inside={"zones.dnssec": [{"status": "pending", "modified_on": None}]}),
        {"zones.dnssec"},
    ),
}
