"""Responses of the API, for stubbed requests."""

from __future__ import annotations

from typing import Any

Json = dict[str, Any]


def envelope(result: Any, **info: Any) -> Json:
    """Return the envelope of a result, with *info* as its `result_info`."""
    return {"success": True, "errors": [], "messages": [], "result": result} | (
        {"result_info": info} if info else {}
    )


def page(items: list[Json], number: int = 1, size: int = 1000) -> Json:
    """Return one page of *items*, as a list by page number."""
    here = items[(number - 1) * size : number * size]
    return envelope(here, page=number, per_page=size, count=len(here), total_count=len(items))


def refusal(code: int, message: str) -> Json:
    return {"success": False, "errors": [{"code": code, "message": message}], "messages": [], "result": None}
