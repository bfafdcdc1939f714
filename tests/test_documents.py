"""The documents are true: their lines can be typed, their output is printed, the generated ones are new."""

from __future__ import annotations

import io
import re
import shlex
from collections.abc import Callable, Iterator
from contextlib import redirect_stderr, suppress
from pathlib import Path

import pytest
from invoke.exceptions import Exit

from ops.cli.configuration import OpsConfig
from ops.program import OpsProgram, collection
from ops.sandbox.faults import ARGUMENTS
from tests.conftest import Result
from tests.tools import documents, picture, reference

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text()
TRY = "python3 -m venv .venv && .venv/bin/pip install -e . && .venv/bin/inv sandbox scan.export"
TEST = "python3 -m venv .venv && .venv/bin/pip install -e '.[test]' && .venv/bin/pytest"
PAGES = {page.stem: page for page in documents.pages()}
REFERENCE = {f"reference/{page.stem}": page for page in (documents.DOCS / "reference").glob("*.md")}
PLACEHOLDERS = re.compile(r"…|\b(NAME|TASK|FILE|ADDRESS|OBJECT_ID)\b")
# Their blocks define tasks of their own.
OWN_TASKS = ("own-tasks",)


def test_the_first_screen_holds_the_two_commands() -> None:
    first_screen = "\n".join(README.splitlines()[:20])

    assert TRY in first_screen
    assert TEST in first_screen


def test_the_continuous_integration_runs_both_commands_unchanged() -> None:
    script = (ROOT / ".ci" / "run").read_text()

    assert TRY in script
    assert TEST in script


def test_the_reference_and_the_man_page_are_as_the_code_says() -> None:
    stale = [path.name for path in reference.stale()]

    assert stale == [], "run `python -m tests.tools.reference`"


@pytest.mark.parametrize("name", [*PAGES, *REFERENCE])
def test_every_line_of_a_page_names_tasks_and_options_that_exist(name: str) -> None:
    wrong = [f"{' '.join(line)}: {why}" for line in lines(name) if (why := refused(line))]

    assert wrong == []


def lines(name: str) -> Iterator[list[str]]:
    """Yield what follows `inv` or `cfops` in the blocks and the text of a page."""
    text = (PAGES | REFERENCE)[name].read_text()
    if name in REFERENCE:
        typed = re.findall(r"^(inv .+)$", text, re.MULTILINE)
    else:
        shown = re.findall(r"`((?:inv |cfops |[a-z-]+\.[a-z-]+ --)[^`]+)`", text)
        typed = [line if line.startswith(("inv ", "cfops ")) else f"inv {line}" for line in shown]
        typed += [step.line for step in documents.steps(text)] if name not in OWN_TASKS else []
    for line in (line for line in typed if not PLACEHOLDERS.search(line)):
        for words in commands(line):
            if words and words[0] in ("inv", "cfops"):
                yield words[1:]


def commands(line: str) -> Iterator[list[str]]:
    """Yield the words of each command in a shell line, without redirections."""
    lexer = shlex.shlex(line, posix=True, punctuation_chars=True)
    lexer.whitespace_split = True
    words: list[str] = []
    redirected = False
    for word in lexer:
        if set(word) <= set("();|&"):
            yield words
            words = []
        elif set(word) <= set("<>"):
            redirected = True
        elif redirected:
            redirected = False
        else:
            words.append(word)
    yield words


def refused(line: list[str]) -> str:
    """Return what the parser says of *line*, "" if it accepts it."""
    program = OpsProgram(name="inv", binary="inv", namespace=collection(), config_class=OpsConfig)
    program.create_config()
    said = io.StringIO()
    with redirect_stderr(said), suppress(Exit):
        program.parse_core(["inv", *line])
        program.parse_collection()
        program.parse_tasks()
    return said.getvalue()


def test_a_line_with_an_unknown_option_is_found() -> None:
    assert "no option --nmae" in refused(["dns.list", "--zone", "example.com", "--nmae", "www"])


@pytest.mark.parametrize("page", [*PAGES.values(), ROOT / "CONTRIBUTING.md"], ids=lambda page: page.stem)
def test_every_link_to_a_file_reaches_one(page: Path) -> None:
    targets = re.findall(r"\]\((?!https?:)([^)#]+)\)", page.read_text())

    assert [target for target in targets if not (page.parent / target).exists()] == []


def test_every_file_and_folder_of_the_code_that_a_page_names_exists() -> None:
    named = {
        path for page in PAGES.values() for path in re.findall(r"`((?:ops|tests)/[\w/.]+)`", page.read_text())
    }
    rooms = re.findall(r"^  (\w+(?:/|\.py)) ", PAGES["architecture"].read_text(), re.MULTILINE)

    assert len(rooms) > 20
    assert [path for path in (*named, *(f"ops/{room}" for room in rooms)) if not (ROOT / path).exists()] == []
    assert {path.name for path in (ROOT / "ops").iterdir() if (path / "__init__.py").exists()} == {
        room.rstrip("/") for room in rooms if room.endswith("/")
    }


def test_the_readme_links_every_page() -> None:
    assert [name for name in PAGES if name != "README" and f"ops/docs/{name}.md" not in README] == []


def test_the_picture_shows_the_first_session_of_the_sandbox() -> None:
    lines = picture.session()

    assert sum(line.startswith("$ inv sandbox") for line in lines) == 3
    assert picture.PICTURE.read_text() == picture.drawn(lines), "run `python -m tests.tools.picture`"


def test_a_page_names_every_kind_of_fault() -> None:
    listed = PAGES["sandbox"].read_text().partition("the kinds are")[2].partition("\n\n")[0]

    assert {kind for kind in ARGUMENTS if kind != "5xx"} - set(re.findall(r"[a-z0-9-]+", listed)) == set()


def test_docs_lists_every_page_and_shows_one(inv: Callable[..., Result]) -> None:
    listed = inv("docs").out
    shown = inv("docs", "--page", "undo")

    assert [name for name in PAGES if name != "README" and f"{name}\t" not in listed] == []
    assert shown.out == PAGES["undo"].read_text()


def test_docs_suggests_a_page_for_a_wrong_name(inv: Callable[..., Result]) -> None:
    done = inv("docs", "--page", "snapshot")

    assert done.code == 1
    assert "did you mean snapshots?" in done.err


@pytest.mark.long
@pytest.mark.timeout(300)
@pytest.mark.parametrize("name", PAGES)
def test_the_lines_of_a_page_print_what_it_shows(name: str) -> None:
    documents.check(PAGES[name])
