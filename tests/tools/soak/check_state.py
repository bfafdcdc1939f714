"""Compare the state of the sandbox with the result of the line, the journal and the audit log."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from ops.errors import OpsError
from ops.telemetry.audit import AuditLog
from ops.writes.journal import ADOPTED, DONE, FAILED, UNKNOWN, JournalEntry
from tests.tools.soak.claims import CONFIRMED_BY_NAME, FAMILIES, Claim, as_journalled, claims_of, covers
from tests.tools.soak.drawing import NOTHING, Held, Subject
from tests.tools.soak.round import Round, entries
from tests.tools.soak.truth import view

# With these faults the server reports wrong existence or values; a client that trusts it behaves correctly.
UNTRUE = {"gone", "lag", "empty-page", "unknown-fields", "malformed"}


def check(round: Round) -> Iterator[str]:
    """Yield the contradictions between state, journal and audit log."""
    yield from (f"the sandbox failed: {crash}" for crash in round.crashes)
    yield from (f"sent without an intent in the journal: {request}" for request in round.unannounced)
    try:
        new = [entry for id, entry in entries(round.state).items() if id not in round.known]
        claims = [claim for entry in new for claim in claims_of(round, entry)]
    except OpsError as error:
        yield f"the journal cannot be read: {error}"
        return
    if not round.plan.may_write:
        yield from _nothing(round, new)
    yield from _explained(round, claims)
    yield from _once(round, claims)
    yield from as_journalled(round, claims)
    yield from _states(round, new)
    yield from _effects(round)
    yield from _audited(round)


def _nothing(round: Round, new: list[JournalEntry]) -> Iterator[str]:
    if round.writes:
        yield f"a line that writes nothing has sent {round.writes}"
    if new:
        yield f"a line that writes nothing has journalled {[entry.id for entry in new]}"


def _explained(round: Round, claims: list[Claim]) -> Iterator[str]:
    """Yield changes of the state that are not in the journal, neither as done nor as unknown."""
    for change in round.moved:
        if not any(covers(claim, change, round) for claim in claims):
            yield f"changed, but not in the journal: {change}"


def _once(round: Round, claims: list[Claim]) -> Iterator[str]:
    """Yield items that were created more often than intended."""
    made = Counter(
        (change.spot.family, change.spot.owner, name)
        for change in round.moved
        if change.before is None and change.spot.family in FAMILIES.values()
        for name in change.labels
    )
    meant = Counter(
        (claim.family, claim.owner, name) for claim in claims if claim.after for name in claim.labels
    )
    homes = {spot.id for spot in round.before if spot.family in ("zone", "kv.namespace")}
    for (family, owner, name), count in made.items():
        # The first items of a new zone come from the server.
        if (owner in homes or family in ("zone", "kv.namespace")) and count > meant[family, owner, name]:
            yield f"created {count} times, intended {meant[family, owner, name]} times: {family} {name}"


def _states(round: Round, new: list[JournalEntry]) -> Iterator[str]:
    if round.plan.calm:
        yield from (
            f"{entry.id} is unknown though nothing went wrong" for entry in new if entry.state == UNKNOWN
        )
    if round.ended.code == 0:
        yield from (
            f"{entry.id} is {entry.state}, but the line ended with 0"
            for entry in new
            if entry.state in (UNKNOWN, FAILED)
        )


def _effects(round: Round) -> Iterator[str]:
    """Yield effects that are missing although the line ended with 0."""
    if round.ended.code != 0 or not round.plan.may_write or UNTRUE & set(round.fired):
        return
    live = view(round.after)
    for subject, held in _wanted(round).items():
        current = live.get(subject, NOTHING)
        if _stirred(round, subject):
            continue
        if (held and not held <= current) or (not held and current):
            yield f"ended with 0, but {subject} is {set(current)}, not {set(held)}"


def _wanted(round: Round) -> dict[Subject, Held]:
    wanted: dict[Subject, Held] = {}
    for task in round.plan.tasks:
        for beginning in task.unsettles:
            wanted = {at: held for at, held in wanted.items() if at[: len(beginning)] != beginning}
        wanted |= task.leaves
    return wanted


def _stirred(round: Round, subject: Subject) -> bool:
    touched = {spot: (round.before | round.after).get(spot) for spot in round.stirred}
    families = {"record": "dns_record", "pair": "kv_pair"}
    return any(spot.family == families.get(subject[0]) for spot in touched)


def _audited(round: Round) -> Iterator[str]:
    """Yield errors of the audit log: damage, or another result than that of the line."""
    log = AuditLog(round.state)
    if problem := log.verify().problem:
        yield f"the audit log: {problem}"
        return
    codes = [line["exit_code"] for line in log.lines()][round.audited :]
    if round.killed:
        return
    if any(codes[:-1]) or (codes and codes[-1] not in (0, round.ended.code)):
        yield f"the audit log says {codes}, but the line ended with {round.ended.code}"
    wrote = [task for task in round.plan.tasks if task.writes]
    if round.ended.code == 0 and round.plan.may_write and len(codes) != len(wrote):
        yield f"the audit log has {len(codes)} lines of {len(wrote)} tasks that write"


def unknown(round: Round) -> list[str]:
    """Return the ids of changes with an unknown outcome."""
    now = entries(round.state)
    return [id for id, entry in now.items() if id not in round.known and entry.state == UNKNOWN]


def undoable(round: Round) -> dict[str, str]:
    """Return the ids that undo the changes of a round, the last task first, each with one of its names.

    Empty if a task cannot be undone, or if its outcome is unknown.
    """
    new = [
        entry for id, entry in entries(round.state).items() if id not in round.known and entry.state != FAILED
    ]
    sure = all(
        entry.state in (DONE, ADOPTED) and not entry.irreversible and not entry.undoes for entry in new
    )
    if not sure or round.stirred or UNTRUE & set(round.fired):
        return {}
    # One option can confirm only one of several names.
    if round.plan.undo == "line" and not any(entry.kind in CONFIRMED_BY_NAME for entry in new):
        return {entry.id.rpartition("-")[0]: entry.names[0] for entry in new}
    return {entry.group: entry.names[0] for entry in reversed(new)}
