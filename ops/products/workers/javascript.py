"""Detect modules among JavaScript: `import` and `export` count as code, not in strings or comments."""

from __future__ import annotations

import re

_BLANK = r"\s|//[^\n\r\u2028\u2029]*|/\*.*?\*/"
_TOKEN = re.compile(
    rf"""(?P<blank>(?:{_BLANK})+)
    |(?P<word>(?:[\w$]|\\u(?:[\da-fA-F]{{4}}|\{{[\da-fA-F]+\}}))+)
    |(?P<value>"(?:[^"\\\n\r]|\\.)*"|'(?:[^'\\\n\r]|\\.)*')
    |(?P<punctuation>=>|\+\+|--|\?\.(?!\d)|[^\w\s"'`])
    |(?P<template>`)""",
    re.DOTALL | re.VERBOSE,
)
_HTML_COMMENT = re.compile(r"^[^\S\n\r]*(?:<!--|-->)[^\n\r]*", re.MULTILINE)
_REGEX = re.compile(r"/(?![*/])(?:[^\\/\[\n\r]|\\[^\n\r]|\[(?:[^\]\\\n\r]|\\[^\n\r])*\])+/\w*")
_TEMPLATE = re.compile(r"(?:[^`\\$]|\\.|\$(?!\{))*(?:`|\$\{)", re.DOTALL)
_AFTER_IMPORT = re.compile(rf"(?:{_BLANK})*(?:(?P<meta>\.(?:{_BLANK})*meta\b)|(?P<call>[(.]))?", re.DOTALL)
_BLANKS = re.compile(rf"(?:{_BLANK})*", re.DOTALL)
_PAIRS = {")": "(", "]": "[", "}": "{"}
# After these words an expression begins: a `/` begins a regular expression and a `{` an object.
_OPERATORS = frozenset(
    (
        "return", "typeof", "instanceof", "in", "of", "new", "delete", "void", "throw", "case", "await",
        "yield", "default", "extends",
    )
)  # fmt: skip
_CONDITIONS = frozenset(("if", "while", "for", "with"))
_VALUE = "value"


def is_module(source: bytes) -> bool | None:
    """Return True if *source* imports or exports at its top level or uses `import.meta`, else False.

    Return None if it cannot be read: a bracket, string, comment or template is not closed.
    """
    if b"import" not in source and b"export" not in source:
        return False
    text = source.decode("utf-8-sig", "replace")
    text = _HTML_COMMENT.sub("", re.sub(r"\A#![^\n\r]*", "", text))
    try:
        return _Scanner(text).finds_module()
    except ValueError:
        return None


def is_blank(text: str) -> bool:
    """True if *text* has nothing but white space and comments."""
    blanks = _BLANKS.match(text)
    return blanks is not None and blanks.end() == len(text)


class _Scanner:
    """A pass over the tokens of a script. *before* is the last token, `value` for a literal."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._at = 0
        self._before = self._before_that = ""
        # Each open bracket, with whether a regular expression may follow the bracket that closes it.
        self._open: list[tuple[str, bool]] = []
        self._regex_next = True

    def finds_module(self) -> bool:
        while self._at < len(self._text):
            match = _TOKEN.match(self._text, self._at)
            if match is None:
                raise ValueError("a string is not closed")
            kind, text = match.lastgroup or "", match[0]
            if kind == "blank":
                self._at = match.end()
            elif kind == "template":
                self._template(match.end())
            elif text == "/" and self._regex_next and (regex := _REGEX.match(self._text, self._at)):
                self._at = regex.end()
                self._saw(_VALUE, regex_next=False)
            else:
                self._at = match.end()
                if kind == "word" and self._is_module_word(text):
                    return True
                self._step(kind, text)
        if self._open:
            raise ValueError("a bracket is not closed")
        return False

    def _is_module_word(self, word: str) -> bool:
        if self._before in (".", "?.") or word not in ("import", "export"):
            return False
        if word == "export":
            return not self._open
        after = _AFTER_IMPORT.match(self._text, self._at)
        if after and after["meta"]:
            return True
        return not self._open and not (after and after["call"])

    def _step(self, kind: str, token: str) -> None:
        if kind == "value":
            self._saw(_VALUE, regex_next=False)
        elif kind == "word":
            operator = token in _OPERATORS or token in ("do", "else")
            self._saw(token, regex_next=operator and self._before not in (".", "?."))
        elif token in _PAIRS.values():
            self._open.append((token, self._regex_after_closing(token)))
            self._saw(token, regex_next=True)
        elif token in _PAIRS:
            if not self._open or self._open[-1][0] not in (_PAIRS[token], "`"):
                raise ValueError("brackets do not match")
            opener, regex_next = self._open.pop()
            if opener == "`":
                self._template(self._at)
            else:
                self._saw(token, regex_next=regex_next)
        else:
            self._saw(token, regex_next=token not in ("++", "--"))

    def _regex_after_closing(self, opener: str) -> bool:
        """Return True if the bracket closes a condition or a block; after a value, `/` is a division."""
        if opener == "(":
            return self._before in _CONDITIONS and self._before_that not in (".", "?.")
        if opener == "[":
            return False
        if self._before == ":":
            inside = self._open[-1] if self._open else ("{", True)
            return inside == ("{", True)
        ends_statement = self._before in ("", ";", "{", "}", ")", "]", "=>", _VALUE)
        return ends_statement or (self._before[:1].isalnum() and self._before not in _OPERATORS)

    def _template(self, start: int) -> None:
        """Skip a part of a template: up to its end, or up to an expression in it."""
        match = _TEMPLATE.match(self._text, start)
        if match is None:
            raise ValueError("a template is not closed")
        self._at = match.end()
        if match[0].endswith("${"):
            self._open.append(("`", False))
            self._saw("{", regex_next=True)
        else:
            self._saw(_VALUE, regex_next=False)

    def _saw(self, token: str, *, regex_next: bool) -> None:
        self._before_that, self._before, self._regex_next = self._before, token, regex_next
