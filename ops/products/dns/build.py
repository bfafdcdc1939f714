"""A record as it is typed on a command line, made into one as the API has it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ops.errors import UsageError, ValidationError
from ops.products.dns import valid
from ops.products.dns.content import EXAMPLES, FIELDS, NUMBERS, PLAIN, lacks_priority, prioritized, text_of
from ops.products.dns.names import absolute_host, full_name
from ops.products.dns.rdata import fields_of
from ops.products.dns.record import full

if TYPE_CHECKING:
    from ops.kinds.resource import Json

TYPED = ("priority", "weight", "port", "target", "flags", "tag", "value")
# The typed fields of types whose content is text.
_OF_TEXT = {"MX": ("priority", "target"), "CNAME": ("target",), "NS": ("target",), "PTR": ("target",)}
_ENDS_IN_NAME = (*_OF_TEXT, "SRV")


def new_record(zone: Json, type: str, name: str, given: Json) -> Json:
    """Give the record that *given* describes, whole and checked. Raises ValidationError or UsageError."""
    valid.check_type(type)
    says = rdata(type, given, zone["name"])
    if not says:
        raise UsageError(
            f"a {type} record needs --content{_or_fields(type)}", hint=f"e.g. --content '{EXAMPLES[type]}'"
        )
    rest: Json = {field: given[field] for field in ("ttl", "proxied", "comment", "tags") if field in given}
    record = full({"name": full_name(name, zone["name"]), "type": type, **says, **rest})
    valid.check(record, zone)
    return record


def rdata(type: str, given: Json, zone: str, old: Json | None = None) -> Json:
    """Give `content`, `data` and `priority` from --content or the typed fields; {} where none is given.

    Where *old* is given, a typed field changes that one field of it.
    """
    typed = {field: given[field] for field in TYPED if field in given}
    _refuse_strangers(type, typed)
    if "content" in given:
        _refuse_both(type, typed)
        text = prioritized(type, given["content"], typed.get("priority", priority_of(old)))
    elif typed:
        text = _from_fields(type, typed, old)
    else:
        return {}
    if text and lacks_priority(type, text) and "priority" in _fields(type):
        raise UsageError(f"a record of type {type} needs --priority", hint="e.g. --priority 10")
    says = fields_of(type, _absolute(type, text, zone))
    _refuse_two_priorities(given, says)
    return says


def _from_fields(type: str, typed: Json, old: Json | None) -> str:
    if type in FIELDS:
        data = {**((old or {}).get("data") or {}), **typed}
        return text_of({"type": type, "data": data, "priority": typed.get("priority", priority_of(old))})
    target = str(typed.get("target", (old or {}).get("content", "")))
    return prioritized(type, target, typed.get("priority", priority_of(old)))


def priority_of(old: Json | None) -> Any:
    """Give the priority of a record, which stands in its `data` or beside it."""
    found = old or {}
    return (found.get("data") or {}).get("priority", found.get("priority"))


def _absolute(type: str, text: str, zone: str) -> str:
    before, _, target = text.rpartition(" ")
    if type not in _ENDS_IN_NAME or not target:
        return text
    return f"{before} {absolute_host(target, zone)}".lstrip()


def _fields(type: str) -> tuple[str, ...]:
    named = (*FIELDS.get(type, ()), *(("priority",) if type in NUMBERS else ()))
    return _OF_TEXT.get(type) or tuple(field for field in TYPED if field in named)


def _or_fields(type: str) -> str:
    own = _fields(type)
    return f", or {' '.join(f'--{field}' for field in own)}" if own else ""


def _refuse_strangers(type: str, typed: Json) -> None:
    strange = [field for field in typed if field not in _fields(type)]
    if strange:
        raise UsageError(
            f"a {type} record has no --{strange[0]}", hint=f"it takes --content{_or_fields(type)}"
        )


def _refuse_both(type: str, typed: Json) -> None:
    more = [field for field in typed if field != "priority" or (type in PLAIN and type != "MX")]
    if more:
        raise UsageError(f"--content and --{more[0]} both say what the record says", hint="give one of them")


def _refuse_two_priorities(given: Json, says: Json) -> None:
    found: Any = says.get("priority", (says.get("data") or {}).get("priority"))
    if "priority" in given and found != given["priority"]:
        raise ValidationError(
            f"--content begins with the priority {found}, and --priority says {given['priority']}",
            hint="give one of them",
        )
