"""Write ops/docs/reference and the man page from the code: `python -m tests.tools.reference [--check]`.

A page for each collection of tasks, and one each for settings, exit codes, permissions and kinds. With
--check nothing is written; the exit code is 1 if a file is stale.
"""

from __future__ import annotations

import argparse
import inspect
import re
import sys
from collections.abc import Iterable, Iterator
from dataclasses import fields
from math import inf
from pathlib import Path

from ops import errors
from ops.cli.command import Command
from ops.cli.options import HELP, SHARED
from ops.commands.completion import SCRIPTS, script
from ops.config.settings import Settings
from ops.config.values import FIELDS, Setting
from ops.kinds.catalog import kinds, resources
from ops.kinds.paths import OTHER
from ops.kinds.resource import Resource
from ops.program import ALIASES, collection

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "ops" / "docs"
SHARE = ROOT / ".packaging" / "share"
NOTE = "<!-- Written by `python -m tests.tools.reference`; do not edit. -->"
TOP = "top level"


class TaskText:
    """What is known of the task called *name*: its sentence, its paragraphs, its examples, its options."""

    def __init__(self, name: str, task: Command) -> None:
        self.name, self.task = name, task
        paragraphs = inspect.cleandoc(task.function.__doc__ or "").split("\n\n")
        self.sentence = " ".join(paragraphs[0].split())
        self.examples = [line for text in paragraphs for line in text.splitlines() if line.startswith("inv ")]
        self.more = [" ".join(text.split()) for text in paragraphs[1:] if not text.startswith("inv ")]
        found = re.search(r"^permission: (.+)$", task.__doc__ or "", re.MULTILINE)
        self.permission = found[1] if found else ""

    def options(self) -> Iterator[tuple[str, str, str]]:
        """Yield the name, default and help text of each option that the task does not share with others."""
        for option in self.task.get_arguments():
            field = option.attr_name or option.names[0]
            if field in self.task.shared or field.rstrip("_") in self.task.shared:
                continue
            default = option.default if option.default not in (None, "", 0, False, []) else ""
            needed = any(field.rstrip("_") == one.rstrip("_") for one in self.task.required)
            yield f"--{option.names[0]}", "required" if needed else str(default), option.help or ""


def tasks() -> dict[str, list[TaskText]]:
    """Return the tasks of each collection, TOP for those without one."""
    root = collection()
    found: dict[str, list[TaskText]] = {TOP: []}
    for name, aliases in sorted(root.task_names.items()):
        folder, dot, _ = name.partition(".")
        task = root[name]
        assert isinstance(task, Command)
        typed = next((alias for alias in aliases if alias == folder), name)
        found.setdefault(folder if dot else TOP, []).append(TaskText(typed, task))
    return found


def table(head: Iterable[str], rows: Iterable[Iterable[object]]) -> str:
    head = list(head)
    lines = [head, ["---"] * len(head), *([_cell(value) for value in row] for row in rows)]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _cell(value: object) -> str:
    return str(value).replace("|", "\\|").replace("\n", " ").strip()


def _code(words: Iterable[object]) -> str:
    return ", ".join(f"`{word}`" for word in words if word != "")


def _page(title: str, *parts: str) -> str:
    return "\n\n".join([f"# {title}", NOTE, *(part for part in parts if part)]) + "\n"


def task_page(folder: str, found: list[TaskText]) -> str:
    also = f"Also called `{ALIASES[folder]}`." if folder in ALIASES else ""
    shared = "Options that many tasks share are on the page [README](README.md)."
    return _page(f"Tasks: {folder}", also, shared, *(part for one in found for part in task_parts(one)))


def task_parts(one: TaskText) -> Iterator[str]:
    yield f"## {one.name}"
    yield one.sentence
    yield from one.more
    if one.examples:
        yield "```text\n" + "\n".join(one.examples) + "\n```"
    if rows := [
        (f"`{name}`", f"`{default}`" if default else "", text) for name, default, text in one.options()
    ]:
        yield table(("option", "default", ""), rows).replace("`required`", "required")
    kinds_of = [
        word
        for word, yes in (("reads a snapshot with --at", one.task.reads), ("writes", one.task.writes))
        if yes
    ]
    guards = [f"--{name}" for name in one.task.guards]
    facts = [f"permission: {one.permission}" if one.permission else "", *kinds_of, *guards]
    yield "; ".join(fact for fact in facts if fact)


def index() -> str:
    rows = [
        (f"[{folder}]({_file(folder)})", _code(one.name for one in found))
        for folder, found in tasks().items()
    ]
    shared = [
        part
        for title, options in SHARED
        for part in (
            f"## {title}",
            table(
                ("option", ""), [(f"`--{name.replace('_', '-')}`", HELP.get(name, "")) for name in options]
            ),
        )
    ]
    others = ("settings", "exit-codes", "permissions", "kinds")
    pages = f"Also: {', '.join(f'[{name}]({name}.md)' for name in others)}."
    return _page("Reference", table(("collection", "tasks"), rows), pages, *shared)


def _file(folder: str) -> str:
    return f"{folder.replace(' ', '-')}.md"


def settings_page() -> str:
    comments = dict(_comments((ROOT / ".env.example").read_text()))
    defaults = {known.name: known.default for known in fields(Settings)}
    rows = [
        (
            f"`{field.name}`" + (" (guarded)" if field.guarded else ""),
            _code(field.known_as),
            next((comments[name] for name in field.known_as if name in comments), ""),
            _bounds(field),
            f"`{value}`"
            if isinstance(value := defaults[field.name], str | int | float) and value != ""
            else "",
        )
        for field in FIELDS
    ]
    guarded = "A guarded setting is not read from the files of a project."
    return _page("Settings", guarded, table(("setting", "variables", "meaning", "takes", "default"), rows))


def _comments(text: str) -> Iterator[tuple[str, str]]:
    """Yield each variable of .env.example with the comment before it."""
    comment = ""
    for line in text.splitlines():
        if found := re.match(r"(?:# )?([A-Z0-9_]+)=", line):
            yield found[1], re.sub(r" \(.*default.*\)$", "", comment)
        elif line.startswith("# "):
            comment = line.removeprefix("# ")


def _bounds(field: Setting) -> str:
    if field.choices:
        return ", ".join(field.choices)
    words = {"text": "text", "folder": "a path", "file": "a path", "switch": "yes or no"}
    words["table"] = "a table, or the path of a TOML file"
    if field.kind in words:
        return words[field.kind]
    unit = "seconds" if field.kind == "seconds" else "a whole number"
    return f"{unit}, from {field.least:g}" + (f" to {field.most:g}" if field.most < inf else "")


def exit_code_page() -> str:
    drawn = re.findall(
        r"^[│├└─ ]*(\w+) +(\d+)(?:, or (\d+).*)?(?: +(.*))?$", errors.__doc__ or "", re.MULTILINE
    )
    rows = [
        (f"{code} or {other}" if other else code, f"`{name}`", meaning)
        for name, code, other, meaning in drawn
        if name != "OpsError"
    ]
    tree = (errors.__doc__ or "").partition("\n\n")[2].strip()
    return _page(
        "Exit codes",
        "The classes are in `ops.errors`. With `--output json` an error on stderr has its class as `error`.",
        table(("code", "class", "meaning"), rows),
        f"```text\n{tree}\n```",
    )


def permission_page() -> str:
    rows = [(f"`{one.name}`", one.permission or "none") for found in tasks().values() for one in found]
    read = sorted({one.needs for one in resources() if one.needs})
    other = [(f"`{end.path}`", end.needs) for end in OTHER]
    return _page(
        "Permissions",
        "In the words of Cloudflare's dashboard: <https://dash.cloudflare.com/profile/api-tokens>.",
        "## To export everything",
        "\n".join(f"- {needs}" for needs in read),
        "What the token may not read is named and skipped; the snapshot is then partial.",
        "## By task",
        table(("task", "permission"), rows),
        "## Other paths of the API",
        table(("path", "permission"), other),
    )


def kind_page() -> str:
    rows = [
        (f"`{one.kind}`", f"`{one.parent}`", f"`{one.path}`", one.needs, ", ".join(facts(one)))
        for one in kinds().values()
    ]
    return _page(
        "Kinds",
        "What a scan reads, and what can be done with it. `parent` is the kind that an item belongs to.",
        table(("kind", "parent", "path", "permission to read", ""), rows),
    )


def facts(one: Resource) -> Iterator[str]:
    """Yield what can be done with a kind."""
    if one.by_name:
        yield "only if --only names it"
    elif one.deep:
        yield "only with --deep"
    if one not in resources():
        yield "not listed by a scan"
    if one.contents:
        yield "files"
    if one.values:
        yield "values"
    if one.writes:
        never = one.writes.irreversible
        yield f"written; never undone: {never}" if never else "written, undone and restored"
        if one.writes.confirm_by_name:
            yield "deleted by name only"
    if one.restore.unsupported:
        yield f"not restored: {one.restore.unsupported}"
    if one.terraform:
        yield "Terraform"


def man_page() -> str:
    """Return the man page."""
    everything = [one for found in tasks().values() for one in found]
    lines = [
        '.TH CFOPS 1 "" "cfops" "User Commands"',
        ".SH NAME",
        r"cfops \- commands for Cloudflare accounts",
        ".SH SYNOPSIS",
        r".B cfops\fR [\fIcore options\fR] \fItask\fR [\fIoptions\fR] [\fItask\fR [\fIoptions\fR] ...]",
        ".br",
        r".B inv\fR [\fIcore options\fR] \fItask\fR [\fIoptions\fR] [\fItask\fR [\fIoptions\fR] ...]",
        ".SH DESCRIPTION",
        "cfops lists, changes, exports, compares and restores what a Cloudflare account holds.",
        "Several tasks may be on one line; the first failure ends it. The task",
        r".B sandbox",
        "makes the tasks after it work on an offline sandbox.",
        ".B inv",
        "is the same program with the tasks of the folder's tasks.py.",
        ".PP",
        r"\fBcfops \-\-list\fR lists the tasks, \fBcfops \-\-help\fR \fItask\fR shows one,",
        r"\fBcfops docs\fR lists the pages of the documentation.",
        ".SH CORE OPTIONS",
        *_entry(r"\-R, \-\-dry", "dry run of the whole line: show what would change; send no write"),
        *_entry(r"\-d, \-\-debug", "log every request on stderr, without secrets"),
        ".SH TASKS",
        *(line for one in everything for line in _entry(_roff(one.name), _roff(one.sentence))),
    ]
    for title, options in SHARED:
        lines.append(f'.SH "OPTIONS {_roff(title.upper())}"')
        for name in options:
            lines += _entry(_roff(f"--{name.replace('_', '-')}"), _roff(HELP.get(name, "")))
    lines.append('.SH "EXIT STATUS"')
    for code, meaning in exit_codes():
        lines += _entry(code, _roff(meaning))
    lines.append(".SH ENVIRONMENT")
    comments = dict(_comments((ROOT / ".env.example").read_text()))
    for name, comment in comments.items():
        lines += _entry(name, _roff(comment))
    lines += [
        ".SH FILES",
        *_entry(".env", "settings of a project, mode 0600"),
        *_entry(r"profiles.toml", "profiles, in the configuration folder"),
        *_entry(r"exports/", "snapshots"),
        ".SH SEE ALSO",
        r"\fBcfops docs\fR, \fBinvoke\fR(1), \fBage\fR(1)",
    ]
    return "\n".join(lines) + "\n"


def completions() -> dict[Path, str]:
    """Return the files that complete `cfops` without a line in anybody's start-up file."""
    bash, zsh, fish = (script(shell, "env CFOPS_COMPLETE=1 cfops", "cfops") for shell in SCRIPTS)
    function = zsh[zsh.index("_cfops_complete()") : zsh.index("compdef _cfops_complete cfops")]
    return {
        SHARE / "bash-completion" / "completions" / "cfops": bash,
        SHARE / "zsh" / "site-functions" / "_cfops": f"#compdef cfops\n{function}_cfops_complete\n",
        SHARE / "fish" / "vendor_completions.d" / "cfops.fish": fish,
    }


def exit_codes() -> list[tuple[str, str]]:
    """Return the codes with their meanings, as the page on exit codes has them."""
    page = (DOCS / "exit-codes.md").read_text()
    rows = re.findall(r"^\| (\d+) \| (.*?) \| .*\|$", page.replace("\\|", "!"), re.MULTILINE)
    return [(code, meaning.replace("!", "|").replace("`", "")) for code, meaning in rows]


def _entry(term: str, text: str) -> list[str]:
    return [".TP", rf"\fB{term}\fR", text or r"\&"]


def _roff(text: str) -> str:
    escaped = text.replace("\\", r"\e").replace("-", r"\-").replace("'", r"\(aq").replace("`", "")
    return rf"\&{escaped}" if escaped.startswith(".") else escaped


def files() -> dict[Path, str]:
    """Return every generated file with its text."""
    folder = DOCS / "reference"
    pages = {folder / _file(name): task_page(name, found) for name, found in tasks().items()}
    return {
        **pages,
        folder / "README.md": index(),
        folder / "settings.md": settings_page(),
        folder / "exit-codes.md": exit_code_page(),
        folder / "permissions.md": permission_page(),
        folder / "kinds.md": kind_page(),
        SHARE / "man" / "man1" / "cfops.1": man_page(),
        **completions(),
    }


def stale() -> list[Path]:
    """Return the files that are not as they should be, and those that should not exist."""
    wanted = files()
    changed = [path for path, text in wanted.items() if not path.is_file() or path.read_text() != text]
    return changed + [path for path in (DOCS / "reference").glob("*.md") if path not in wanted]


def main() -> int:
    reader = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    reader.add_argument("--check", action="store_true", help="write nothing; exit code 1 if a file is stale")
    options = reader.parse_args()
    found, wanted = stale(), files()
    for path in found:
        print(path.relative_to(ROOT))
        if options.check:
            continue
        if path in wanted:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(wanted[path])
        else:
            path.unlink()
    return int(options.check and bool(found))


if __name__ == "__main__":
    sys.exit(main())
