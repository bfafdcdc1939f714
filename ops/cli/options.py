"""The options that many tasks share, their help texts, and the error for a wrong value."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from invoke.exceptions import ParseError
from invoke.parser.argument import Argument

from ops.errors import UsageError

# The names of files may be any bytes; everything else is text.
PATHS = (
    "a", "at", "b", "bindings", "ca_file", "export", "file", "from_", "identity", "junit", "log_file",
    "main", "passphrase_file", "plan", "sarif", "to", "token_file", "trace",
)  # fmt: skip
# Every option has a default of its own type, because that is where Invoke reads the type from.
EVERYWHERE: dict[str, Any] = {
    "profile": "",
    "account_id": "",
    "output": "",
    "quiet": False,
    "debug": False,
    "cache": 0,
    "log_format": "",
    "log_file": "",
}
# What is about the whole line; the others above are settings as well.
ON_LINES: dict[str, Any] = {"trace": ""}
ON_LISTS: dict[str, Any] = {
    "fields": "",
    "sort": "",
    "filter": (),
    "limit": 0,
    "no_headers": False,
    "export": False,
}
ON_TABLES: dict[str, Any] = {"wide": False, "utc": False}
ON_OUTPUT: dict[str, Any] = {"no_pager": False}
ON_READS: dict[str, Any] = {"at": "", "offline": False, "identity": ""}
ON_WRITES: dict[str, Any] = {"dry_run": False, "yes": False}
ON_PAGES: dict[str, Any] = {"web": False}
HELP = {
    "web": "print the address of the dashboard's page, and open it if this is a terminal",
    "at": "read a snapshot instead of Cloudflare: latest, a date (the newest up to then), a name, a path, s3://…/latest",
    "offline": "read the newest complete snapshot without any request; the same as --at latest",
    "identity": "file with the key that opens an encrypted snapshot",
    "dry_run": "show what would change; send no write",
    "yes": "do not ask for confirmation; without a terminal, deletions need this",
    "force": "allow more changes than one run may make by default",
    "confirm": "the name to delete, instead of typing it; separate several with commas",
    "profile": "use the settings of this profile",
    "account_id": "the account to work on, if the token can see several",
    "output": "table, json, jsonl, csv, tsv or yaml (default: a table on a terminal, TSV in a pipe)",
    "quiet": "print no notes and no progress on stderr",
    "debug": "log every request on stderr as JSON lines, without secrets",
    "cache": "use cached answers up to N seconds old",
    "log_format": "text, or json: write messages on stderr as JSON lines, one event each",
    "log_file": "also write every message to this file, as JSON lines; it is rotated by size",
    "trace": "write what the line did, and when, to this file in Chrome's trace format; Perfetto opens it",
    "fields": "show these fields, e.g. name,account.name",
    "sort": "sort by this field; -field for descending order",
    "filter": "show matching rows only, e.g. name=www*, status!=active, ttl>300; may be repeated",
    "limit": "show at most N rows",
    "no_headers": "omit the header line",
    "wide": "table: show all columns and cut nothing",
    "no_pager": "print long output at once, not through $PAGER",
    "utc": "table: show plain times instead of `4 min ago`",
    "zone": "domain or id, e.g. example.com",
    "script": "name of the script",
    "namespace": "title or id of the namespace",
    "export": "write the list as JSON with metadata to exports/, or to FILE with --export=FILE",
}
SHORT = {"output": "o", "quiet": "q", "yes": "y", "dry_run": "n", "wide": "w"}
# Options of tasks that can do much damage: see `guards` of @command.
GUARDS: dict[str, Any] = {"force": False, "confirm": ""}
SHARED = (
    ("On every task", EVERYWHERE | ON_LINES),
    ("On tasks of a product that read", ON_READS),
    ("On lists", ON_LISTS),
    ("On tasks that show a table", ON_TABLES),
    ("On tasks that print something", ON_OUTPUT),
    ("On tasks that write", ON_WRITES | GUARDS),
    ("On tasks about one item", ON_PAGES),
)
"""The options that tasks share, by the tasks that have them; for the help and the reference."""


class Option(Argument):
    """An option whose wrong value is a sentence and exit code 1, not a traceback."""

    def __repr__(self) -> str:
        return f"--{self.names[0]}"

    def set_value(self, value: Any, cast: bool = True) -> None:
        try:
            super().set_value(value, cast)
        except ValueError:
            error = ParseError(f"{self!r} takes a number, not {value!r}")
            # The parser's errors have no hint of their own; ops.ui.mistakes shows this one.
            error.hint = f"{self!r}: {self.help}" if self.help else ""  # type: ignore[attr-defined]
            raise error from None


def check_text(options: Mapping[str, Any], raw: Collection[str]) -> None:
    """Raise UsageError for an option that is not valid UTF-8: other text would be sent than was typed."""
    for name, value in options.items():
        for text in value if isinstance(value, tuple | list) else (value,):
            if isinstance(text, str) and not text.isascii() and name not in PATHS and name not in raw:
                try:
                    text.encode()
                except UnicodeEncodeError:
                    option = name.rstrip("_").replace("_", "-")
                    hint = "write it in UTF-8; `locale` shows whether the terminal uses another encoding"
                    raise UsageError(f"--{option} {text!r} is not valid UTF-8", hint=hint) from None
