"""What a check reports beside the verdict, and what it reports if there is nothing to judge."""

from __future__ import annotations

import errno
import json
import os
import socket
import ssl
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.x509.oid import ExtensionOID

from ops.errors import UsageError
from ops.products.ssl.check import check
from tests.conftest import Result
from tests.products.ssl.cases import (
    CASES,
    WWW,
    Bench,
    Start,
    Target,
    address_as_name,
    final_dot,
    missing_upper_intermediate,
    other_key,
    other_upper_key,
)
from tests.products.ssl.conftest import Ask
from tests.products.ssl.minting import authority, leaf, pem
from tests.products.ssl.servers import Listener, answering, dripping, only, server_context, silent, tls
from tests.timing import Within, timed

NOW = 1_800_000_000.0


def test_the_task_shows_a_good_certificate_and_ends_with_0(bench: Bench, inv: Callable[..., Result]) -> None:
    listener = bench.show(bench.good(WWW))

    result = inv(
        *("ssl.check", "--host", "127.0.0.1", "--port", str(listener.port), "--server-name", WWW),
        *("--ca-file", str(bench.ca_file), "--output", "json"),
    )

    assert result.code == 0, result.err
    assert json.loads(result.out)["verdict"] == "ok"


def test_a_good_certificate_is_described_completely(bench: Bench, ask: Ask) -> None:
    identity = bench.good(WWW, "127.0.0.1")
    listener = bench.show(identity)

    result = ask(Target(listener))

    not_after = identity.certificate.not_valid_after_utc
    assert result == {
        "host": "127.0.0.1",
        "host_unicode": "127.0.0.1",
        "port": listener.port,
        "server_name": WWW,
        "address": "127.0.0.1",
        "verdict": "ok",
        "reasons": [],
        "problems": [],
        "verify_code": 0,
        "protocol": "TLSv1.3",
        "cipher": "TLS_AES_256_GCM_SHA384",
        "subject": "CN=www.example.com",
        "names": [WWW, "127.0.0.1"],
        "covers_host": True,
        "issuer": "CN=Test Intermediate",
        "serial": f"{identity.certificate.serial_number:x}",
        "not_before": f"{identity.certificate.not_valid_before_utc:%Y-%m-%dT%H:%M:%SZ}",
        "not_after": f"{not_after:%Y-%m-%dT%H:%M:%SZ}",
        "lifetime_days": 90,
        "days_left": 88,
        "key_type": "EC",
        "key_bits": 256,
        "signature": "ecdsa-with-sha256",
        "chain": result["chain"],
        "revocation": "not checked",
    }
    assert [(sent["subject"], sent["issuer"]) for sent in result["chain"]] == [
        ("CN=www.example.com", "CN=Test Intermediate"),
        ("CN=Test Intermediate", "CN=Test Root"),
    ]


def test_every_result_has_the_same_fields_and_is_json(bench: Bench, ask: Ask) -> None:
    results = [ask(case.start(bench)) for case in CASES if case.title in ("a good certificate", "plain HTTP")]

    assert list(results[0]) == list(results[1])
    assert json.loads(json.dumps(results)) == results


def test_a_refused_certificate_is_described_too(bench: Bench, ask: Ask) -> None:
    result = ask(Target(bench.show(bench.good("www.example.org", begins=-91, ends=-1))))

    assert result["names"] == ["www.example.org"]
    assert result["covers_host"] is False
    assert result["days_left"] == -2
    assert result["problems"] == ["expired", "wrong-name"]
    assert result["protocol"] == "TLSv1.3"


def test_a_certificate_in_its_last_third_is_a_warning(bench: Bench, ask: Ask) -> None:
    result = ask(Target(bench.show(bench.good(WWW, begins=-62, ends=28))))

    assert (result["verdict"], result["problems"]) == ("warning", ["expires-soon"])


def test_an_expired_intermediate_is_distinguished_from_an_expired_leaf(bench: Bench, ask: Ask) -> None:
    old = authority("Old Intermediate", bench.root, ends=-1)

    result = ask(Target(bench.show(leaf(old, WWW).sending(old))))

    assert (result["problems"], result["verify_code"]) == (["expired"], 10)
    assert "above the server's own" in result["reasons"][0]
    assert result["days_left"] > 80


def test_a_private_authority_that_sends_its_chain_but_not_its_root_is_an_unknown_root(
    bench: Bench, ask: Ask
) -> None:
    below = authority("Private Intermediate", bench.stranger)

    result = ask(Target(bench.show(leaf(below, WWW).sending(below))))

    assert (result["problems"], result["verify_code"]) == (["unknown-root"], 20)


@pytest.mark.parametrize(
    ("start", "sentence"),
    [
        (
            missing_upper_intermediate,
            (
                "the server did not send the certificate of CN=Upper Authority 1,"
                " which this machine does not know"
            ),
        ),
        (
            other_key,
            (
                "the intermediate CN=Test Intermediate that the server sent did not sign the certificate"
                " below it (same name, another key)"
            ),
        ),
        (
            other_upper_key,
            (
                "the intermediate CN=Upper Authority that the server sent did not sign the certificate"
                " below it (same name, another key)"
            ),
        ),
        (
            final_dot,
            (
                "the certificate does not cover www.example.com: www.example.com. ends with a dot,"
                " which clients refuse"
            ),
        ),
        (
            address_as_name,
            "the certificate does not cover 127.0.0.1: it lists it as a DNS name, not as an address",
        ),
    ],
)
def test_the_cause_is_explained(bench: Bench, ask: Ask, start: Start, sentence: str) -> None:
    assert ask(start(bench))["reasons"] == [sentence]


@pytest.mark.parametrize("sends", [True, False])
def test_a_file_that_holds_an_intermediate_trusts_it_on_every_python(
    bench: Bench, ask: Ask, tmp_path: Path, sends: bool
) -> None:
    trusted = tmp_path / "intermediate.pem"
    trusted.write_bytes(pem(bench.intermediate.certificate))
    above = (bench.intermediate,) if sends else ()

    result = ask(Target(bench.show(leaf(bench.intermediate, WWW).sending(*above))), ca_file=str(trusted))

    assert (result["verdict"], result["verify_code"]) == ("ok", 0)


def test_a_file_that_holds_another_intermediate_of_the_same_name_does_not_trust_it(
    bench: Bench, ask: Ask, tmp_path: Path
) -> None:
    other = tmp_path / "intermediate.pem"
    other.write_bytes(pem(authority("Test Intermediate", bench.root).certificate))

    result = ask(Target(bench.show(leaf(bench.intermediate, WWW))), ca_file=str(other))

    assert (result["verdict"], result["problems"]) == ("error", ["missing-intermediate"])


def test_a_scoped_address_keeps_its_scope_for_connecting_alone(bench: Bench) -> None:
    listener = bench.show(bench.good("fe80::1"))
    connected = []

    def connect(address: tuple[str, int], timeout: float) -> socket.socket:
        connected.append(address[0])
        return socket.create_connection(("127.0.0.1", listener.port), timeout)

    result = check("[FE80::1%enP5s0]", ca_file=str(bench.ca_file), now=time.time(), connect=connect)

    assert connected == ["fe80::1%enP5s0"]
    assert (result["verdict"], result["covers_host"]) == ("ok", True)
    assert (result["host"], result["server_name"]) == ("fe80::1%enP5s0", "")
    assert [visit.sni for visit in listener.visits(1)] == [None]


@pytest.mark.parametrize("name", ["example.com", "a.b.example.com"])
def test_a_wildcard_that_does_not_cover_is_explained(bench: Bench, ask: Ask, name: str) -> None:
    result = ask(Target(bench.show(bench.good("*.example.com")), name))

    reason = f"the certificate does not cover {name}: *.example.com covers exactly one level"
    assert result["reasons"] == [reason]


def test_an_address_is_checked_without_a_server_name(bench: Bench, ask: Ask) -> None:
    listener = bench.show(bench.good("127.0.0.1"))

    ask(Target(listener, name=""))

    assert [visit.sni for visit in listener.visits(1)] == [None]


@pytest.mark.fault("E10")
def test_an_internationalized_name_is_sent_as_its_a_label(bench: Bench) -> None:
    listener = bench.show(bench.good("xn--bcher-kva.example"))
    connected = []

    def connect(address: tuple[str, int], timeout: float) -> socket.socket:
        connected.append(address)
        return socket.create_connection(("127.0.0.1", listener.port), timeout)

    result = check("BÜCHER.example.", 443, ca_file=str(bench.ca_file), now=time.time(), connect=connect)

    assert connected == [("xn--bcher-kva.example", 443)]
    assert [visit.sni for visit in listener.visits(1)] == ["xn--bcher-kva.example"]
    assert (result["verdict"], result["host"]) == ("ok", "xn--bcher-kva.example")
    assert result["host_unicode"] == "bücher.example"


def test_a_name_that_the_server_does_not_know_is_reported(bench: Bench, ask: Ask) -> None:
    context = server_context(bench.good(WWW), bench.folder)
    context.sni_callback = lambda *_: ssl.ALERT_DESCRIPTION_UNRECOGNIZED_NAME

    result = ask(Target(bench.start(tls(context)), "elsewhere.example"))

    assert result["problems"] == ["unknown-name"]
    assert result["reasons"] == ["the server has no certificate for elsewhere.example"]


def test_a_server_that_wants_a_client_certificate_is_not_reported_as_untrusted(
    bench: Bench, ask: Ask
) -> None:
    context = server_context(bench.good(WWW), bench.folder)
    context.verify_mode = ssl.CERT_REQUIRED
    only(ssl.TLSVersion.TLSv1_2, "ALL", context)

    result = ask(Target(bench.start(tls(context))))

    assert (result["problems"], result["verify_code"]) == (["disagreed"], None)
    assert "handshake failure" in result["reasons"][0]


def test_a_certificate_that_cannot_be_read_is_reported_without_a_traceback(bench: Bench, ask: Ask) -> None:
    # An X.400 address, which OpenSSL accepts and the parser does not know.
    strange = x509.UnrecognizedExtension(ExtensionOID.SUBJECT_ALTERNATIVE_NAME, b"\x30\x02\xa3\x00")

    result = ask(Target(bench.show(bench.good(more=[strange]))))

    assert result["verdict"] == "error"
    assert "unreadable" in result["problems"]


@pytest.mark.fault("E7")
def test_names_in_a_certificate_cannot_drive_the_terminal(bench: Bench, ask: Ask) -> None:
    result = ask(Target(bench.show(bench.good(common_name="a\x1b]52;c;eA==\x07b"))))

    assert result["problems"] == ["no-names", "wrong-name"]
    assert "\\x1b]52" in result["reasons"][0]
    assert all(reason.isprintable() for reason in result["reasons"])


# What is reported if the server sent nothing that can be judged.


def failing(error: OSError) -> Callable[[tuple[str, int], float], socket.socket]:
    def connect(address: tuple[str, int], timeout: float) -> socket.socket:
        raise error

    return connect


def patient(address: tuple[str, int], timeout: float) -> socket.socket:
    """Connect with another timeout than the given one."""
    return socket.create_connection(address, 30)


@pytest.mark.fault("A22")
@pytest.mark.parametrize(
    ("error", "problem", "words"),
    [
        (socket.gaierror(socket.EAI_NONAME, ""), "unknown-host", "no address is known for www.example.com"),
        (socket.gaierror(socket.EAI_AGAIN, ""), "no-resolver", "the name lookup of www.example.com was not"),
        (TimeoutError(), "no-connection", "no connection to port 443 of www.example.com within 3 s"),
        (ConnectionRefusedError(), "refused", "nothing listens on port 443 of www.example.com"),
        (OSError(errno.ENETUNREACH, "Network is unreachable"), "unreachable", "Network is unreachable"),
    ],
)
def test_each_way_to_fail_to_connect_has_its_own_sentence(error: OSError, problem: str, words: str) -> None:
    result = check(WWW, now=NOW, connect=failing(error))

    assert (result["verdict"], result["problems"]) == ("error", [problem])
    assert words in result["reasons"][0]
    assert (result["address"], result["verify_code"], result["chain"]) == ("", None, [])


def test_a_port_where_nothing_listens_is_refused() -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]

    assert check("127.0.0.1", port, now=NOW)["problems"] == ["refused"]


@pytest.mark.parametrize(
    ("text", "problem", "words"),
    [
        (b"", "closed", "closed it without sending anything"),
        (b"SSH-2.0-OpenSSH_9.6\r\n", "not-tls", "speaks SSH without TLS"),
        (b"<html>", "not-tls", "speaks HTTP without TLS"),
        (b"220 ", "not-tls", "speaks SMTP or FTP without TLS; STARTTLS is not tried"),
        (b"\x00\x00", "not-tls", "speaks something without TLS"),
        (b"\x16\x03\x03", "disagreed", "the connection was closed during the handshake"),
        (b"\x15\x03\x03\x00\x02\x02\x50", "disagreed", "internal error"),
    ],
)
def test_what_a_server_sends_instead_of_a_handshake_is_recognized(
    bench: Bench, ask: Ask, text: bytes, problem: str, words: str
) -> None:
    result = ask(Target(bench.start(answering(text))))

    assert result["problems"] == [problem]
    assert words in result["reasons"][0]


@timed
def test_a_silent_port_is_abandoned_after_the_timeout_and_not_tried_again(
    bench: Bench, ask: Ask, within: Within
) -> None:
    listener = bench.start(silent)

    with within(2):
        result = ask(Target(listener), timeout=0.2, connect=patient)

    assert result["reasons"] == [
        f"port {listener.port} accepted the connection and then sent nothing for 0.2 s"
    ]
    assert len(listener.visits(1)) == 1


def test_a_passed_deadline_is_not_waited_for(bench: Bench, ask: Ask) -> None:
    result = ask(Target(bench.start(silent)), timeout=1e-9, connect=patient)

    assert result["problems"] == ["silent"]


@timed
@pytest.mark.fault("A18")
def test_a_server_that_sends_single_bytes_has_the_same_deadline(
    bench: Bench, ask: Ask, within: Within
) -> None:
    with within(2):
        result = ask(Target(bench.start(dripping)), timeout=0.2)

    assert result["problems"] == ["stalled"]


# What cannot be checked.


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"host": "https://www.example.com/"}, "is not a host name"),
        ({"host": WWW, "port": 0}, "port 0 does not exist"),
        ({"host": WWW, "port": 65536}, "port 65536 does not exist"),
        ({"host": WWW, "timeout": 0.0}, "a timeout of 0 seconds is not possible"),
        ({"host": WWW, "timeout": float("nan")}, "a timeout of nan seconds is not possible"),
        ({"host": WWW, "server_name": "a b"}, "'a b' is not a host name"),
        ({"host": WWW, "ca_file": "missing.pem"}, "missing.pem cannot be read: No such file"),
    ],
)
def test_what_cannot_be_checked_is_refused_before_connecting(options: dict[str, Any], words: str) -> None:
    with pytest.raises(UsageError, match=words) as refusal:
        check(**options, now=NOW, connect=failing(AssertionError("connected")))  # type: ignore[arg-type]  # must not be called

    assert refusal.value.hint


def test_a_pipe_as_the_file_of_roots_is_not_waited_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ops.files.disk.PATIENCE", 0.1)
    os.mkfifo(tmp_path / "pipe")

    with pytest.raises(UsageError, match="nothing was written to the pipe"):
        check(WWW, ca_file=str(tmp_path / "pipe"), now=NOW)


def test_a_file_of_roots_without_a_certificate_is_refused(tmp_path: Path) -> None:
    empty = tmp_path / "roots.pem"
    empty.write_text("nothing here\n")

    with pytest.raises(UsageError, match="holds no certificate"):
        check(WWW, ca_file=str(empty), now=NOW)


def test_the_certificate_is_inspected_at_the_address_that_was_refused(bench: Bench) -> None:
    right, wrong = bench.show(leaf(None, WWW)), bench.show(bench.good(WWW))
    connected = []

    def connect(address: tuple[str, int], timeout: float) -> socket.socket:
        connected.append(address[0])
        target: Listener = right if address[0] in (WWW, "127.0.0.1") else wrong
        return socket.create_connection(("127.0.0.1", target.port), timeout)

    check(WWW, ca_file=str(bench.ca_file), now=time.time(), connect=connect)

    assert connected == [WWW, "127.0.0.1"]


# Which roots are trusted.


def test_without_a_file_the_roots_of_the_machine_are_trusted(
    bench: Bench, ask: Ask, monkeypatch: pytest.MonkeyPatch
) -> None:
    target = Target(bench.show(bench.good(WWW)))
    by_the_machine = ask(target, ca_file="")
    monkeypatch.setenv("SSL_CERT_FILE", str(bench.ca_file))

    assert by_the_machine["problems"] == ["unknown-root"]
    assert ask(target, ca_file="")["problems"] == []


def test_a_machine_without_roots_uses_those_that_come_with_requests(
    bench: Bench, ask: Ask, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "missing.pem"))
    monkeypatch.setenv("SSL_CERT_DIR", str(tmp_path / "missing"))
    monkeypatch.setattr("certifi.where", lambda: str(bench.ca_file))

    assert ask(Target(bench.show(bench.good(WWW))), ca_file="")["verdict"] == "ok"
