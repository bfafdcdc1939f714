"""What must be survived (A1 to G10), and what is promised (P1 to P17), each in a sentence.

A test says which of them it proves: `@pytest.mark.fault("A1", "P8")`.
"""

from __future__ import annotations

HTTP = {
    "A1": "a 429 with Retry-After stops every thread and process of the token for exactly that long",
    "A2": "a 429 without Retry-After is waited out by the Ratelimit header, or for longer each time",
    "A3": "a write that was answered 429 was not carried out and is sent again",
    "A4": "a Retry-After that is garbage, negative, a date or without end is ignored, read or capped",
    "A5": "the allowance that the server announces slows the client before it is refused",
    "A6": "an HTML page of the edge with a 5xx is told in one sentence, and a read is repeated",
    "A7": "a 403 page of the firewall is told from a missing permission and names the key",
    "A8": "a write that timed out behind the edge is looked for, never sent again blindly",
    "A9": "a 200 that says success:false is a failure and is not kept",
    "A10": "a 200 without an envelope is one typed failure, whatever it parses as",
    "A11": "JSON nested without end is the same typed failure",
    "A12": "NaN, duplicate keys, huge numbers, lone surrogates and a BOM are refused or kept exactly",
    "A13": "a body shorter than its announced length is noticed and read again",
    "A14": "a body that ends without proof of its end is never taken for whole",
    "A15": "a connection that is reset within a body is noticed and read again",
    "A16": "a connection that closes without an answer is survived where a repetition is safe",
    "A17": "a server that says nothing is given up: connecting, reading, and the call as a whole",
    "A18": "a server that drips does not outlast the time of the call",
    "A19": "a body that unpacks to more than its limit is not unpacked",
    "A20": "a redirect on the same host is refused, and the host is named",
    "A21": "a redirect to another host reaches nobody there",
    "A22": "name, refusal, TLS and clock failures have words of their own, and TLS is never weakened",
    "A23": "variables that name a file of authorities play no part, and our own is checked early",
    "A24": "a token revoked halfway ends the run at once and keeps what was read, marked",
    "A25": "a product without permission is marked denied and never read as deleted",
    "A26": "a product that is not there is marked unavailable and never read as deleted",
    "A27": "answers in any order leave the same result, to the byte",
}

PAGES = {
    "B1": "what an insertion makes come twice is given once and counted",
    "B2": "what a deletion hides is found by reading again, or the list is marked",
    "B3": "a total that lies, is text or is missing ends nothing",
    "B4": "a full last page costs one more request",
    "B5": "a server that gives smaller pages is read to the end",
    "B6": "the same page, or the same cursor, for ever is left",
    "B7": "a list whose cursor expires is read once more, then marked",
    "B8": "an empty, missing or repeated cursor is the end",
    "B9": "a later page that fails for good leaves a list that says it is not whole",
    "B10": "a zone that is deleted during the scan is gone, not a failure",
    "B11": "a listing that lags behind a write does not decide whether it was done",
}

DISK = {
    "C1": "a full disk during an export leaves the old file whole and nothing else",
    "C2": "a full disk behind stdout is a failure with an exit code",
    "C3": "kill -9 during an export leaves the old or the new, never a part",
    "C4": "a journal with a torn last line is whole up to the line before",
    "C5": "kill -9 between the call and its note leaves an intent that can be looked up",
    "C6": "a folder that cannot be written is told before the first request",
    "C7": "a link in the place of a file is refused, and its target stays",
    "C8": "a folder that is a link, or that others may write to, is refused",
    "C9": "every file and folder is its owner's alone from the moment it exists",
    "C10": "names that are too long, reserved or alike get files of their own",
    "C11": "what killed runs left behind is swept when it is old and nobody's",
    "C12": "no name of the account leads out of the folder",
    "C13": "a damaged snapshot is named by its file and not used",
    "C14": "a newer format is refused in clear words",
    "C15": "two exports in one second have two names",
}

RUNS = {
    "D1": "Ctrl-C during a scan ends it within two seconds, and what was read is kept and marked",
    "D2": "Ctrl-C during a bulk write begins no further call and says what is done",
    "D3": "SIGTERM ends a run as Ctrl-C does",
    "D4": "a closed pipe, or a terminal that hangs up, ends a run in order",
    "D5": "a signal ends a long wait at once",
    "D6": "two jobs share one budget, and exclude each other where they write",
    "D7": "a lock whose holder was killed is free",
    "D8": "a clock that jumps by a day disturbs neither waits nor the order of events",
    "D9": "a clock that is off is told once",
    "D10": "no two threads use a connection at once",
    "D11": "a plan refuses a zone that has changed since it was made",
    "D12": "what was interrupted at any item is finished by running it again, nothing twice or lost",
}

DATA = {
    "E1": "a value of 25 MiB is carried in little memory, and a byte more is refused before it is sent",
    "E2": "binary values come and go byte for byte",
    "E3": "an awkward key is exactly one segment of the path, and one too long is refused",
    "E4": "a segment that is empty or dots is refused before any request",
    "E5": "an argument that is no text is a usage error",
    "E6": "a value that begins with a dash can be given",
    "E7": "nothing in the data drives the terminal",
    "E8": "no CSV cell is a formula, and every cell reads back as it was",
    "E9": "a table shows values as they are",
    "E10": "a name has one form however it is written",
    "E11": "a hundred thousand records take memory and time in proportion, and batches keep their bound",
    "E12": "fields, types and values that are not known here are kept and sent as they came",
    "E13": "nothing in a report is more than text, and the page runs and asks for nothing",
    "E14": "one event is one line of the log, whatever a name holds",
    "E15": "secrets in the data stay out of log, audit and cache",
}

SURROUNDINGS = {
    "F1": "the token is in no output, log, file or traceback, however it is spelt",
    "F2": "the debugging switch of http.client is never set",
    "F3": "no task takes a secret on the command line",
    "F4": "a failure carries no token, however it is looked at",
    "F5": "a token that no header can carry is refused without being shown",
    "F6": "a .env that others may touch is refused",
    "F7": "a .env further up is not read, and the one that is read is named",
    "F8": "a .env does not reach the environment of other programs",
    "F9": "a .netrc plays no part",
    "F10": "proxy variables play no part, and a proxy never sees the token",
    "F11": "requests go to Cloudflare, this machine, or a host that was allowed by name",
    "F12": "no code path turns verification off",
    "F13": "code from elsewhere cannot take part in a run",
    "F14": "a poisoned cache, state or journal is refused or made anew, never executed",
    "F15": "one token is never answered from another's cache",
    "F16": "a tasks.py further up is the ops repository's risk, and never that of `cfops`",
    "F17": "a monitor's URL gets no token, is https or this machine, and is shown as its host alone",
    "F18": "a monitor that is down changes no exit code",
    "F19": "a hostile file that is to be put back is refused with nothing written",
    "F20": "what unpacks without end is stopped",
    "F21": "a tampered encrypted file leaves no plaintext",
    "F22": "every edit, cut and swap in the audit log is found",
    "F23": "the sandbox listens on this machine alone and turns foreign hosts away",
    "F24": "a live token does not go to the sandbox, nor the sandbox's to Cloudflare",
}

WRITES = {
    "G1": "a creation whose answer was lost is adopted, and is there once",
    "G2": "a plan that goes too far needs force",
    "G3": "a zone of a similar name is never taken",
    "G4": "off a terminal nothing is deleted without a yes",
    "G5": "everything is purged only where it was said twice",
    "G6": "an undo never overwrites what others have changed since",
    "G7": "a dry run sends no write",
    "G8": "a batch without an answer is all or nothing, and is looked up",
    "G9": "a product that fails five times on end is left alone, and the others go on",
    "G10": "an outage does not become a storm of repetitions",
}

FAULTS = {**HTTP, **PAGES, **DISK, **RUNS, **DATA, **SURROUNDINGS, **WRITES}

PROMISES = {
    "P1": "the token appears nowhere: looked for in all that the suite writes, in five spellings",
    "P2": "files are 0600 and folders 0700 from the moment they exist, whatever the umask",
    "P3": "what is kept is old or new to the byte after each of two hundred kills",
    "P4": "of a thousand drifting lists none has a gap that is not told",
    "P5": "of five hundred creations whose answers are lost none is there twice",
    "P6": "no write begins after Ctrl-C, in fifty runs",
    "P7": "TLS is verified always, and requests go to https or this machine alone",
    "P8": "no credential follows a redirect: 5 codes, 5 methods, 4 kinds of secret",
    "P9": "no output drives a terminal or a spreadsheet",
    "P10": "no name chooses a path or an endpoint",
    "P11": "tampering with the audit log shows",
    "P12": "what is encrypted here opens with age, and the other way round",
    "P13": "each limit holds at one less, at itself and at one more",
    "P14": "code from elsewhere changes neither the result nor the exit code of a job",
    "P15": "two processes make three thousand requests without one refusal",
    "P16": "only the host of the base URL is ever looked up or connected to",
    "P17": "what is installed is named by hash, and nothing is added without a reason",
}

CATALOGUE = {**FAULTS, **PROMISES}
