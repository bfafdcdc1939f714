"""The data of a database as SQL: Cloudflare prepares a file, which is fetched from a signed address.

That address is a secret for an hour: it is not logged, and no message holds it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, BinaryIO, NamedTuple

from ops.errors import ApiError, Incomplete, OpsError
from ops.http.outside import Outside
from ops.http.paths import path
from ops.http.shape import require

if TYPE_CHECKING:
    from ops.config.settings import Settings
    from ops.http.client import Client
    from ops.items import Json

EXPORT = "/accounts/{account}/d1/database/{database}/export"
# Cloudflare cancels an export that is not polled; the first answer is seldom the last.
PAUSES = (0.25, 0.5, 1.0, 2.0, 5.0)
WITHIN = 1800.0
# A database has at most 10 GB, and its text is longer.
LIMIT = 64 << 30
SECONDS = 3600.0
STALLED = 60.0


class Prepared(NamedTuple):
    """An export that can be fetched from *url* for an hour; *bookmark* names the moment of its data."""

    url: str
    bookmark: str


def dump_options(*, tables: Sequence[str] = (), data: bool = True, schema: bool = True) -> Json:
    """Return what is exported, as the API takes it."""
    chosen = {"tables": list(tables), "no_data": not data, "no_schema": not schema}
    return {name: value for name, value in chosen.items() if value}


def prepare(
    client: Client, account_id: str, database_id: str, options: Json, *, clock: Callable[[], float]
) -> Prepared:
    """Have the database exported, and poll until that is done, for at most WITHIN seconds of *clock*.

    The database answers no queries meanwhile. Raises ApiError if the export fails or takes longer.
    """
    where = path(EXPORT, account=account_id, database=database_id)
    body: Json = {"output_format": "polling", **({"dump_options": options} if options else {})}
    until, turn = clock() + WITHIN, 0
    while True:
        state = require(client.query(where, body), "an export", at_bookmark=str, optional=("at_bookmark",))
        if state.get("status") == "complete":
            result = require(state, "an export", at_bookmark=str, result__signed_url=str)["result"]
            return Prepared(result["signed_url"], state["at_bookmark"])
        if state.get("status") == "error" or state.get("success") is False:
            raise ApiError(f"the database was not exported: {state.get('error') or 'no reason given'}")
        if clock() >= until:
            hint = "Cloudflare cancels an export that is not polled; run it again later"
            raise ApiError(f"the database was not exported within {WITHIN / 60:.0f} min", hint=hint)
        body["current_bookmark"] = require(state, "an export", at_bookmark=str)["at_bookmark"]
        client.pause(PAUSES[min(turn, len(PAUSES) - 1)], "the database is being exported")
        turn += 1


def fetch(prepared: Prepared, settings: Settings, file: BinaryIO) -> int:
    """Write the prepared file to *file*, as it arrives, and return its length.

    The token is not sent. Raises Incomplete for a file that is not whole.
    """
    outside = Outside(prepared.url, settings, "the address of the export", seconds=SECONDS, stalled=STALLED)
    length = 0
    failure = ""
    try:
        reply = outside.stream(LIMIT)
        if reply.status != 200 or reply.chunks is None:
            failure = f"{outside.host} answered with status {reply.status}"
        for chunk in reply.chunks or ():
            file.write(chunk)
            length += len(chunk)
        if not (failure or reply.complete):
            failure = f"{outside.host} did not prove the length of the file"
    except OpsError as error:
        # Its message has the address.
        failure = f"{outside.host} could not be read to the end ({type(error).__name__})"
    finally:
        outside.close()
    if failure:
        raise Incomplete(f"the export was not fetched: {failure}", hint="run the same command again")
    return length
