"""Kinds that plugins bring: what cannot be used is named, and leaves a kind that cannot be listed."""

from __future__ import annotations

import sys
from collections.abc import Callable
from types import ModuleType
from typing import Any

import pytest

from ops.errors import SystemFailure
from ops.kinds.catalog import kinds
from ops.kinds.foreign import foreign_kinds
from ops.kinds.resource import ACCOUNT, Owner, Resource
from ops.plugins.choice import Plugin
from ops.plugins.door import DOOR


def kind(name: str, parent: str = ACCOUNT, **more: Any) -> Resource:
    return Resource(name, parent, ("name",), **more)


@pytest.fixture
def plugin(monkeypatch: pytest.MonkeyPatch) -> Callable[..., Plugin]:
    """Return a plugin that brings kinds, from a module that is imported already."""
    monkeypatch.setattr(DOOR, "failed", {})
    monkeypatch.setattr(DOOR, "pending", [])

    def bring(name: str, *resources: object) -> Plugin:
        module = ModuleType(f"cfops_{name}")
        vars(module)["RESOURCES"] = resources
        monkeypatch.setitem(sys.modules, module.__name__, module)
        return Plugin(name, f"cfops-{name}", "1.0", module.__name__)

    return bring


@pytest.mark.parametrize(
    ("brought", "why"),
    [
        ("mail.rule", "'mail.rule' is not a Resource"),
        (kind("Mail Rule"), "'Mail Rule' is not the name of a kind, such as mail.rule"),
        (kind("zones.zone"), "zones.zone is a kind of cfops"),
        (kind("mail.rule", "mail.box"), "mail.rule belongs to mail.box, which does not exist"),
        (
            kind("mail.rule", "zones.zone", contents=lambda *_: ()),
            "mail.rule has files (contents), which only kinds of the account may have; use values",
        ),
    ],
)
def test_a_kind_that_cannot_be_used_is_a_kind_that_cannot_be_listed(
    plugin: Callable[..., Plugin], brought: object, why: str
) -> None:
    mail = plugin("mail", brought)

    (found,) = foreign_kinds((mail,), kinds())

    assert found.kind == "mail.plugin"
    with pytest.raises(SystemFailure, match="the plugin cfops-mail cannot be used") as failure:
        list(found.list(None, Owner("a", "a", {})))  # type: ignore[arg-type]
    assert failure.value.message.endswith(why)


def test_a_kind_that_two_plugins_bring_is_of_neither(plugin: Callable[..., Plugin]) -> None:
    both = plugin("mail", kind("mail.rule")), plugin("post", kind("mail.rule"))

    found = foreign_kinds(both, kinds())

    assert [one.kind for one in found] == ["mail.plugin", "post.plugin"]
    assert set(DOOR.failed.values()) == {"mail.rule is a kind of another plugin too"}


def test_kinds_of_one_plugin_may_belong_to_each_other(plugin: Callable[..., Plugin]) -> None:
    brought = kind("mail.box"), kind("mail.rule", "mail.box")

    assert foreign_kinds((plugin("mail", *brought),), kinds()) == brought
    assert DOOR.failed == {}
