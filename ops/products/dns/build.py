"""A record as it is typed on a command line, turned into one as the API has it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ops.errors import UsageError, ValidationError
from ops.products.dns import checks
from ops.products.dns.names import full_name
from ops.products.dns.rdata import (
    EXAMPLES,
    FIELDS,
    NUMBERS,
    PLAIN,
    fields_of,
    lacks_priority,
    prioritized,
    priority_of,
    text_of,
    with_absolute_target,
)
from ops.products.dns.record import full

if TYPE_CHECKING:
    from ops.items import Json

TYPED = ("priority", "weight", "port", "target", "flags", "tag", "value")
# The typed fields of types whose content is text.
_OF_TEXT = {"MX": ("priority", "target"), "CNAME": ("target",), "NS": ("target",), "PTR": ("target",)}


def new_record(zone: Json, type: str, name: str, given: Json) -> Json:
    """Return the record that *given* describes, complete and checked.

    Raises ValidationError or UsageError.
    """
    checks.check_type(type)
    rdata = typed_rdata(type, given, zone["name"])
    if not rdata:
        raise UsageError(
            f"a {type} record needs --content{_or_fields(type)}", hint=f"e.g. --content '{EXAMPLES[type]}'"
        )
    rest: Json = {field: given[field] for field in ("ttl", "proxied", "comment", "tags") if field in given}
    record = full({"name": full_name(name, zone["name"]), "type": type, **rdata, **rest})
    checks.check(record, zone)
    return record


def typed_rdata(type: str, given: Json, zone: str, old: Json | None = None) -> Json:
    """Return `content`, `data` and `priority` from --content or the typed fields; {} where none is given.

    If *old* is given, a typed field changes that one field of it.
    """
    typed = {field: given[field] for field in TYPED if field in given}
    own = _fields(type)
    other = [field for field in typed if field not in own]
    if other:
        raise UsageError(f"a {type} record has no --{other[0]}", hint=f"it has --content{_or_fields(type)}")
    priority = typed.get("priority", priority_of(old))
    if "content" in given:
        double = [field for field in typed if field != "priority" or (type in PLAIN and type != "MX")]
        if double:
            raise UsageError(
                f"--content and --{double[0]} both set the data of the record", hint="use one of them"
            )
        text = prioritized(type, given["content"], priority)
    elif typed and type in FIELDS:
        data = {**((old or {}).get("data") or {}), **typed}
        text = text_of({"type": type, "data": data, "priority": priority})
    elif typed:
        text = prioritized(type, str(typed.get("target", (old or {}).get("content", ""))), priority)
    else:
        return {}
    if text and lacks_priority(type, text) and "priority" in own:
        raise UsageError(f"a record of type {type} needs --priority", hint="e.g. --priority 10")
    found = fields_of(type, with_absolute_target(type, text, zone))
    if "priority" in given and priority_of(found) != given["priority"]:
        raise ValidationError(
            f"--content begins with the priority {priority_of(found)}, and --priority is {given['priority']}",
            hint="use one of them",
        )
    return found


def _fields(type: str) -> tuple[str, ...]:
    named = (*FIELDS.get(type, ()), *(("priority",) if type in NUMBERS else ()))
    return _OF_TEXT.get(type) or tuple(field for field in TYPED if field in named)


def _or_fields(type: str) -> str:
    own = _fields(type)
    return f", or {' '.join(f'--{field}' for field in own)}" if own else ""
