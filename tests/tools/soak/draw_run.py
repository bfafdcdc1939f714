"""Tasks that read the whole account or the journal, and lines that are wrong on purpose."""

from __future__ import annotations

from tests.tools.soak.drawing import Draw, Task, drawable

# Undo may change anything.
ANYTHING = ((),)


@drawable(3)
def export(draw: Draw) -> Task:
    more = draw.one(
        ((), (), ("--kv", "values"), ("--only", "dns"), ("--zone", draw.zone()), ("--skip", "kv"))
    )
    return Task(("scan.export", *more))


@drawable()
def scan(draw: Draw) -> Task:
    return Task(("scan",))


@drawable()
def verify(draw: Draw) -> Task:
    return Task(("snapshots.verify",))


@drawable()
def snapshots(draw: Draw) -> Task:
    return Task(("snapshots.list",))


@drawable()
def diff(draw: Draw) -> Task:
    exit_code = ("--exit-code",) if draw.sometimes(0.5) else ()
    return Task(draw.one((("snapshots.diff", "previous", "latest"), ("snapshots.drift",))) + exit_code)


@drawable(3)
def restore(draw: Draw) -> Task:
    zone, name = draw.zone(), draw.one(("latest", "previous"))
    what = draw.one((("--kind", "dns.record"), ("--kind", "dns"), ()))
    more = draw.one(((), ("--delete",), ("--force",), ("--delete", "--force")))
    words = ("snapshots.restore", "--name", name, "--zone", zone, *what, *draw.yes(), *more)
    return Task(words, writes=True, unsettles=ANYTHING)


@drawable()
def offline(draw: Draw) -> Task:
    return Task(("dns.list", "--zone", draw.zone(), "--offline"))


@drawable(2)
def undo_list(draw: Draw) -> Task:
    return Task(("undo.list",))


@drawable(3)
def undo_last(draw: Draw) -> Task:
    confirm = draw.one(((), ("--confirm", "fresh"), ("--confirm", "drafts"), ("--confirm", "fresh.example")))
    return Task(("undo.last", *draw.yes(), *confirm), writes=True, unsettles=ANYTHING)


@drawable()
def audit(draw: Draw) -> Task:
    return Task(("audit", draw.one(("--local", "--verify"))))


@drawable()
def doctor(draw: Draw) -> Task:
    return Task(("doctor",))


@drawable()
def wrong(draw: Draw) -> Task:
    words = draw.one(
        (
            ("dns.list", "--zone", "nowhere.example"),
            ("kv.get", "--namespace", "no such", "--key", "a"),
            ("dns.create", "--zone", "example.com", "--type", "A", "--name", "x", "--content", "no address"),
            ("dns.create", "--zone", "example.com"),
            ("dns.apply", "--zone", "example.com", "--file", "missing.json", "--yes"),
            # Only the API knows that this is wrong.
            ("zones.set", "--zone", "example.com", "--setting", "ssl", "--value", "maybe"),
            ("kv.put", "--namespace", "config", "--key=..", "--value", "x"),
            ("undo.apply", "--id", "0000000000-1", "--yes"),
        )
    )
    return Task(words, writes=words[0] not in ("dns.list", "kv.get"), wrong=True)
