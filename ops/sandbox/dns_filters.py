"""The filters of a record listing, as SQL: name, content, comment, tag, type, proxied, search, match."""

from __future__ import annotations

from ops.sandbox.dns_content import to_ascii
from ops.sandbox.wire import Refusal, Request

Condition = tuple[str, list[object]]

OPERATORS = {
    "exact": "lower({0}) = ?",
    "contains": "instr(lower({0}), ?) > 0",
    "startswith": "substr(lower({0}), 1, length(?)) = ?",
    "endswith": "substr(lower({0}), -length(?)) = ?",
}
_TAG_NAME = "CASE instr(value, ':') WHEN 0 THEN value ELSE substr(value, 1, instr(value, ':') - 1) END"
_TAG_VALUE = "CASE instr(value, ':') WHEN 0 THEN '' ELSE substr(value, instr(value, ':') + 1) END"
_ORDERS = {
    "type": ("type", "name", "id"),
    "name": ("name", "type", "id"),
    "content": ("content", "name", "id"),
    "ttl": ("ttl", "name", "id"),
    "proxied": ("proxied", "name", "id"),
}


def where(request: Request) -> Condition:
    """Return the condition of the records that a listing requests, and its arguments."""
    query, conditions = request.query, []
    for name, column in (("name", "name"), ("content", "content"), ("comment", "ifnull(comment, '')")):
        for operator in ("", *OPERATORS):
            value = query.get(f"{name}.{operator}" if operator else name, "")
            if value:
                plain = to_ascii(value).rstrip(".") if name == "name" else value
                conditions.append(_text(column, operator or "exact", plain))
    if "comment.present" in query:
        conditions.append(("comment IS NOT NULL", []))
    if "comment.absent" in query:
        conditions.append(("comment IS NULL", []))
    if query.get("type"):
        conditions.append(("type = ?", [query["type"].upper()]))
    proxied, words = request.flag("proxied"), query.get("search", "").lower()
    if proxied is not None:
        conditions.append(("proxied = ?", [int(proxied)]))
    if words:
        columns = ("name", "lower(content)", "lower(ifnull(comment, ''))", "lower(tags)")
        text = " OR ".join(f"instr({column}, ?) > 0" for column in columns)
        conditions.append((f"({text})", [words] * len(columns)))
    tags = _tags(request)
    if tags:
        conditions.append(_joined(tags, query.get("tag_match", "all")))
    if not conditions:
        return "", []
    text, args = _joined(conditions, query.get("match", "all"))
    return " AND " + text, args


def order(request: Request) -> str:
    """Return the ORDER BY of a listing; by type if the request has none."""
    name = request.query.get("order", "type")
    direction = request.query.get("direction", "asc")
    if name not in _ORDERS or direction not in ("asc", "desc"):
        raise Refusal(400, 1004, "Invalid order or direction.")
    return " ORDER BY " + ", ".join(f"{column} {direction}" for column in _ORDERS[name])


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
