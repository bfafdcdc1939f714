"""Host names in one form, and which names of a certificate cover them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ops.errors import UsageError
from ops.products.ssl.names import canonical, covers, printable, unicode_form, wildcard_gap

FORMS = [
    ("example.com", "example.com"),
    ("EXAMPLE.com", "example.com"),
    ("example.com.", "example.com"),
    (" example.com ", "example.com"),
    ("www.example.com", "www.example.com"),
    ("a_b.example.com", "a_b.example.com"),
    ("_acme.example.com", "_acme.example.com"),
    ("localhost", "localhost"),
    ("xn--bcher-kva.example", "xn--bcher-kva.example"),
    ("XN--BCHER-KVA.example", "xn--bcher-kva.example"),
    ("bücher.example", "xn--bcher-kva.example"),
    ("BÜCHER.example", "xn--bcher-kva.example"),
    ("bu\u0308cher.example", "xn--bcher-kva.example"),
    ("bücher.example.", "xn--bcher-kva.example"),
    ("straße.example", "xn--strae-oqa.example"),
    ("例え.テスト", "xn--r8jz45g.xn--zckzah"),
    ("例え。テスト", "xn--r8jz45g.xn--zckzah"),
    ("παράδειγμα.δοκιμή", "xn--hxajbheg2az3al.xn--jxalpdlp"),
    ("\uff11\uff12.example", "12.example"),
    ("127.0.0.1", "127.0.0.1"),
    ("::1", "::1"),
    ("[::1]", "::1"),
    ("2001:DB8::0:1", "2001:db8::1"),
    ("fe80::1%eth0", "fe80::1%eth0"),
    ("[FE80::0:1%enP5s0]", "fe80::1%enP5s0"),
    ("fe80::1%25eth0", "fe80::1%eth0"),
    ("fe80::1%2", "fe80::1%2"),
    (f"{'a' * 63}.example", f"{'a' * 63}.example"),
]
NOT_HOSTS = [
    "",
    ".",
    "..",
    "a..example",
    ".example.com",
    "*.example.com",
    "https://example.com",
    "example.com/path",
    "example.com:443",
    "[::1]:443",
    "user@example.com",
    "two words",
    "fe80::1%",
    "fe80::1%eth 0",
    "fe80::1%a%b",
    "127.0.0.1%eth0",
    "example.com%eth0",
    "-a.example",
    "a-.example",
    "a\x00.example",
    "a\x1b.example",
    "\ud800.example",
    "💥\u202e.example",
    f"{'a' * 64}.example",
    ".".join(["a" * 60] * 5),
]


@pytest.mark.fault("E10")
@pytest.mark.parametrize(("host", "sent"), FORMS)
def test_a_host_is_sent_in_one_form(host: str, sent: str) -> None:
    assert canonical(host) == sent
    assert canonical(sent) == sent


@pytest.mark.parametrize("text", NOT_HOSTS)
def test_what_is_not_a_host_is_refused_in_printable_words(text: str) -> None:
    with pytest.raises(UsageError) as refusal:
        canonical(text)

    assert refusal.value.message.isprintable()
    assert "--port" in refusal.value.hint


@given(st.text(max_size=80))
def test_any_text_has_a_stable_form_or_is_refused(text: str) -> None:
    try:
        sent = canonical(text)
    except UsageError as refusal:
        assert refusal.message.isprintable()
    else:
        assert sent.isascii()
        assert canonical(sent) == sent


@pytest.mark.parametrize(
    ("host", "shown"),
    [
        ("xn--bcher-kva.example", "bücher.example"),
        ("example.com", "example.com"),
        ("xn--zzzzzzzz999.example", "xn--zzzzzzzz999.example"),
    ],
)
def test_names_are_shown_in_unicode(host: str, shown: str) -> None:
    assert unicode_form(host) == shown


@pytest.mark.parametrize(
    ("host", "name", "covered"),
    [
        ("www.example.com", "www.example.com", True),
        ("www.example.com", "WWW.Example.Com", True),
        ("www.example.com", "www.example.com.", False),
        ("www.example.com", "*.example.com.", False),
        ("*.example.com", "*.example.com", True),
        ("www.example.com", "*.example.com", True),
        ("xn--bcher-kva.example.com", "*.example.com", True),
        ("example.com", "*.example.com", False),
        ("a.b.example.com", "*.example.com", False),
        ("www.example.com", "w*.example.com", False),
        ("www.example.com", "*.*.com", False),
        ("www.example.com", "www.*.com", False),
        ("www.example.com", "*.com", False),
        ("example.com", "*.com", False),
        ("localhost", "*", False),
        ("www.example.com", "example.com", False),
    ],
)
def test_a_name_covers_what_browsers_accept(host: str, name: str, covered: bool) -> None:
    assert covers(host, [name]) is covered


def test_the_wildcard_that_does_not_cover_is_named() -> None:
    names = ["www.example.org", "*.example.com"]

    assert wildcard_gap("example.com", names) == "*.example.com"
    assert wildcard_gap("a.b.example.com", names) == "*.example.com"
    assert wildcard_gap("notexample.com", names) == ""


@given(st.text())
def test_text_of_a_certificate_is_shown_without_control_characters(text: str) -> None:
    assert printable(text).isprintable()
