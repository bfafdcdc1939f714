"""Results as JUnit's XML: a suite for each zone, a case for each check."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from html import escape
from itertools import groupby

from ops.checks.catalog import rank
from ops.checks.run import SHOWN, Result
from ops.ui.escape import printable

ACCOUNT = "account"


def junit(results: Iterable[Result], least: str) -> str:
    """Return the document. Findings below *least*, and what was not read, are skipped, never passed."""
    suites = [(zone or ACCOUNT, list(group)) for zone, group in groupby(results, key=lambda one: one.zone)]
    body = "".join(_suite(name, group, least) for name, group in suites)
    return f'<?xml version="1.0" encoding="UTF-8"?>\n<testsuites name="cfops checks">\n{body}</testsuites>\n'


def _suite(name: str, results: list[Result], least: str) -> str:
    cases = list(_cases(name, results, least))
    failed = sum("<failure" in case for case in cases)
    skipped = sum("<skipped" in case for case in cases)
    counts = f'tests="{len(cases)}" failures="{failed}" errors="0" skipped="{skipped}"'
    return f"<testsuite {_named(name=name)} {counts}>\n{''.join(cases)}</testsuite>\n"


def _cases(name: str, results: Iterable[Result], least: str) -> Iterator[str]:
    for result in results:
        case = f"<testcase {_named(classname=name, name=result.check.id)}"
        if result.subjects and rank(result.severity) >= rank(least):
            shown = [f"{subject.name}: {subject.problem}" for subject in result.subjects[:SHOWN]]
            more = len(result.subjects) - len(shown)
            text = "\n".join([*shown, *([f"and {more} more"] if more else []), f"fix: {result.check.fix}"])
            facts = _named(type=result.severity, message=f"{result.check.title}: {len(result.subjects)}")
            yield f"{case}><failure {facts}>{_text(text)}</failure></testcase>\n"
        elif result.subjects:
            yield f"{case}><skipped {_named(message=f'{result.severity} is below {least}')}/></testcase>\n"
        elif result.gaps:
            why = "; ".join(f"not read: {gap}" for gap in result.gaps)
            yield f"{case}><skipped {_named(message=why)}/></testcase>\n"
        else:
            yield f"{case}/>\n"


def _named(**attributes: str) -> str:
    return " ".join(f'{name}="{_text(value)}"' for name, value in attributes.items())


def _text(text: str) -> str:
    # XML has no form for most control characters.
    return escape(printable(text, "\n"))
