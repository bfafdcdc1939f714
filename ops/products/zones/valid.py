"""What a zone may be called and what a setting may hold, checked before anything is sent."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

from ops.errors import NotFound, UsageError, ValidationError
from ops.products.zones.api import canonical

if TYPE_CHECKING:
    from ops.kinds.resource import Json

TYPES = ("full", "partial", "secondary")
LONGEST_NAME = 253
_LABEL = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?")


def domain(name: str) -> str:
    """Give a domain as the API knows it, in A-labels; ValidationError where it cannot be a zone."""
    known = canonical(name.strip())
    labels = known.split(".")
    fits = len(labels) > 1 and len(known) <= LONGEST_NAME and not labels[-1].isdigit()
    if not fits or not all(map(_LABEL.fullmatch, labels)):
        raise ValidationError(f"{name!r} is not a domain name", hint="give it as in --name example.com")
    return known


def zone_type(type: str) -> str:
    if type not in TYPES:
        raise ValidationError(f"--type is one of {', '.join(TYPES)}, not {type!r}")
    return type


def paired(settings: tuple[str, ...], values: tuple[str, ...]) -> list[tuple[str, str]]:
    """Give each setting with its value; refuses one without the other, and one that is named twice."""
    if len(settings) != len(values) or len(set(settings)) < len(settings):
        raise UsageError(
            f"{len(settings)} settings and {len(values)} values do not make pairs of one setting each",
            hint="--setting ssl --value strict --setting brotli --value off",
        )
    return list(zip(settings, values, strict=True))


def editable(name: str, found: Json | None, others: Callable[[], Iterable[Json]]) -> Json:
    """Give the setting *name* as it was found; refuses one that is not there or cannot be changed.

    *others* gives the zone's settings, among which a similar name is looked for.
    """
    if found is None:
        raise NotFound(f"there is no setting {name!r}", 404, hint=_near(name, others()))
    if found.get("editable") is False:
        hint = "a higher plan may allow it: `inv zones.settings` shows what is editable"
        raise ValidationError(f"the setting {name} cannot be changed on this zone's plan", hint=hint)
    return found


def _near(name: str, settings: Iterable[Json]) -> str:
    from difflib import get_close_matches

    near = get_close_matches(name.lower(), [one["id"] for one in settings], 3, 0.5)
    return f"did you mean {' or '.join(near)}?" if near else "`inv zones.settings` shows what there is"


def value_for(setting: Json, text: str) -> Any:
    """Read *text* as a value of the kind that *setting* holds now; parts of an object leave its others alone.

    A text stays as it is typed, so that `1.2` is a TLS version; everything else is read as JSON.
    """
    current = setting["value"]
    if isinstance(current, str):
        return text
    value = _parsed(text)
    if current is None:
        return text if value is None and text != "null" else value
    if not _alike(current, value):
        shown = json.dumps(current)
        raise ValidationError(
            f"{text!r} is no value for {setting['id']}, which is {_NAMES[type(current)]}",
            hint=f"it is {shown if len(shown) < 200 else 'long'} now; objects and lists are given as JSON",
        )
    return _merged(current, value)


_NAMES: dict[type, str] = {
    bool: "true or false", int: "a number", float: "a number", list: "a list", dict: "an object"
}  # fmt: skip


def _parsed(text: str) -> Any:
    try:
        return json.loads(text, parse_constant=_no_json)
    except (ValueError, RecursionError):
        return None


def _no_json(constant: str) -> Any:
    raise ValueError(constant)


def _alike(current: Any, value: Any) -> bool:
    if isinstance(current, bool) or isinstance(value, bool):
        return isinstance(current, bool) and isinstance(value, bool)
    return isinstance(value, int | float if isinstance(current, int | float) else type(current))


def _merged(old: Any, new: Any) -> Any:
    if isinstance(old, dict) and isinstance(new, dict):
        return {**old, **{name: _merged(old.get(name), value) for name, value in new.items()}}
    return new
