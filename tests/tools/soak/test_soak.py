"""Some rounds of the soak, the same ones every time, and how a failure is repeated."""

from __future__ import annotations

import pytest

from tests.tools.soak.__main__ import main
from tests.tools.soak.episode import run
from tests.tools.soak.plan import draw_plan
from tests.tools.soak.weather import FAULTS

# The fork server is reached through a socket in the file system.
pytestmark = pytest.mark.enable_socket


@pytest.mark.long
@pytest.mark.timeout(300)
@pytest.mark.parametrize("episode", range(3))
def test_an_episode_of_random_lines_and_faults_is_clean(episode: int) -> None:
    outcome = run(f"steady/{episode}")

    assert outcome.failed is None, outcome.report
    assert outcome.tally.rounds == 20


def test_a_seed_always_gives_the_same_plans() -> None:
    first = [draw_plan("a/0", number) for number in range(50)]

    assert first == [draw_plan("a/0", number) for number in range(50)]
    assert first != [draw_plan("a/1", number) for number in range(50)]


def test_every_task_and_every_fault_is_drawn() -> None:
    plans = [draw_plan("all", number) for number in range(3000)]

    sorts = {plan.tasks[0].name for plan in plans}
    struck = {kind for plan in plans for kind in plan.struck}
    assert len(sorts) >= 40
    assert struck == {kind.partition(" ")[0] for kind, _, _ in FAULTS}
    assert {plan.strike.signal for plan in plans if plan.strike} == {2, 9, 15}


def test_a_round_can_be_repeated_by_its_seed_and_number(capsys: pytest.CaptureFixture[str]) -> None:
    code = main(["--seed", "again", "--round", "42"])

    assert code == 0
    assert capsys.readouterr().out.splitlines()[0] == "seed again"
