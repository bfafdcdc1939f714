"""The candidates for a word at the cursor: `python -m ops.completion SHELL LINE`; silent on any error.

A shell asks at every Tab, so no task is imported: their names and options are read from an index in the cache
folder, which is written again after any change. Names of zones, namespaces and scripts
come from the newest snapshot on this machine, ids of changes from the journal, and nothing from Cloudflare.
"""

from __future__ import annotations

import json
import os
import re
import shlex
import sys
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple
from zlib import crc32

from ops.typed import SHELL_OPTIONS
from ops.version import VERSION

PROGRAMS = ("inv", "invoke", "cfops")
_END = "\x01"
# What an option's values are, by its name or by "task option": words, or a kind and its field.
FORMATS = ("table", "json", "jsonl", "csv", "tsv", "yaml")
# The phases with rules that people write; Cloudflare has more.
PHASES = tuple(
    f"http_{name}"
    for name in (
        *("config_settings", "custom_errors", "log_custom_fields", "ratelimit", "request_cache_settings"),
        *("request_dynamic_redirect", "request_firewall_custom", "request_firewall_managed"),
        *("request_late_transform", "request_origin", "request_redirect", "request_sbfm"),
        *("request_transform", "response_compression", "response_headers_transform"),
    )
)
CHOICES: dict[str, tuple[str, ...]] = {
    "--output": FORMATS,
    "-o": FORMATS,
    "--log-format": ("text", "json"),
    "--phase": PHASES,
    "--for": ("cron", "systemd", "github", "kubernetes"),
    "--kv": ("keys", "values", "none"),
    "--by": ("route", "task", "account", "profile", "day", "hour"),
    "--format": ("modules", "service-worker"),
    "dns.export --format": ("bind", "yaml", "json", "csv"),
    "completion --shell": ("bash", "zsh", "fish"),
}
NAMES = {
    "--zone": ("zones.zone", "name"),
    "--host": ("zones.zone", "name"),
    "--namespace": ("kv.namespace", "title"),
    "do.info --namespace": ("do.namespace", "name"),
    "do.objects --namespace": ("do.namespace", "name"),
    "do.object --namespace": ("do.namespace", "name"),
    "--script": ("workers.script", "id"),
    "--bucket": ("r2.bucket", "name"),
    "--database": ("d1.database", "name"),
    "--queue": ("queues.queue", "queue_name"),
    "--project": ("pages.project", "name"),
    "--list": ("lists.list", "name"),
    "--tunnel": ("tunnels.tunnel", "name"),
    "--virtual-network": ("tunnels.virtual_network", "name"),
    "--fallback": ("load_balancers.pool", "name"),
    "--balancer": ("load_balancers.balancer", "name"),
    "--pool": ("load_balancers.pool", "name"),
    "--monitor": ("load_balancers.monitor", "description"),
    "--rule": ("email.rule", "name"),
    **{
        f"rulesets.rule-{task} --{option}": ("rulesets.*", "rules.description")
        for task, options in (
            ("add", ("before", "after")),
            ("update", ("rule", "before", "after")),
            ("delete", ("rule",)),
        )
        for option in options
    },
}
SNAPSHOTS = (
    "--at",
    "-a",
    "-b",
    *(f"snapshots.{task} --name" for task in ("push", "render", "restore", "show", "verify")),
)
KINDS = ("--only", "--skip", "--kind", "--product")
PROFILES = ("--profile", "profile --name")
UNDO = ("undo.apply --id", "undo.show --id")
PAGES = ("docs --page",)
# More than that is not read at a Tab.
LARGEST = 4 << 20


class Task(NamedTuple):
    """What the index knows of a task: options and whether each takes a value, and its main arguments."""

    options: dict[str, bool]
    arguments: list[str]
    required: list[str]


def main(shell: str, line: str) -> None:
    """Print the candidates, one a line."""
    from ops.config.private import environment
    from ops.config.settings import SANDBOX, load

    settings = load({}, invoke={}, environ=environment(), cwd=Path.cwd())
    program, words, quote = _words(line)
    if SANDBOX in words[:-1]:
        exports = settings.exports / SANDBOX
        settings = replace(settings, exports=exports, account_id="", base_url=f"http://{SANDBOX}")
    index = _index(settings)
    if program == "cfops":
        for option, short in SHELL_OPTIONS.items():
            index["core"].pop(option, None)
            index["core"].pop(short, None)
    for word in _matching(words[-1], _candidates(words, index, settings)):
        print(_bash(word, words[-1], quote, line) if shell == "bash" else word)


def _words(line: str) -> tuple[str, list[str], str]:
    """Return the program's name, the words after it, and the quote that is open.

    The last word is the one at the cursor, perhaps empty.
    """
    closings = iter(("", "'", '"'))
    while True:  # one of them closes what is open
        closing = next(closings)
        with suppress(ValueError):
            words = shlex.split(f"{line}{_END}{closing}")
            break
    first = next(n for n, word in enumerate(words) if Path(word).name in PROGRAMS)
    return Path(words[first]).name, [word.removesuffix(_END) for word in words[first + 1 :]], closing


def _candidates(words: list[str], index: dict[str, Any], settings: Any) -> Iterable[str]:
    tasks = {name: Task(*entry) for name, entry in index["tasks"].items()}
    name, task, pending, given, bare = "", None, "", set[str](), 0
    for word in words[:-1]:
        left = [a for a in task.arguments if a not in given][bare:] if task else []
        if pending:
            pending = ""
        elif word.startswith("-"):
            flag, equals, _value = word.partition("=")
            given.add(flag)
            if not flag.startswith("--"):
                flag = f"-{flag[-1]}"  # of several short options in one word, the last may take a value
            pending = flag if not equals and (task.options if task else index["core"]).get(flag) else ""
        elif word in tasks and not (task and set(left) & set(task.required)):
            name, task, given, bare = word, tasks[word], set(), 0
        else:
            bare += 1
    current = words[-1]
    flag, equals, _value = current.partition("=")
    if pending or (equals and flag.startswith("-")):
        return (
            f"{flag}={value}" if equals else value
            for value in _values(name, pending or flag, index, settings)
        )
    if current.startswith("-"):
        return [flag for flag in (task.options if task else index["core"]) if flag not in given]
    left = [a for a in task.arguments if a not in given][bare:] if task else []
    found = list(_values(name, left[0], index, settings)) if left else []
    return found if task and set(left) & set(task.required) else [*found, *tasks]


def _values(task: str, flag: str, index: dict[str, Any], settings: Any) -> Iterator[str]:
    named = f"{task} {flag}"
    if kind := NAMES.get(named) or NAMES.get(flag):
        yield from _names(*kind, settings)
    elif flag in SNAPSHOTS or named in SNAPSHOTS:
        yield from ("latest", "previous", *(("live",) if flag in ("-a", "-b") else ()))
        yield from (folder.name for account in _accounts(settings) for folder in _snapshots(account))
    elif flag in KINDS:
        yield from index["kinds"]
    elif flag in PROFILES or named in PROFILES:
        from ops.config.layers import list_profiles

        yield from list_profiles(settings.config_dir).by_name
    elif flag == "--task":
        yield from index["tasks"]
    elif named in UNDO:
        yield from _changes(settings, undone=named != UNDO[0])
    elif named in PAGES:
        pages = Path(__file__).parent / "docs"
        yield from sorted(file.relative_to(pages).with_suffix("").as_posix() for file in pages.rglob("*.md"))
    else:
        yield from CHOICES.get(named) or CHOICES.get(flag) or ()


def _accounts(settings: Any) -> list[Path]:
    """Return the folders of the accounts with snapshots; only that of the account in force if it is known."""
    if settings.account_id:
        return [settings.exports / settings.account_id]
    return sorted(p for p in settings.exports.glob("*") if p.is_dir() and p.name != "sandbox")


def _snapshots(account: Path) -> list[Path]:
    """Return the snapshots of an account, newest first."""
    return sorted(account.glob("[0-9]*"), reverse=True)


def _names(kind: str, field: str, settings: Any) -> Iterator[str]:
    """Yield the names of a kind in the newest snapshot of each account that has it.

    In *kind*, `*` is several kinds of a product; in *field*, a dot reaches into each item of a list.
    """
    outer, _, inner = field.rpartition(".")
    for account in _accounts(settings):
        files = next((f for s in _snapshots(account) if (f := sorted(s.glob(f"{kind}.jsonl")))), [])
        for file in files:
            if file.stat().st_size > LARGEST:
                continue
            for line in file.read_text(encoding="utf-8").splitlines():
                item = json.loads(line).get("item", {})
                for one in item.get(outer) or () if outer else (item,):
                    value = one.get(inner)
                    if isinstance(value, str) and value.isprintable():
                        yield value


def _changes(settings: Any, *, undone: bool) -> Iterator[str]:
    """Yield the ids of the last tasks and their changes on this server, newest first; also *undone* ones."""
    found: dict[str, bool] = {}
    with (settings.state_dir / "journal" / "journal.jsonl").open("rb") as journal:
        journal.seek(max(0, journal.seek(0, os.SEEK_END) - LARGEST))
        for text in journal:
            with suppress(ValueError, KeyError):  # the first line may be cut
                line = json.loads(text)
                if line["type"] == "intent" and line["place"] == settings.api_host:
                    found[line["id"]] = True
                elif line["id"] in found:
                    found[line["id"]] = line["state"] not in ("undone", "failed")
    for id in reversed([id for id, can_be_undone in found.items() if can_be_undone or undone]):
        yield id.rpartition(".")[0]
        yield id


def _index(settings: Any) -> dict[str, Any]:
    """Return the index of the tasks of this folder's tasks.py, or of cfops alone; a stale one is replaced."""
    tasks, here = Path("tasks.py").absolute(), Path(__file__).parent
    own = str(tasks) if tasks.is_file() else ""
    files = [*here.rglob("*.py"), *([tasks] if own else [])]
    folder, plugins = settings.cache_dir, settings.config_dir / "plugins.toml"
    enabled = plugins.stat().st_mtime_ns if plugins.is_file() else 0
    stamp = [VERSION, str(here), own, max(file.stat().st_mtime_ns for file in files), enabled]
    stored = folder / f"completion-{crc32(own.encode()):08x}.json"
    try:
        index: dict[str, Any] = json.loads(stored.read_bytes())
        if index["stamp"] == stamp:
            return index
    except (OSError, ValueError, KeyError, TypeError):
        pass
    index = {"stamp": stamp, **_read_tasks(tasks)}
    from ops.errors import OpsError
    from ops.files.disk import atomic, private_folder

    # Where nothing can be stored, each Tab takes longer.
    with suppress(OSError, OpsError):
        private_folder(folder)
        with atomic(stored) as file:
            file.write(json.dumps(index).encode())
    return index


def _read_tasks(tasks: Path) -> dict[str, Any]:
    from invoke.collection import Collection
    from invoke.parser.context import to_flag
    from invoke.program import Program

    from ops.cli.words import flag_of
    from ops.kinds.catalog import kinds
    from ops.program import collection

    root = collection()
    if tasks.is_file():
        from invoke.loader import FilesystemLoader

        root = Collection.from_module(FilesystemLoader(start=str(Path.cwd())).load("tasks")[0])
    named: dict[str, Any] = {}
    for context in root.to_contexts():
        task = root[context.name]
        options = {
            to_flag(n): a.takes_value and not a.optional for a in context.args.values() for n in a.names
        }
        arguments = [flag_of(name) for name in getattr(task, "arguments", ())]
        entry = (options, arguments, [flag_of(name) for name in getattr(task, "required", ())])
        named |= dict.fromkeys((str(context.name), *context.aliases), entry)
    core = {to_flag(n): a.takes_value and not a.optional for a in Program().core_args() for n in a.names}
    return {
        "tasks": named,
        "core": core,
        "kinds": sorted({*kinds(), *(kind.split(".")[0] for kind in kinds())}),
    }


def _matching(current: str, candidates: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(word for word in candidates if word.startswith(current)))


def _bash(word: str, current: str, quote: str, line: str) -> str:
    """Return what bash puts in the place of the current word's end, which we have to quote.

    That is what follows an open quote, or else the last `=` or `:`.
    """
    if quote:
        word = word[len(current) - len(line.rpartition(quote)[2]) :]
        return re.sub(r'([$`"\\\\])', r"\\\1", word) if quote == '"' else word.replace("'", "'\\''")
    return shlex.quote(word[max(current.rfind("="), current.rfind(":")) + 1 :])


def answer(words: list[str]) -> None:
    """Print the candidates for *words*, a shell and its line; nothing on any error."""
    try:
        main(*words)
        sys.stdout.flush()
    except Exception:  # noqa: BLE001 (a Tab must never print an error)
        os._exit(0)


if __name__ == "__main__":
    answer(sys.argv[1:])
