"""Results as SARIF 2.1.0, for GitHub's code scanning and others.

GitHub refuses a file with a result that has no physical location: the line of the item in the snapshot's
file is one, because lines are sorted and stable.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from hashlib import sha256
from pathlib import Path
from typing import NamedTuple

from ops.checks.accepted import FILE, KIND
from ops.checks.catalog import rank
from ops.checks.model import Check, Subject
from ops.checks.run import SHOWN, Result, fingerprint, path_of
from ops.items import Json
from ops.snapshots.layout import MANIFEST, kind_file
from ops.snapshots.whole import WholeSections
from ops.version import VERSION

SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
LEVELS = {"critical": "error", "high": "error", "medium": "warning", "low": "note", "info": "note"}
# GitHub sorts security alerts by this number.
SCORES = {"critical": "9.5", "high": "8.0", "medium": "5.5", "low": "3.0", "info": "1.0"}
_ZONE = "zones.zone"


class Source(NamedTuple):
    """Where the items are: the snapshot's *sections*, and *base*, the folder to which paths are relative."""

    sections: WholeSections
    base: Path


def sarif(results: Iterable[Result], least: str, source: Source) -> Json:
    """Return the document; without findings its list of results is empty. Accepted ones are suppressed."""
    kept = list(results)
    checks = list({result.check.id: result.check for result in kept}.values())
    place = _places(source)
    found = [one for result in kept for one in _results(result, checks, least, place)]
    unknown = {f"{result.check.id}: not read: {gap}" for result in kept for gap in result.gaps}
    return {
        "$schema": SCHEMA,
        "version": "2.1.0",
        "runs": [
            {
                "tool": {"driver": _driver(checks)},
                "invocations": [
                    {
                        "executionSuccessful": True,
                        "toolExecutionNotifications": [
                            {"level": "note", "message": {"text": text}} for text in sorted(unknown)
                        ],
                    }
                ],
                "columnKind": "utf16CodeUnits",
                "results": found,
            }
        ],
    }


def _driver(checks: Iterable[Check]) -> Json:
    return {"name": "cfops", "semanticVersion": VERSION, "rules": [_rule(check) for check in checks]}


def _rule(check: Check) -> Json:
    text = " ".join(filter(None, (check.why, f"To fix it: {check.fix}.", check.caution)))
    return {
        "id": check.id,
        "shortDescription": {"text": check.title},
        "fullDescription": {"text": check.why},
        "help": {"text": text},
        "defaultConfiguration": {"level": LEVELS[check.severity]},
        "properties": {"tags": ["security"], "security-severity": SCORES[check.severity]},
    }


Place = Callable[[Result, Subject], tuple[str, int]]


def _results(result: Result, checks: list[Check], least: str, place: Place) -> Iterator[Json]:
    index = next(n for n, check in enumerate(checks) if check.id == result.check.id)
    parts = ((result.subjects, False), (result.accepted, True))
    for subjects, accepted in parts:
        if not subjects or (not accepted and rank(result.severity) < rank(least)):
            continue
        shown = [f"{subject.name}: {subject.problem}" for subject in subjects[:SHOWN]]
        more = [f"and {len(subjects) - SHOWN} more"] if len(subjects) > SHOWN else []
        prints = "\n".join(sorted(fingerprint(result, subject) for subject in subjects))
        yield {
            "ruleId": result.check.id,
            "ruleIndex": index,
            "level": LEVELS[result.severity],
            "occurrenceCount": len(subjects),
            "message": {"text": "; ".join([*shown, *more])},
            "locations": [_location(result, subject, place) for subject in subjects[:SHOWN]],
            "partialFingerprints": {"cfopsFinding/v1": sha256(prints.encode()).hexdigest()},
            **(
                {"suppressions": [{"kind": "external", "justification": f"accepted in {FILE}"}]}
                if accepted
                else {}
            ),
        }


def _location(result: Result, subject: Subject, place: Place) -> Json:
    uri, line = place(result, subject)
    return {
        "physicalLocation": {"artifactLocation": {"uri": uri}, "region": {"startLine": line}},
        "logicalLocations": [{"fullyQualifiedName": path_of(result, subject), "kind": "resource"}],
    }


def _places(source: Source) -> Place:
    """Return a function that finds the file and the line of a subject."""
    sections, base = source
    zones = {str(zone["id"]): zone for zone in sections.listed(_ZONE)}

    def uri(path: Path) -> str:
        path = path.resolve()
        return path.relative_to(base).as_posix() if path.is_relative_to(base) else path.as_uri()

    def place(result: Result, subject: Subject) -> tuple[str, int]:
        folder = sections.snapshot.path
        if subject.kind == KIND:
            return FILE, max(1, subject.item.get("line", 1))
        scope = subject.scope or result.zone_id or sections.account_id
        if subject.kind == _ZONE:
            scope = sections.account_id
        if subject.item and (line := sections.line(subject.kind, scope, subject.item)):
            return uri(folder / kind_file(subject.kind)), line
        if result.zone_id and (line := sections.line(_ZONE, sections.account_id, zones[result.zone_id])):
            return uri(folder / kind_file(_ZONE)), line
        return uri(folder / MANIFEST), 1

    return place
