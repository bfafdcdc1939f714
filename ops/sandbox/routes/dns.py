"""DNS records: list with filters, create, read, change, delete; the quota and the zone's DNS settings."""

from __future__ import annotations

from ops.sandbox import dns_records
from ops.sandbox.dns_types import to_ascii
from ops.sandbox.pages import listing, only, page_of
from ops.sandbox.router import getter, route
from ops.sandbox.store import Json, Store
from ops.sandbox.wire import Answer, Refusal, Request, dumps, ok, require

# The document says five million; the answer may then take longer than a client's timeout.
MOST_RECORDS = 5_000_000
RECORDS = "/zones/{zone_id}/dns_records"
RECORD = "/zones/{zone_id}/dns_records/{record_id}"

# Each number of a SOA record: default, least and greatest.
_SOA = {
    "refresh": (10000, 600, 86400),
    "retry": (2400, 600, 3600),
    "expire": (604800, 86400, 2419200),
    "min_ttl": (1800, 60, 86400),
    "ttl": (3600, 300, 86400),
}
_NAMES = {"mname": "ada.ns.cloudflare.com", "rname": "dns.cloudflare.com"}
_DNS_SETTINGS: Json = {
    "flatten_all_cnames": False,
    "foundation_dns": False,
    "multi_provider": False,
    "nameservers": {"type": "cloudflare.standard"},
    "ns_ttl": 86400,
    "secondary_overrides": False,
    "soa": {**_NAMES, **{name: default for name, (default, _, _) in _SOA.items()}},
    "zone_mode": "standard",
}
_ZONE_MODES = ("standard", "cdn_only", "dns_only")
_ORDERS = ("type", "name", "content", "ttl", "proxied")

listing(RECORDS + "/scan/review", "dns:read", "dns_scan")


@route("GET", RECORDS, "dns:read")
def list_records(request: Request, store: Store) -> Answer:
    name, direction = request.query.get("order", "type"), request.query.get("direction", "asc")
    if name not in _ORDERS or direction not in ("asc", "desc"):
        raise Refusal(400, 1004, "Invalid order or direction.")
    columns = (name, "type" if name == "name" else "name", "id")
    order = ", ".join(f"{column} {direction}" for column in columns)
    condition, args = _where(request)
    base = " FROM dns_record WHERE zone = ?" + condition
    select, count = f"SELECT body{base} ORDER BY {order}", "SELECT count(*)" + base
    bounds = {"maximum": MOST_RECORDS, "default": 100, "minimum": 1}
    return page_of(request, store, select, count, (request.zone, *args), **bounds)


@route("POST", RECORDS, "dns:edit")
def create_record(request: Request, store: Store) -> Answer:
    return ok(dns_records.create(store, dns_records.zone_of(store, request.zone), request.object()))


getter(RECORD, "dns:read")(
    lambda request, store: dns_records.record_of(store, request.zone, request.args["record_id"])
)


@route("PATCH", RECORD, "dns:edit")
@route("PUT", RECORD, "dns:edit")
def change_record(request: Request, store: Store) -> Answer:
    zone, id = dns_records.zone_of(store, request.zone), request.args["record_id"]
    return ok(dns_records.change(store, zone, id, request.object(), replace=request.method == "PUT"))


@route("DELETE", RECORD, "dns:edit")
def delete_record(request: Request, store: Store) -> Answer:
    dns_records.delete(store, request.zone, request.args["record_id"])
    # The API's document declares no envelope for this one answer.
    return Answer(200, {}, dumps({"result": {"id": request.args["record_id"]}}).encode())


@route("PATCH", "/zones/{zone_id}/dns_settings", "dns:edit")
def patch_dns_settings(request: Request, store: Store) -> Answer:
    sent, old = request.object(), _dns_settings(request, store)
    require(set(sent) <= set(_DNS_SETTINGS))
    settings = {**old, **sent, "soa": {**old["soa"], **(sent.get("soa") or {})}}
    typed = all(type(settings[name]) is type(default) for name, default in _DNS_SETTINGS.items())
    require(typed and 30 <= settings["ns_ttl"] <= 86400 and settings["zone_mode"] in _ZONE_MODES)
    for name, (_, low, high) in _SOA.items():
        number = settings["soa"].get(name)
        if not isinstance(number, int) or not low <= number <= high:
            raise Refusal(400, 1004, f"Invalid SOA {name}: must be between {low} and {high}.")
    return ok(store.put_document("dns_settings", request.zone, "dns_settings", settings))


@getter(RECORDS + "/usage", "dns:read")
def _record_usage(request: Request, store: Store) -> Json:
    zone = dns_records.zone_of(store, request.zone)
    used = store.value("SELECT count(*) FROM dns_record WHERE zone = ?", (zone.id,))
    return {"record_quota": None if zone.enterprise else zone.quota, "record_usage": used}


_dns_settings = only("/zones/{zone_id}/dns_settings", "dns:read", "dns_settings", _DNS_SETTINGS)
Condition = tuple[str, list[object]]

OPERATORS = {
    "exact": "lower({0}) = ?",
    "contains": "instr(lower({0}), ?) > 0",
    "startswith": "substr(lower({0}), 1, length(?)) = ?",
    "endswith": "substr(lower({0}), -length(?)) = ?",
}
_TAG_NAME = "CASE instr(value, ':') WHEN 0 THEN value ELSE substr(value, 1, instr(value, ':') - 1) END"
_TAG_VALUE = "CASE instr(value, ':') WHEN 0 THEN '' ELSE substr(value, instr(value, ':') + 1) END"


def _where(request: Request) -> Condition:
    query, conditions = request.query, []
    for name, column in (("name", "name"), ("content", "content"), ("comment", "ifnull(comment, '')")):
        for operator in ("", *OPERATORS):
            value = query.get(f"{name}.{operator}" if operator else name, "")
            if value:
                plain = to_ascii(value).rstrip(".") if name == "name" else value
                conditions.append(_text(column, operator or "exact", plain))
    for test, condition in (("present", "comment IS NOT NULL"), ("absent", "comment IS NULL")):
        if f"comment.{test}" in query:
            conditions.append((condition, []))
    if query.get("type"):
        conditions.append(("type = ?", [query["type"].upper()]))
    proxied, words = request.flag("proxied"), query.get("search", "").lower()
    if proxied is not None:
        conditions.append(("proxied = ?", [int(proxied)]))
    if words:
        columns = ("name", "lower(content)", "lower(ifnull(comment, ''))", "lower(tags)")
        text = " OR ".join(f"instr({column}, ?) > 0" for column in columns)
        conditions.append((f"({text})", [words] * len(columns)))
    if tags := _tags(request):
        conditions.append(_joined(tags, query.get("tag_match", "all")))
    text, args = _joined(conditions, query.get("match", "all")) if conditions else ("", [])
    return text and " AND " + text, args


def _joined(conditions: list[Condition], match: str) -> Condition:
    if match not in ("any", "all"):
        raise Refusal(400, 1004, "Invalid match: must be any or all.")
    word = " OR " if match == "any" else " AND "
    args = [value for _, values in conditions for value in values]
    return "(" + word.join(text for text, _ in conditions) + ")", args


def _text(column: str, operator: str, value: str) -> Condition:
    template = OPERATORS[operator]
    return template.format(column), [value.lower()] * template.count("?")


def _tags(request: Request) -> list[Condition]:
    """Return the conditions of the tags: `tag=name`, `tag=name:value` and `tag.contains=name:value`."""
    found = []
    for operator in ("", "present", "absent", *OPERATORS):
        value = request.query.get(f"tag.{operator}" if operator else "tag", "").lower()
        test = operator or ("exact" if ":" in value else "present")
        name, _, rest = value.partition(":")
        condition, args = f"lower({_TAG_NAME}) = ?", [name]
        if test in OPERATORS:
            text, more = _text(_TAG_VALUE, test, rest)
            condition, args = f"{condition} AND {text}", [*args, *map(str, more)]
        has = f"EXISTS (SELECT 1 FROM json_each(tags) WHERE {condition})"  # noqa: S608 - all values are arguments
        if value:
            found.append(("NOT " + has if test == "absent" else has, list[object](args)))
    return found
