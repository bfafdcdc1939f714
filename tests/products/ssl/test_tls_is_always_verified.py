"""TLS is always verified: the source shows it, and what untrusted servers receive."""

from __future__ import annotations

import ast
import socket
import ssl
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

import ops
from ops.products.ssl.handshake import Server, inspect, verified
from tests.products.ssl.cases import WWW, Bench, Target
from tests.products.ssl.conftest import Ask
from tests.products.ssl.minting import leaf

OPS = Path(ops.__file__).parent
INSPECT = ("products/ssl/handshake.py", "inspect")
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
# The option of `audit` that checks the local log.
NOT_TLS = {("products/audit/tasks.py", "verify=False")}
SWITCHES = {"verify", "check_hostname", "assert_hostname", "cert_reqs", "verify_mode", "ssl_verify"}


def unverified(tree: ast.AST) -> Iterator[str]:
    """Yield each expression in *tree* that could switch verification off."""
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
    """True if *call* makes a context of another protocol than the one that verifies by default."""
    if not ast.unparse(call.func).endswith("SSLContext"):
        return False
    return [ast.unparse(given) for given in call.args] != ["PROTOCOL_TLS_CLIENT"] or bool(call.keywords)


def settings_in(node: ast.AST) -> Iterator[tuple[str, ast.expr]]:
    """Yield what *node* sets by name: keywords, defaults of parameters, attributes, variables, keys."""
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
    """True if *value* leaves verification on: anything except a false constant, or CERT_REQUIRED."""
    if switch in ("verify_mode", "cert_reqs"):
        return ast.unparse(value).endswith("CERT_REQUIRED")
    return not (isinstance(value, ast.Constant) and not value.value)


def sources() -> list[Path]:
    return sorted(OPS.rglob("*.py"))


def without_inspect(tree: ast.Module) -> ast.Module:
    tree.body = [part for part in tree.body if getattr(part, "name", "") != INSPECT[1]]
    return tree


@pytest.mark.fault("P7")
@pytest.mark.fault("F12")
@pytest.mark.parametrize("file", sources(), ids=lambda file: str(file.relative_to(OPS)))
def test_nothing_can_switch_verification_off(file: Path) -> None:
    tree = ast.parse(file.read_text(encoding="utf-8"))
    if str(file.relative_to(OPS)) == INSPECT[0]:
        tree = without_inspect(tree)

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
def test_each_way_to_switch_verification_off_is_found(line: str) -> None:
    assert list(unverified(ast.parse(line)))


@pytest.mark.parametrize("line", ["session.verify = ca_file or True", "x.verify_mode = ssl.CERT_REQUIRED"])
def test_ordinary_code_is_accepted(line: str) -> None:
    assert list(unverified(ast.parse(line))) == []


def test_the_only_exception_is_one_function() -> None:
    tree = ast.parse((OPS / INSPECT[0]).read_text(encoding="utf-8"))
    functions = [
        node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef) and node.name == INSPECT[1]
    ]

    assert len(functions) == 1
    assert {"CERT_NONE", "check_hostname=False"} <= set(unverified(functions[0]))


@pytest.mark.fault("P7")
def test_a_handshake_has_no_session_and_sends_nothing() -> None:
    source = (OPS / "products/ssl/handshake.py").read_text(encoding="utf-8")
    used = {
        node.attr
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.Attribute) and ast.unparse(node.value) == "tls"
    }

    assert used == {"do_handshake", "cipher", "version", "getpeercert"}


Show = Callable[[Bench], Target]


def for_another_host(bench: Bench) -> Target:
    return Target(bench.show(bench.good("www.example.org")))


def of_an_unknown_root(bench: Bench) -> Target:
    return Target(bench.show(leaf(bench.stranger, WWW).sending(bench.stranger)))


@pytest.mark.fault("P7")
@pytest.mark.parametrize("show", [for_another_host, of_an_unknown_root])
def test_an_untrusted_server_receives_no_byte(bench: Bench, ask: Ask, show: Show) -> None:
    target = show(bench)

    ask(target)

    first, second = target.listener.visits(2)
    assert (first.sent, second.sent) == (b"", b"")
    assert second.shook_hands


def test_a_good_server_receives_no_byte_and_one_connection(bench: Bench, ask: Ask) -> None:
    target = Target(bench.show(bench.good(WWW)))

    ask(target)

    (only,) = target.listener.visits(1)
    assert (only.sent, only.shook_hands) == (b"", True)


def test_a_byte_that_is_sent_is_recorded(bench: Bench) -> None:
    listener = bench.show(bench.good(WWW))
    context = ssl.create_default_context(cafile=str(bench.ca_file))

    with (
        socket.create_connection(("127.0.0.1", listener.port)) as plain,
        context.wrap_socket(plain, server_hostname=WWW) as secured,
    ):
        secured.sendall(b"x")

    assert [visit.sent for visit in listener.visits(1)] == [b"x"]


def test_the_verdict_never_comes_from_the_inspection(bench: Bench) -> None:
    target = for_another_host(bench)
    server = Server("127.0.0.1", target.listener.port, WWW, 3.0, socket.create_connection)

    assert inspect(server).code is None
    assert verified(server, str(bench.ca_file)).code == 62
