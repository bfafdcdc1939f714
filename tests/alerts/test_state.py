"""What is sent again, and what is not."""

from __future__ import annotations

import time
from contextlib import ExitStack
from pathlib import Path

import pytest

from ops.alerts.policy import Policy, Window
from ops.alerts.rules import CRITICAL, WARNING, Finding
from ops.alerts.state import (
    ENDED,
    NEW,
    STILL,
    WORSE,
    Silence,
    State,
    advance,
    due,
    mark_sent,
    opened,
    read_state,
    state_file,
    tidy,
)
from ops.errors import DiskError, Locked
from ops.files.disk import locked, private_folder

HOUR = 3600.0
DEFAULT = Policy()
ME = {"pid": 1, "task": "test", "since": "now"}
FAILED = Finding("run-failed", WARNING, "failed: scan.export", subjects=("scan.export",))


class Night:
    """A state with one channel, run after run."""

    def __init__(self, policy: Policy = DEFAULT) -> None:
        self.state, self.policy, self.now = State(), policy, 1_790_000_000.0

    def run(
        self, *findings: Finding, hours: float = 1.0, held: frozenset[str] = frozenset(), fails: bool = False,
        unknown: str = "", resends: bool = False, least: str = WARNING,
    ) -> list[str]:  # fmt: skip
        """Judge a run *hours* after the last, and return what the channel is sent: "new run-failed"."""
        self.now += hours * HOUR
        rules = {"run-failed", "damaged", *(finding.rule for finding in findings)}
        verdicts: dict[str, Finding | bool | None] = dict.fromkeys(rules)
        verdicts |= {finding.rule: finding for finding in findings}
        if unknown:
            verdicts[unknown] = False
        advance(self.state, verdicts, self.now, held)
        events = due(self.state, "pager", self.policy, self.now, held=held, resends=resends, least=least)
        if not fails:
            mark_sent(self.state, "pager", events, self.now)
        tidy(self.state, {"pager"}, self.now)
        return [f"{event.change} {event.rule}" for event in events]


def test_what_fires_is_sent_once_and_its_end_too() -> None:
    night = Night()

    assert [night.run(FAILED), night.run(FAILED), night.run(), night.run()] == [
        [f"{NEW} run-failed"],
        [],
        [f"{ENDED} run-failed"],
        [],
    ]
    assert night.state.entries == {}


def test_what_gets_worse_is_sent_again() -> None:
    night = Night()
    night.run(FAILED)

    assert night.run(FAILED._replace(severity=CRITICAL)) == [f"{WORSE} run-failed"]
    assert night.run(FAILED) == []


def test_a_new_subject_is_worse_and_one_that_is_gone_is_not() -> None:
    night = Night()
    night.run(FAILED)

    assert night.run(FAILED._replace(subjects=("scan.export", "kv.dump"))) == [f"{WORSE} run-failed"]
    assert night.run(FAILED) == []


def test_what_stays_true_is_sent_again_after_repeat() -> None:
    night = Night(Policy(repeat=24 * HOUR))
    night.run(FAILED)

    assert night.run(FAILED, hours=23) == []
    assert night.run(FAILED, hours=1) == [f"{STILL} run-failed"]
    assert night.run(FAILED, hours=1) == []


def test_a_channel_that_failed_is_sent_next_time() -> None:
    night = Night()

    assert night.run(FAILED, fails=True) == [f"{NEW} run-failed"]
    assert night.run(FAILED) == [f"{NEW} run-failed"]
    assert night.run(fails=True) == [f"{ENDED} run-failed"]
    assert night.run() == [f"{ENDED} run-failed"]


def test_what_ended_before_anyone_was_sent_is_never_sent() -> None:
    night = Night()
    night.run(FAILED, fails=True)

    assert night.run() == []
    assert night.state.entries == {}


def test_what_is_not_known_neither_fires_nor_ends() -> None:
    night = Night()
    night.run(FAILED)

    assert night.run(unknown="run-failed") == []
    assert night.run() == [f"{ENDED} run-failed"]


def test_what_a_failed_run_explains_is_left_as_it_is() -> None:
    fell = Finding("counts-fell", WARNING, "2 kinds fell")
    night = Night()

    assert night.run(FAILED, fell, held=frozenset({"counts-fell"})) == [f"{NEW} run-failed"]
    assert night.run(fell) == [f"{NEW} counts-fell", f"{ENDED} run-failed"]


def test_a_silenced_rule_is_sent_when_the_silence_is_over() -> None:
    night = Night()
    night.state.silences["run-failed"] = Silence(night.now, night.now + 2.5 * HOUR, "known", "anna")

    assert [night.run(FAILED), night.run(FAILED), night.run(FAILED)] == [[], [], [f"{NEW} run-failed"]]
    assert night.state.silences == {}


def test_a_window_holds_notices_back() -> None:
    night = Night(Policy(windows=(Window(None, 0, 24 * 60),)))
    silent = night.run(FAILED)
    night.policy = Policy()

    assert silent == []
    assert night.run(FAILED) == [f"{NEW} run-failed"]


def test_a_rule_that_is_off_is_not_sent() -> None:
    assert Night(Policy(off=("run-failed",))).run(FAILED) == []


def test_a_channel_for_what_is_critical_is_sent_of_the_end_too() -> None:
    night = Night()

    assert night.run(FAILED, least=CRITICAL) == []
    assert night.run(FAILED._replace(severity=CRITICAL), least=CRITICAL) == [f"{NEW} run-failed"]
    assert night.run(least=CRITICAL) == [f"{ENDED} run-failed"]


def test_a_channel_that_resends_is_sent_each_time() -> None:
    night = Night()

    assert [night.run(FAILED, resends=True), night.run(FAILED, resends=True)] == [
        [f"{NEW} run-failed"],
        [f"{STILL} run-failed"],
    ]


def test_a_composite_that_is_gone_from_the_settings_is_forgotten() -> None:
    night = Night()
    night.run(Finding("both", WARNING, "both"))

    assert night.run() == []
    assert night.state.entries == {}


def test_the_state_is_kept_in_a_private_file(tmp_path: Path) -> None:
    night, file = Night(), state_file(tmp_path, "api.cloudflare.com", "account")
    night.run(FAILED)
    with opened(file, ME) as state:
        state.entries, state.token_ends = night.state.entries, 5.0

    assert read_state(file) == State(entries=night.state.entries, token_ends=5.0)
    assert file.stat().st_mode & 0o777 == 0o600


def test_a_state_that_another_run_keeps_is_waited_for_and_not_for_ever(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file, waited = state_file(tmp_path, "api.cloudflare.com", "account"), []

    def reporting(freed: int) -> None:
        """Report while another run has the state, which it leaves after the *freed*-th second."""
        with ExitStack() as other:
            other.enter_context(locked(private_folder(file.parent), file.name, ME, "reporting"))

            def sleep(seconds: float) -> None:
                waited.append(seconds)
                if len(waited) == freed:
                    other.close()

            monkeypatch.setattr(time, "sleep", sleep)
            with opened(file, ME) as state:
                state.token_ends = 5.0

    reporting(3)

    assert (read_state(file).token_ends, waited) == (5.0, [1, 1, 1])
    waited.clear()
    with pytest.raises(Locked, match="another run is reporting what it found: pid 1, task test"):
        reporting(0)
    assert len(waited) == 10


@pytest.mark.parametrize("text", ["", "[]", '{"entries": {"a": {}}}', '{"entries": []}'])
def test_a_damaged_state_is_named(tmp_path: Path, text: str) -> None:
    file = tmp_path / "state.json"
    file.write_text(text)

    with pytest.raises(DiskError, match=r"state\.json cannot be read"):
        read_state(file)
