"""Names of records: every spelling becomes one canonical form, or is refused with a hint."""

from __future__ import annotations

import pytest

from ops.errors import ValidationError
from ops.products.dns.names import absolute_host, full_name, host

ZONE = "example.com"
LABEL = "a" * 63

# What people write for a record of example.com, and the name that the API knows.
NAMES = [
    ("@", "example.com"),
    ("", "example.com"),
    (" @ ", "example.com"),
    ("example.com", "example.com"),
    ("EXAMPLE.COM", "example.com"),
    ("example.com.", "example.com"),
    ("Example.Com.", "example.com"),
    ("www", "www.example.com"),
    ("WWW", "www.example.com"),
    ("www.example.com", "www.example.com"),
    ("www.example.com.", "www.example.com"),
    ("WwW.ExAmPlE.cOm.", "www.example.com"),
    ("a.b.c", "a.b.c.example.com"),
    ("*", "*.example.com"),
    ("*.example.com", "*.example.com"),
    ("*.dev", "*.dev.example.com"),
    ("*.DEV.example.com.", "*.dev.example.com"),
    ("_dmarc", "_dmarc.example.com"),
    ("_sip._tcp", "_sip._tcp.example.com"),
    ("_25._tcp.mx1.example.com", "_25._tcp.mx1.example.com"),
    ("sel1._domainkey", "sel1._domainkey.example.com"),
    ("1", "1.example.com"),
    ("4.3.2.1", "4.3.2.1.example.com"),
    ("my-host", "my-host.example.com"),
    ("under_score", "under_score.example.com"),
    ("notexample.com", "notexample.com.example.com"),
    ("www.example.org", "www.example.org.example.com"),
    ("bücher", "xn--bcher-kva.example.com"),
    ("BÜCHER", "xn--bcher-kva.example.com"),
    ("bu\u0308cher", "xn--bcher-kva.example.com"),
    ("xn--bcher-kva", "xn--bcher-kva.example.com"),
    ("XN--BCHER-KVA.example.com.", "xn--bcher-kva.example.com"),
    ("*.bücher", "*.xn--bcher-kva.example.com"),
    ("_dmarc.bücher", "_dmarc.xn--bcher-kva.example.com"),
    ("straße", "xn--strae-oqa.example.com"),
    ("日本語", "xn--wgv71a119e.example.com"),
    ("日本語。example。com。", "xn--wgv71a119e.example.com"),
    ("ｗｗｗ", "www.example.com"),  # noqa: RUF001 (the full-width letters are what is tried)
    ("café.example.com", "xn--caf-dma.example.com"),
    (LABEL, f"{LABEL}.example.com"),
    ("-a", "-a.example.com"),
    ("a-", "a-.example.com"),
    ("srv+x", "srv+x.example.com"),
    ("0/25", "0/25.example.com"),
    (r"My\032Printer._ipp._tcp", r"my\032printer._ipp._tcp.example.com"),
    (r"My\ Printer._ipp._tcp.example.com.", r"my\032printer._ipp._tcp.example.com"),
    (r"a\.b", r"a\046b.example.com"),
    (r"\065b", "ab.example.com"),
    (r"\195\188.example.com", r"\195\188.example.com"),
    ("xn---", "xn---.example.com"),
]
REFUSED = [
    "a..b", ".www", "a b", "a;b", "a\\", "\\999", "a\nb", "*a", "a.*", "*.*", "@.www", "\x1b[31m",
    "a" * 64, ".".join(["a" * 60] * 5), "www.example.org.", "example.com.org.", "xn--a-ecp.\u200d",
    "💥\u202e",
]  # fmt: skip


@pytest.mark.fault("E10")
@pytest.mark.parametrize(("written", "known"), NAMES)
def test_every_spelling_of_a_name_becomes_its_canonical_form(written: str, known: str) -> None:
    assert full_name(written, ZONE) == known
    assert full_name(known, ZONE) == known


def test_the_table_has_fifty_names() -> None:
    assert len(NAMES) == 50


@pytest.mark.fault("E10")
@pytest.mark.parametrize("written", REFUSED)
def test_an_invalid_name_or_one_of_another_zone_is_refused_with_a_hint(written: str) -> None:
    with pytest.raises(ValidationError) as error:
        full_name(written, ZONE)

    assert error.value.hint


def test_an_internationalized_name_is_found_in_its_zone() -> None:
    assert full_name("www.bücher.example", "xn--bcher-kva.example") == "www.xn--bcher-kva.example"


def test_a_target_gets_its_canonical_form_and_may_be_the_root() -> None:
    assert host("Mail.Bücher.Example.") == "mail.xn--bcher-kva.example"
    assert host(".") == "."


def test_a_target_may_not_be_a_wildcard() -> None:
    with pytest.raises(ValidationError):
        host("*.example.com")


def test_a_single_label_target_is_refused_with_both_meanings() -> None:
    with pytest.raises(ValidationError) as error:
        absolute_host("www", ZONE)

    assert "`www.example.com`" in error.value.hint
    assert absolute_host("www.", ZONE) == "www."
    assert absolute_host("@", ZONE) == ZONE
