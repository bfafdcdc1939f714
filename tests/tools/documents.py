"""Run the shell blocks of README.md and ops/docs: `python -m tests.tools.documents [--write] [PAGE ...]`.

A block ```console is a session: the lines that begin with `$ ` are run on a terminal of 100 columns, and the
lines after each are what it printed. A block ```sh holds only lines to run. A block of another language that
begins with a comment `# NAME` is a file of that name. A page is one session, in an ops
repository of its own whose environment names a sandbox as if it were Cloudflare. A line that ends with
`# exit code N` must end with that code, every other one with 0.

Each line is run four minutes after the one before, by the clock of its processes and of the sandbox,
because the columns of a table are as wide as its ages. Ids, times, sizes and paths differ between two runs.
If anything else differs from the page, the run fails; with --write it puts what was printed into the page.
"""

from __future__ import annotations

import argparse
import os
import pty
import re
import struct
import subprocess
import sys
import tempfile
import termios
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, suppress
from fcntl import ioctl
from pathlib import Path
from typing import NamedTuple

from ops.sandbox.server import Sandbox

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "ops" / "docs"
BIN = Path(sys.executable).parent
COLUMNS = 100
SECONDS = 120
"""The longest that one line may take."""
BLOCK = re.compile(r"^```(console|sh|python|yaml|toml)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
FILE = re.compile(r"# ([\w.]+\.\w+)\n")
CODE = re.compile(r"  +# exit code (\d+)$")
STEP = 240.0
"""The seconds from line to line: the text of an age is as long if its line is up to two minutes late."""
CLOCK = """\
import time
from pathlib import Path
import time_machine
time_machine.travel(time.time() + float(Path(__file__).with_name("ahead").read_text())).start()
"""
SHORTENED = 8
"""The lines of an output that a page gets where it says only `...`."""
QUESTION = re.compile(rb"(?:\[y/N\]|type the name to confirm, (\S+):) $")
# Run by `.ci/run` in a clone, because they install packages.
INSTALLS = re.compile(r"pip install|git clone|pipx|uv tool")
PLACEHOLDER = ("CLOUDFLARE_API_TOKEN=…", "CLOUDFLARE_API_TOKEN=$CLOUDFLARE_API_TOKEN")
# Programs of a machine that a test must not change: they do nothing here.
IDLE = ("systemctl", "crontab", "kubectl", "sudo", "gh")

# What differs between two runs: ids, paths, times, sizes, and the lines and spaces of a table's columns.
VARYING = (
    # What the sandbox's analytics count depends on the hour.
    (re.compile(r"\btraffic +about [^\n]*(\n +[▁▂▃▄▅▆▇█]+)?|\b\d{1,3}(,\d{3})+\b"), "COUNT"),
    (re.compile(r"\b(in )?[\d.]+ (years?|months?|days?|hours?|h|min|s)( ago| left)?\b|\bnow\b"), "TIME"),
    (re.compile(r"\b(age_seconds|bytes|seconds) +[\d.]+|\b[\d.,]+ ?(s|ms|min|kB|MB|[GMK]iB|GB|B)\b"), "SIZE"),
    (re.compile(r"\d{4}-\d\d-\d\d([T ][\d:.-]*Z?(\s*-[0-9a-f]{4}\b)?…?)?"), "TIME"),
    # Where a text is cut depends on the widths of its neighbours.
    (re.compile(r"\S+…"), "CUT"),
    (re.compile(r"\b[0-9a-f]{16}-SBX\b"), "RAY"),
    (re.compile(r"\b[0-9a-f]{32,64}\b|\b[0-9a-f]{10}(-\d+(\.\d+)?)?\b|\b[0-9a-f]{8}-[0-9a-f-]{27}\b"), "ID"),
    (re.compile(r"(?<!\S)\S*(/srv/ops|/home/ops|127\.0\.0\.1:\d+|port \d+)\S*|\bage1\w+"), "PATH"),
    (re.compile(r"\b\d+ (of \d+ )?requests?\b|requests +\d+|\b\d+ left\b"), "REQUESTS"),
    (re.compile(r"[-─]{2,}|\s+"), " "),
)


class Step(NamedTuple):
    """One line of a page: what is typed, the expected exit code, and what the page shows, None in `sh`."""

    line: str
    code: int
    shown: str | None


class Ended(NamedTuple):
    code: int
    printed: str


def pages() -> list[Path]:
    """Return README.md and the pages of ops/docs that people write; those in reference/ are generated."""
    return [ROOT / "README.md", *sorted(DOCS.glob("*.md"))]


def steps(text: str) -> list[Step]:
    """Return the lines that a page shows, in their order."""
    found = []
    for block in BLOCK.finditer(text):
        body = block[2].replace("\\\n", "")
        if block[1] == "console":
            parts = re.split(r"^\$ ", body, flags=re.MULTILINE)
            assert not parts[0].strip(), f"a console block must begin with `$ `: {parts[0]!r}"
            found += [_step(*part.partition("\n")[::2]) for part in parts[1:]]
        elif block[1] != "sh":
            if file := FILE.match(block[2]):
                found.append(Step(f"cat > {file[1]} <<'END'\n{block[2]}END", 0, None))
        else:
            found += [_step(line) for line in body.splitlines() if line.strip() and line[0] != "#"]
    return found


def _step(line: str, shown: str | None = None) -> Step:
    code = CODE.search(line)
    return Step(CODE.sub("", line), int(code[1]) if code else 0, shown)


def comparable(text: str) -> str:
    """Return *text* without what differs between two runs."""
    for pattern, constant in VARYING:
        text = pattern.sub(constant, text)
    return text.strip()


class Session:
    """The lines of one page, each in a shell with the variables and the folder of the one before."""

    def __init__(self, folder: Path, environ: dict[str, str]) -> None:
        self._folder, self._environ = folder, environ
        self._variables, self._code = folder / "variables", 0
        self._next = time.time()

    def run(self, line: str) -> Ended:
        """Run *line* on a terminal, answer its questions with y or the name, and return its end."""
        self._next += STEP
        _set_clock(self._folder, self._next - time.time())
        main, side = pty.openpty()
        ioctl(side, termios.TIOCSWINSZ, struct.pack("HHHH", 2000, COLUMNS, 0, 0))
        file = self._variables
        script = f'[ -f {file} ] && . {file} && cd "$PWD"; ends() {{ return $1; }}; ends {self._code}\n'
        script += f"{line}\ncode=$?; export -p > {file}; exit $code"
        process = subprocess.Popen(
            ["bash", "-c", script], stdin=side, stdout=side, stderr=side, cwd=self._folder / "ops",
            env=self._environ, start_new_session=True,
        )  # fmt: skip
        os.close(side)
        printed = b""
        with suppress(OSError):  # Linux ends the reading of a closed terminal with an error
            while chunk := os.read(main, 1 << 16):
                printed += chunk
                if question := QUESTION.search(printed):
                    os.write(main, (question[1] or b"y") + b"\n")
        os.close(main)
        self._code = process.wait(SECONDS)
        text = "\n".join(_drawn(line) for line in printed.decode(errors="replace").split("\n"))
        return Ended(self._code, self._moved(text).strip("\n"))

    def _moved(self, text: str) -> str:
        """Return *text* with folders that a page can name; columns stay where they are."""
        folders = {f"{self._folder}/ops": "/srv/ops", f"{self._folder}": "/home/ops"}
        for own, shown in {**folders, f"{BIN}": "/srv/ops/.venv/bin", f"{ROOT}": "/srv/ops"}.items():
            pad = " " * (len(own) - len(shown))
            text = re.sub(rf"{re.escape(own)}(\S*)(?=  )", rf"{shown}\1{pad}", text).replace(own, shown)
        return text


def _drawn(line: str) -> str:
    """Return a line as a terminal shows it after its returns to the first column."""
    cells: list[str] = []
    for part in re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", line).split("\r"):
        cells[: len(part)] = part
    return "".join(cells).rstrip()


class Differs(Exception):
    """A line of a page that does not do what the page says."""


def check(page: Path, *, write: bool = False) -> int:
    """Run the lines of *page*, and return their number; with *write* put into it what they print.

    Raises Differs.
    """
    text = page.read_text()
    known: dict[str, str] = {}
    ended: list[tuple[Step, str, str]] = []
    with tempfile.TemporaryDirectory() as folder, ExitStack() as stack:
        session = Session(Path(folder), environment(Path(folder), text, stack))
        for step in steps(text):
            if INSTALLS.search(step.line):
                ended.append((step, step.line, step.shown or ""))
                continue
            line = _with_ids(step.line, known).replace(*PLACEHOLDER)
            result = session.run(line)
            if result.code != step.code:
                raise Differs(f"{page.name}: `{line}` ended with {result.code}:\n{result.printed}")
            known.update(zip(_ids(step.shown or ""), _ids(result.printed), strict=False))
            ended.append((step, line, result.printed))
    stale = [
        f"`{line}` shows\n{step.shown}\nand prints\n{printed}"
        for step, line, printed in ended
        if step.shown is not None and not _same(step.shown, printed)
    ]
    if stale and not write:
        raise Differs(
            f"{page.name}: {stale[0]}\n`python -m tests.tools.documents --write {page.stem}` writes it"
        )
    if stale:
        page.write_text(_written(text, ended))
    return len(ended)


def _same(shown: str, printed: str) -> bool:
    """True if *printed* is what the page shows, in which `...` stands for any number of lines."""
    parts = [re.escape(comparable(part)) for part in re.split(r"^\.\.\.$", shown, flags=re.MULTILINE)]
    return re.fullmatch(r".*".join(parts), comparable(printed), re.DOTALL) is not None


_ID = re.compile(r"\b[0-9a-f]{10}-\d+\b|\b[0-9a-f]{32}\b")


def _ids(text: str) -> list[str]:
    return _ID.findall(text)


def _with_ids(line: str, known: dict[str, str]) -> str:
    return _ID.sub(lambda id: known.get(id[0], id[0]), line)


def _written(text: str, ended: Sequence[tuple[Step, str, str]]) -> str:
    """Return the page *text* with its console blocks as they were run."""
    runs = iter(ended)

    def block(found: re.Match[str]) -> str:
        ours = [next(runs) for _ in steps(found[0])]
        if found[1] != "console":
            return found[0]
        lines = [piece for step, line, printed in ours for piece in _session(step, line, printed)]
        return "```console\n" + "\n".join(lines).strip() + "\n```"

    return BLOCK.sub(block, text)


def _session(step: Step, line: str, printed: str) -> Iterator[str]:
    code = f"    # exit code {step.code}" if step.code else ""
    shown = step.shown or ""
    yield f"$ {line}{code}"
    if "\n...\n" in f"\n{shown}":
        # The page shows the first lines, as many as before, and says that there are more.
        first = shown.splitlines().index("...") or SHORTENED
        printed = "\n".join([*printed.splitlines()[:first], "..."])
    if printed:
        yield f"{printed}\n"


def environment(folder: Path, text: str, stack: ExitStack) -> dict[str, str]:
    """Prepare an ops repository in *folder*, and return the environment of its shell."""
    project, programs, clock = folder / "ops", folder / "bin", folder / "clock"
    programs.mkdir()
    clock.mkdir()
    (clock / "sitecustomize.py").write_text(CLOCK)
    _set_clock(folder, 0)
    sandbox = stack.enter_context(
        Sandbox(folder / "account.sqlite", clock=lambda: time.time() + _ahead(folder))
    )
    (project / ".venv" / "bin").mkdir(parents=True)
    (project / ".venv" / "bin" / "activate").touch()
    (project / "tasks.py").write_text((ROOT / "tasks.py").read_text())
    for name in IDLE:
        (programs / name).write_text("#!/bin/sh\n")
        (programs / name).chmod(0o755)
    environ = {
        "PATH": f"{programs}:{BIN}:{os.environ['PATH']}",
        "PYTHONPATH": str(clock),
        "HOME": str(folder),
        "USER": "ops",
        "LANG": "C.UTF-8",
        "TERM": "dumb",
        "NO_COLOR": "1",
        "PAGER": "cat",
        "CLOUDFLARE_API_TOKEN": sandbox.token,
        "CLOUDFLARE_API_BASE_URL": sandbox.url,
    }
    if "s3://" in text:
        environ |= _bucket(stack)
    if "age1" in text:
        import pyrage

        key = pyrage.x25519.Identity.generate()
        (folder / "key.txt").write_text(f"{key}\n")
        (folder / "key.txt").chmod(0o600)
    return environ


def _set_clock(folder: Path, ahead: float) -> None:
    (folder / "clock" / "new").write_text(str(ahead))
    (folder / "clock" / "new").replace(folder / "clock" / "ahead")


def _ahead(folder: Path) -> float:
    return float((folder / "clock" / "ahead").read_text())


def _bucket(stack: ExitStack) -> dict[str, str]:
    from tests.offsite.server import KEY_ID, SECRET, Server

    server = stack.enter_context(Server())
    server.client().create_bucket(Bucket="backups")
    return {
        "CFOPS_S3_ENDPOINT": server.url,
        "AWS_ACCESS_KEY_ID": KEY_ID,
        "AWS_SECRET_ACCESS_KEY": SECRET,
    }


def main() -> int:
    reader = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    reader.add_argument("page", nargs="*", help="only these pages, e.g. undo")
    reader.add_argument("--write", action="store_true", help="put what is printed into the pages")
    options = reader.parse_args()
    failed = 0
    for page in pages():
        if options.page and page.stem not in options.page:
            continue
        try:
            print(f"{page.name}: {check(page, write=options.write)} lines")
        except Differs as problem:
            failed = 1
            print(problem)
    return failed


if __name__ == "__main__":
    sys.exit(main())
