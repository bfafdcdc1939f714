"""The KV namespaces of a new sandbox, with names and values that break careless clients."""

from __future__ import annotations

import json

from ops.sandbox.identity import ACCOUNT_ID, stable_id
from ops.sandbox.routes.kv import KIND, Pair, write
from ops.sandbox.store import Store
from ops.sandbox.wire import dumps

TITLES = ("sessions", "config", "assets", "feature-flags")
# 2100-01-01: late enough that the seed does not change with time.
EXPIRES = 4102444800
# More than one page of a listing.
SESSIONS = 1250
FLAGS = ("beta-search", "dark-mode", "new-checkout", "queue-emails", "rate-limits", "signup", "sso", "webp")
AWKWARD_NAMES = (
    *("a/b/c", "/leading/slash", "trailing/slash/", "...", ".hidden", "C:\\back\\slash", "CON"),
    *("100%", "50%25 off", "%2e%2e", "what?", "page#anchor", "a+b", "a;b=c&d", "@at", "*", "{braces}"),
    *("key with spaces", " leading space", "line\nbreak", "evil\u202etxt.exe", "zero\u200bwidth"),
    *("-leading-dash", "--help", "=1+1", 'double "quotes"', "it's", "<script>alert(1)</script>"),
    *("$(echo key)", "UPPER", "upper", "é", "e\u0301", "日本語", "💥", "x" * 512, "é" * 256),
)
BINARY_VALUES = {
    "every-byte.bin": bytes(range(256)),
    "empty": b"",
    "nul": b"\x00",
    "invalid-utf8.txt": b"caf\xe9 \xff\xfe",
    "lone-surrogate.txt": b"\xed\xa0\x80",
    "crlf.txt": b"one\r\ntwo\rthree\n",
    "bom.txt": b"\xef\xbb\xbfbom",
    "utf8.txt": "grün, 日本, 💥".encode(),
    "images/logo.png": b"\x89PNG\r\n\x1a\n" + bytes(range(255, -1, -1)) * 64,
    "fonts/body.woff2": b"wOF2" + bytes((n * 7) % 251 for n in range(40_000)),
}


def namespace_id(title: str) -> str:
    """Return the id of a seeded namespace."""
    return stable_id("kv.namespace", title)


def seed_kv(store: Store) -> None:
    """Write four namespaces and their pairs."""
    flag = dumps({"owner": "platform", "since": "2026-03-01", "note": "é"})
    pairs: dict[str, list[Pair]] = {title: [] for title in TITLES}
    for number in range(SESSIONS):
        value = json.dumps({"user": number, "role": "admin" if number % 50 == 0 else "user"}).encode()
        name = f"session:{stable_id('session', number)}"
        pairs["sessions"].append(Pair(name, value, dumps({"user": number}), EXPIRES + number))
    pairs["config"] = [Pair(name, f"value of {name!r}".encode()) for name in AWKWARD_NAMES]
    for name, value in BINARY_VALUES.items():
        type = "text/plain" if name.endswith(".txt") else "application/octet-stream"
        pairs["assets"].append(Pair(name, value, dumps({"type": type})))
    for number, name in enumerate(FLAGS):
        value = json.dumps({"on": number % 2 == 0, "percent": number * 10}).encode()
        pairs["feature-flags"].append(Pair(name, value, flag))
    for title in TITLES:
        body = {"id": namespace_id(title), "title": title, "supports_url_encoding": True}
        store.put_document(KIND, ACCOUNT_ID, namespace_id(title), body, sort=title)
        write(store, namespace_id(title), pairs[title], now=0.0)
