"""What a mail looks like to the program that shows it."""

from __future__ import annotations

import email
from datetime import UTC, datetime
from email.message import EmailMessage
from email.policy import default

import pytest
from hypothesis import given
from hypothesis import strategies as st

from parley.mail import writing
from parley.mail.writing import News, Office, Said
from tests.mail.postbox import text_of

AT = datetime(2030, 1, 1, 12, tzinfo=UTC)
OFFICE = Office("Talk & Tea <parley@talk.example.org>", "https://" + "long." * 12 + "example.org")
STOP = f"{OFFICE.public_url}/mail/stop/{'x' * 32}"


def parsed(message: EmailMessage) -> EmailMessage:
    """As it arrives."""
    raw = message.as_bytes()
    assert b"\n" not in raw.replace(b"\r\n", b"")
    assert raw.isascii()
    assert max(len(line) for line in raw.split(b"\r\n")) <= 998
    return email.message_from_bytes(raw, policy=default)


def of_news(*news: News) -> EmailMessage:
    return parsed(writing.of_news(OFFICE, "ada@example.org", list(news), stop_url=STOP, at=AT))


def html_of(mail: EmailMessage) -> str:
    body = mail.get_body(("html",))
    assert body is not None
    return str(body.get_content()).replace("\r\n", "\n")


def test_it_says_who_writes_and_how_to_stop_it() -> None:
    mail = of_news(News("Tea", "https://talk/conversation/tea", 2, False))
    assert str(mail["To"]) == "ada@example.org"
    assert mail["From"].addresses[0].addr_spec == "parley@talk.example.org"
    assert mail["From"].addresses[0].display_name == "Talk & Tea"
    assert mail["Date"].datetime == AT
    assert mail["Message-ID"].endswith("@talk.example.org>")
    assert mail["List-Unsubscribe"] == f"<{STOP}>"
    assert mail["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert mail["Auto-Submitted"] == "auto-generated"
    assert str(mail["Subject"]) == "New messages in “Tea”"
    assert STOP in text_of(mail)
    assert f'href="{STOP}"' in html_of(mail)


def test_addresses_of_pages_are_never_folded() -> None:
    raw = writing.of_news(
        OFFICE, "ada@example.org", [News("Tea", "u", 1, False)], stop_url=STOP, at=AT
    ).as_bytes()
    assert f"\r\nList-Unsubscribe: <{STOP}>\r\n".encode() in raw


def test_no_two_mails_have_one_id() -> None:
    news = News("Tea", "u", 1, False)
    assert of_news(news)["Message-ID"] != of_news(news)["Message-ID"]


def test_words_are_quoted_as_text_and_never_as_html() -> None:
    line = Said("<i>Ben</i>", "<script>alert(1)</script>\r\nBcc: x@example.org")
    mail = of_news(News("<b>Tea</b>", "https://talk/conversation/tea", 1, False, (line,)))
    html = html_of(mail)
    assert "<script" not in html
    assert "<i>" not in html
    assert "&lt;script&gt;alert(1)&lt;/script&gt; Bcc: x@example.org" in html
    assert "<i>Ben</i>: <script>alert(1)</script> Bcc: x@example.org" in text_of(mail)
    assert mail["Bcc"] is None


def test_nothing_in_it_is_fetched_when_it_is_read() -> None:
    html = html_of(of_news(News("Tea", "https://talk/conversation/tea", 1, False)))
    for fetches in ("<img", "src=", "<link", "<style", "url(", "background"):
        assert fetches not in html


def test_many_conversations_are_counted() -> None:
    mail = of_news(*(News(f"Talk {i}", f"https://talk/{i}", i + 1, i == 1) for i in range(23)))
    assert str(mail["Subject"]) == "New messages in 23 conversations"
    text = text_of(mail)
    assert "Talk 0: 1 new message\n" in text
    assert "Talk 1: more than 2 new messages\n" in text
    assert "Talk 2: 3 new messages\n" in text
    assert "Talk 19" in text
    assert "Talk 20" not in text
    assert "And in 3 more conversations." in text


@pytest.mark.long("a hundred titles")
@given(st.text(max_size=300))
def test_any_title_leaves_the_head_whole(title: str) -> None:
    mail = of_news(News(title, "https://talk/conversation/tea", 1, False))
    assert [name for name in mail] == [  # noqa: C416  # it iterates over names alone
        "From",
        "To",
        "Subject",
        "Date",
        "Message-ID",
        "List-Unsubscribe",
        "List-Unsubscribe-Post",
        "Auto-Submitted",
        "MIME-Version",
        "Content-Type",
    ]
    shown = str(mail["Subject"])
    assert shown == f"New messages in “{writing.plain(title)}”"
    assert writing.plain(title) in text_of(mail)


def test_what_turns_the_direction_of_words_is_left_out() -> None:
    assert writing.plain("a\u202eb\u2066c\u200fd\x00e\x1bf\u2028g") == "abcdef g"
    assert writing.plain("👩\u200d💻") == "👩\u200d💻"
    assert writing.plain("x" * 300) == "x" * 99 + "…"


def test_the_confirmation_says_nothing_that_a_stranger_wrote() -> None:
    confirm = f"{OFFICE.public_url}/mail/confirm/{'y' * 32}"
    mail = parsed(
        writing.to_confirm(OFFICE, "ada@example.org", confirm_url=confirm, refuse_url=STOP, at=AT)
    )
    assert str(mail["Subject"]) == "Confirm your e-mail address"
    for text in (text_of(mail), html_of(mail)):
        assert confirm in text
        assert STOP in text
    assert mail["List-Unsubscribe"] == f"<{STOP}>"
