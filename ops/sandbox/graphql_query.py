"""Reads a GraphQL query: its selections with their arguments, in which the variables are filled in.

Only what queries of analytics use: one operation, no fragments, no directives (spec.graphql.org/June2018).
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

_TOKEN = re.compile(
    r'[\s,]+|#[^\n]*|(?P<token>[{}()\[\]:=!$]|"(?:[^"\\\n]|\\.)*"|-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?|[_A-Za-z]\w*)'
)
_NAME = re.compile(r"[_A-Za-z]\w*")
_WORDS = {"true": True, "false": False, "null": None}
DEEPEST = 20


class Unreadable(Exception):
    """A query that is not valid GraphQL; the text is what the API answers."""


@dataclass
class Field:
    """A selected field: the *alias* that names it in the response, its arguments, what is selected in it."""

    name: str
    alias: str
    args: dict[str, Any] = field(default_factory=dict)
    fields: list[Field] = field(default_factory=list)


def read_query(text: str, variables: dict[str, Any]) -> list[Field]:
    """Return what the only operation of *text* selects. Raise Unreadable."""
    reader = _Reader(list(_tokens(text)), variables)
    reader.operation()
    fields = reader.selections()
    if reader.tokens:
        raise Unreadable("query contains error, please review it and retry")
    return fields


def _tokens(text: str) -> Iterator[str]:
    at = 0
    while at < len(text):
        match = _TOKEN.match(text, at)
        if match is None:
            raise Unreadable(f"syntax error: unexpected {text[at]!r}")
        at = match.end()
        if match["token"]:
            yield match["token"]


class _Reader:
    def __init__(self, tokens: list[str], variables: dict[str, Any]) -> None:
        self.tokens = tokens[::-1]
        self.variables = variables
        self.depth = 0

    def take(self, wanted: str = "") -> str:
        found = self.tokens.pop() if self.tokens else ""
        if not found or (wanted and found != wanted):
            raise Unreadable(f"syntax error: unexpected {found or 'end of query'!r}")
        return found

    def after(self, token: str) -> bool:
        """True if *token* came next; it is then taken."""
        if self.tokens and self.tokens[-1] == token:
            self.tokens.pop()
            return True
        return False

    def name(self) -> str:
        found = self.take()
        if not _NAME.fullmatch(found):
            raise Unreadable(f"syntax error: unexpected {found!r}")
        return found

    def operation(self) -> None:
        """Skip `query Name($a: Type!, ...)`; a variable that is not sent has its default, or null."""
        if not self.after("query"):
            return
        if self.tokens and self.tokens[-1] not in ("(", "{"):
            self.name()
        if not self.after("("):
            return
        while not self.after(")"):
            self.take("$")
            name = self.name()
            self.take(":")
            while self.tokens and (self.tokens[-1] in "[]!" or _NAME.fullmatch(self.tokens[-1])):
                self.take()
            default = self.value() if self.after("=") else None
            self.variables.setdefault(name, default)

    def selections(self) -> list[Field]:
        self.depth += 1
        if self.depth > DEEPEST:
            raise Unreadable("query contains error, please review it and retry")
        self.take("{")
        found = []
        while not self.after("}"):
            alias = name = self.name()
            if self.after(":"):
                name = self.name()
            one = Field(name, alias, self.arguments())
            if self.tokens and self.tokens[-1] == "{":
                one.fields = self.selections()
            found.append(one)
        self.depth -= 1
        return found

    def arguments(self) -> dict[str, Any]:
        found: dict[str, Any] = {}
        if self.after("("):
            while not self.after(")"):
                name = self.name()
                self.take(":")
                found[name] = self.value()
        return found

    def value(self) -> Any:
        text = self.take()
        if text == "$":
            name = self.name()
            if name not in self.variables:
                raise Unreadable(f"error parsing args: unknown variable {name!r}")
            return self.variables[name]
        if text == "[":
            several = []
            while not self.after("]"):
                several.append(self.value())
            return several
        if text == "{":
            inside: dict[str, Any] = {}
            while not self.after("}"):
                name = self.name()
                self.take(":")
                inside[name] = self.value()
            return inside
        if text[0] in '"-0123456789':
            return json.loads(text)
        if not _NAME.fullmatch(text):
            raise Unreadable(f"syntax error: unexpected {text!r}")
        return _WORDS.get(text, text)
