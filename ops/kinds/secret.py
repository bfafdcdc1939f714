"""Secret fields of items: replaced by a fingerprint wherever an item is shown or stored in plain text.

A fingerprint is keyed, so that a change is seen but the value cannot be guessed offline. What is hidden, or
masked by the API itself, is never written back.
"""

from __future__ import annotations

import hmac
import json
import re
from collections.abc import Callable, Iterable
from functools import partial
from secrets import token_bytes
from typing import Any, Protocol

from ops.items import Json, equal

_HIDDEN = re.compile(r"\[secret [0-9a-f]{8}-[0-9a-f]{24}\]|\*{3,}")
# Names under a wildcard whose values are public.
_PUBLIC = ("Host",)
_EMPTY: tuple[object, ...] = (None, "", [], {})
# Without a token, fingerprints can be compared within one process only.
_key = token_bytes(32)


class Kind(Protocol):
    """What declares its secret fields: a Resource."""

    @property
    def secret(self) -> tuple[str, ...]: ...


def use_key(secrets: Iterable[str]) -> None:
    """Derive the key of fingerprints from *secrets*, the credentials; they stay the same with the token."""
    global _key
    if text := "\0".join(secrets):
        _key = hmac.digest(text.encode("utf-8", "surrogatepass"), b"fingerprints of secret fields", "sha256")


def fingerprint(value: Any) -> str:
    """Return what replaces the secret *value*: the name of the key and the code of the value."""
    text = json.dumps(value, sort_keys=True).encode()
    name = hmac.digest(_key, b"name", "sha256").hex()[:8]
    return f"[secret {name}-{hmac.digest(_key, text, 'sha256').hex()[:24]}]"


def is_hidden(value: Any) -> bool:
    """True if *value* is a fingerprint, or asterisks of the API."""
    return isinstance(value, str) and bool(_HIDDEN.fullmatch(value))


def hide(kind: Kind, item: Json) -> Json:
    """Return *item* with fingerprints instead of the values of its secret fields."""
    for field in kind.secret:
        item = _mapped(item, field, lambda v: v if v in _EMPTY or is_hidden(v) else fingerprint(v))
    return item


def hidden_fields(kind: Kind, item: Json) -> list[str]:
    """Return the secret fields of *item* whose values are not known."""
    return [field for field in kind.secret if any(map(is_hidden, _values(item, field)))]


def unknown(kind: Kind, wanted: Json, live: Json | None) -> list[str]:
    """Return the secret fields of *wanted* whose values are not known, and are not those of *live* either."""
    held = hide(kind, live or {})

    def lacks(field: str) -> bool:
        known = _values(held, field)
        return any(is_hidden(v) and (v not in known or v.startswith("*")) for v in _values(wanted, field))

    return [field for field in kind.secret if lacks(field)]


def revealed(kind: Kind, wanted: Json, live: Json | None) -> Json:
    """Return *wanted* with the values of *live* in the secret fields that are the same there."""
    for field in kind.secret if live else ():
        known = {fingerprint(value): value for value in _values(live, field)}
        wanted = _mapped(wanted, field, partial(_known, known))
    return wanted


def _known(known: dict[str, Any], value: Any) -> Any:
    return known.get(value, value) if is_hidden(value) else value


def changed(kind: Kind, before: Json, after: Json) -> list[str]:
    """Return the secret fields that differ between two items."""
    old, new = hide(kind, before), hide(kind, after)
    return [field for field in kind.secret if not equal(_values(old, field), _values(new, field))]


def _mapped(item: Json, field: str, change: Callable[[Any], Any]) -> Json:
    """Return a copy of *item* with *change* applied at *field*, in each item of the lists on its way."""
    found: Json = _inside(item, field.split("."), change)
    return found


def _inside(value: Any, names: list[str], change: Callable[[Any], Any]) -> Any:
    if not names:
        return change(value)
    if isinstance(value, list):
        return [_inside(one, names, change) for one in value]
    if not isinstance(value, dict):
        return value
    chosen = {name for name in value if name == names[0] or (names[0] == "*" and name not in _PUBLIC)}
    return {name: _inside(v, names[1:], change) if name in chosen else v for name, v in value.items()}


def _values(item: Any, field: str) -> list[Any]:
    found: list[Any] = []

    def note(value: Any) -> None:
        found.append(value)

    _inside(item, field.split("."), note)
    return found
