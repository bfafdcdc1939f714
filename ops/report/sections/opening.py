"""The bar, and the sentence: how complete the snapshot is, what changed, what needs somebody."""

from __future__ import annotations

from ops.items import duration, seconds_of
from ops.report.markup import Html, el, moment, plural
from ops.report.sources import OURS, Sources
from ops.snapshots.compare.side import UNKNOWN
from ops.snapshots.manifest import WHOLE, kinds_read

GOOD, CARE, BAD = "good", "care", "bad"
_SHAPES = {
    GOOD: el(
        "path", d="M12 2a10 10 0 1 0 0 20 10 10 0 0 0 0-20Zm-1.6 14.4-4-4 1.6-1.6 2.4 2.4 5.6-5.6 1.6 1.6Z"
    ),
    CARE: el("path", d="M12 2 1 21h22L12 2Zm-1.1 7h2.2v6h-2.2V9Zm0 7.6h2.2v2.2h-2.2v-2.2Z"),
    BAD: el("path", d="M8 2h8l6 6v8l-6 6H8l-6-6V8l6-6Zm2.9 4.5v7h2.2v-7h-2.2Zm0 8.8v2.2h2.2v-2.2h-2.2Z"),
}
_WORDS = {GOOD: "Good", CARE: "Attention", BAD: "Problem"}


def icon(state: str) -> Html:
    """Return the shape of a state: a disc, a triangle or an octagon, with its word."""
    shape = el("svg", _SHAPES[state], viewBox="0 0 24 24", class_="icon", aria_hidden="true")
    return el("span", shape, el("span", _WORDS[state], class_="unseen"), class_=f"state {state}")


def bar(sources: Sources, *, redact: bool) -> Html:
    """Return the head of the page: the account, the time, the search, and two buttons."""
    manifest = sources.manifest
    name = manifest.account_name or manifest.account_id
    found = (
        el("label", "Search everything", for_="search", class_="unseen"),
        el(
            "input",
            type="search",
            id="search",
            placeholder="Search everything   /",
            autocomplete="off",
            hidden=True,
        ),
    )
    buttons = (
        el("button", "Light / dark", type="button", id="theme", hidden=True),
        el("button", "Print", type="button", id="print", hidden=True),
    )
    about = [el("span", manifest.account_id, class_="mono")] if manifest.account_name else []
    about += [
        moment(sources.snapshot.started),
        el("span", manifest.status, class_=f"badge {manifest.status}"),
    ]
    about += [el("span", "for outsiders: without addresses and contents", class_="badge")] if redact else []
    title = el("div", el("h1", name), el("p", about, class_="about"))
    return el("header", title, el("div", found, buttons, class_="tools"), class_="bar")


def state_of(sources: Sources, needs: int, severe: bool) -> str:
    """Return how things are in one word: good, care or bad."""
    if severe:
        return BAD
    return CARE if needs or not sources.manifest.complete else GOOD


def sentence(sources: Sources, needs: int, *, severe: bool) -> Html:
    """Return the sentence that somebody reads who reads nothing else."""
    manifest = sources.manifest
    took = duration(seconds_of(manifest.ended) - sources.snapshot.started)
    clock = manifest.started[11:16]
    kinds, old = plural(kinds_read(manifest.sections), "kind"), manifest.carried
    if manifest.complete and old:
        read = f"All that was asked for is known: {kinds}, read at {clock} UTC in {took} where they changed."
    elif manifest.complete:
        read = f"All that was asked for was read at {clock} UTC in {took}: {kinds}."
    else:
        short = sorted({one.kind for one in manifest.sections if one.status not in WHOLE})
        named = ", ".join(short[:3]) + (f" and {len(short) - 3} more" if len(short) > 3 else "")
        total = len({one.kind for one in manifest.sections})
        read = f"{len(short)} of {total} kinds could not be read completely at {clock} UTC: {named}."
    if old:
        oldest = manifest.oldest_read[:16].replace("T", " ")
        read += f" {old:,} of {len(manifest.sections):,} sections are older, the oldest read {oldest} UTC."
    parts = [read, _changed(sources), _needed(needs)]
    state = icon(state_of(sources, needs, severe))
    return el("p", state, " ", el("span", " ".join(parts)), class_="sentence", id="summary")


def _changed(sources: Sources) -> str:
    if sources.before is None:
        return "There is no earlier complete snapshot to compare with."
    total = sources.changes.total
    since = sources.before.manifest.started
    changed = plural(total, "change") if total else "No changes"
    return f"{changed} since {since[:10]} {since[11:16]}{_by(sources) if total else ''}."


def _by(sources: Sources) -> str:
    """Return who made the changes, as far as that is known."""
    known = [change for change in sources.changes.first if change.difference.change != UNKNOWN]
    ours = sum(change.author is not None and bool(change.author.task) for change in known)
    # Of more changes than the page has, nobody knows who made the rest.
    if not ours or len(known) < sources.changes.total:
        people = len({change.author.actor for change in known if change.author})
        return "" if not people else ", by 1 person" if people == 1 else f", by {people} people"
    if ours == len(known):
        return f", by {OURS}"
    return f", {ours:,} by {OURS} and {len(known) - ours:,} by someone else"


def _needed(needs: int) -> str:
    if not needs:
        return "Nothing needs you."
    return "1 thing needs you." if needs == 1 else f"{needs} things need you."
