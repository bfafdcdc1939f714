"""TLS is always verified: by the look of the source, and by what servers that must not be trusted receive."""

from __future__ import annotations

import ast
import socket
import ssl
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

import ops
from ops.products.ssl import probe
from ops.products.ssl.handshake import Server
from tests.products.ssl.cases import WWW, Asked, Bench
from tests.products.ssl.conftest import Ask
from tests.products.ssl.minting import leaf

OPS = Path(ops.__file__).parent
LOOK = ("products/ssl/probe.py", "look")
FORBIDDEN_NAMES = {
    "CERT_NONE",
    "CERT_OPTIONAL",
    "_create_stdlib_context",
    "_create_unverified_context",
    "_create_default_https_context",
    "disable_warnings",
    "get_server_certificate",
    "PROTOCOL_TLS",
    "PROTOCOL_SSLv23",
    "wrap_socket",
}
# The option of `audit` that looks whether the local log is what was written.
NOT_TLS = {("products/audit/tasks.py", "verify=False")}
SWITCHES = {"verify", "check_hostname", "assert_hostname", "cert_reqs", "verify_mode", "ssl_verify"}


def unverified(tree: ast.AST) -> Iterator[str]:
    """Give each thing in *tree* that could switch verification off."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Name | ast.Attribute | ast.alias):
            name = (
                node.attr
                if isinstance(node, ast.Attribute)
                else getattr(node, "id", getattr(node, "name", ""))
            )
            if name.rpartition(".")[2] in FORBIDDEN_NAMES:
                yield name
        elif isinstance(node, ast.Constant) and node.value in FORBIDDEN_NAMES:
            yield str(node.value)
        elif isinstance(node, ast.Call) and makes_unverified_context(node):
            yield "SSLContext()"
        for switch, value in settings_in(node):
            if switch in SWITCHES and not is_safe(switch, value):
                yield f"{switch}={ast.unparse(value)}"


def makes_unverified_context(call: ast.Call) -> bool:
    """Say whether *call* makes a context of another protocol than the one that verifies from the start."""
    if not ast.unparse(call.func).endswith("SSLContext"):
        return False
    return [ast.unparse(given) for given in call.args] != ["PROTOCOL_TLS_CLIENT"] or bool(call.keywords)


def settings_in(node: ast.AST) -> Iterator[tuple[str, ast.expr]]:
    """Give what *node* sets by name: keywords, defaults of parameters, attributes, variables, keys."""
    if isinstance(node, ast.keyword):
        yield node.arg or "", node.value
    elif isinstance(node, ast.Assign):
        for target in node.targets:
            yield named(target), node.value
    elif isinstance(node, ast.AnnAssign) and node.value:
        yield named(node.target), node.value
    elif isinstance(node, ast.Dict):
        for key, value in zip(node.keys, node.values, strict=True):
            yield (key.value if isinstance(key, ast.Constant) and isinstance(key.value, str) else ""), value
    elif isinstance(node, ast.arguments):
        given = [*node.posonlyargs, *node.args]
        pairs = [*zip(given[len(given) - len(node.defaults) :], node.defaults, strict=True)]
        pairs += [
            (arg, default) for arg, default in zip(node.kwonlyargs, node.kw_defaults, strict=True) if default
        ]
        for argument, default in pairs:
            yield argument.arg, default


def named(target: ast.expr) -> str:
    if isinstance(target, ast.Subscript):
        return str(getattr(target.slice, "value", ""))
    return getattr(target, "attr", getattr(target, "id", ""))


def is_safe(switch: str, value: ast.expr) -> bool:
    """Tell whether *value* leaves verification on: anything but a false constant, or CERT_REQUIRED."""
    if switch in ("verify_mode", "cert_reqs"):
        return ast.unparse(value).endswith("CERT_REQUIRED")
    return not (isinstance(value, ast.Constant) and not value.value)


def sources() -> list[Path]:
    return sorted(OPS.rglob("*.py"))


def without_look(tree: ast.Module) -> ast.Module:
    tree.body = [part for part in tree.body if getattr(part, "name", "") != LOOK[1]]
    return tree


@pytest.mark.fault("P7")
@pytest.mark.fault("F12")
@pytest.mark.parametrize("file", sources(), ids=lambda file: str(file.relative_to(OPS)))
def test_nothing_can_switch_verification_off(file: Path) -> None:
    tree = ast.parse(file.read_text(encoding="utf-8"))
    if str(file.relative_to(OPS)) == LOOK[0]:
        tree = without_look(tree)

    found = [name for name in unverified(tree) if (str(file.relative_to(OPS)), name) not in NOT_TLS]

    assert found == []


@pytest.mark.parametrize(
    "line",
    [
        "session.get(url, verify=False)",
        "session.verify = False",
        "session.request('GET', url, **{'verify': False})",
        "options['verify'] = None",
        "def get(url, verify=False): ...",
        "def get(url, *, verify: bool = False): ...",
        "verify: bool = False",
        "context.check_hostname = False",
        "context.verify_mode = ssl.CERT_NONE",
        "context.verify_mode = mode",
        "from ssl import CERT_NONE",
        "from ssl import CERT_NONE as none",
        "urllib3.PoolManager(cert_reqs='CERT_NONE')",
        "getattr(ssl, '_create_unverified_context')()",
        "ssl._create_unverified_context()",
        "ssl._create_default_https_context = anything",
        "ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)",
        "ssl.SSLContext(ssl.PROTOCOL_TLS)",
        "ssl.get_server_certificate(place)",
        "urllib3.disable_warnings()",
    ],
)
def test_each_way_of_switching_it_off_would_be_seen(line: str) -> None:
    assert list(unverified(ast.parse(line)))


@pytest.mark.parametrize("line", ["session.verify = ca_file or True", "x.verify_mode = ssl.CERT_REQUIRED"])
def test_the_ordinary_ways_are_let_through(line: str) -> None:
    assert list(unverified(ast.parse(line))) == []


def test_the_exception_is_one_function_that_needs_it() -> None:
    tree = ast.parse((OPS / LOOK[0]).read_text(encoding="utf-8"))
    looks = [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef) and node.name == LOOK[1]]

    assert len(looks) == 1
    assert {"CERT_NONE", "check_hostname=False"} <= set(unverified(looks[0]))


@pytest.mark.fault("P7")
def test_the_look_has_no_session_and_nothing_to_send() -> None:
    source = (OPS / "products/ssl/handshake.py").read_text(encoding="utf-8")
    used = {
        node.attr
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.Attribute) and ast.unparse(node.value) == "self._tls"
    }

    assert used == {"do_handshake", "cipher", "version"}


Show = Callable[[Bench], Asked]


def for_another_host(bench: Bench) -> Asked:
    return Asked(bench.show(bench.good("www.example.org")))


def of_an_unknown_root(bench: Bench) -> Asked:
    return Asked(bench.show(leaf(bench.stranger, WWW).sending(bench.stranger)))


@pytest.mark.fault("P7")
@pytest.mark.parametrize("show", [for_another_host, of_an_unknown_root])
def test_a_server_that_must_not_be_trusted_receives_no_byte(bench: Bench, ask: Ask, show: Show) -> None:
    asked = show(bench)

    ask(asked)

    strict, look = asked.listener.visits(2)
    assert (strict.said, look.said) == (b"", b"")
    assert look.shook_hands


def test_a_good_server_receives_no_byte_either_and_is_asked_once(bench: Bench, ask: Ask) -> None:
    asked = Asked(bench.show(bench.good(WWW)))

    ask(asked)

    (strict,) = asked.listener.visits(1)
    assert (strict.said, strict.shook_hands) == (b"", True)


def test_a_byte_that_is_sent_would_be_noticed(bench: Bench) -> None:
    listener = bench.show(bench.good(WWW))
    context = ssl.create_default_context(cafile=str(bench.ca_file))

    with (
        socket.create_connection(("127.0.0.1", listener.port)) as plain,
        context.wrap_socket(plain, server_hostname=WWW) as secured,
    ):
        secured.sendall(b"x")

    assert [visit.said for visit in listener.visits(1)] == [b"x"]


def test_the_verdict_never_comes_from_the_look(bench: Bench) -> None:
    asked = for_another_host(bench)
    server = Server("127.0.0.1", asked.listener.port, WWW, 3.0, socket.create_connection)

    assert probe.look(server).code is None
    assert probe.strict(server, str(bench.ca_file)).code == 62
