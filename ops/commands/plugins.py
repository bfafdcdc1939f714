"""The `plugins` collection: which plugins there are, and the allow-list of those that are on."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from ops.cli.command import command
from ops.errors import NotFound, Refused, UsageError
from ops.typed import in_message
from ops.ui.shapes import KEY, LOW, MAIN, STATUS, Column, Item, Rows

if TYPE_CHECKING:
    from pathlib import Path

    from ops.cli.app import App
    from ops.items import Json
    from ops.plugins.allowed import AllowList, Entry
    from ops.plugins.installed import Installed

COLUMNS = (
    Column("name", KEY), "version", Column("status", MAIN, STATUS), Column("brings", MAIN, wraps=True),
    Column("meaning", MAIN, wraps=True), Column("install", LOW),
)  # fmt: skip
NAMED = "name of the distribution, e.g. cfops-mail; or of a program in [hooks]"


@command("list", default=True, positional=("name",), help={"name": "only this distribution"})
def list_plugins(app: App, name: str = "") -> Rows:
    """List the plugins that are installed or enabled, and why one is off; loads none of them.

    inv plugins
    inv plugins --output json --fields name,install
    """
    from ops.plugins import installed
    from ops.plugins.allowed import normalised

    listed, found = _allowed(app), {one.distribution: one for one in installed.find_all()}
    entries = {entry.distribution: entry for entry in listed.plugins}
    names = sorted({*found, *(entry.distribution for entry in listed.plugins if entry.version), *_named()})
    rows = [_row(one, found.get(one), entries.get(one)) for one in names]
    rows += _programs(listed)
    if name:
        rows = [row for row in rows if row["name"] == normalised(name)]
        if not rows:
            rows = [_row(normalised(name), None, None)]
    return Rows(rows, COLUMNS, "plugin")


def _row(name: str, one: Installed | None, entry: Entry | None) -> Json:
    from ops.plugins.choose import reason
    from ops.plugins.door import DOOR, NONE, SWITCH
    from ops.plugins.fire import FAILURES, failed
    from ops.plugins.install import install_line

    enabled = bool(entry and entry.version) or name in _named()
    brings = list(entry.brings) if entry and entry.brings else list(_brings(one)) if one else []
    row = {"name": name, "version": one.version if one else "", "brings": brings}
    off = {known.distribution: known for known in (DOOR.choice.off if DOOR.choice else ())}
    if one is None:
        why = "it is enabled and not installed" if enabled else "it is not installed"
        return {**row, "status": "missing", "meaning": why, "install": install_line(name)}
    row["install"] = "" if one.editable else install_line(name, upgrade=True)
    if not enabled:
        why = one.problem or f"installed, not enabled: `inv plugins.enable {name}`"
        return {**row, "status": "disabled", "meaning": in_message(why)}
    why = reason(one, entry) if entry else one.problem
    if why or name in off:
        settle = off[name].hint if name in off else f"`inv plugins.enable {name}`"
        return {**row, "status": "off", "meaning": in_message(f"{why or off[name].why}: {settle}")}
    if DOOR.choice is None:
        return {**row, "status": "off", "meaning": f"{SWITCH}={NONE}, or the allow-list cannot be used"}
    if failed().get(name, 0) >= FAILURES:
        meaning = f"its hooks have failed {FAILURES} times and are off: `inv plugins.enable {name}`"
        return {**row, "status": "off", "meaning": in_message(meaning)}
    return {**row, "status": "enabled", "meaning": "named in tasks.py" if name in _named() else ""}


def _named() -> list[str]:
    from ops.plugins.allowed import normalised
    from ops.plugins.door import DOOR

    return [normalised(name) for name in DOOR.named]


def _brings(one: Installed) -> Iterator[str]:
    """Yield what the metadata of a distribution say about it."""
    yield from (f"collection: {name}" for name, _ in one.modules)
    if one.hooks:
        yield f"hooks: {', '.join(point for point, _ in one.hooks)}"


def _programs(listed: AllowList) -> Iterator[Json]:
    from ops.plugins.fire import FAILURES, failed

    for program in listed.programs:
        off = failed().get(program.name, 0) >= FAILURES
        failures = f"{FAILURES} failures: `inv plugins.enable {program.name}`"
        yield {
            "name": program.name,
            "version": "",
            "status": "off" if off else "enabled",
            "brings": [f"hooks: {', '.join(program.on)}"],
            "meaning": in_message(failures) if off else program.run[0],
            "install": "",
        }


@command(
    "enable",
    required=("name",),
    help={"name": NAMED, "record": "also keep the hash of its RECORD: another build of the version is off"},
)
def enable(app: App, name: str = "", record: bool = False) -> Item:
    """Enable an installed plugin, in this version, and show what it brings.

    Enabled is trusted: its code runs as cfops does, with the token. Hooks alone run without it.

    inv plugins.enable cfops-mail
    """
    from ops.plugins import allowed, installed
    from ops.plugins.allowed import normalised
    from ops.plugins.fire import forget
    from ops.plugins.install import install_line

    listed, wanted = _allowed(app), normalised(name)
    if name in {program.name for program in listed.programs}:
        forget(name)
        return Item({"name": name, "version": "", "brings": []}, COLUMNS[:2])
    one = installed.find(wanted)
    if one is None:
        raise NotFound(f"no plugin {wanted!r} is installed", hint=f"`{install_line(wanted)}`")
    if one.problem:
        hint = f"`{install_line(wanted, upgrade=True)}`"
        raise UsageError(f"{wanted} {one.version} cannot be used: {one.problem}", hint=hint)
    _refuse_clash(listed, one)
    brings = _described(one)
    values = {"version": one.version, **({"record": one.record} if record else {}), "brings": brings}
    allowed.write(_file(app), wanted, values)
    forget(wanted)
    app.note(f"{wanted} {one.version} is enabled in {_file(app)}; another version is off until it is enabled")
    return Item({"name": wanted, "version": one.version, "brings": brings}, ("name", "version", "brings"))


def _refuse_clash(listed: AllowList, one: Installed) -> None:
    from ops.plugins import installed
    from ops.plugins.choose import clashes
    from ops.plugins.door import DOOR

    others = (entry.distribution for entry in listed.plugins if entry.version)
    found = [installed.find(name) for name in others if name != one.distribution]
    clashing = clashes([one, *(other for other in found if other)], DOOR.taken)
    if why := clashing.get(one.distribution):
        raise Refused(f"{one.distribution} cannot be enabled: {why}")


def _described(one: Installed) -> list[str]:
    """Return what a distribution brings, as a child process finds out. Raises Refused if that fails."""
    import json

    from ops.config.private import environment
    from ops.plugins import child
    from ops.plugins.choose import plugins_of
    from ops.plugins.hooks import Faulty

    lines: list[str] = []
    environ = child.scrubbed(environment(), one.distribution)
    for plugin in plugins_of(one):
        command = child.python("describe", plugin.name, plugin.module)
        try:
            lines += json.loads(child.run(command, b"", environ, seconds=30))
        except Faulty as fault:
            hint = "nothing was enabled; ask its author"
            raise Refused(
                f"{one.distribution} {one.version} cannot be imported: {fault}", hint=hint
            ) from None
    if one.hooks:
        lines.append(f"hooks: {', '.join(point for point, _ in one.hooks)}")
    return lines


@command("disable", required=("name",), help={"name": NAMED})
def disable(app: App, name: str = "") -> None:
    """Disable a plugin: its code is not loaded any more. Its settings, and the package, stay.

    inv plugins.disable cfops-mail
    """
    from ops.plugins import allowed
    from ops.plugins.allowed import normalised

    wanted = normalised(name)
    if wanted not in {entry.distribution for entry in _allowed(app).plugins if entry.version}:
        where = "it is named in tasks.py" if wanted in _named() else f"{_file(app)} does not enable it"
        raise NotFound(f"{wanted} cannot be disabled: {where}", hint="`inv plugins` lists the plugins")
    allowed.write(_file(app), wanted, {})
    app.note(f"{wanted} is disabled; `inv plugins.enable {wanted}` enables it again")


@command("new", required=("name",), help={"name": "name of the new collection, e.g. mail"})
def new(app: App, name: str = "") -> None:
    """Write a new plugin into a folder here: a task, a kind, a sandbox route, and a test that passes.

    inv plugins.new mail
    """
    from pathlib import Path

    from ops.files.disk import explained
    from ops.plugins.template import NAME, files

    if not NAME.fullmatch(name):
        hint = "use lower-case letters and digits, with hyphens between, e.g. mail-rules"
        raise UsageError(f"{name!r} cannot be the name of a plugin", hint=hint)
    folder = Path(f"cfops-{name}")
    if folder.exists():
        raise Refused(f"{folder} already exists", hint="name another plugin, or move it away")
    with explained(folder):
        for path, text in files(name).items():
            (folder / path).parent.mkdir(parents=True, exist_ok=True)
            (folder / path).write_text(text, encoding="utf-8")
    app.note(f"{folder} has the plugin {name}; its README.md has the next commands")


def _allowed(app: App) -> AllowList:
    from ops.plugins import allowed

    return allowed.read(_file(app))


def _file(app: App) -> Path:
    from ops.plugins.door import FILE

    return app.settings.config_dir / FILE
