"""Records with addresses that nobody on the Internet can reach."""

from __future__ import annotations

from ipaddress import ip_address, ip_network

from ops.checks.model import RECORDS, Check, Found, Subject, ZoneView, titled

_NETWORKS = {
    **{f"{net}": "private" for net in ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "fc00::/7")},
    **{f"{net}": "loopback" for net in ("127.0.0.0/8", "::1/128")},
    **{f"{net}": "link-local" for net in ("169.254.0.0/16", "fe80::/10")},
    "100.64.0.0/10": "carrier-grade NAT",
}
_PARSED = tuple((ip_network(net), what) for net, what in _NETWORKS.items())
# Most addresses begin otherwise, and need not be parsed.
_BEGINNINGS = ("10.", "172.", "192.168.", "127.", "169.254.", "100.", "fc", "fd", "fe", "::1", "0:")


def _judge(zone: ZoneView) -> Found:
    for record in zone.of("A", "AAAA"):
        if record["content"].lower().startswith(_BEGINNINGS) and (what := _what(record["content"])):
            yield Subject(RECORDS, titled(record), f"{record['content']} is a {what} address", record)


def _what(content: str) -> str:
    try:
        address = ip_address(content)
    except ValueError:
        return ""
    return next((what for net, what in _PARSED if address in net), "")


CHECK = Check(
    id="private-address",
    severity="medium",
    title="A record with a private address",
    why="The name works for nobody outside, and shows how the network inside is built.",
    needs=(RECORDS,),
    judge=_judge,
    fix="inv dns.delete --zone ZONE --name NAME --type A, or answer it inside only",
    caution="100:: and 192.0.2.1 only stand for an origin that does not exist and are not reported. Internal"
    " names in public DNS may be on purpose: accept them.",
    sources=("Prowler: dns_record_no_internal_ip",),
)
