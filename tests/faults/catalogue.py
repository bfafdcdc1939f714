"""The faults that must be survived (A1 to G10) and the promises (P1 to P17), each in a sentence.

A test is marked with those that it proves: `@pytest.mark.fault("A1", "P8")`.
"""

from __future__ import annotations

HTTP = {
    "A1": "a 429 with Retry-After stops every thread and process of the token for exactly that long",
    "A2": "after a 429 without Retry-After the Ratelimit header, or a growing delay, sets the wait",
    "A3": "a write that was answered 429 was not applied and is sent again",
    "A4": "a Retry-After that is garbage, negative, a date or endless is ignored, read or capped",
    "A5": "the allowance that the server announces slows the client down before a refusal",
    "A6": "an HTML page of the edge with a 5xx is reported in one sentence, and a read is repeated",
    "A7": "a 403 page of the firewall is distinguished from a missing permission and names the key",
    "A8": "a write that timed out behind the edge is looked up, never sent again blindly",
    "A9": "a 200 with success:false is a failure and is not cached",
    "A10": "a 200 without an envelope is one typed failure, whatever it parses as",
    "A11": "JSON with endless nesting is the same typed failure",
    "A12": "NaN, duplicate keys, huge numbers, lone surrogates and a BOM are refused or kept exactly",
    "A13": "a body shorter than its announced length is noticed and read again",
    "A14": "a body without proof of its end is never treated as complete",
    "A15": "a connection that is reset within a body is noticed and read again",
    "A16": "after a connection that closes without an answer, a request is repeated where that is safe",
    "A17": "a silent server is given up: when connecting, when reading, and for the whole call",
    "A18": "a server that drips cannot extend the time of the call",
    "A19": "a body that unpacks to more than its limit is not unpacked",
    "A20": "a redirect on the same host is refused, and the host is named",
    "A21": "a redirect to another host reaches nobody there",
    "A22": "name, refusal, TLS and clock failures have messages of their own, and TLS is never weakened",
    "A23": "variables that name a CA file have no effect, and our own setting is checked early",
    "A24": "a token revoked during a run ends it at once; what was read is kept and marked",
    "A25": "a product without permission is marked denied and never read as deleted",
    "A26": "a product that does not exist is marked unavailable and never read as deleted",
    "A27": "answers in any order leave the same result, byte for byte",
}

PAGES = {
    "B1": "an item that an insertion repeats is returned once and counted",
    "B2": "an item that a deletion hides is found by reading again, or the list is marked",
    "B3": "a total that is wrong, text or missing ends no list",
    "B4": "a full last page costs one more request",
    "B5": "a server with smaller pages is read to the end",
    "B6": "a page or a cursor that repeats forever ends the reading",
    "B7": "a list whose cursor expires is read once more, then marked",
    "B8": "an empty, missing or repeated cursor is the end",
    "B9": "a later page that fails permanently leaves a list that is marked incomplete",
    "B10": "a zone that is deleted during the scan is gone, not a failure",
    "B11": "a listing that lags behind a write does not decide whether the write was applied",
}

DISK = {
    "C1": "a full disk during an export leaves the old file complete and nothing else",
    "C2": "a full disk behind stdout is a failure with an exit code",
    "C3": "kill -9 during an export leaves the old or the new, never a part",
    "C4": "a journal with a torn last line is whole up to the line before",
    "C5": "kill -9 between the request and its journal entry leaves an intent that can be looked up",
    "C6": "a folder that cannot be written is reported before the first request",
    "C7": "a link instead of a file is refused, and its target is unchanged",
    "C8": "a folder that is a link, or that others may write to, is refused",
    "C9": "every file and folder is private to its owner from the moment it exists",
    "C10": "names that are too long, reserved or alike get files of their own",
    "C11": "what killed runs left behind is removed when it is old and unused",
    "C12": "no name from the account leads out of the folder",
    "C13": "a damaged snapshot is named by its file and not used",
    "C14": "a newer format is refused with a clear message",
    "C15": "two exports in one second have two names",
}

RUNS = {
    "D1": "Ctrl-C during a scan ends it within two seconds, and what was read is kept and marked",
    "D2": "Ctrl-C during a bulk write starts no further request and reports what was done",
    "D3": "SIGTERM ends a run as Ctrl-C does",
    "D4": "a closed pipe, or a terminal that hangs up, ends a run cleanly",
    "D5": "a signal ends a long wait at once",
    "D6": "two jobs share one budget, and exclude each other when they write",
    "D7": "a lock whose holder was killed is free",
    "D8": "a clock that jumps by a day disturbs neither waits nor the order of events",
    "D9": "a wrong clock is reported once",
    "D10": "no two threads use a connection at the same time",
    "D11": "a plan refuses a zone that has changed since it was made",
    "D12": "a run interrupted at any item is finished by running it again: nothing twice, nothing lost",
}

DATA = {
    "E1": "a value of 25 MiB is carried in little memory, and a byte more is refused before it is sent",
    "E2": "binary values are read and written byte for byte",
    "E3": "an awkward key is exactly one segment of the path, and one too long is refused",
    "E4": "a segment that is empty or dots is refused before any request",
    "E5": "an argument that is not text is a usage error",
    "E6": "a value that begins with a dash can be given",
    "E7": "nothing in the data controls the terminal",
    "E8": "no CSV cell is a formula, and every cell reads back as it was",
    "E9": "a table shows values as they are",
    "E10": "a name has one form, however it is written",
    "E11": "a hundred thousand records take memory and time in proportion, and batches keep their bound",
    "E12": "unknown fields, types and values are kept and sent unchanged",
    "E13": "everything in a report is text; the page runs no script and requests nothing",
    "E14": "one event is one line of the log, whatever a name contains",
    "E15": "secrets in the data stay out of log, audit and cache",
}

SURROUNDINGS = {
    "F1": "the token is in no output, log, file or traceback, in any spelling",
    "F2": "the debugging switch of http.client is never set",
    "F3": "no task takes a secret on the command line",
    "F4": "an error holds no token, in any representation",
    "F5": "a token that no header can carry is refused without being shown",
    "F6": "a .env that others can access is refused",
    "F7": "a .env further up is not read, and the one that is read is named",
    "F8": "a .env does not reach the environment of other programs",
    "F9": "a .netrc has no effect",
    "F10": "proxy variables have no effect, and a proxy never sees the token",
    "F11": "requests go only to Cloudflare, this machine, or a host that was allowed by name",
    "F12": "no code path turns verification off",
    "F13": "foreign code takes part only if it is enabled, and a faulty hook changes no result",
    "F14": "a poisoned cache, state or journal is refused or created again, never executed",
    "F15": "one token never gets answers from another token's cache",
    "F16": "a tasks.py in a parent folder is a risk of `inv` in an ops repository, never of `cfops`",
    "F17": "a monitor's URL gets no token, is https or on this machine, and only its host is shown",
    "F18": "a monitor that is down changes no exit code",
    "F19": "a hostile file is refused by restore, and nothing is written",
    "F20": "an archive that unpacks endlessly is stopped",
    "F21": "a tampered encrypted file leaves no plaintext",
    "F22": "every edit, cut and swap in the audit log is found",
    "F23": "the sandbox listens only on this machine and refuses foreign hosts",
    "F24": "a live token does not go to the sandbox, nor the sandbox's to Cloudflare",
}

WRITES = {
    "G1": "a creation whose answer was lost is adopted and exists once",
    "G2": "a plan that changes too much needs --force",
    "G3": "a zone of a similar name is never taken",
    "G4": "off a terminal nothing is deleted without --yes",
    "G5": "everything is purged only after a second confirmation",
    "G6": "an undo never overwrites what others have changed since",
    "G7": "a dry run sends no write",
    "G8": "a batch without an answer was applied as a whole or not at all, and is looked up",
    "G9": "after five failures in a row a product is skipped, and the others continue",
    "G10": "an outage does not become a storm of repetitions",
}

FAULTS = {**HTTP, **PAGES, **DISK, **RUNS, **DATA, **SURROUNDINGS, **WRITES}

PROMISES = {
    "P1": "the token appears nowhere: everything that the suite writes is searched, in five spellings",
    "P2": "files are 0600 and folders 0700 from the moment they exist, whatever the umask",
    "P3": "files are the old or the new one, byte for byte, after each of two hundred kills",
    "P4": "of a thousand changing lists none has a gap that is not reported",
    "P5": "of five hundred creations whose answers are lost none exists twice",
    "P6": "no write starts after Ctrl-C, in fifty runs",
    "P7": "TLS is always verified, and requests use https or stay on this machine",
    "P8": "no credential follows a redirect: 5 codes, 5 methods, 4 kinds of secret",
    "P9": "no output controls a terminal or a spreadsheet",
    "P10": "no name chooses a path or an endpoint",
    "P11": "tampering with the audit log is detected",
    "P12": "files that are encrypted here open with age, and the other way round",
    "P13": "each limit is exact: tested at one less, at itself and at one more",
    "P14": "foreign code changes neither the result nor the exit code of a job",
    "P15": "two processes send three thousand requests without a refusal",
    "P16": "only the host of the base URL is ever looked up or connected to",
    "P17": "what is installed is pinned by hash, and no package is added without a reason",
}

CATALOGUE = {**FAULTS, **PROMISES}
