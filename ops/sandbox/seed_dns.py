"""The DNS records of the seeded zones, as a client would send them."""

from __future__ import annotations

from functools import partial
from typing import Any

from ops.sandbox.dns_types import FIELDS
from ops.sandbox.store import Json

_DKIM = "v=DKIM1; k=rsa; p=" + "MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEA" * 8 + "IDAQAB"
_DIGEST = "a" * 32 + "0123456789abcdef0123456789abcdef"
# The longest TXT there may be.
_LONG = "v=long1; " + "0123456789abcdef" * 127 + "0123456"


def _plain(type: str, name: str, content: str, **more: Any) -> Json:
    return {"type": type, "name": name, "content": content, **more}


_address = partial(_plain, "A")
_six = partial(_plain, "AAAA")
_alias = partial(_plain, "CNAME")
_text = partial(_plain, "TXT", ttl=3600)
_mail = partial(_plain, "MX", "@", ttl=3600)


def _data(type: str, name: str, *values: Any) -> Json:
    """Return a record of a structured type; *values* are its fields in order."""
    data = dict(zip((field.name for field in FIELDS[type]), values, strict=True))
    return {"type": type, "name": name, "data": data, "ttl": 3600}


_caa = partial(_data, "CAA", "@", 0)


def _mail_zone(zone: str) -> list[Json]:
    return [
        _mail(f"mx1.{zone}", priority=10),
        _mail(f"mx2.{zone}", priority=20),
        _text("@", "v=spf1 mx include:_spf.example.net -all"),
        _text("sel1._domainkey", _DKIM),
        _text("_dmarc", f"v=DMARC1; p=quarantine; rua=mailto:dmarc@{zone}"),
    ]


_EXAMPLE_COM = [
    _address("@", "192.0.2.10", proxied=True, comment="the apex, in front of the origin pool"),
    _six("@", "2001:db8::10", proxied=True),
    _alias("www", "example.com", proxied=True, tags=["team:web", "env:production"]),
    _address("api", "192.0.2.20", proxied=True, tags=["team:platform", "env:production", "important"]),
    _six("api", "2001:db8::20", proxied=True),
    _address("auth", "192.0.2.21", proxied=True),
    _address("img", "192.0.2.22", proxied=True, comment="images, resized at the edge"),
    _address("chat", "192.0.2.23", proxied=True),
    _address("origin", "192.0.2.30", ttl=300, comment="for the health checks", tags=["team:platform"]),
    _address("origin", "192.0.2.31", ttl=300),
    _address("vpn", "192.0.2.40", ttl=60),
    _alias("docs", "pages.example.net", ttl=300),
    _alias("Status.Mixed-Case", "Status.Example.NET", ttl=600, comment="written with capitals"),
    *_mail_zone("example.com"),
    _address("mx1", "192.0.2.50", ttl=3600),
    _address("mx2", "192.0.2.51", ttl=3600),
    _text("@", "site-verification=2f1c9a7b44d04f3f9a2f0c1d5e6b7a80"),
    _text("@", '"quoted-verification=0a1b2c3d4e5f"'),
    _text("long", _LONG),
    _caa("issue", "letsencrypt.org"),
    _caa("issuewild", "digicert.com"),
    _caa("iodef", "mailto:security@example.com"),
    _data("SRV", "_sip._tcp", 10, 60, 5060, "sip.example.com"),
    _data("SRV", "_sip._tcp", 20, 40, 5060, "sip2.example.com"),
    _data("HTTPS", "h3", 1, ".", 'alpn="h3,h2" ipv4hint="192.0.2.10"'),
    _data("SVCB", "_dns", 1, "dns.example.com.", 'alpn="h2" dohpath="/dns-query{?dns}"'),
    _data("TLSA", "_25._tcp.mx1", 3, 1, 1, _DIGEST),
    _data("SSHFP", "vpn", 4, 2, _DIGEST),
    _data("DS", "signed", 2371, 13, 2, _DIGEST),
    {"type": "NS", "name": "signed", "content": "ns1.example.net", "ttl": 86400},
    {"type": "NS", "name": "signed", "content": "ns2.example.net", "ttl": 86400},
    _data("NAPTR", "sip", 100, 10, "S", "SIP+D2T", "", "_sip._tcp.example.com."),
    {**_data("URI", "_ftp._tcp", 1, "ftp://example.com/public"), "priority": 10},
    _data("LOC", "office", 52, 22, 23, "N", 4, 53, 32, "E", -2, 10, 10, 2),
]
_EXAMPLE_ORG = [
    _alias("@", "app.hosting.example", proxied=True, comment="flattened at the apex"),
    _alias("www", "example.org", proxied=True),
    _address("hook", "192.0.2.70", proxied=True, tags=["team:integrations"]),
    _alias("cdn", "cdn.hosting.example", settings={"flatten_cname": True}, ttl=300),
    _mail(".", priority=0),
    _text("@", "v=spf1 -all", comment="this domain sends no mail"),
]
_EXAMPLE_NET = [
    _address("@", "192.0.2.90", proxied=True),
    _alias("www", "example.net"),
    # More than one page of the default size.
    *(_address(f"host-{number:03}", f"192.0.2.{number + 100}", ttl=300) for number in range(1, 131)),
]
_SHOP = [
    _address("@", "192.0.2.110", proxied=True, tags=["team:shop"], comment="for the load balancer"),
    _address("checkout", "192.0.2.111", proxied=True, tags=["team:shop", "pci:yes"]),
    _alias("static", "static.hosting.example", proxied=True),
    _address("fast", "192.0.2.112", ttl=30, comment="thirty seconds, as Enterprise may"),
    _caa("issue", "pki.goog"),
]
_MAIL = [
    *_mail_zone("mail.example"),
    _address("mx1", "192.0.2.120", ttl=3600),
    _address("mx2", "192.0.2.121", ttl=3600),
    _six("mx1", "2001:db8::120", ttl=3600),
    _alias("autodiscover", "mx1.mail.example"),
    _data("TLSA", "_25._tcp.mx1", 3, 1, 1, _DIGEST),
    _text("_mta-sts", "v=STSv1; id=20250301000000Z"),
    _text("_smtp._tls", "v=TLSRPTv1; rua=mailto:tls@mail.example"),
    {"type": "PTR", "name": "25", "content": "mx1.mail.example", "ttl": 3600},
]
_WILD = [
    _address("@", "192.0.2.130"),
    _address("*", "192.0.2.131", proxied=True),
    _address("*.dev", "192.0.2.132", ttl=120, tags=["env:development"]),
    _alias("*.preview", "preview.hosting.example"),
    _text("*", "wildcard text"),
]
_BOOKS = [
    _address("@", "192.0.2.140", proxied=True, comment="bücher: a name outside ASCII"),
    _alias("www", "xn--bcher-kva.example", proxied=True),
    _alias("xn--caf-dma", "xn--bcher-kva.example"),
    _text("@", "größe=groß; 日本語"),
]
_LEGACY = [_address("www", "192.0.2.150", proxied=True), _alias("old", "www.legacy.example", proxied=True)]
_PAUSED = [_address("@", "192.0.2.170", proxied=True), _alias("www", "paused.example", proxied=True)]
RECORDS: dict[str, list[Json]] = {
    "example.com": _EXAMPLE_COM,
    "example.org": _EXAMPLE_ORG,
    "example.net": _EXAMPLE_NET,
    "shop.example": _SHOP,
    "mail.example": _MAIL,
    "wild.example": _WILD,
    "xn--bcher-kva.example": _BOOKS,
    "legacy.example": _LEGACY,
    "pending.example": [_address("@", "192.0.2.160"), _alias("www", "pending.example")],
    "paused.example": _PAUSED,
    "moved.example": [_address("@", "192.0.2.180")],
}
