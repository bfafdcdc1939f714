"""Loading a dump: planned, shown, written in bulk by the road of all writes, and read back."""

from __future__ import annotations

from collections.abc import Iterator
from tempfile import TemporaryFile
from typing import TYPE_CHECKING

from ops.errors import Refused
from ops.files.disk import explained, private_folder
from ops.journal import thresholds
from ops.kinds.change import Change
from ops.products.kv import pairs
from ops.products.kv.pacing import paced
from ops.products.kv.plan import (
    EXPIRED,
    FATES,
    NAMED,
    OVERWRITTEN,
    WRITTEN,
    Plan,
    Portion,
    make_plan,
    portions,
    weigh,
)
from ops.products.kv.resources import PAIR
from ops.products.kv.valid import ON_THE_WAY, lasts

if TYPE_CHECKING:
    from ops.cli.app import App
    from ops.kinds.resource import Json, Owner
    from ops.products.kv.dumpfile import Dump


def load(app: App, namespace: Owner, dump: Dump, *, empty: bool = False) -> Json:
    """Write the pairs of *dump* to *namespace*; gives how many were new, overwritten, equal and expired.

    *empty* says that nothing stands there. Equal pairs are left alone, those that expire too soon to be
    written are named, and what was written is read back. Raises, before anything is written, ValidationError
    for a dump that is cut or changed, and Refused beyond the thresholds.
    """
    total = dump.check()["pairs"]
    folder = private_folder(app.settings.state_dir)
    with explained(folder), TemporaryFile(dir=folder) as file:
        plan = Plan(file)
        make_plan(app, namespace, dump, plan, total, empty=empty)
        _show(app, f"load {dump.path} into {namespace.item['title']}", plan)
        if not app.dry:
            _check(plan, total, force=bool(app.option("force")))
        made = app.make_all(_changes(app, namespace, dump, plan), read_back=True).item
        differ = 0 if app.dry else _read_back(app, namespace, dump, plan)
    return {
        "pairs": total,
        **{fate: plan.counts[fate] for fate in FATES},
        "differ": differ,
        "undo": made["undo"],
    }


def _show(app: App, what: str, plan: Plan) -> None:
    app.talk.show(f"{what}: {', '.join(f'{plan.counts[fate]:,} {fate}' for fate in FATES)}")
    if plan.counts[OVERWRITTEN]:
        app.talk.show(f"overwritten: {plan.some(OVERWRITTEN)}")
    if plan.counts[EXPIRED]:
        app.warn(
            f"not loaded, for they expire in less than {60 + ON_THE_WAY} s or have: {plan.some(EXPIRED)}"
        )


def _check(plan: Plan, total: int, *, force: bool) -> None:
    touched = plan.counts[OVERWRITTEN]
    if not force and (touched > thresholds.ITEMS or touched > thresholds.SHARE * total):
        raise Refused(
            f"this load goes far: {touched:,} of {total:,} pairs overwrite others",
            hint="look at it with --dry-run; --force carries it out",
        )


def _changes(app: App, namespace: Owner, dump: Dump, plan: Plan) -> Iterator[Change]:
    for item, line in zip(dump.pairs(), plan.lines(), strict=True):
        if line.fate not in WRITTEN:
            continue
        if lasts(item, app.clock()):
            yield Change(PAIR, namespace, line.before, item)
        else:
            app.warn(f"not loaded, for it has expired meanwhile, or is about to: {item['key']!r}")


def _read_back(app: App, namespace: Owner, dump: Dump, plan: Plan) -> int:
    """Compare what stands with what was written; gives how many pairs differ: then the load is incomplete."""
    lines = zip(dump.pairs(), plan.lines(), strict=True)
    written = ((item, True) for item, line in lines if line.fate in WRITTEN and lasts(item, app.clock()))

    def compare(portion: Portion) -> tuple[list[str], int]:
        found = pairs.read(app.client, namespace, [item["key"] for item, _ in portion])
        doubtful = [item for item, _ in portion if found.get(item["key"]) != item]
        differ = [item["key"] for item in doubtful if pairs.find(app.client, namespace, item) != item]
        return differ, weigh(portion)

    compared = paced(app, compare, portions(written), lambda result: result[1])
    differ = [key for keys, _ in compared for key in keys]
    if differ:
        named = ", ".join(map(repr, differ[:NAMED]))
        app.gap(f"{len(differ):,} of {plan.writes:,} pairs read differently than they were written: {named}")
    elif plan.writes:
        app.note(f"read back as written: {plan.writes:,}; kv.keys may show what is new only in a minute")
    return len(differ)
