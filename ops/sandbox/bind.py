"""Zone files: read and write BIND text as the API does, with its ``cf_tags`` comments."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime

from ops.sandbox import dns_types
from ops.sandbox.dns_records import Zone
from ops.sandbox.dns_types import complete, strings
from ops.sandbox.store import Json
from ops.sandbox.wire import Refusal

# A word is quoted as a whole, or unquoted with quoted pieces in it (alpn="h3,h2").
_TOKEN = re.compile(r'"((?:[^"\\]|\\.)*)"(?=\s|$)|((?:[^\s"]|"(?:[^"\\]|\\.)*")+)')
_CLASSES = ("IN", "CH", "HS")
_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400, "w": 604800}
# RFC 1035: a character string of TXT data holds at most 255 bytes.
_STRING = 255


def failed(line: int, reason: str) -> Refusal:
    """Return the refusal of a zone file that cannot be read."""
    return Refusal(400, 9208, f"Failed to parse DNS file, line {line}: {reason}")


def read(text: str, zone: Zone, proxied: bool) -> Iterator[Json]:
    """Yield the records of a zone file as a client would send them, without SOA and the apex NS."""
    origin, default_ttl, last = zone.name, 1, zone.name
    for number, line, comment in _lines(text):
        # Each word, and True if it was quoted.
        words = [(quoted if bare == "" else bare, bare == "") for quoted, bare in _TOKEN.findall(line)]
        if not words or words[0][0].startswith("$"):
            if len(words) != 2:
                raise failed(number, "malformed line")
            directive, value = words[0][0].upper(), words[1][0]
            if directive == "$ORIGIN":
                origin = value.rstrip(".").lower() or zone.name
            elif directive == "$TTL":
                default_ttl = _seconds(number, value)
            else:
                raise failed(number, f"{words[0][0]} is not supported")
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
            raise failed(number, "a type and data are missing")
        type = words.pop(0)[0].upper()
        record = {"name": last, "type": type, "ttl": ttl, **_rdata(number, type, [one for one, _ in words])}
        if type != "SOA" and not (type == "NS" and last == zone.name):
            yield {**record, **_remarks(comment, type, proxied)}


def _rdata(number: int, type: str, words: list[str]) -> Json:
    """Return priority and content, or the data of a structured type."""
    priority = {}
    if type in dns_types.WITH_PRIORITY:
        if not words[0].isdigit() or len(words) < 2:
            raise failed(number, f"{type} needs a priority and a target")
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
        raise failed(number, f"{word} is not a TTL")
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


def write(zone: Zone, records: list[Json], now: float) -> str:
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
