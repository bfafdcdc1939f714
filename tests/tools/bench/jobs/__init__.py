"""The jobs, each a module whose `measure` takes the start-up time and returns rows."""

from __future__ import annotations

from importlib import import_module
from types import ModuleType

NAMES = ("start", "records", "zones", "scan", "keys", "values", "pairs", "restore", "diff", "budget")


def module(name: str) -> ModuleType:
    return import_module(f"tests.tools.bench.jobs.{name}")
