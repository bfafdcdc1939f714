"""Answers of the API, for the stubbed wire."""

from __future__ import annotations

from typing import Any

Json = dict[str, Any]


def envelope(result: Any, **info: Any) -> Json:
    """Give the envelope around a result, with what *info* says of it."""
    return {"success": True, "errors": [], "messages": [], "result": result} | (
        {"result_info": info} if info else {}
    )


def page(items: list[Json], number: int = 1, size: int = 1000) -> Json:
    """Give one page of *items*, as lists by page number answer."""
    here = items[(number - 1) * size : number * size]
    return envelope(here, page=number, per_page=size, count=len(here), total_count=len(items))


def refusal(code: int, message: str) -> Json:
    return {"success": False, "errors": [{"code": code, "message": message}], "messages": [], "result": None}
