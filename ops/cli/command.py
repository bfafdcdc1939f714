"""@command: a function becomes a task, with the shared options, errors, output and exit codes."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Mapping
from functools import cached_property
from types import MappingProxyType, SimpleNamespace
from typing import Any

from invoke.context import Context
from invoke.parser.argument import Argument
from invoke.tasks import Task

from ops.cli.options import (
    EVERYWHERE,
    GUARDS,
    HELP,
    ON_LINES,
    ON_LISTS,
    ON_OUTPUT,
    ON_PAGES,
    ON_READS,
    ON_TABLES,
    ON_WRITES,
    SHORT,
    Option,
)
from ops.cli.words import option_name

EXIT_CODES = """Exit codes:
  0    complete
  1    user error: usage, a wrong value, the token, a permission, not found, not confirmed
  2    Cloudflare or system error
  3    network error
  4    incomplete: what was read is shown or kept, and marked
  5    differences, with --exit-code
  6    locked by another run
  130  interrupted
  143  terminated"""

NOTHING: Mapping[str, str] = MappingProxyType({})
# A folder cannot be called `do` and say what it holds.
_COLLECTIONS = {"load_balancers": "load-balancers", "durable_objects": "do"}
# The tasks of these modules have no collection.
_TOP_LEVEL = (
    "audit",
    "completion",
    "config",
    "docs",
    "doctor",
    "each_account",
    "history",
    "init",
    "permissions",
    "query",
    "schedule",
)


def collection_of(module: str) -> str:
    """Return the collection that *module*'s tasks belong to; "" for top-level and foreign ones."""
    parts = module.split(".")
    if parts[:2] not in (["ops", "products"], ["ops", "commands"]) or parts[2] in _TOP_LEVEL:
        return ""
    return _COLLECTIONS.get(parts[2], parts[2])


# The modules whose tasks read what a snapshot holds too.
READERS = ("ops.products.", "ops.commands.items")


class Command(Task[Callable[..., Any]]):
    """A task made from a function that takes the app and options, and returns its data."""

    def __init__(self, function: Callable[..., Any], declared: SimpleNamespace) -> None:
        # Invoke would demand its positional arguments; `ops.cli.words` writes ours as options instead.
        super().__init__(
            self._body, name=declared.name, aliases=declared.aliases, positional=[], default=declared.default
        )
        self.function = function
        self.collection = ""
        """The collection of the plugin that has brought the task."""
        self.texts = {**HELP, **declared.help}
        self.required = tuple(declared.required)
        self.arguments = self.required if declared.positional is None else tuple(declared.positional)
        self.needs = declared.needs
        self.raw = tuple(declared.raw)
        self.page = declared.page
        self.writes = declared.writes
        self.stages = declared.stages
        self.earlier = {name: (alias,) for name, alias in declared.earlier.items()}
        # What the tasks of products read, and those of plugins, is what a snapshot holds.
        self._may_read = declared.reads and not self.writes
        self.reads = self._may_read and function.__module__.startswith(READERS)
        self.guards = {name: GUARDS[name] for name in declared.guards}
        # A module need not postpone its annotations. A task that has shown its result itself returns None.
        shape = function.__annotations__.get("return", "None")
        self.gives = str(getattr(shape, "__name__", shape)).removesuffix(" | None")
        permission = f"\n\npermission: {self.needs}" if self.needs else ""
        self.__doc__ = f"{inspect.cleandoc(function.__doc__ or '')}{permission}"
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

    def adopt(self, collection: str) -> None:
        """Make this a task of the *collection* of a plugin, with the options that tasks of products have."""
        self.collection, self.reads = collection, self._may_read

    @cached_property
    def path(self) -> str:
        """Return what the task is called on the line, wherever it was imported from."""
        collection = self.collection or collection_of(self.__module__)
        return f"{collection}.{self.name}" if collection else self.name

    @property
    def shared(self) -> dict[str, Any]:
        """Return the shared options that this command has, with their defaults."""
        lists = ON_LISTS if self.gives == "Rows" else {}
        tables = ON_TABLES if "Rows" in self.gives or "Item" in self.gives else {}
        output = ON_OUTPUT if self.gives != "None" else {}
        reads, writes = ON_READS if self.reads else {}, ON_WRITES if self.writes else {}
        pages = ON_PAGES if self.page else {}
        everywhere = EVERYWHERE | ON_LINES
        return everywhere | reads | lists | tables | output | writes | pages | self.guards

    @property
    def own(self) -> dict[str, Any]:
        """Return the options that the command does not share with others, with their defaults."""
        return {p.name: p.default for p in list(inspect.signature(self.function).parameters.values())[1:]}

    def typed(self, options: Mapping[str, Any]) -> dict[str, Any]:
        """Return those of *options* that are not as they are by default."""
        defaults = self.shared | self.own
        given = {name: tuple(v) if isinstance(v, list) else v for name, v in options.items()}
        return {name: value for name, value in given.items() if value != defaults.get(name)}

    def get_arguments(self, ignore_unknown_help: bool | None = None) -> list[Argument]:  # noqa: ARG002  (Invoke's)
        """Return the options as Invoke's parser wants them."""
        return [self._option(name, value) for name, value in (self.own | self.shared).items()]

    def _option(self, name: str, default: Any) -> Option:
        default = list(default) if isinstance(default, tuple) else default
        return Option(
            # A parameter cannot be called `for`; `for_` can.
            names=(option_name(name), *SHORT.get(name, ""), *self.earlier.get(name, ())),
            # A second name equal to the first would send Invoke round in circles.
            attr_name=name if "_" in name else None,
            kind=str if name == "export" else type(default),
            default=default,
            help=self.texts.get(name),
            optional=name == "export",
        )


def command(
    name: str,
    *,
    help: Mapping[str, str] = NOTHING,
    required: Iterable[str] = (),
    positional: Iterable[str] | None = None,
    needs: str = "",
    default: bool = False,
    aliases: Iterable[str] = (),
    writes: bool = False,
    guards: Iterable[str] = (),
    reads: bool = True,
    stages: bool = False,
    earlier: Mapping[str, str] = NOTHING,
    raw: Iterable[str] = (),
    page: str = "",
) -> Callable[[Callable[..., Any]], Command]:
    """Make a function a task called *name*.

    The function takes the app, then options that each have a default of their own type; a tuple
    makes an option that may be repeated. *required* options must be given; *positional* ones, by default
    the required ones, may be given in this order without their names. One that *writes* has
    --dry-run and --yes; its *guards* are "force" where a threshold stands before it, "confirm" where a
    name must be typed. One of READERS that *reads* what a snapshot may hold, and writes nothing, has --at,
    --offline and --identity. *needs* names the permission, in the words of Cloudflare's dashboard.
    One that *stages* only sets what the tasks after it on the line work on.
    *earlier* has the former names of options, which still work.
    The text of an option must be UTF-8, except that of *raw* ones and of paths.
    *page* is the path of the dashboard's page about the same, for --web: {account}, {zone}, or an option.
    What it returns (Rows, Item, Text, Bytes) is read from its annotation and decides which shared options
    it has.
    """
    declared = SimpleNamespace(**locals())
    return lambda function: Command(function, declared)
