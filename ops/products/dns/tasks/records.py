"""The tasks that work with single records, and the options that all tasks of DNS share."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import wraps
from inspect import Parameter, signature
from typing import TYPE_CHECKING, Any

from ops.cli.command import command
from ops.errors import UsageError
from ops.items import reach
from ops.ui.shapes import KEY, LOW, MAIN, TTL, Column, Item, Rows

if TYPE_CHECKING:
    from ipaddress import IPv4Network, IPv6Network

    from ops.cli.app import App
    from ops.items import Json
    from ops.products.dns.changes import CurrentZone
    from ops.products.zones.parts import AnswerPart

READ = "Zone > DNS > Read"
EDIT = "Zone > DNS > Edit"
COLUMNS = (
    Column("name", MAIN), Column("type", MAIN), "priority", Column("content", KEY), Column("ttl", LOW, TTL),
    "proxied", "comment", Column("id", LOW),
)  # fmt: skip
IN_ALL = ("zone", *COLUMNS)
# The list operation's own filters beyond those with an option of their own.
_TESTS = ("exact", "contains", "startswith", "endswith")
FILTERS = (
    *(f"{field}.{test}" for field in ("name", "content") for test in _TESTS),
    *(f"{field}.{test}" for field in ("comment", "tag") for test in ("present", "absent", *_TESTS)),
    "tag_match",
)
CLEARABLE = ("comment", "tags", "settings")
ZONE = "domain or id, e.g. example.com"
EVERY_ZONE = ("all", "*")
# Separates the addresses in the content of SPF, HTTPS and SVCB records.
_BETWEEN = re.compile(r'[\s",=]|ip[46]:', re.IGNORECASE)
CHOOSING = {
    "zone": ZONE,
    "name": "`www`, `@` for the zone itself, `*`, or a complete name",
    "type": "A, AAAA, CNAME, MX, TXT, SRV, CAA, ... any type that Cloudflare has",
    "id": "the record's id",
    "old_content": "its current content, where several records have this name and type",
}
DESCRIBING = {
    "content": "the data as in a zone file, e.g. '10 60 5060 sip.example.com' for SRV",
    "priority": "of MX, SRV, URI, HTTPS and SVCB",
    "weight": "of SRV and URI",
    "port": "of SRV",
    "target": "the name that CNAME, MX, NS, PTR, SRV, HTTPS, SVCB or the URI points to",
    "flags": "of CAA, e.g. 0",
    "tag": "of CAA: issue, issuewild, iodef",
    "value": "of CAA, HTTPS and SVCB",
    "ttl": "seconds, 60 to 86400 (30 on Enterprise); 1 is automatic, and the default",
    "proxied": "yes or no: through Cloudflare (A, AAAA, CNAME)",
    "comment": "a note on the record, one line",
    "tags": "name:value; may be repeated, or separated by commas",
}
# 0 is a priority, a weight and a port; the default of a number's option must be a number, so a negative one.
NONE = -1
# The options that describe a record whose default is not an empty text.
_DEFAULTS = {"priority": NONE, "weight": NONE, "port": NONE, "ttl": 0, "tags": ()}


def describing(function: Callable[..., Rows]) -> Callable[..., Rows]:
    """Add the options of DESCRIBING to a task, which gets as `typed` the fields that were typed."""
    defaults = {name: _DEFAULTS.get(name, "") for name in DESCRIBING}

    @wraps(function)
    def task(app: App, **options: Any) -> Rows:
        typed = {name: options.pop(name) for name in DESCRIBING if name in options}
        typed = {name: one for name, one in typed.items() if one != defaults[name]}
        if "proxied" in typed:
            typed["proxied"] = yes_or_no(typed["proxied"])
        if "tags" in typed:
            typed["tags"] = _words(typed["tags"])
        return function(app, **options, typed=typed)

    own = [one for one in signature(function).parameters.values() if one.name != "typed"]
    added = [Parameter(name, Parameter.KEYWORD_ONLY, default=one) for name, one in defaults.items()]
    task.__signature__ = signature(function).replace(parameters=[*own, *added])  # type: ignore[attr-defined]  # read by inspect
    return task


def yes_or_no(text: str) -> bool:
    """Return the value of --proxied. Raises UsageError for any other word."""
    from ops.products.dns.record import YES_NO

    if text.lower() not in YES_NO:
        raise UsageError(f"--proxied is yes or no, not {text!r}", hint="e.g. --proxied yes")
    return YES_NO[text.lower()]


def _words(texts: tuple[str, ...]) -> list[str]:
    """Return the words of an option that may be repeated, or have several with commas between."""
    return [word.strip() for text in texts for word in text.split(",") if word.strip()]


def current_zone(app: App, zone: str) -> CurrentZone:
    """Return a zone as the task sees it: in a dry run with the changes of the tasks before it."""
    from ops.kinds.resource import Owner
    from ops.products.dns.changes import CurrentZone

    found = app.zone(zone)
    owner = Owner(str(reach(found, "account.id") or app.account_id), str(found["id"]), found)
    return CurrentZone(app.client, owner, app.run.pretended if app.dry and app.command.writes else ())


@command(
    "list",
    required=("zone",),
    needs=READ,
    help={
        "zone": f"{ZONE}; or all",
        "type": "only this type, e.g. MX",
        "name": "only this name: `www`, `@` for the zone itself, or a complete name",
        "content": "only this content",
        "proxied": "yes or no",
        "comment": "only comments that contain this",
        "tag": "only this tag, e.g. team:web",
        "search": "only what contains this in name, content, comment or tag",
        "match": "all or any of the filters (default all)",
        "where": "any other filter of the API, e.g. name.startswith=www; may be repeated",
    },
)
def list_records(
    app: App,
    zone: str = "",
    type: str = "",
    name: str = "",
    content: str = "",
    proxied: str = "",
    comment: str = "",
    tag: str = "",
    search: str = "",
    match: str = "",
    where: tuple[str, ...] = (),
) -> Rows:
    """List the records of a zone, or of all zones.

    inv dns.list example.com --type MX
    inv dns.list example.com --where name.startswith=www --output json
    inv dns.list all --type TXT
    """
    from ops.products.dns import api
    from ops.products.dns.names import full_name

    filters: dict[str, str | bool] = {
        "type": type.upper(),
        "content": content,
        "proxied": yes_or_no(proxied) if proxied else "",
        "comment.contains": comment,
        "tag": tag,
        "search": search,
        "match": match,
    }
    for condition in where:
        filter, sign, value = condition.partition("=")
        if not sign or filter not in FILTERS:
            raise UsageError(f"--where does not know {condition!r}", hint=f"one of: {', '.join(FILTERS)}")
        filters[filter] = value

    def of(found: Json) -> dict[str, str | bool]:
        return {**filters, "name": full_name(name, found["name"])} if name else filters

    if zone in EVERY_ZONE:
        name = name.rstrip(".")  # a complete name is in one of them
        return Rows(_everywhere(app, of, app.settings.account_id), IN_ALL, "record")
    found = app.zone(zone)
    return Rows(api.list_records(app.client, found["id"], **of(found)), COLUMNS, "record")


def _everywhere(app: App, filters: Callable[[Json], dict[str, str | bool]], account: str) -> Iterator[Json]:
    """Yield the records of *account* that match *filters*(zone), each with its zone's name.

    A zone that cannot be read is a gap of the result. Raises the first error if none can be read.
    """
    from ops.products.dns import api
    from ops.products.zones.parts import all_zones, attempt

    def read(zone: Json) -> AnswerPart:
        return attempt(zone["name"], lambda: api.list_records(app.client, zone["id"], **filters(zone)))

    requests = 0 if app.offline else 1
    zones = all_zones(app.client, account, gap=app.gap, note=app.note, requests=requests)
    unread = []
    for part in app.parallel(read, zones):
        if part.problem:
            unread.append(part)
        yield from ({"zone": part.name, **record} for record in part.value or ())
    errors = [part.error for part in unread if part.error]
    if errors and len(errors) == len(zones):
        raise errors[0]
    for part in unread:
        app.gap(f"records of {part.name}: {part.status}: {part.problem}")


@command(
    "find",
    positional=("address",),
    needs=f"Zone > Zone > Read, {READ}",
    help={
        "address": "in this network or at this address: A, AAAA, and the addresses in SPF, HTTPS and SVCB",
        "content": "what the content contains, e.g. old.example.net",
        "name": "what the complete name contains, e.g. vpn",
        "comment": "what the comment contains",
        "account": "in the zones of this account: name, id, or all",
    },
)
def find_records(
    app: App, address: str = "", content: str = "", name: str = "", comment: str = "", account: str = ""
) -> Rows:
    """Find the records of all zones that have an address, or that contain a text. Takes a request per zone.

    inv dns.find 192.0.2.0/24
    inv dns.find --content mx1.example.com --account all
    inv dns.find --name vpn --offline
    """
    from ipaddress import ip_network

    from ops.http.shape import require
    from ops.products.zones.api import canonical, chosen_account

    account = chosen_account(account, app.settings.account_id, offline=app.offline)
    filters: dict[str, str | bool] = {
        "content.contains": content,
        "name.contains": canonical(name),
        "comment.contains": comment,
    }
    if not address and not any(filters.values()):
        hint = "write `inv dns.find 192.0.2.0/24`, or use --content, --name or --comment"
        raise UsageError("nothing to find was given", hint=hint)
    try:
        wanted = ip_network(address, strict=False) if address else None
    except ValueError:
        hint = "e.g. `inv dns.find 192.0.2.0/24`"
        raise UsageError(f"{address!r} is neither an address nor a network", hint=hint) from None

    def networks(content: str) -> Iterator[IPv4Network | IPv6Network]:
        for word in _BETWEEN.split(content):
            with suppress(ValueError):
                yield ip_network(word, strict=False)

    def matches(record: Json) -> bool:
        found = networks(require(record, "a record", content=str)["content"]) if wanted else ()
        return not wanted or any(one.version == wanted.version and one.overlaps(wanted) for one in found)

    return Rows(filter(matches, _everywhere(app, lambda _zone: filters, account)), IN_ALL, "record")


@command("get", required=("zone", "id"), needs=READ, help=CHOOSING)
def get_record(app: App, zone: str = "", id: str = "") -> Item:
    """Show one record.

    inv dns.get example.com 25f600b602ea5402e85d6edf1b47236e
    """
    from ops.products.dns import api

    return Item(api.get_record(app.client, app.zone_id(zone), id))


@command(
    "create",
    positional=("zone", "name", "type", "content"),
    writes=True,
    required=("zone", "name", "type"),
    needs=EDIT,
    help=CHOOSING | DESCRIBING,
)
@describing
def create_record(app: App, zone: str = "", name: str = "", type: str = "", *, typed: Json) -> Rows:
    """Create a record; an equal one that exists already is left unchanged.

    inv dns.create example.com new A 192.0.2.1 --proxied yes
    inv dns.create example.com @ CAA --flags 0 --tag issue --value ca.example
    """
    from ops.products.dns import changes
    from ops.writes.make import make

    current = current_zone(app, zone)
    return make(
        app, changes.create(current, changes.new_record(current.owner.item, type.upper(), name, typed))
    )


@command(
    "update",
    positional=("zone", "name", "type", "content"),
    writes=True,
    required=("zone",),
    needs=EDIT,
    help={**CHOOSING, **DESCRIBING, "clear": "comment, tags or settings, to remove; may be repeated"},
)
@describing
def update_record(
    app: App,
    zone: str = "",
    id: str = "",
    name: str = "",
    type: str = "",
    old_content: str = "",
    clear: tuple[str, ...] = (),
    *,
    typed: Json,
) -> Rows:
    """Change the given fields of one record, and nothing else of it.

    inv dns.update example.com vpn A 192.0.2.2
    inv dns.update example.com --id 25f600b602ea5402e85d6edf1b47236e --ttl 300 --clear comment
    """
    from ops.products.dns import changes
    from ops.writes.make import make

    cleared = tuple(_words(clear))
    unknown = [name for name in cleared if name not in CLEARABLE]
    if unknown:
        raise UsageError(f"--clear does not know {unknown[0]!r}", hint=f"one of {', '.join(CLEARABLE)}")
    if not typed and not cleared:
        raise UsageError("nothing to change was given", hint="e.g. --content, --ttl or --clear comment")
    current = current_zone(app, zone)
    found = current.existing(id, name, type.upper(), old_content)
    return make(app, changes.update(current, found, typed, cleared))


@command(
    "put",
    positional=("zone", "name", "type", "content"),
    writes=True,
    required=("zone", "name", "type"),
    needs=EDIT,
    help=CHOOSING | DESCRIBING,
)
@describing
def put_record(
    app: App,
    zone: str = "",
    name: str = "",
    type: str = "",
    id: str = "",
    old_content: str = "",
    *,
    typed: Json,
) -> Rows:
    """Create a record, or make the existing one exactly as given: other fields get their defaults.

    inv dns.put example.com vpn A 192.0.2.1 --ttl 300
    inv dns.put example.com @ MX mx3.example.com --old-content mx1.example.com --priority 10
    """
    from ops.products.dns import changes
    from ops.writes.make import make

    current = current_zone(app, zone)
    record = changes.new_record(current.owner.item, type.upper(), name, typed)
    found = current.existing(id, name, type.upper(), old_content) if id or old_content else None
    return make(app, changes.put(current, record, found))


@command(
    "delete",
    positional=("zone", "name", "type", "content"),
    writes=True,
    required=("zone",),
    needs=EDIT,
    help={**CHOOSING, **DESCRIBING, "content": "only the record with this content"},
)
def delete_record(
    app: App,
    zone: str = "",
    id: str = "",
    name: str = "",
    type: str = "",
    content: str = "",
    priority: int = NONE,
) -> Rows:
    """Delete one record; if it does not exist, nothing is done and the exit code is 0.

    inv dns.delete example.com vpn A
    inv dns.delete example.com @ MX mx1.example.com --yes
    """
    from ops.products.dns import changes
    from ops.writes.make import COLUMNS as MADE
    from ops.writes.make import make

    current = current_zone(app, zone)
    found = current.find(id, name, type.upper(), content, None if priority == NONE else priority)
    if found is None:
        what = id or f"{type.upper()} {name}"
        app.note(f"unchanged: {what} does not exist")
        row = {"action": "unchanged", "kind": "dns.record", "name": what, "id": id, "undo": ""}
        return Rows([row], MADE, "change")
    return make(app, changes.delete(current, found))
