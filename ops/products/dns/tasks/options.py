"""The options that describe a record, and the zone that a task works on."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ops.errors import UsageError
from ops.items import reach
from ops.kinds.resource import Owner

if TYPE_CHECKING:
    from ops.cli.app import App
    from ops.items import Json
    from ops.products.dns.current import CurrentZone

ZONE = "domain or id, e.g. example.com"
READ = "Zone > DNS > Read"
EDIT = "Zone > DNS > Edit"
# 0 is a priority, a weight and a port; the default of a number's option must be a number, so a negative one.
NONE = -1
CLEARABLE = ("comment", "tags", "settings")
DESCRIBING = {
    "zone": ZONE,
    "name": "`www`, `@` for the zone itself, `*`, or a complete name",
    "type": "A, AAAA, CNAME, MX, TXT, SRV, CAA, ... any type that Cloudflare has",
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


def current_zone(app: App, zone: Json) -> CurrentZone:
    """Return *zone* as the task sees it: in a dry run with the changes of the tasks before it."""
    from ops.products.dns.current import CurrentZone

    owner = Owner(str(reach(zone, "account.id") or app.account_id), str(zone["id"]), zone)
    return CurrentZone(app.client, owner, app.run.pretended if app.dry and app.command.writes else ())


def given(options: Json) -> Json:
    """Return those of a task's *options* that were typed, as fields of a record or of its `data`."""
    numbers = {name: options[name] for name in ("priority", "weight", "port") if options[name] != NONE}
    texts = {name: options[name] for name in ("content", "target", "flags", "tag", "value", "comment", "ttl")}
    found: Json = numbers | {name: one for name, one in texts.items() if one}
    found |= {"proxied": yes_or_no(options["proxied"])} if options["proxied"] else {}
    return found | ({"tags": split(options["tags"])} if options["tags"] else {})


def yes_or_no(text: str) -> bool:
    """Return the value of --proxied. Raises UsageError for any other word."""
    from ops.products.dns.values import YES_NO

    if text.lower() not in YES_NO:
        raise UsageError(f"--proxied is yes or no, not {text!r}", hint="e.g. --proxied yes")
    return YES_NO[text.lower()]


def split(texts: tuple[str, ...]) -> list[str]:
    """Return the words of an option that may be repeated, or have several with commas between."""
    return [word.strip() for text in texts for word in text.split(",") if word.strip()]
