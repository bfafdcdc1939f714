from __future__ import annotations

import pytest

from ops.errors import ApiError, NotSent, OpsError, Unanswered
from ops.http.exchange import Call, Reply, Send
from ops.http.retry import FAULTS, REST, with_circuit

DNS = Call("GET", "/zones/z1/dns_records")
ROUTES = Call("GET", "/zones/z1/workers/routes")


class Remote:
    """A Send whose products fail as long as they are named in *failing*."""

    def __init__(self, failure: Reply | OpsError) -> None:
        self.failure = failure
        self.failing = {"dns_records"}
        self.calls: list[Call] = []

    def __call__(self, call: Call) -> Reply:
        self.calls.append(call)
        if not self.failing & set(call.path.split("/")):
            return Reply(200)
        if isinstance(self.failure, OpsError):
            raise self.failure
        return self.failure


class Clock:
    now = 100.0

    def __call__(self) -> float:
        return self.now


def exhausted(circuit: Send) -> None:
    for _ in range(FAULTS):
        try:
            circuit(DNS)
        except Unanswered:
            continue


@pytest.mark.fault("G9")
@pytest.mark.parametrize("failure", [Reply(502), Reply(524), Unanswered("reset")])
def test_after_five_faults_in_a_row_a_product_is_not_called_and_the_others_go_on(
    failure: Reply | OpsError,
) -> None:
    remote = Remote(failure)
    circuit = with_circuit(remote, Clock())
    exhausted(circuit)

    with pytest.raises(ApiError, match="zones/dns_records has failed 5 times in a row") as refused:
        circuit(DNS)
    others = circuit(ROUTES)

    assert len(remote.calls) == FAULTS + 1
    assert others.status == 200
    assert "try again in 30 s" in refused.value.hint
    assert refused.value.status is None


@pytest.mark.fault("G9")
def test_after_half_a_minute_one_call_tries_the_product_again() -> None:
    remote, clock = Remote(Reply(502)), Clock()
    circuit = with_circuit(remote, clock)
    exhausted(circuit)

    clock.now += REST
    again = circuit(DNS)
    with pytest.raises(ApiError):
        circuit(DNS)

    assert again.status == 502
    assert len(remote.calls) == FAULTS + 1


@pytest.mark.fault("G9")
def test_a_product_that_answers_again_is_called_as_ever() -> None:
    remote, clock = Remote(Reply(502)), Clock()
    circuit = with_circuit(remote, clock)
    exhausted(circuit)

    clock.now += REST
    remote.failing.clear()
    statuses = [circuit(DNS).status for _ in range(3)]

    assert statuses == [200, 200, 200]


@pytest.mark.fault("G9")
def test_one_good_answer_in_between_begins_the_count_again() -> None:
    remote = Remote(Reply(502))
    circuit = with_circuit(remote, Clock())

    for _ in range(3):
        remote.failing = {"dns_records"}
        for _ in range(FAULTS - 1):
            circuit(DNS)
        remote.failing = set()
        circuit(DNS)

    assert len(remote.calls) == 3 * FAULTS


@pytest.mark.parametrize("answer", [Reply(404), Reply(429), Reply(400)])
def test_an_answer_that_refuses_is_not_a_fault_of_the_product(answer: Reply) -> None:
    remote = Remote(answer)
    circuit = with_circuit(remote, Clock())

    for _ in range(2 * FAULTS):
        circuit(DNS)

    assert len(remote.calls) == 2 * FAULTS


def test_what_was_not_sent_is_not_a_fault_of_the_product() -> None:
    circuit = with_circuit(Remote(NotSent("no network")), Clock())

    for _ in range(2 * FAULTS):
        with pytest.raises(NotSent):
            circuit(DNS)
