"""What is wrong with rdata that does not parse: the field, and what it should be."""

from __future__ import annotations

import re
from itertools import zip_longest

# A word is quoted, plain, or both, such as `alpn="h2"`.
WORD = re.compile(r'(?:"(?:[^"\\\n]|\\.)*"|\\.|[^\s"();])+', re.DOTALL)
_QUOTED = re.compile(r'"(?:[^"\\]|\\.)*"|\\.', re.DOTALL)
_MARKS = {
    '"': "a quote is not closed",
    "\n": "it has a line break",
    ";": "`;` begins a comment, and is text only in quotes",
    **dict.fromkeys("()", "parentheses are text only in quotes"),
}
_NUMBER = re.compile(r"-?\d+(?:\.\d+)?")
_SHORT = ("key_tag", "order", "port", "preference", "priority", "weight")
_BYTES = ("algorithm", "digest_type", "flags", "matching_type", "protocol", "selector", "type", "usage")
_HEX = (("DS", "digest"), ("SSHFP", "fingerprint"), ("SMIMEA", "certificate"), ("TLSA", "certificate"))
_BASE64 = (("CERT", "certificate"), ("DNSKEY", "public_key"), ("OPENPGPKEY", "content"))
_IN_BASE64 = re.compile(r"(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?")
# These may be words, such as PKIX or RSASHA256.
_NAMED = (("CERT", "type"), ("CERT", "algorithm"), ("DNSKEY", "algorithm"), ("DS", "algorithm"))
_NAMES = (("MX", "target"), ("NAPTR", "replacement"), ("SRV", "target"))
_METRES = {"altitude": (-100_000, 42_849_672), "size": (0, 90_000_000)}


def reason(type: str, text: str, fields: tuple[str, ...]) -> str:  # noqa: C901 (a branch for each reason)
    """Return what is wrong with *text*, which does not parse as a record of *type* with these *fields*."""
    if text.startswith("\\#"):
        return "it is not the data of such a record in hexadecimal"
    bare = _QUOTED.sub("", text)
    for mark, problem in _MARKS.items():
        if mark in bare:
            return problem
    words = WORD.findall(text)
    if type == "LOC":
        return _location(words, fields)
    open_ended = fields[-1] if (type, fields[-1]) in (*_HEX, *_BASE64) or type in ("HTTPS", "SVCB") else ""
    given = [*words[: len(fields) - 1], " ".join(words[len(fields) - 1 :])] if open_ended else words
    if fields[0] == "priority" and 0 < len(words) < len(fields) and not _NUMBER.fullmatch(words[0]):
        return "it has no priority"
    for field, word in zip_longest(fields, given):
        if field is None:
            return f"{word!r} follows its {fields[-1]}"
        if not word and not (field == "value" and open_ended):
            return f"it has no {field}"
        if word and (problem := _problem(type, field, word)):
            return problem
    if (type, fields[-1]) in _HEX:
        length = len(given[-1].replace(" ", "")) // 2
        return f"{fields[-1]} has {length} bytes, which does not fit {fields[-2]} {given[-2]}"
    return f"it has {', '.join(fields)}, and one of them is not valid"


def _problem(type: str, field: str, word: str) -> str:
    most = 65535 if field in _SHORT or (type, field) == ("DNSKEY", "flags") else 255
    numeric = field in _SHORT or (field in _BYTES and type != "NAPTR")
    if numeric and not (re.fullmatch(r"[0-9]{1,5}", word) and int(word) <= most):
        if (type, field) in _NAMED and not _NUMBER.match(word):
            return f"{field} is {word!r}, which is neither a number nor a known name"
        return f"{field} is {word!r}, which is not a whole number of 0 to {most}"
    if (type, field) in _HEX and not re.fullmatch(r"(?:[0-9a-fA-F]{2})+", word.replace(" ", "")):
        return f"{field} is not in hexadecimal, two digits for each byte"
    if (type, field) in _BASE64 and not _IN_BASE64.fullmatch(word.replace(" ", "")):
        return f"its {field} is not in base64"
    if (type, field) == ("CAA", "tag") and not word.isalnum():
        return f"tag is {word!r}, which is not a word such as issue, issuewild or iodef"
    if type in ("A", "AAAA"):
        return f"its content is not an IPv{4 if type == 'A' else 6} address"
    if type in ("HTTPS", "SVCB") and field == "value":
        return _parameter(word)
    return f"{field} is in quotes" if '"' in word and (type, field) in _NAMES else ""


def _parameter(text: str) -> str:
    from dns.exception import DNSException
    from dns.rdata import from_text

    for word in WORD.findall(text):
        try:
            from_text("IN", "SVCB", f"1 . {word}")
        except (DNSException, ValueError):
            return f"its value has the parameter {word}, which is unknown or not valid"
    return ""


def _location(words: list[str], names: tuple[str, ...]) -> str:
    parts = re.fullmatch(r"(.+?) [NS] (.+?) [EW] (.+)", " ".join(words), re.IGNORECASE)
    if not parts:
        return "it has no N or S after the latitude, no E or W after the longitude, or no altitude"
    for fields, values in ((names[:3], parts[1]), (names[4:7], parts[2]), (names[8:], parts[3])):
        for field, value in zip_longest(fields, values.split()):
            if field is None:
                return f"{value!r} follows {fields[-1]}"
            low, high = _METRES.get(field, _METRES["size"]) if fields == names[8:] else (0, 59.999)
            high = {"lat_degrees": 90, "long_degrees": 180}.get(field, high)
            number = value.removesuffix("m") if value and fields == names[8:] else value
            if number and not (_NUMBER.fullmatch(number) and low <= float(number) <= high):
                return f"{field} is {value!r}, which is not a number of {low} to {high}"
    return "its numbers are not those of a place"
