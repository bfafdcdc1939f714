"""Valid names of zones and values of settings, checked before anything is sent."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

from ops.errors import MalformedAnswer, NotFound, UsageError, ValidationError
from ops.http.shape import TYPE_NAMES
from ops.products.zones.api import canonical

if TYPE_CHECKING:
    from ops.items import Json

TYPES = ("full", "partial", "secondary")
LONGEST_NAME = 253
_LABEL = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?")


def domain(name: str) -> str:
    """Return a domain in A-labels. Raise ValidationError if it cannot be a zone."""
    known = canonical(name.strip())
    labels = known.split(".")
    fits = len(labels) > 1 and len(known) <= LONGEST_NAME and not labels[-1].isdigit()
    if not fits or not all(map(_LABEL.fullmatch, labels)):
        raise ValidationError(f"{name!r} is not a domain name", hint="e.g. --name example.com")
    return known


def paired(settings: tuple[str, ...], values: tuple[str, ...]) -> list[tuple[str, str]]:
    """Return each setting with its value. Raise UsageError if one is missing, or a setting is repeated."""
    hint = "--setting ssl --value strict --setting brotli --value off"
    if len(settings) != len(values):
        raise UsageError(
            f"{len(settings)} --setting but {len(values)} --value: each needs the other", hint=hint
        )
    if repeated := [name for name in settings if settings.count(name) > 1]:
        raise UsageError(f"the setting {repeated[0]} is given {len(repeated)} times", hint=hint)
    return list(zip(settings, values, strict=True))


def editable(name: str, found: Json | None, others: Callable[[], Iterable[Json]]) -> Json:
    """Return *found*, the live setting *name*, that can be changed. Raise NotFound or ValidationError."""
    if found is None:
        from difflib import get_close_matches

        near = get_close_matches(name.lower(), [one["id"] for one in others()], 3, 0.5)
        hint = f"did you mean {' or '.join(near)}?" if near else "`inv zones.settings` lists the settings"
        raise NotFound(f"there is no setting {name!r}", 404, hint=hint)
    if "value" not in found:
        raise MalformedAnswer(f"the response is not as documented: the setting {name} has no value")
    if found.get("editable") is False:
        hint = "a higher plan may allow it; `inv zones.settings` shows which settings are editable"
        raise ValidationError(f"the zone's plan does not allow a change of {name}", hint=hint)
    return found


def value_for(setting: Json, text: str) -> Any:
    """Parse *text* as a value of the type of *setting*; missing fields of an object stay unchanged."""
    # Text stays as it is typed, so that `1.2` is a TLS version; everything else is parsed as JSON.
    from ops.http.answers import parse

    current = setting["value"]
    if isinstance(current, str):
        return text
    try:
        value = parse(text.encode())
    except ValueError:
        value = None
    if current is None:
        return text if value is None and text != "null" else value
    known = int | float if isinstance(current, int | float) else type(current)
    # True and False are integers too.
    if not isinstance(value, known) or isinstance(value, bool) is not isinstance(current, bool):
        shown = json.dumps(current)
        raise ValidationError(
            f"{text!r} is not a value of {setting['id']}, which is {TYPE_NAMES[type(current)]}",
            hint=f"its value is {shown if len(shown) < 200 else 'long'}; write objects and lists as JSON",
        )
    return _merged(current, value)


def _merged(old: Any, new: Any) -> Any:
    if isinstance(old, dict) and isinstance(new, dict):
        return {**old, **{name: _merged(old.get(name), value) for name, value in new.items()}}
    return new
