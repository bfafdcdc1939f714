"""KV calls for the tests of the sandbox."""

from __future__ import annotations

from urllib.parse import quote

from .conftest import Api


def value(space: str, name: str) -> str:
    return f"{space}/values/{quote(name, safe='')}"


def names(api: Api, space: str, **params: object) -> list[str]:
    """Return the names of all keys, over every page."""
    found: list[str] = []
    cursor = ""
    while True:
        page = api("GET", f"{space}/keys", params={**params, "cursor": cursor}).json()
        found += [one["name"] for one in page["result"]]
        cursor = page["result_info"]["cursor"]
        if not cursor:
            return found
