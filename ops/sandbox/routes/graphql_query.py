"""Read a GraphQL query: one anonymous or named `query` with fields, aliases, arguments and variables.

Fragments, directives, mutations and subscriptions are refused, as analytics queries do not need them.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from typing import Any

TOKEN = re.compile(r'\s+|,|#[^\n]*|("(?:\\.|[^"\\\n])*"|\$\w+|-?\d+(?:\.\d+)?|\w+|[{}()\[\]:!=])')


class QueryError(Exception):
    """The query cannot be answered; the text is what the API would say."""


@dataclass
class Field:
    """One field of a selection; `key` is its alias or its name."""

    name: str
    key: str
    arguments: dict[str, Any] = field(default_factory=dict)
    selection: list[Field] = field(default_factory=list)

    def chosen(self, name: str) -> list[Field]:
        """The fields chosen inside the chosen field *name*."""
        return [one for chosen in self.selection if chosen.name == name for one in chosen.selection]


def parse(text: str, variables: dict[str, Any]) -> list[Field]:
    """The outermost selection of *text*, variables filled in. Raises QueryError."""
    return _Parser(_tokens(text), variables).document()


def _tokens(text: str) -> list[str]:
    tokens, place = [], 0
    while place < len(text):
        match = TOKEN.match(text, place)
        if match is None:
            raise QueryError(f"error parsing query: unexpected character {text[place]!r} at position {place}")
        if match[1]:
            tokens.append(match[1])
        place = match.end()
    return tokens


class _Parser:
    def __init__(self, tokens: list[str], variables: dict[str, Any]) -> None:
        self.tokens = tokens
        self.place = 0
        self.variables = dict(variables)

    def document(self) -> list[Field]:
        if self.peek() != "{":
            self.heading()
        selection = self.selection()
        if self.peek():
            raise QueryError(f"error parsing query: unexpected {self.peek()!r}")
        return selection

    def heading(self) -> None:
        """`query Name($a: string!, $b: int = 3)`; defaults are kept, types are not checked."""
        if self.take() != "query":
            raise QueryError("error parsing query: only queries are answered")
        if self.peek() not in ("(", "{"):
            self.take()
        if self.peek() == "(":
            self.take("(")
            while self.peek() != ")":
                self.declaration()
            self.take(")")

    def declaration(self) -> None:
        name = self.take().removeprefix("$")
        self.take(":")
        while self.peek() not in ("=", ")", "") and not self.peek().startswith("$"):
            self.take()
        if self.peek() == "=":
            self.take("=")
            self.variables.setdefault(name, self.value())

    def selection(self) -> list[Field]:
        self.take("{")
        fields = []
        while self.peek() != "}":
            fields.append(self.field())
        self.take("}")
        return fields

    def field(self) -> Field:
        key = name = self.name()
        if self.peek() == ":":
            self.take(":")
            name = self.name()
        found = Field(name, key)
        if self.peek() == "(":
            self.take("(")
            found.arguments = self.pairs(")")
        if self.peek() == "{":
            found.selection = self.selection()
        return found

    def pairs(self, end: str) -> dict[str, Any]:
        pairs: dict[str, Any] = {}
        while self.peek() != end:
            name = self.name()
            self.take(":")
            pairs[name] = self.value()
        self.take(end)
        return pairs

    def value(self) -> Any:
        word = self.take()
        if word == "{":
            return self.pairs("}")
        if word == "[":
            items = []
            while self.peek() != "]":
                items.append(self.value())
            self.take("]")
            return items
        if word.startswith("$"):
            return self.variable(word[1:])
        if word[0] == '"' or word[0] in "-0123456789" or word in ("true", "false", "null"):
            return json.loads(word)
        return word

    def variable(self, name: str) -> Any:
        if name not in self.variables:
            raise QueryError(f"error parsing args: variable ${name} is not given")
        return self.variables[name]

    def name(self) -> str:
        token = self.take()
        if not re.fullmatch(r"[A-Za-z_]\w*", token):
            raise QueryError(f"error parsing query: expected a name, found {token!r}")
        return token

    def peek(self) -> str:
        return self.tokens[self.place] if self.place < len(self.tokens) else ""

    def take(self, expected: str = "") -> str:
        token = self.peek()
        if not token or (expected and token != expected):
            raise QueryError(
                f"error parsing query: expected {expected or 'more'}, found {token or 'the end'}"
            )
        self.place += 1
        return token
