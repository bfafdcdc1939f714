"""The door: which plugins are on in this run, and what they bring.

Nothing of a plugin is imported before the allow-list has named it, and then only when something asks for what
it brings. A plugin that fails is one warning; what it would have brought is missing, and nothing else. Every
start imports this module, so it reads the allow-list only if there is one.
"""

from __future__ import annotations

import io
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import redirect_stdout
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ops.config import private
from ops.errors import OpsError, Terminated, UsageError

if TYPE_CHECKING:
    from ops.plugins.choice import Choice, Plugin
    from ops.plugins.hooks import Hook

FILE = "plugins.toml"
SWITCH = "CFOPS_PLUGINS"
NONE = "none"
MODULES = ("TASKS", "ROUTES")
"""What a plugin names by its module alone; all other attributes are values, or the name of their module."""


class Door:
    """The plugins and hooks of one run."""

    UNNEEDED = frozenset(
        ("plugins.list", "plugins.enable", "plugins.disable", "plugins.new", "doctor", "version")
    )
    """With these tasks alone on a line no plugin is loaded, so that they work where one is broken."""

    def __init__(self) -> None:
        self._start()

    def _start(self) -> None:
        self.choice: Choice | None = None
        """What the allow-list comes to; None if there is none, or if it is not used."""
        self.failed: dict[Plugin, str] = {}
        self.named: tuple[str, ...] = ()
        self.taken: frozenset[str] = frozenset()
        self.state = Path()
        """The folder of the run's state."""
        self.about: Mapping[str, Any] = {}
        """What hooks learn about the run."""
        self.traceparent = ""
        """The span that the programs of hooks belong to."""
        self.redact: Callable[[str], str] = str
        self._say: Callable[[str], None] | None = None
        self.pending: list[str] = []
        self._closed = False

    def begin(self, named: Sequence[str] = (), taken: Iterable[str] = ()) -> None:
        """Apply the allow-list, and what tasks.py has *named*; *taken* are the names of our own tasks."""
        self._start()
        self.named, self.taken = tuple(named), frozenset(taken)
        environ = private.environment()
        switch = environ.get(SWITCH, "")
        try:
            file = private.config_folder(environ) / FILE
        except OpsError:
            return  # the list needs a home folder
        if not (self.named or private.is_there(file)) or switch == NONE:
            return
        try:
            if switch:
                raise UsageError(f"{SWITCH} takes {NONE!r}, not {switch!r}")
            from ops.plugins.choose import choose

            self.choice = choice = choose(file, self.named, self.taken)
        except OpsError as error:
            self.warn(f"all plugins are off: {error.message}")
            return
        for off in choice.off:
            self.warn(f"the plugin {off.distribution} is off: {off.why}; {off.hint}")
        for text in choice.warnings:
            self.warn(text)

    def enabled(self) -> tuple[Plugin, ...]:
        """Return the plugins that are on, in the order of the allow-list."""
        return self.choice.plugins if self.choice and not self._closed else ()

    def hooks(self, point: str) -> list[Hook]:
        """Return the hooks that are called at *point*."""
        if self.choice is None or self._closed:
            return []
        return [hook for hook in self.choice.hooks if hook.point == point]

    def close(self) -> None:
        """Load no plugin, and call no hook, on this line."""
        self._closed = True

    def open(self) -> None:
        """Load plugins again."""
        self._closed = False

    def warn(self, text: str) -> None:
        """Print a warning now, or once there is something to print it with."""
        if self._say is None:
            self.pending.append(text)
        else:
            self._say(text)

    def tell(self, say: Callable[[str], None]) -> None:
        """Print the warnings so far, and later ones, with *say*."""
        self._say = say
        pending, self.pending = self.pending, []
        for text in pending if not self._closed else ():
            self._say(text)

    def settle(
        self,
        state: Path,
        about: Mapping[str, Any],
        redact: Callable[[str], str],
        say: Callable[[str], None],
        traceparent: str = "",
    ) -> None:
        """Let hooks know what the task works on."""
        self.state, self.about, self.redact, self.traceparent = state, about, redact, traceparent
        self.tell(say)

    def fail(self, plugin: Plugin, why: str) -> None:
        """Note and say why *plugin* cannot be used; nothing is brought of it from then on."""
        self.failed[plugin] = why
        name = plugin.distribution
        self.warn(f"the plugin {name} cannot be used: {why}; `inv plugins.disable {name}` turns it off")


DOOR = Door()


def enabled() -> tuple[Plugin, ...]:
    """Return the plugins that are on in this run."""
    return DOOR.enabled()


def bring(what: str) -> Iterator[tuple[Plugin, Any]]:
    """Yield what each plugin has as *what*, such as RESOURCES or CHECKS; one that fails is a warning."""
    for plugin in DOOR.enabled():
        found = value_of(plugin, what)
        if found is not None:
            yield plugin, found


def by_name(what: str, taken: Collection[str], name_of: Callable[[Any], str] | None = None) -> dict[str, Any]:
    """Return what plugins bring as *what*, by name: a mapping, or with *name_of* a sequence.

    No plugin may use a name of ours (*taken*), or one that another plugin uses too.
    """
    brought = {}
    for plugin, values in bring(what):
        try:
            brought[plugin] = {name_of(one): one for one in values} if name_of else dict(values)
        except (TypeError, ValueError, AttributeError) as error:
            DOOR.fail(plugin, f"its {what} have another form: {error}")
    count = Counter(name for values in brought.values() for name in values)
    for plugin, values in brought.items():
        if wrong := [name for name in values if name in taken or count[name] > 1]:
            owner = "cfops" if wrong[0] in taken else "another plugin"
            DOOR.fail(plugin, f"{wrong[0]} of its {what} has the name of one of {owner}")
    return {
        name: value
        for plugin, values in brought.items()
        if plugin not in DOOR.failed
        for name, value in values.items()
    }


class _Printed(io.TextIOBase):
    """Warns of what a plugin prints while it is loaded: stdout is for data."""

    def __init__(self, plugin: Plugin) -> None:
        self._plugin = plugin

    def write(self, text: str) -> int:
        for line in filter(None, text.splitlines()):
            DOOR.warn(f"the plugin {self._plugin.distribution} printed: {line}")
        return len(text)


def value_of(plugin: Plugin, what: str) -> Any:
    """Return the attribute *what* of a plugin; None if it has none or fails."""
    if plugin in DOOR.failed:
        return None
    try:
        with redirect_stdout(_Printed(plugin)):
            return attribute(plugin, what)
    except (KeyboardInterrupt, Terminated):
        raise
    except BaseException as error:  # noqa: BLE001 (SystemExit included, it concerns that plugin alone)
        text = " ".join(str(error).split())
        DOOR.fail(plugin, f"{type(error).__name__}{f': {text[:300]}' if text else ''}")
        return None


def attribute(plugin: Plugin, what: str) -> Any:
    """Return the attribute *what* of a plugin, or None; text is the name of the module that has it."""
    found = getattr(import_module(plugin.module), what, None)
    if not isinstance(found, str):
        return found
    module = import_module(found)
    return module if what in MODULES else getattr(module, what, None)


def setting(distribution: str, key: str, default: str = "") -> str:
    """Return a setting of a plugin: CFOPS_PLUGIN_<DISTRIBUTION>_<KEY>, or from plugins.toml."""
    from ops.plugins.child import variable

    value = private.environment().get(f"{variable(distribution)}{key.upper()}")
    if value is not None:
        return value
    settings = DOOR.choice.settings if DOOR.choice else {}
    return str(settings.get(distribution, {}).get(key, default))
