"""Which e-mail addresses are written to, and which are one mailbox."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from parley.errors import BadRequest
from parley.mail.addresses import ADDRESS_MAX_CHARS, parse
from tests.cases import together


@together(
    ("typed", "address"),
    [
        ("ada@example.org", "ada@example.org"),
        ("  Ada.Lovelace@Example.ORG\n", "Ada.Lovelace@example.org"),
        ("ada+parley@example.org", "ada+parley@example.org"),
        ("o'neil_x-y%z@a-b.example.co.uk", "o'neil_x-y%z@a-b.example.co.uk"),
        ("ada@bücher.example", "ada@xn--bcher-kva.example"),
        ("ada@straße.example", "ada@xn--strae-oqa.example"),
        ("ada@例え.テスト", "ada@xn--r8jz45g.xn--zckzah"),
        ("a" * 64 + "@example.org", "a" * 64 + "@example.org"),
    ],
)
async def test_an_address_is_taken_as_mail_programs_write_it(typed: str, address: str) -> None:
    assert parse(typed).text == address


@together(
    "typed",
    [
        "",
        "ada",
        "@example.org",
        "ada@",
        "ada@localhost",
        "ada@127.0.0.1",
        "ada@[127.0.0.1]",
        "ada@example.1",
        "ada@exa_mple.org",
        "ada@-example.org",
        "ada@example..org",
        "ada@example.org.",
        ".ada@example.org",
        "ada..l@example.org",
        "ada@ben@example.org",
        '"ada lovelace"@example.org',
        '"ada@example.org"@example.com',
        "ada(comment)@example.org",
        "ada lovelace@example.org",
        "Ada <ada@example.org>",
        "ada@example.org,ben@example.org",
        "ada@example.org\r\nBcc: ben@example.org",
        "ada\r\nBcc:ben@example.org",
        "ada\0@example.org",
        "ada@exam\u202eple.org",
        "adä@example.org",
        "ada@example.org>\r\nRCPT TO:<ben@example.org",
        "a" * 65 + "@example.org",
        "a@" + "x." * 130 + "org",
        "a@" + "x" * 64 + ".org",
    ],
)
async def test_what_could_be_more_than_an_address_is_refused(typed: str) -> None:
    with pytest.raises(BadRequest):
        parse(typed)


async def test_half_a_character_is_refused() -> None:
    # Not as parameters: workers cannot tell each other of tests with such names.
    for typed in ("\ud800@example.org", "ada@\ud800.org"):
        with pytest.raises(BadRequest):
            parse(typed)


@given(st.text(max_size=80).map(lambda text: text.replace("0", "a@example.org")))
def test_what_is_taken_holds_nothing_but_an_address(typed: str) -> None:
    try:
        found = parse(typed).text
    except BadRequest:
        return
    assert found.isascii()
    assert found.isprintable()
    assert not set(found) & set(' <>"(),:;\\[]')
    assert found.count("@") == 1
    assert len(found) <= ADDRESS_MAX_CHARS
    assert parse(found).text == found


def test_what_leads_to_one_mailbox_counts_as_one() -> None:
    for a, b, is_one in (
        ("ada@example.org", "ADA+x@EXAMPLE.org", True),
        ("a.da+1@gmail.com", "ada@googlemail.com", True),
        ("a.da@example.org", "ada@example.org", False),
        ("ada@example.org", "ada@example.com", False),
        ("+a@example.org", "+b@example.org", False),
    ):
        assert (parse(a).mailbox == parse(b).mailbox) is is_one, (a, b)
