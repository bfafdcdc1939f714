"""Compare snapshots with the state of the sandbox while they were created."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tests.tools.soak.round import Round, leftovers, snapshots
from tests.tools.soak.truth import Truth

Json = dict[str, Any]

# Kinds of a snapshot whose items the sandbox stores unchanged, with their family in its store.
FAMILIES = {
    "dns.record": "dns_record",
    "kv.namespace": "kv.namespace",
    "workers.route": "worker_route",
    "r2.bucket": "r2.bucket",
    "d1.database": "d1.database",
    "queues.queue": "queue",
    "pages.project": "pages.project",
    "kv.key": "kv_pair",
}
# Fields that the sandbox computes when it answers.
COMPUTED = {"producers", "producers_total_count", "consumers", "consumers_total_count"}
WHOLE = {"complete", "gone", "skipped"}
# Faults whose answers are wrong in a way that a client cannot notice.
UNTRUE = {"lag", "gone", "unknown-fields", "empty-page"}


def check(round: Round) -> Iterator[str]:
    """Yield the errors of the snapshots of this round."""
    for folder in sorted(snapshots(round.exports) - round.kept):
        manifest = json.loads((folder / "manifest.json").read_text())
        yield from _claims(round, folder, manifest)
        # A line may write before a snapshot and undo it afterwards: the state in between is not known.
        if not round.writes and not round.plan.struck & UNTRUE:
            yield from _sections(round, folder, manifest)
    yield from _latest(round)
    if not round.killed:
        yield from (f"left behind: {path}" for path in leftovers(round.exports) - round.leftovers)


def _claims(round: Round, folder: Path, manifest: Json) -> Iterator[str]:
    statuses = {section["status"] for section in manifest["sections"]}
    if manifest["status"] == "complete" and not statuses <= WHOLE:
        yield f"{folder.name} claims to be complete, with sections that are {statuses - WHOLE}"
    if manifest["status"] != "complete" and round.ended.code == 0:
        yield f"{folder.name} is {manifest['status']}, but the line ended with 0"
    options = manifest["options"]
    if manifest["status"] == "complete" and not any(options[name] for name in ("only", "skip", "zone")):
        yield from _every_zone(round, folder, manifest)


def _every_zone(round: Round, folder: Path, manifest: Json) -> Iterator[str]:
    if round.writes or round.plan.struck & UNTRUE:
        return
    zones = {spot.id for spot in round.after if spot.family == "zone"}
    read = {section["scope"] for section in manifest["sections"] if section["kind"] == "dns.record"}
    if zones != read:
        yield f"{folder.name} is complete, but of the zones {zones ^ read} are missing or do not exist"


def _sections(round: Round, folder: Path, manifest: Json) -> Iterator[str]:
    for section in manifest["sections"]:
        kind, scope = section["kind"], section["scope"]
        if section["status"] != "complete" or kind not in FAMILIES:
            continue
        kept = _kept(folder, kind, scope)
        sure, possible = (_held(truth, kind, scope) for truth in _truths(round))
        if not sure <= kept or not kept <= possible:
            yield f"{folder.name}, {kind} of {scope}: missing {sure - kept}, nonexistent {kept - possible}"


def _truths(round: Round) -> tuple[Truth, Truth]:
    """Return the items that existed all the time, and all that ever existed."""
    always = {spot: item for spot, item in round.after.items() if round.before.get(spot) == item}
    return always, round.before | round.after


def _held(truth: Truth, kind: str, scope: str) -> set[str]:
    family = FAMILIES[kind]
    found = [item for spot, item in truth.items() if (spot.family, spot.owner) == (family, scope)]
    return {_text(kind, item) for item in found}


def _kept(folder: Path, kind: str, scope: str) -> set[str]:
    file = folder / f"{kind}.jsonl"
    lines = [json.loads(line) for line in file.read_text().splitlines()] if file.exists() else []
    return {_text(kind, line["item"]) for line in lines if line["scope"] == scope}


def _text(kind: str, item: Json) -> str:
    if kind == "kv.key":
        return str(item.get("key", item.get("name")))
    return json.dumps({name: item[name] for name in item.keys() - COMPUTED}, sort_keys=True)


def _latest(round: Round) -> Iterator[str]:
    for link in round.exports.glob("*/latest"):
        if json.loads((link / "manifest.json").read_text())["status"] != "complete":
            yield "latest leads to a snapshot that is not complete"
