"""Many records at once: batch, zone files (BIND with ``cf_tags`` comments), the scan at another provider."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from ops.sandbox import dns_records, dns_types
from ops.sandbox.dns_records import Zone
from ops.sandbox.dns_types import complete, strings
from ops.sandbox.router import route
from ops.sandbox.routes.dns import RECORDS
from ops.sandbox.store import Json, Store
from ops.sandbox.wire import Answer, Refusal, Request, invalid_body, ok, require, too_many_requests

MOST_FILE = 262_144
IMPORTS_A_MINUTE = 3
_ORDER = ("deletes", "patches", "puts", "posts")
# The records that a scan finds at the old provider of every zone.
_FOUND: list[Json] = [
    {"type": "A", "name": "www", "content": "192.0.2.80", "ttl": 1},
    {"type": "A", "name": "mail", "content": "192.0.2.25", "ttl": 1},
    {"type": "TXT", "name": "@", "content": "found-by-scan=1", "ttl": 1},
]
_PRESENT = (81053, 81054, 81057, 81058)
# A word is quoted as a whole, or unquoted with quoted pieces in it (alpn="h3,h2").
_TOKEN = re.compile(r'"((?:[^"\\]|\\.)*)"(?=\s|$)|((?:[^\s"]|"(?:[^"\\]|\\.)*")+)')
_CLASSES = ("IN", "CH", "HS")
_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400, "w": 604800}
# RFC 1035: a character string of TXT data holds at most 255 bytes.
_STRING = 255


@route("POST", RECORDS + "/batch", "dns:edit")
def batch(request: Request, store: Store) -> Answer:
    sent, zone = request.object(), dns_records.zone_of(store, request.zone)
    lists = {name: sent.get(name) or [] for name in _ORDER}
    require(set(sent) <= set(_ORDER))
    for items in lists.values():
        require(isinstance(items, list) and all(isinstance(item, dict) for item in items))
    most = 3500 if zone.paid else 200
    if sum(map(len, lists.values())) > most:
        raise Refusal(400, 9209, f"A batch has at most {most} operations.")
    done: dict[str, list[Json]] = {name: [] for name in _ORDER}
    for name, item in ((order, item) for order in _ORDER for item in lists[order]):
        id = item.get("id")
        if name == "posts":
            done[name].append(dns_records.create(store, zone, item))
        elif not isinstance(id, str):
            raise invalid_body()
        elif name == "deletes":
            done[name].append(dns_records.delete(store, zone.id, id))
        else:
            done[name].append(dns_records.change(store, zone, id, item, replace=name == "puts"))
    return ok(done)


@route("GET", RECORDS + "/export", "dns:read")
def export(request: Request, store: Store) -> Answer:
    zone = dns_records.zone_of(store, request.zone)
    sql = "SELECT body FROM dns_record WHERE zone = ? ORDER BY type, name, id"
    records = [json.loads(text) for text in store.texts(sql, (zone.id,))]
    text = write_zone_file(zone, records, store.now())
    return Answer(200, {"Content-Type": "text/plain; charset=utf-8"}, text.encode())


@route("POST", RECORDS + "/import", "dns:edit", atomic=False)
def import_(request: Request, store: Store) -> Answer:
    """Create the records of a zone file; a refused import counts too towards three a minute."""
    fields = {part.name: part for part in request.form()}
    require("file" in fields)
    if len(fields["file"].data) > MOST_FILE:
        raise Refusal(400, 9210, "The zone file must not be larger than 256 KiB.")
    if store.limited:
        recent = [at for at in json.loads(store.meta("imports", "[]")) if store.now() - at < 60]
        if len(recent) >= IMPORTS_A_MINUTE:
            raise too_many_requests(int(61 - (store.now() - recent[0])), {})
        store.set_meta("imports", json.dumps([*recent, store.now()]))
    proxied = "proxied" in fields and fields["proxied"].text() == "true"
    with store.transaction():
        zone = dns_records.zone_of(store, request.zone)
        return _add(store, zone, list(read_zone_file(fields["file"].text(), zone, proxied)))


def _add(store: Store, zone: Zone, records: list[Json]) -> Answer:
    """Create the missing records; existing ones stay unchanged."""
    added = 0
    for record in records:
        try:
            dns_records.create(store, zone, record)
            added += 1
        except Refusal as refusal:
            if refusal.code not in _PRESENT:
                raise
    return ok({"recs_added": added, "total_records_parsed": len(records)})


@route("POST", RECORDS + "/scan", "dns:edit")
def scan(request: Request, store: Store) -> Answer:
    return _add(store, dns_records.zone_of(store, request.zone), _FOUND)


@route("POST", RECORDS + "/scan/trigger", "dns:edit")
def scan_trigger(request: Request, store: Store) -> Answer:
    zone = dns_records.zone_of(store, request.zone)
    for number, found in enumerate(_FOUND):
        record = dns_records.built(zone, found, f"{number:032x}", store.stamp())
        store.put_document("dns_scan", zone.id, record["id"], record)
    return Answer(200, {}, b'{"success":true,"errors":[],"messages":[]}')


@route("POST", RECORDS + "/scan/review", "dns:edit")
def scan_decide(request: Request, store: Store) -> Answer:
    sent, zone = request.object(), dns_records.zone_of(store, request.zone)
    accepts, rejects = sent.get("accepts") or [], sent.get("rejects") or []
    require(isinstance(accepts, list) and isinstance(rejects, list))
    rejected = [_found(store, zone, item) for item in rejects]
    accepted = [dns_records.create(store, zone, _found(store, zone, item)) for item in accepts]
    return ok({"accepts": accepted, "rejects": [record["id"] for record in rejected]})


def _found(store: Store, zone: Zone, item: Any) -> Json:
    """Return a finding of the scan and remove it from the list."""
    id = item.get("id") if isinstance(item, dict) else None
    record = store.required("dns_scan", zone.id, str(id), dns_records.missing())
    store.delete_document("dns_scan", zone.id, record["id"])
    return record


def _failed(line: int, reason: str) -> Refusal:
    return Refusal(400, 9208, f"Failed to parse DNS file, line {line}: {reason}")


def read_zone_file(text: str, zone: Zone, proxied: bool) -> Iterator[Json]:
    """Yield the records of a zone file as a client would send them, without SOA and the apex NS."""
    origin, default_ttl, last = zone.name, 1, zone.name
    for number, line, comment in _lines(text):
        # Each word, and True if it was quoted.
        words = [(quoted if bare == "" else bare, bare == "") for quoted, bare in _TOKEN.findall(line)]
        if not words or words[0][0].startswith("$"):
            if len(words) != 2:
                raise _failed(number, "malformed line")
            directive, value = words[0][0].upper(), words[1][0]
            if directive == "$ORIGIN":
                origin = value.rstrip(".").lower() or zone.name
            elif directive == "$TTL":
                default_ttl = _seconds(number, value)
            else:
                raise _failed(number, f"{words[0][0]} is not supported")
            continue
        if not line[0].isspace():
            word = words.pop(0)[0]
            relative = complete("@" if word == "@" else f"{word}.{origin}", origin)
            last = word.rstrip(".") if word.endswith(".") else relative
        ttl = default_ttl
        while words and (words[0][0].upper() in _CLASSES or words[0][0][:1].isdigit()):
            word = words.pop(0)[0]
            ttl = ttl if word.upper() in _CLASSES else _seconds(number, word)
        if len(words) < 2:
            raise _failed(number, "a type and data are missing")
        type = words.pop(0)[0].upper()
        record = {"name": last, "type": type, "ttl": ttl, **_rdata(number, type, [one for one, _ in words])}
        if type != "SOA" and not (type == "NS" and last == zone.name):
            yield {**record, **_remarks(comment, type, proxied)}


def _rdata(number: int, type: str, words: list[str]) -> Json:
    """Return priority and content, or the data of a structured type."""
    priority = {}
    if type in dns_types.WITH_PRIORITY:
        if not words[0].isdigit() or len(words) < 2:
            raise _failed(number, f"{type} needs a priority and a target")
        priority = {"priority": int(words.pop(0))}
    if type in dns_types.FIELDS:
        return {**priority, "data": dns_types.data_of(type, words)}
    if type == "MX":
        return {**priority, "content": words[0]}
    return {"content": " ".join(f'"{word}"' for word in words) if type == "TXT" else "".join(words)}


def _lines(text: str) -> Iterator[tuple[int, str, str]]:
    """Yield line number, line without its comment, comment; parentheses join lines."""
    joined, remark, open_ones = "", "", 0
    for number, raw in enumerate(text.splitlines(), 1):
        found = re.match(r'(?:[^";]|"(?:[^"\\]|\\.)*")*', raw)
        end = found.end() if found else 0
        line, comment = raw[:end].rstrip(), raw[end + 1 :].strip()
        bare = re.sub(r'"(?:[^"\\]|\\.)*"', "", line)
        open_ones += bare.count("(") - bare.count(")")
        joined += line if not joined else " " + line
        remark = remark or comment
        if open_ones <= 0:
            plain = re.sub(r'("(?:[^"\\]|\\.)*")|[()]', lambda found: found[1] or " ", joined)
            if plain.strip():
                yield number, plain, remark
            joined, remark, open_ones = "", "", 0


def _seconds(number: int, word: str) -> int:
    found = re.fullmatch(r"(\d+)([smhdw]?)", word.lower())
    if found is None:
        raise _failed(number, f"{word} is not a TTL")
    return int(found[1]) * _UNITS.get(found[2], 1)


def _remarks(comment: str, type: str, proxied: bool) -> Json:
    """Read a comment: free text, then ``cf_tags=`` with the tags and the reserved ``cf-`` ones."""
    text, _, listed = comment.partition("cf_tags=")
    tags = [tag.strip() for tag in listed.split(",") if tag.strip()]
    plain = [tag for tag in tags if not tag.startswith("cf-")]
    found: Json = {"comment": text.strip() or None, "tags": plain}
    if type in dns_types.PROXIABLE:
        found["proxied"] = "cf-proxied:true" in tags or (proxied and "cf-proxied:false" not in tags)
    if "cf-flatten-cname" in tags or "cf-flatten-cname:true" in tags:
        found["settings"] = {"flatten_cname": True}
    return found


def write_zone_file(zone: Zone, records: list[Json], now: float) -> str:
    """Return a zone as BIND text."""
    exported = datetime.fromtimestamp(now, UTC).strftime("%Y-%m-%d %H:%M:%S")
    soa = "ada.ns.cloudflare.com. dns.cloudflare.com. 2050000000 10000 2400 604800 3600"
    lines = [f";;\n;; Domain:     {zone.name}.\n;; Exported:   {exported}\n;;\n"]
    lines.append(f";; SOA Record\n{zone.name}.\t3600\tIN\tSOA\t{soa}")
    for type in sorted({record["type"] for record in records}):
        lines.append(f"\n;; {type} Records")
        for record in (record for record in records if record["type"] == type):
            tags = list(record["tags"])
            tags += [f"cf-proxied:{str(record['proxied']).lower()}"] if record["proxiable"] else []
            tags += ["cf-flatten-cname"] if record["settings"].get("flatten_cname") else []
            remark = " ".join(filter(None, [record["comment"], "cf_tags=" + ",".join(tags) if tags else ""]))
            content = str(record["content"])
            if type == "TXT":
                # Quoted character strings of at most 255 characters.
                texts = [t[at : at + _STRING] for t in strings(content) for at in range(0, len(t), _STRING)]
                quoted = (text.replace("\\", "\\\\").replace('"', '\\"') for text in texts)
                content = " ".join(f'"{text}"' for text in quoted)
            elif type in ("CNAME", "NS", "PTR") or (type in ("MX", "SRV") and not content.endswith(".")):
                content += "."
            if type in dns_types.WITH_PRIORITY:
                content = f"{record['priority']} {content}"
            data = f"{record['name']}.\t{record['ttl']}\tIN\t{type}\t{content}"
            lines.append(f"{data} ; {remark}" if remark else data)
    return "\n".join(lines) + "\n"
