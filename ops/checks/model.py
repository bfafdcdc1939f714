"""What a check is, and what it sees: the account, or one zone of it, as far as it was read."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from ipaddress import ip_address, ip_network
from typing import TYPE_CHECKING, NamedTuple

from ops.snapshots.whole import NotRead, WholeSections

if TYPE_CHECKING:
    from ops.items import Json

SEVERITIES = ("info", "low", "medium", "high", "critical")
ACCOUNT, ZONE, ANY_ZONE = "account", "zone", "any zone"
"""What a check judges: the account, each active zone, or each zone in any state."""

DAY = 86_400.0
RECORDS, SETTINGS = "dns.record", "zones.setting"
RULES = "rulesets.zone"
_DOTTED = "."


class Subject(NamedTuple):
    """What a check found: the item, the name that people know it by, and what is wrong with it.

    *severity* replaces that of the check. *scope* is the id of the parent; "" for the zone or the account
    that is judged.
    """

    kind: str
    name: str
    problem: str
    item: Json
    severity: str = ""
    scope: str = ""


Found = Iterable[Subject | NotRead]


class Check(NamedTuple):
    """One idea. *needs* are the kinds without which it cannot judge; *judge* yields what is wrong.

    *also* are kinds that only matter in some cases: there *judge* raises NotRead, or yields it where only a
    part of the idea depends on the kind. *fix* is the next command or step. *default*: it runs without --all.
    """

    id: str
    severity: str
    title: str
    why: str
    needs: tuple[str, ...]
    judge: Callable[[View], Found] | Callable[[ZoneView], Found]
    fix: str
    judges: str = ZONE
    also: tuple[str, ...] = ()
    caution: str = ""
    sources: tuple[str, ...] = ()
    default: bool = True


class View:
    """The account. *now* is when the snapshot was started, in seconds since 1970.

    *dead* is True for a name that does not exist in DNS, None if that could not be found out; it is None
    itself if nothing may be sent. *others* opens the snapshots of other accounts on this machine.
    """

    zone: Json | None = None
    scope = ""

    def __init__(
        self,
        sections: WholeSections,
        now: float,
        dead: Callable[[str], bool | None] | None = None,
        others: Callable[[], Sequence[WholeSections]] = tuple,
    ) -> None:
        self.sections, self.now, self.dead, self._others = sections, now, dead, others
        self._names: dict[str, frozenset[str] | NotRead] = {}

    def items(self, kind: str) -> list[Json]:
        """Return the items of a kind of the account. Raises NotRead."""
        return [item for _, item in self.sections.everything(kind)]

    def gap(self, kind: str) -> NotRead | None:
        """Return why *kind* is unknown, None if it was read."""
        try:
            self.sections.everything(kind)
        except NotRead as gap:
            return gap
        return None

    def elsewhere(self, kind: str) -> Iterator[Json]:
        """Yield the items of *kind* in the other accounts, as far as they were read."""
        for other in self.others:
            if other.gap(kind) is None:
                yield from other.items(kind)

    @cached_property
    def others(self) -> Sequence[WholeSections]:
        """Return the snapshots of other accounts."""
        return self._others()

    @cached_property
    def zones(self) -> list[Json]:
        """Return the zones in the snapshot that the Internet reaches: not those of Internal DNS."""
        return [zone for zone in self.sections.listed("zones.zone") if zone.get("type") != "internal"]

    @cached_property
    def zone_ids(self) -> Mapping[str, Json]:
        """Return the zones by their names, in lower case."""
        return {str(zone["name"]).lower(): zone for zone in self.zones}

    def zone_of(self, name: str) -> Json | None:
        """Return the zone that *name* belongs to, the longest one; None if it is not in the snapshot."""
        labels = name.split(_DOTTED)
        names = (_DOTTED.join(labels[n:]) for n in range(len(labels)))
        return next((self.zone_ids[name] for name in names if name in self.zone_ids), None)

    def names(self, zone: Json) -> frozenset[str]:
        """Return the names with records in *zone*, in lower case. Raises NotRead."""
        found = self._names.get(zone["id"])
        if found is None:
            try:
                self.keep_names(zone, self.sections.items(RECORDS, zone["id"]))
            except NotRead as gap:
                self._names[zone["id"]] = gap
            found = self._names[zone["id"]]
        if isinstance(found, NotRead):
            raise found
        return found

    def keep_names(self, zone: Json, records: Iterable[Json]) -> None:
        """Keep the names of *records*, all of *zone*, for `names`."""
        self._names[zone["id"]] = frozenset(str(record["name"]).lower() for record in records)

    def exists(self, name: str, zone: Json) -> bool:
        """True if *name*, in lower case, has a record in *zone*, itself or by a wildcard. Raises NotRead."""
        names = self.names(zone)
        if name in names:
            return True
        labels, apex = name.split(_DOTTED), str(zone["name"]).lower()
        while len(labels) > 1 and _DOTTED.join(labels) != apex:
            labels = labels[1:]
            parent = _DOTTED.join(labels)
            if f"*.{parent}" in names:
                return True
            if parent in names:
                break  # the closest name that exists hides wildcards above it
        return False


class ZoneView:
    """One zone. The lists are made at the first use; each raises NotRead."""

    def __init__(self, account: View, zone: Json) -> None:
        self.account, self.zone = account, zone
        self.scope, self.name = str(zone["id"]), str(zone["name"]).lower()
        self.now = account.now
        self._kept: dict[str, list[Json]] = {}

    def items(self, kind: str) -> list[Json]:
        """Return the items of a kind in this zone. Raises NotRead."""
        if kind not in self._kept:
            self._kept[kind] = self.account.sections.items(kind, self.scope)
        return self._kept[kind]

    def gap(self, kind: str) -> NotRead | None:
        """Return why *kind* is unknown in this zone, or in the account if it belongs to that; else None."""
        resource = self.account.sections.resources.get(kind)
        if resource is not None and resource.parent != "zones.zone":
            return self.account.gap(kind)
        return self.account.sections.gap(kind, self.scope)

    @property
    def full(self) -> bool:
        """True if Cloudflare answers for all names of the zone, which a partial or secondary one lacks."""
        return self.zone.get("type") == "full"

    @cached_property
    def records(self) -> list[Json]:
        records = self.items(RECORDS)
        self.account.keep_names(self.zone, records)
        return records

    @cached_property
    def by_name(self) -> Mapping[str, list[Json]]:
        """Return the records by name, in lower case."""
        found: dict[str, list[Json]] = {}
        for record in self.records:
            found.setdefault(record["name"].lower(), []).append(record)
        return found

    @cached_property
    def by_type(self) -> Mapping[str, list[Json]]:
        found: dict[str, list[Json]] = {}
        for record in self.records:
            found.setdefault(record["type"], []).append(record)
        return found

    def of(self, *types: str) -> list[Json]:
        """Return the records of these types."""
        return [record for type in types for record in self.by_type.get(type, ())]

    @cached_property
    def proxied(self) -> list[Json]:
        """Return the records that Cloudflare proxies."""
        return [record for record in self.records if record.get("proxied")]

    @cached_property
    def settings(self) -> Mapping[str, Json]:
        """Return the settings by their id."""
        return {str(setting["id"]): setting for setting in self.items(SETTINGS)}

    @cached_property
    def mail_targets(self) -> frozenset[str]:
        return frozenset(target(record) for record in self.of("MX"))

    @cached_property
    def accepts_mail(self) -> bool:
        """True if the apex has an MX record that is not the null MX."""
        return any(target(mx) for mx in self.of("MX") if mx["name"].lower() == self.name)

    def texts(self, name: str) -> list[tuple[str, Json]]:
        """Return the text of each TXT record of *name*, its strings joined, with the record."""
        return [(text(one), one) for one in self.by_name.get(name, ()) if one["type"] == "TXT"]

    def rules(self, phase: str) -> list[Json]:
        """Return the enabled rules of a phase. Raises NotRead."""
        sets = (ruleset for ruleset in self.items(RULES) if ruleset.get("phase") == phase)
        return [rule for one in sets for rule in one.get("rules") or () if rule.get("enabled", True)]

    def parent(self) -> Json | None:
        """Return the zone of this account that this one is a part of, if any."""
        return self.account.zone_of(self.name.partition(_DOTTED)[2])


def target(record: Json) -> str:
    """Return the name that a record points to, in lower case, without the final dot."""
    return str(record.get("content") or "").lower().rstrip(_DOTTED)


def text(record: Json) -> str:
    """Return the text of a TXT record; its content may be several strings in quotes."""
    content = str(record.get("content") or "")
    if not content.startswith('"'):
        return content
    return "".join(content[1:].removesuffix('"').split('" "')).replace('\\"', '"')


def titled(record: Json) -> str:
    """Return the name by which people know a record: "www.example.com CNAME"."""
    return f"{record['name'].lower()} {record['type']}"


DUMMIES = tuple(map(ip_network, ("100::/64", "192.0.2.1/32")))
"""Addresses that mean "there is no origin": Cloudflare's own for Workers, and the usual one of users."""


def is_dummy(address: str) -> bool:
    """True if *address* only stands for an origin that does not exist."""
    if not address.startswith(("100:", "192.0.2.1", "0100:")):
        return False
    try:
        return any(ip_address(address) in network for network in DUMMIES)
    except ValueError:
        return False
