"""@command: a function becomes a task, with the shared options, errors, output and exit codes."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Mapping
from dataclasses import KW_ONLY, dataclass, field
from functools import cached_property
from typing import Any

from invoke.context import Context
from invoke.parser.argument import Argument
from invoke.tasks import Task

from ops.cli.options import EVERYWHERE, GUARDS, HELP, ON_LISTS, ON_READS, ON_WRITES, Option

EXIT_CODES = """exit codes: 0 complete, 1 user error, 2 Cloudflare or system error, 3 network, 4 incomplete,
5 differences (with --exit-code), 6 locked by another run, 130 interrupted, 143 terminated"""

# A folder cannot be called `do` and say what it holds.
_COLLECTIONS = {"durable_objects": "do"}
# The tasks of these modules have no collection.
_TOP_LEVEL = ("config", "doctor", "docs", "schedule", "audit")


def collection_of(module: str) -> str:
    """Return the collection that *module*'s tasks belong to; "" for top-level and foreign ones."""
    parts = module.split(".")
    if parts[:2] not in (["ops", "products"], ["ops", "commands"]) or parts[2] in _TOP_LEVEL:
        return ""
    return _COLLECTIONS.get(parts[2], parts[2])


class Command(Task[Callable[..., Any]]):
    """A task made from a function that takes the app and options, and returns its data."""

    def __init__(self, function: Callable[..., Any], declared: command) -> None:
        positional = list(declared.positional)
        super().__init__(self._body, name=declared.name, positional=positional, default=declared.default)
        self.function = function
        self.texts = {**HELP, **declared.help}
        self.required = tuple(declared.required)
        self.raw = tuple(declared.raw)
        self.writes = declared.writes
        # What the products' tasks read is what a snapshot holds.
        self.reads = declared.reads and not self.writes and function.__module__.startswith("ops.products.")
        self.guards = {name: GUARDS[name] for name in declared.guards}
        # A module need not postpone its annotations. A task that has shown its result itself returns None.
        shape = function.__annotations__.get("return", "None")
        self.gives = str(getattr(shape, "__name__", shape)).removesuffix(" | None")
        permission = f"permission: {declared.needs}\n" if declared.needs else ""
        self.__doc__ = f"{inspect.cleandoc(function.__doc__ or '')}\n\n{permission}{EXIT_CODES}"
        self.__name__, self.__module__ = function.__name__, function.__module__

    def _body(self, context: Context, **options: Any) -> Any:
        from ops.cli.execution import carry_out

        return carry_out(self, context, {**self.shared, **options})

    def data(self, context: Context, **options: Any) -> Any:
        """Run the task without printing its result, and return that: a list, a dict, text or bytes.

        Messages, errors and exit codes are those of the task; the options that choose rows have no effect.
        """
        from ops.cli.execution import carry_out

        return carry_out(self, context, {**self.shared, **options}, printed=False)

    def __deepcopy__(self, memo: object) -> Command:
        # Invoke copies the whole tree of tasks that it loads; what never changes need not be copied.
        return self

    @cached_property
    def path(self) -> str:
        """Return what the task is called on the line, wherever it was imported from."""
        collection = collection_of(self.__module__)
        return f"{collection}.{self.name}" if collection else self.name

    @property
    def shared(self) -> dict[str, Any]:
        """Return the shared options that this command has, with their defaults."""
        lists = ON_LISTS if self.gives == "Rows" else {}
        reads, writes = ON_READS if self.reads else {}, ON_WRITES if self.writes else {}
        return EVERYWHERE | reads | lists | writes | self.guards

    def typed(self, options: Mapping[str, Any]) -> dict[str, Any]:
        """Return those of *options* that are not as they are by default."""
        own = {p.name: p.default for p in inspect.signature(self.function).parameters.values()}
        defaults = self.shared | own
        return {name: value for name, value in options.items() if value != defaults.get(name)}

    def get_arguments(self, ignore_unknown_help: bool | None = None) -> list[Argument]:  # noqa: ARG002  (Invoke's)
        """Return the options as Invoke's parser wants them, positional ones first."""
        own = {p.name: p.default for p in list(inspect.signature(self.function).parameters.values())[1:]}
        first = {name: own.pop(name) for name in self.positional}
        return [self._option(name, value) for name, value in (first | own | self.shared).items()]

    def _option(self, name: str, default: Any) -> Option:
        default = list(default) if isinstance(default, tuple) else default
        return Option(
            # A parameter cannot be called `for`; `for_` can.
            names=(name.rstrip("_").replace("_", "-"),),
            # A second name equal to the first would send Invoke round in circles.
            attr_name=name if "_" in name else None,
            kind=str if name == "export" else type(default),
            # To Invoke, a positional argument is missing while its value is None.
            default=None if name in self.positional and name in self.required else default,
            help=self.texts.get(name),
            positional=name in self.positional,
            optional=name == "export",
        )


@dataclass(frozen=True)
class command:  # noqa: N801 (it is used as a decorator)
    """Make a function a task called *name*.

    The function takes the app, then options that each have a default of their own type; a tuple
    makes an option that may be repeated. *required* options must be given. *positional* ones may be given
    without their name; the name of a task is never taken for one that is not required. One that *writes* has
    --dry-run and --yes; its *guards* are "force" where a threshold stands before it, "confirm" where a
    name must be typed. One of a product's that *reads* what a snapshot may hold, and writes nothing, has
    --at, --offline and --identity. *needs* names the permission, in the words of Cloudflare's dashboard.
    The text of an option must be UTF-8, except that of *raw* ones and of paths.
    What it returns (Rows, Item, Text, Bytes) is read from its annotation and decides which shared options
    it has.
    """

    name: str
    _: KW_ONLY
    help: Mapping[str, str] = field(default_factory=dict)
    required: Iterable[str] = ()
    positional: Iterable[str] = ()
    needs: str = ""
    default: bool = False
    writes: bool = False
    guards: Iterable[str] = ()
    reads: bool = True
    raw: Iterable[str] = ()

    def __call__(self, function: Callable[..., Any]) -> Command:
        return Command(function, self)
