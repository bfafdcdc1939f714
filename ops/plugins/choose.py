"""Which plugins and hooks are on: the allow-list against what is installed. Nothing is imported for it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

from ops.plugins import allowed, installed
from ops.plugins.allowed import Entry, Program, normalised
from ops.plugins.choice import Choice, Off, Plugin
from ops.plugins.hooks import HOOKS, Hook
from ops.plugins.installed import Installed


def choose(file: Path, named: Iterable[str], taken: frozenset[str]) -> Choice:
    """Return what the allow-list in *file* and the distributions *named* in tasks.py come to.

    *taken* are the names of our own collections and tasks. Raises UsageError for a file that cannot be used.
    """
    listed = allowed.read(file)
    wanted = {entry.distribution: entry for entry in listed.plugins if entry.version}
    for name in map(normalised, named):
        wanted.setdefault(name, Entry(name))
    found: list[Installed] = []
    off: list[Off] = []
    for name, entry in wanted.items():
        one = installed.find(name)
        if one is None:
            off.append(Off(name, "it is enabled and not installed", f"`inv plugins --name {name}`"))
        elif why := reason(one, entry):
            off.append(Off(name, why, f"`inv plugins.enable {name}`"))
        else:
            found.append(one)
    clashing = clashes(found, taken)
    off += [Off(name, why, f"`inv plugins.disable {name}`") for name, why in clashing.items()]
    kept = [one for one in found if one.distribution not in clashing]
    plugins = (plugin for one in kept for plugin in plugins_of(one))
    hooks, warnings = [], []
    for hook in (*_hooks(kept), *_programs(listed.programs)):
        if hook.point in HOOKS:
            hooks.append(hook)
        else:
            warnings.append(f"{hook.name} has a hook {hook.point!r}, which does not exist; it is not called")
    settings = {entry.distribution: entry.settings for entry in listed.plugins}
    return Choice(tuple(plugins), tuple(hooks), tuple(off), tuple(warnings), settings)


def reason(one: Installed, entry: Entry) -> str:
    """Return why *one*, which *entry* enables, is not used; "" if it is."""
    if one.problem:
        return one.problem
    if entry.version and entry.version != one.version:
        return f"{one.version} is installed, and {entry.version} is enabled"
    if entry.record and entry.record != one.record:
        return f"the RECORD of {one.version} is not the one that was enabled"
    return ""


def plugins_of(one: Installed) -> list[Plugin]:
    """Return the plugins of a distribution; Invoke writes names with hyphens."""
    return [
        Plugin(name.replace("_", "-"), one.distribution, one.version, module) for name, module in one.modules
    ]


def clashes(found: Iterable[Installed], taken: frozenset[str]) -> dict[str, str]:
    """Return each distribution whose collection has a name of ours or of another plugin, and the reason."""
    plugins = [plugin for one in found for plugin in plugins_of(one)]
    clashing = {}
    for plugin in plugins:
        others = [one.distribution for one in plugins if one.name == plugin.name and one is not plugin]
        if plugin.name in taken or others:
            owner = "cfops" if plugin.name in taken else others[0]
            clashing[plugin.distribution] = f"its collection {plugin.name} has the name of one of {owner}"
    return clashing


def _hooks(found: Iterable[Installed]) -> Iterator[Hook]:
    return (Hook(one.distribution, point, target) for one in found for point, target in one.hooks)


def _programs(programs: Iterable[Program]) -> Iterator[Hook]:
    return (Hook(one.name, point, "", one.run, one.seconds) for one in programs for point in one.on)
