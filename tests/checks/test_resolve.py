"""The question to DNS: does a name exist?"""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator

import dns.flags
import dns.message
import dns.rcode
import dns.resolver
import dns.rrset
import pytest

from ops.checks.resolve import FAILURES, Resolver


class Server:
    """A name server on loopback; what is not in *known* does not exist, "fail." is refused."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind(("127.0.0.1", 0))
        self.known = {"there.example.": ("A", "192.0.2.7"), "alias.example.": ("CNAME", "gone.example.")}

    def serve(self) -> None:
        while True:
            try:
                data, client = self.socket.recvfrom(4096)
            except OSError:
                return
            if not data:
                return
            self.socket.sendto(self.answer(dns.message.from_wire(data)), client)

    def answer(self, query: dns.message.Message) -> bytes:
        name = query.question[0].name.to_text()
        self.asked.append(name)
        answer = dns.message.make_response(query)
        answer.flags |= dns.flags.RA
        if name.startswith("fail"):
            answer.set_rcode(dns.rcode.REFUSED)
        elif name in self.known:
            type, content = self.known[name]
            answer.answer.append(dns.rrset.from_text(name, 60, "IN", type, content))
            if type == "CNAME":
                answer.set_rcode(dns.rcode.NXDOMAIN)
        else:
            answer.set_rcode(dns.rcode.NXDOMAIN)
        return answer.to_wire()


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    running = Server()
    resolver = dns.resolver.Resolver(configure=False)
    resolver.nameservers = ["127.0.0.1"]
    resolver.port = running.socket.getsockname()[1]
    monkeypatch.setattr(dns.resolver, "default_resolver", resolver)
    thread = threading.Thread(target=running.serve, daemon=True)
    thread.start()
    yield running
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as ending:
        ending.sendto(b"", running.socket.getsockname())
    thread.join()
    running.socket.close()


def test_only_a_name_that_dns_does_not_know_is_dead(server: Server) -> None:
    resolver = Resolver()

    assert resolver.dead("gone.example") is True
    assert resolver.dead("there.example") is False
    assert resolver.dead("alias.example") is False


def test_a_name_is_asked_for_once(server: Server) -> None:
    resolver = Resolver()

    resolver.dead("gone.example")
    resolver.dead("gone.example")

    assert server.asked == ["gone.example."]


def test_without_an_answer_nothing_is_known_and_soon_nothing_more_is_asked(server: Server) -> None:
    resolver = Resolver()

    found = [resolver.dead(f"fail{number}.example") for number in range(FAILURES + 2)]

    assert found == [None] * (FAILURES + 2)
    assert {name.partition(".")[0] for name in server.asked} == {f"fail{n}" for n in range(FAILURES)}
