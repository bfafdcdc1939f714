"""What the package index says about cfops: one request without the token, only when a user asks for it."""

from __future__ import annotations

import json
import re
from contextlib import closing
from typing import TYPE_CHECKING

from ops.errors import ApiError, MalformedAnswer, NotFound
from ops.http.outside import Outside

if TYPE_CHECKING:
    from ops.config.settings import Settings

INDEX = "https://pypi.org/pypi/cfops/json"
LARGEST = 16 << 20


def newest_version(url: str, settings: Settings) -> str:
    """Return the newest release of cfops, as the index's JSON at *url* names it.

    Raises NotFound, ApiError and MalformedAnswer, UsageError for another URL, NetworkError.
    """
    with closing(Outside(url, settings, "--index")) as index:
        reply = index.get(LARGEST)
    if reply.status == 404:
        raise NotFound(f"{index.host} has no cfops at this address")
    if reply.status != 200:
        raise ApiError(
            f"{index.host} answered with status {reply.status}", reply.status, hint="try again later"
        )
    try:
        version = json.loads(reply.body)["info"]["version"]
        release_of(version)
    except (ValueError, KeyError, TypeError, RecursionError):
        raise MalformedAnswer(f"{index.host} names no version of cfops") from None
    return str(version)


def release_of(version: str) -> tuple[tuple[int, ...], bool]:
    """Return what versions are compared by: the numbers, and whether it is a release. Raises ValueError."""
    match = re.match(r"\d{1,9}(\.\d{1,9}){0,5}", version)
    if match is None:
        raise ValueError(version)
    numbers = tuple(map(int, match[0].split(".")))
    while numbers and not numbers[-1]:
        numbers = numbers[:-1]
    return numbers, not re.match(r"[._-]?(a|b|rc|c|alpha|beta|pre|dev)", version[match.end() :])
