"""Words that must not come back: code, messages, tests and documents use plain technical English."""

from __future__ import annotations

import ast
import io
import re
import tokenize
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
DOCUMENTS = (
    "README.md",
    "CHANGELOG.md",
    "CONTRIBUTING.md",
    ".github/SECURITY.md",
    ".github/pull_request_template.md",
    "exports/README.md",
    ".env.example",
)

OPENINGS = re.compile(r"(Gives?|Says?|Tells?|Whether|So many|This many)\b")
WORDS = {
    r"shall": "must, will",
    r"mend(s|ed|ing)?": "fix, correct",
    r"anew": "again",
    r"(hi|thi|whi)ther": "there, to it",
    r"(lie|lies|lay) in": "is in, belongs to",
    r"(?<!there )is no (?!longer\b|more than\b)": "is not a",
    r"(that|which|it) (is|are) (?-i:none)": "is not a",
    r"(take|takes|took|taken|taking)( it| them| this| that)? back": "undo, revert",
    r"what (stands|stood)|left standing|as (it|they) stands?": "current, live, exists",
    r"told": "reported, named",
    r"for good": "permanently",
    r"so many|this many": "N, the number of",
    r"but for": "except",
    r", for (it|they|he|nothing|there) ": "because",
    r"(is|are|was|were) wanting": "is missing",
    r"has come since|have come since": "was created after",
    r"roads?": "way, path",
    r"pretence|shelf|shelves|crowd|wishes": "dry run, index, requests in flight, options",
    r"gone on|goes on where": "resume",
    r"nought|naught|ere|lest|thereof|whence|whoever": "",
}
BANNED = {
    re.compile(("" if words[0] == "," else r"\b") + rf"(?:{words})\b", re.IGNORECASE): better
    for words, better in WORDS.items()
}


def found(path: Path) -> Iterator[str]:
    """Yield each banned word of *path* as `file:line: word`, with what to write in its place."""
    name = path.relative_to(ROOT).as_posix()
    for line, text, opens in texts(path):
        if opens and (opening := OPENINGS.match(text)):
            yield f"{name}:{line}: docstring begins with {opening[0]!r} (Return, Yield, Raise, True if)"
        flat = re.sub(r"\s", " ", text)
        for pattern, better in BANNED.items():
            for hit in pattern.finditer(flat):
                yield f"{name}:{line + text[: hit.start()].count(chr(10))}: {hit[0].strip()!r} ({better})"


def texts(path: Path) -> Iterator[tuple[int, str, bool]]:
    """Yield the prose of *path*: its line, the text, and whether it is a docstring."""
    source = path.read_text()
    if path.suffix != ".py":
        yield 1, source, False
        return
    yield from comments(source)
    tree = ast.parse(source)
    docstrings = {id(node.value): node.value for node in ast.walk(tree) if is_text(node)}
    for node in docstrings.values():
        yield node.lineno, str(node.value), True  # type: ignore[attr-defined]
    if path.is_relative_to(ROOT / "tests"):
        yield from test_names(tree)
        return
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in docstrings:
            yield node.lineno, node.value, False


def is_text(node: ast.AST) -> bool:
    return (
        isinstance(node, ast.Expr)
        and isinstance(node.value, ast.Constant)
        and isinstance(node.value.value, str)
    )


def comments(source: str) -> Iterator[tuple[int, str, bool]]:
    """Yield the comments of *source*, those on lines that follow each other as one text."""
    block: list[str] = []
    first = last = 0
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type == tokenize.COMMENT:
            if block and token.start[0] != last + 1:
                yield first, "\n".join(block), False
                block = []
            if not block:
                first = token.start[0]
            block.append(token.string.lstrip("# "))
            last = token.start[0]
    if block:
        yield first, "\n".join(block), False


def test_names(tree: ast.Module) -> Iterator[tuple[int, str, bool]]:
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef) and node.name.startswith("test_"):
            yield node.lineno, node.name.replace("_", " "), False


test_names.__test__ = False  # type: ignore[attr-defined]


def files() -> list[Path]:
    python = [path for folder in ("ops", "tests") for path in (ROOT / folder).rglob("*.py")]
    return sorted([*python, *(ROOT / name for name in DOCUMENTS), *(ROOT / "ops" / "docs").rglob("*.md")])


def test_no_prose_uses_a_banned_word_or_opening() -> None:
    bad = [hit for path in files() for hit in found(path)]

    assert not bad, "plain technical English, please:\n" + "\n".join(bad)


@pytest.mark.parametrize(
    ("source", "hits"),
    [
        ('"""Give the items."""', 1),
        ('def f() -> bool:\n    """Say whether it is set."""', 1),
        ("x = 1  # it shall\n", 1),
        ('raise ValueError(f"{x} lies in\\n the zone")', 1),
        ('hint = "that is no number, for it has a letter"', 2),
        ("# it is taken\n# back\n", 1),
        ('shallow = mended = "shallow water, commend, amend, there is no zone, it is no longer"', 0),
        ('"""Return what was given."""', 0),
    ],
)
def test_a_banned_word_is_found_in_docstrings_comments_and_strings_but_not_in_identifiers(
    source: str, hits: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tests.test_vocabulary.ROOT", tmp_path)
    file = tmp_path / "module.py"
    file.write_text(source)

    assert len(list(found(file))) == hits


def test_a_banned_word_is_found_in_the_name_of_a_test(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tests.test_vocabulary.ROOT", tmp_path)
    file = tmp_path / "tests" / "test_it.py"
    file.parent.mkdir()
    file.write_text('def test_it_is_made_anew():\n    """It is."""\n    assert told == "it shall"\n')

    assert list(found(file)) == ["tests/test_it.py:1: 'anew' (again)"]
