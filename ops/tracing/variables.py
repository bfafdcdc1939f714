"""The variables of OpenTelemetry: where spans go, with which headers, and what describes this service."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from urllib.parse import unquote, urlsplit

from ops.errors import UsageError
from ops.http.origin import is_loopback
from ops.version import VERSION

ENDPOINTS = ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "OTEL_EXPORTER_OTLP_ENDPOINT")
HEADERS = ("OTEL_EXPORTER_OTLP_TRACES_HEADERS", "OTEL_EXPORTER_OTLP_HEADERS")
PROTOCOLS = ("OTEL_EXPORTER_OTLP_TRACES_PROTOCOL", "OTEL_EXPORTER_OTLP_PROTOCOL")
ATTRIBUTES = "OTEL_RESOURCE_ATTRIBUTES"
JSON = "http/json"

# What RFC 9110 allows as the name of a header.
_TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")


@dataclass(frozen=True)
class Collector:
    """Where spans are sent. *variable* named the *url*; *headers* may hold a token of the collector."""

    url: str = field(repr=False)
    variable: str
    headers: Mapping[str, str] = field(repr=False)


def is_wanted(environ: Mapping[str, str]) -> bool:
    """True if a collector is named and nothing turns the export off."""
    disabled = environ.get("OTEL_SDK_DISABLED", "").strip().lower() == "true"
    none = environ.get("OTEL_TRACES_EXPORTER", "").strip().lower() == "none"
    return not disabled and not none and any(environ.get(name, "").strip() for name in ENDPOINTS)


def collector(environ: Mapping[str, str]) -> Collector:
    """Return the collector that *environ* names. Raises UsageError, which never holds a value of a header."""
    variable, url = _first(environ, ENDPOINTS)
    asked, protocol = _first(environ, PROTOCOLS)
    if protocol not in ("", JSON):
        raise UsageError(
            f"{asked} asks for {protocol}, and cfops sends {JSON} only",
            hint=f"set {asked}={JSON}; the OpenTelemetry Collector takes JSON at its OTLP receiver for HTTP, "
            "port 4318",
        )
    if variable == ENDPOINTS[1]:
        url = f"{url.rstrip('/')}/v1/traces"
    source, text = _first(environ, HEADERS)
    headers = dict(_pairs(source, text))
    for name, value in headers.items():
        if not _TOKEN.fullmatch(name) or not (value.isascii() and value.isprintable()):
            raise _malformed(source)
    if headers and _is_open(url):
        raise UsageError(
            f"{source} is not sent over plain http to another machine",
            hint=f"use https in {variable}, or unset {source}",
        )
    return Collector(url, variable, headers)


def resource(environ: Mapping[str, str]) -> dict[str, str]:
    """Return the attributes of this service. Raises UsageError for variables that cannot be read."""
    own = {
        "service.name": "cfops",
        "service.version": VERSION,
        "telemetry.sdk.name": "cfops",
        "telemetry.sdk.language": "python",
        "telemetry.sdk.version": VERSION,
    }
    chosen = dict(_pairs(ATTRIBUTES, environ.get(ATTRIBUTES, "")))
    name = environ.get("OTEL_SERVICE_NAME", "")
    return own | chosen | ({"service.name": name} if name else {})


def _first(environ: Mapping[str, str], names: tuple[str, ...]) -> tuple[str, str]:
    """Return the first of the variables *names* that has a value, and that value."""
    found = ((name, environ[name].strip()) for name in names if environ.get(name, "").strip())
    return next(found, (names[0], ""))


def _pairs(variable: str, text: str) -> Iterator[tuple[str, str]]:
    """Yield the names and values of `name=value,name=value`, whose values are percent-encoded."""
    for pair in filter(None, map(str.strip, text.split(","))):
        name, equals, value = (part.strip() for part in pair.partition("="))
        try:
            decoded = unquote(name, errors="strict"), unquote(value, errors="strict")
        except UnicodeDecodeError:
            raise _malformed(variable) from None
        if not equals or not name:
            raise _malformed(variable)
        yield decoded


def _malformed(variable: str) -> UsageError:
    # Its text is not shown: a header is a password.
    return UsageError(
        f"{variable} cannot be read", hint="write name=value,name=value with the values percent-encoded"
    )


def _is_open(url: str) -> bool:
    """True if what is sent to *url* can be read on the way."""
    try:
        parts = urlsplit(url)
        return parts.scheme != "https" and not is_loopback(parts.hostname or "")
    except ValueError:
        return True
