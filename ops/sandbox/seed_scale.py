"""Fills a sandbox with an account of any size; SQLite itself generates records and keys."""

from __future__ import annotations

from ops.sandbox.identity import ACCOUNT_ID, past, stable_id, zone_id
from ops.sandbox.routes.zones import new_zone
from ops.sandbox.store import Store

_NUMBERS = "WITH RECURSIVE counted(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM counted WHERE n < :most) "

# Of ten records six are A, the others AAAA, CNAME, TXT and MX.
_SHAPES = """
    SELECT n, printf('%s%016x', :head, n) AS id, printf('host-%05d.%s', n, :name) AS name,
        CASE n % 10 WHEN 6 THEN 'AAAA' WHEN 7 THEN 'CNAME' WHEN 8 THEN 'TXT' WHEN 9 THEN 'MX' ELSE 'A' END
            AS type,
        n % 20 = 0 AS proxied
    FROM counted
"""
_CONTENTS = """
    SELECT *, CASE type
        WHEN 'A' THEN printf('198.51.%d.%d', n / 250 % 256, n % 250 + 1)
        WHEN 'AAAA' THEN printf('2001:db8::%x', n)
        WHEN 'TXT' THEN printf('scale-record=%d', n)
        ELSE printf('target-%05d.%s', n, :name) END AS content
    FROM shaped
"""
_RECORDS = f"""
    INSERT OR REPLACE INTO dns_record
    {_NUMBERS}, shaped AS ({_SHAPES}), filled AS ({_CONTENTS})
    SELECT :zone, id, type, name, content, iif(proxied, 1, 300), proxied, NULL, '[]',
        printf('{{"id":"%s","name":"%s","type":"%s","content":"%s",'
            || '"proxiable":%s,"proxied":%s,"ttl":%d,'
            || '"settings":{{}},"meta":{{}},"comment":null,"tags":[],'
            || '"created_on":"%s","modified_on":"%s"%s}}',
            id, name, type, content,
            iif(type IN ('A', 'AAAA', 'CNAME'), 'true', 'false'), iif(proxied, 'true', 'false'),
            iif(proxied, 1, 300), :stamp, :stamp, iif(type = 'MX', ',"priority":10', ''))
    FROM filled
"""  # noqa: S608 - pieces of constant text
_KEYS = f"""
    INSERT OR REPLACE INTO kv_pair (namespace, name, item, expiration, written, deleted, metadata, value)
    {_NUMBERS}, named AS (SELECT n, printf('key-%08d', n) AS name, n % 10 = 0 AS described FROM counted)
    SELECT :namespace, name,
        iif(described, printf('{{"name":"%s","metadata":{{"n":%d}}}}', name, n),
            printf('{{"name":"%s"}}', name)),
        NULL, 0, NULL, iif(described, printf('{{"n":%d}}', n), NULL),
        CAST(printf('value of %s', name) AS BLOB)
    FROM named
"""  # noqa: S608 - pieces of constant text


def scale_namespace(number: int) -> str:
    """Return the id of the *number*th namespace (from 1) that ``seed_scale`` writes."""
    return stable_id("kv.namespace", f"scale-{number:04}")


def seed_scale(
    store: Store, zones: int = 1000, records: int = 200, keys: int = 1_000_000, namespaces: int = 1
) -> None:
    """Add *zones* of *records* each (``zone-0001.example``) and *namespaces* that share *keys* evenly.

    Ids are the same each time, so that writing twice changes nothing.
    """
    with store.transaction():
        for number in range(1, zones + 1):
            name = f"zone-{number:04}.example"
            id, stamp = zone_id(name), past("zone", name)
            zone = new_zone(id, name, stamp, plan="enterprise", status="active", activated_on=stamp)
            store.put_document("zone", "", id, zone, sort=name)
            names = {"most": records, "zone": id, "name": name, "head": id[:16], "stamp": stamp}
            if records:
                store.run(_RECORDS, names)
        for number in range(1, namespaces + 1 if keys else 1):
            share = keys // namespaces + (number <= keys % namespaces)
            id, title = scale_namespace(number), f"scale-{number:04}"
            body = {"id": id, "title": title, "supports_url_encoding": True}
            store.put_document("kv.namespace", ACCOUNT_ID, id, body, sort=title)
            if share:
                store.run(_KEYS, {"most": share, "namespace": id})
