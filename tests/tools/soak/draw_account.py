"""Tasks of KV and Workers."""

from __future__ import annotations

from tests.tools.soak.drawing import NOTHING, Draw, Held, Subject, Task, drawable

DUMP = "dump.jsonl"
MODULES = ("one.js", "two.js")
SCRIPTS = ("redirects", "fresh", "cron-reports")


def _pair(namespace: str, key: str) -> Subject:
    return ("pair", namespace, key)


@drawable(5)
def put(draw: Draw) -> Task:
    namespace, key, value = draw.namespace(), draw.key(), draw.value()
    more = draw.one(((), (), ("--ttl", "5000"), ("--metadata", '{"n": 1}')))
    words = ("kv.put", "--namespace", namespace, f"--key={key}", f"--value={value}", *more)
    return Task(words, writes=True, leaves={_pair(namespace, key): frozenset({value})})


@drawable(3)
def delete(draw: Draw) -> Task:
    namespace, key = draw.namespace(), draw.key()
    words = ("kv.delete", "--namespace", namespace, f"--key={key}", *draw.yes())
    return Task(words, writes=True, leaves={_pair(namespace, key): NOTHING})


@drawable()
def delete_prefix(draw: Draw) -> Task:
    namespace = draw.namespace()
    force = ("--force",) if draw.sometimes(0.7) else ()
    words = ("kv.delete", "--namespace", namespace, "--prefix", "user:", *draw.yes(), *force)
    return Task(words, writes=True, leaves={_pair(namespace, f"user:{n}"): NOTHING for n in (1, 2)})


@drawable(2)
def get(draw: Draw) -> Task:
    namespace, key = draw.namespace(), draw.one(("a", "user:1", "user:2", draw.key()))
    return Task(("kv.get", "--namespace", namespace, f"--key={key}"), raw=True, reads=_pair(namespace, key))


@drawable(2)
def keys(draw: Draw) -> Task:
    namespace = draw.namespace()
    return Task(("kv.keys", "--namespace", namespace), reads=("keys", namespace))


@drawable()
def list_namespaces(draw: Draw) -> Task:
    return Task(("kv.list",), reads=("namespaces",))


@drawable(2)
def create(draw: Draw) -> Task:
    title = draw.namespace()
    return Task(
        ("kv.create", "--title", title), writes=True, leaves={("namespace", title): frozenset({title})}
    )


@drawable()
def rename(draw: Draw) -> Task:
    old, new = draw.chance.sample(("drafts", "archive"), 2)
    words = ("kv.rename", "--namespace", old, "--title", new)
    leaves: dict[Subject, Held] = {("namespace", new): frozenset({new}), ("namespace", old): NOTHING}
    return Task(words, writes=True, leaves=leaves, unsettles=(("pair", old), ("pair", new)))


@drawable()
def remove(draw: Draw) -> Task:
    title = draw.one(("drafts", "archive"))
    words = ("kv.remove", "--namespace", title, "--confirm", title)
    return Task(words, writes=True, leaves={("namespace", title): NOTHING}, unsettles=(("pair", title),))


@drawable()
def dump(draw: Draw) -> Task:
    return Task(("kv.dump", "--namespace", draw.namespace(), "--to", DUMP, "--force"), raw=True)


@drawable()
def load(draw: Draw) -> Task:
    namespace = draw.namespace()
    force = ("--force",) if draw.sometimes(0.5) else ()
    words = ("kv.load", "--namespace", namespace, "--file", DUMP, *draw.yes(), *force)
    return Task(words, writes=True, unsettles=(("pair", namespace),))


@drawable(2)
def deploy(draw: Draw) -> Task:
    script, module = draw.one(SCRIPTS), draw.one(MODULES)
    words = ("workers.deploy", "--script", script, "--path", module)
    return Task(words, writes=True, leaves={("script", script): frozenset({script})})


@drawable()
def delete_script(draw: Draw) -> Task:
    words = ("workers.delete", "--script", "fresh", "--confirm", "fresh", "--with-references")
    return Task(words, writes=True, leaves={("script", "fresh"): NOTHING}, unsettles=(("route",),))


@drawable(2)
def create_route(draw: Draw) -> Task:
    zone, script = draw.zone(), draw.one(SCRIPTS)
    pattern = f"{zone}/{draw.one(('a', 'b'))}/*"
    words = ("workers.route-create", "--zone", zone, "--pattern", pattern, "--script", script)
    return Task(words, writes=True, leaves={("route", zone, pattern): frozenset({script})})


@drawable(2)
def delete_route(draw: Draw) -> Task:
    zone = draw.zone()
    pattern = f"{zone}/{draw.one(('a', 'b'))}/*"
    words = ("workers.route-delete", "--zone", zone, "--pattern", pattern, *draw.yes())
    return Task(words, writes=True, leaves={("route", zone, pattern): NOTHING})


@drawable()
def schedules(draw: Draw) -> Task:
    crons = draw.one((("--set", "0 6 * * *"), ("--set", "5 5 * * *", "--set", "0 6 * * *"), ("--clear",)))
    return Task(("workers.schedules", "--script", "cron-reports", *crons, *draw.yes()), writes=True)


@drawable()
def list_scripts(draw: Draw) -> Task:
    return Task(("workers.list",), reads=("scripts",))
