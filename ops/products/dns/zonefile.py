"""Reading zone files in BIND's form, with dnspython: every record on its own, with its line and comment."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import dns.exception
import dns.name
import dns.tokenizer
from dns.rdataclass import IN
from dns.zonefile import Reader, RRSetsReaderManager, RRsetsReaderTransaction

from ops.errors import OpsError, ValidationError
from ops.products.dns import valid
from ops.products.dns.content import PROXIABLE
from ops.products.dns.entries import Entry, Wanted
from ops.products.dns.names import full_name
from ops.products.dns.rdata import fields_of_rdata

if TYPE_CHECKING:
    from dns.rdata import Rdata

    from ops.kinds.resource import Json

# $GENERATE makes many records of one line; more than any zone has are a mistake, or worse.
MOST = 1_000_000
TAGS = "cf_tags="
RESERVED = "cf-"


class _Records(RRsetsReaderTransaction):
    """Takes the records as they come; dnspython's own merges them to sets, without lines and comments."""

    def __init__(self, origin: dns.name.Name) -> None:
        super().__init__(RRSetsReaderManager(origin, False, IN), True, False)  # type: ignore[no-untyped-call]  # dnspython's
        self.found: list[tuple[int, dns.name.Name, int, Rdata]] = []
        self.line = 0

    def add(self, *args: Any) -> None:
        if len(self.found) >= MOST:
            raise ValueError(f"more than {MOST:,} records")
        name, ttl, rdata = args
        self.found.append((self.line, name, ttl, rdata))


class _Tokens(dns.tokenizer.Tokenizer):
    """Tokens that tell their reader on which line a record begins."""

    def __init__(self, text: str, records: _Records) -> None:
        super().__init__(text, filename="line")
        self._records = records
        self.idna_codec = dns.name.IDNA_2008_UTS_46

    def get(self, want_leading: bool = False, want_comment: bool = False) -> dns.tokenizer.Token:
        if want_leading:
            self._records.line = self.where()[1]
        return super().get(want_leading, want_comment)


def read(text: str, zone: str, proxied: bool | None = None) -> Wanted:
    """Give the records of a zone file; SOA and the NS of the zone itself are Cloudflare's own and left out.

    *proxied* holds where a record does not say `cf-proxied`; None leaves it open. Raises ValidationError with
    the line and the reason, for $INCLUDE too: a file says all that it means.
    """
    found = _parse(text, zone)
    entries, left_out = [], 0
    for line, name, ttl, rdata in found:
        if _is_clouds(name, rdata, zone):
            left_out += 1
            continue
        place = f"line {line}"
        try:
            entries.append(Entry(place, _record(name, ttl, rdata, zone, proxied)))
        except OpsError as error:
            raise Entry(place, {}).refused(error) from None
    notes = [f"left out: {left_out} SOA or NS of {zone} itself, which are Cloudflare's"] if left_out else []
    return Wanted(entries, notes)


def _parse(text: str, zone: str) -> list[tuple[int, dns.name.Name, int, Rdata]]:
    origin = dns.name.from_text(zone)
    records = _Records(origin)
    reader = Reader(_Tokens(text, records), IN, records)
    # Names outside the zone would be passed over in silence; full_name refuses them aloud.
    reader.zone_origin = dns.name.root
    # A record without a TTL is automatic, unless the file has said one before.
    reader.last_ttl, reader.last_ttl_known = valid.AUTOMATIC, True
    try:
        reader.read()
    except (dns.exception.DNSException, UnicodeError, ValueError) as error:
        reason = str(error).removeprefix("line:").partition(":")[2].strip() or str(error)
        raise ValidationError(
            f"line {records.line}: {reason}", hint="nothing was sent; mend the line, and run it again"
        ) from None
    return records.found


def _is_clouds(name: dns.name.Name, rdata: Rdata, zone: str) -> bool:
    type = rdata.rdtype.name
    return type == "SOA" or (type == "NS" and name.to_text(omit_final_dot=True).lower() == zone)


def _record(name: dns.name.Name, ttl: int, rdata: Rdata, zone: str, proxied: bool | None) -> Json:
    type = rdata.rdtype.name
    valid.check_type(type)
    says = fields_of_rdata(rdata)
    record = {"name": full_name(name.to_text(), zone), "type": type, **says, "ttl": ttl}
    record |= remarks(rdata.rdcomment or "")
    if type not in PROXIABLE:
        record.pop("proxied", None)
    elif proxied is not None:
        record.setdefault("proxied", proxied)
    return record | ({"ttl": valid.AUTOMATIC} if record.get("proxied") else {})


def remarks(comment: str) -> Json:
    """Give what a comment says as the API writes it: free text, then `cf_tags=` with the tags."""
    text, mark, listed = comment.partition(TAGS)
    tags = [tag.strip() for tag in listed.split(",") if tag.strip()]
    found: Json = {"comment": text.strip()} if text.strip() else {}
    if mark:
        found["tags"] = [tag for tag in tags if not tag.startswith(RESERVED)]
    for tag in tags:
        if tag in ("cf-proxied:true", "cf-proxied:false"):
            found["proxied"] = tag.endswith("true")
        if tag in ("cf-flatten-cname", "cf-flatten-cname:true"):
            found["settings"] = {"flatten_cname": True}
    return found
