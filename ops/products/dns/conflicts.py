"""Which records may not stand under one name: those that the API refuses beside each other."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from typing import TYPE_CHECKING

from ops.errors import Conflict
from ops.products.dns.content import PROXIABLE
from ops.products.dns.names import name_of
from ops.products.dns.rdata import essence

if TYPE_CHECKING:
    from ops.kinds.resource import Json

ADDRESSES = PROXIABLE


def check_together(records: Iterable[Json], zone: str) -> None:
    """Raise Conflict where *records*, all of *zone*, hold a CNAME beside an A, AAAA or CNAME, or the like."""
    names: dict[str, list[Json]] = defaultdict(list)
    for record in records:
        if record["type"] in (*ADDRESSES, "NS"):
            names[name_of(record)].append(record)
    for name, together in names.items():
        problem = _problem(together, apex=name == zone)
        if problem:
            raise Conflict(
                f"{name} would have {problem}, which DNS does not allow",
                hint=f"`inv dns.list --zone {zone} --name {name}` shows what is there; delete it first, or "
                "swap them in one transaction with `inv dns.apply`",
            )


def _problem(records: list[Json], *, apex: bool) -> str:
    aliases = {essence(record) for record in records if record["type"] == "CNAME"}
    types = {str(record["type"]) for record in records}
    if len(aliases) > 1:
        return "two CNAMEs of different targets"
    if aliases and types & {"A", "AAAA"}:
        return f"a CNAME beside {_joined(types & {'A', 'AAAA'})}"
    if "NS" in types and types & set(ADDRESSES) and not apex:
        return f"NS beside {_joined(types & set(ADDRESSES))}"
    return ""


def _joined(types: set[str]) -> str:
    return " and ".join(sorted(types))
