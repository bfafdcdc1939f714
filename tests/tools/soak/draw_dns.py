"""Tasks of DNS, of zones and of the cache."""

from __future__ import annotations

from tests.tools.soak.drawing import NOTHING, Draw, Subject, Task, drawable, whole

CONTENTS = {
    "A": ("192.0.2.1", "192.0.2.2", "198.51.100.7"),
    "AAAA": ("2001:db8::1", "2001:db8::2"),
    "TXT": ("v=spf1 -all", "two words", "=1+1"),
    "CNAME": ("docs.example.net", "other.example.net"),
}
# Files in the working folder of every episode: name, and the records in it.
ZONE_FILE = "new.zone"
RECORDS_FILE = "records.json"
ADDED = (("A", "new", "192.0.2.1"), ("TXT", "new", "a b"), ("AAAA", "six", "2001:db8::9"))
WANTED = (
    ("A", "@", "192.0.2.9"),
    ("A", "www", "192.0.2.1"),
    ("TXT", "note", "kept"),
    ("CNAME", "api", "x.example.net"),
)


def _record(draw: Draw) -> tuple[str, str, str, str]:
    type = draw.one(("A", "A", "A", "TXT", "TXT", "AAAA", "AAAA", "CNAME"))
    return draw.zone(), type, draw.label(), draw.one(CONTENTS[type])


def _at(zone: str, type: str, label: str) -> tuple[str, ...]:
    return ("--zone", zone, "--type", type, "--name", label)


def _subject(zone: str, type: str, label: str) -> Subject:
    return ("record", zone, type, whole(zone, label))


@drawable(4)
def create(draw: Draw) -> Task:
    zone, type, label, content = _record(draw)
    # A name that usually does not exist.
    label = draw.one((label, "other", "more", "third"))
    words = ("dns.create", *_at(zone, type, label), "--content", content)
    return Task(words, writes=True, leaves={_subject(zone, type, label): frozenset({content})})


@drawable(4)
def put(draw: Draw) -> Task:
    zone, type, label, content = _record(draw)
    ttl = draw.one(((), ("--ttl", "300"), ("--comment", "made by hand")))
    words = ("dns.put", *_at(zone, type, label), "--content", content, *ttl)
    return Task(words, writes=True, leaves={_subject(zone, type, label): frozenset({content})})


@drawable(3)
def update(draw: Draw) -> Task:
    zone, type, label, content = _record(draw)
    words = ("dns.update", *_at(zone, type, label), "--content", content)
    return Task(words, writes=True, leaves={_subject(zone, type, label): frozenset({content})})


@drawable(3)
def delete(draw: Draw) -> Task:
    zone, type, label, _ = _record(draw)
    words = ("dns.delete", *_at(zone, type, label), *draw.yes())
    return Task(words, writes=True, leaves={_subject(zone, type, label): NOTHING})


@drawable()
def import_file(draw: Draw) -> Task:
    zone = draw.zone()
    leaves = {_subject(zone, type, label): frozenset({content}) for type, label, content in ADDED}
    return Task(("dns.import", "--zone", zone, "--file", ZONE_FILE, *draw.yes()), writes=True, leaves=leaves)


@drawable()
def apply(draw: Draw) -> Task:
    zone = draw.zone()
    words = ("dns.apply", "--zone", zone, "--file", RECORDS_FILE, *draw.yes())
    force = () if draw.sometimes(0.3) else ("--force",)
    leaves = {_subject(zone, type, label): frozenset({content}) for type, label, content in WANTED}
    return Task((*words, *force), writes=True, leaves=leaves, unsettles=(("record", zone),))


@drawable()
def plan(draw: Draw) -> Task:
    exit_code = ("--exit-code",) if draw.sometimes(0.5) else ()
    return Task(("dns.plan", "--zone", draw.zone(), "--file", RECORDS_FILE, *exit_code))


@drawable(3)
def list_records(draw: Draw) -> Task:
    zone = draw.zone()
    return Task(("dns.list", "--zone", zone), reads=("records", zone))


@drawable()
def export(draw: Draw) -> Task:
    return Task(
        ("dns.export", "--zone", draw.zone(), "--format", draw.one(("bind", "yaml", "json"))), raw=True
    )


@drawable()
def list_zones(draw: Draw) -> Task:
    return Task(("zones.list",), reads=("zones",))


@drawable(2)
def set_setting(draw: Draw) -> Task:
    zone = draw.zone()
    setting, value = draw.one(
        (
            ("ssl", "strict"),
            ("ssl", "full"),
            ("min_tls_version", "1.2"),
            ("min_tls_version", "1.3"),
            ("brotli", "off"),
        )
    )
    words = ("zones.set", "--zone", zone, "--setting", setting, "--value", value)
    return Task(words, writes=True, leaves={("setting", zone, setting): frozenset({value})})


@drawable()
def pause(draw: Draw) -> Task:
    zone, resume = draw.zone(), draw.one(((), ("--resume",)))
    held = frozenset({"false" if resume else "true"})
    return Task(("zones.pause", "--zone", zone, *resume), writes=True, leaves={("paused", zone): held})


@drawable()
def create_zone(draw: Draw) -> Task:
    name = draw.one(("fresh.example", "later.example"))
    held = frozenset({"full"})
    return Task(("zones.create", "--name", name), writes=True, leaves={("zone", name): held})


@drawable()
def delete_zone(draw: Draw) -> Task:
    name = draw.one(("fresh.example", "later.example"))
    typed = draw.one((name, name, name, "other.example"))
    words = ("zones.delete", "--zone", name, "--confirm", typed)
    return Task(words, writes=True, leaves={("zone", name): NOTHING}, wrong=typed != name)


@drawable()
def purge(draw: Draw) -> Task:
    what = draw.one((("--all", *draw.yes()), ("--hosts", "www.example.com"), ("--tags", "a,b")))
    return Task(("cache.purge", "--zone", draw.zone(), *what), writes=True)
