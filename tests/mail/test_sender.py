"""Handing mail over to a real server: what is sure afterwards, whatever the server does."""

from __future__ import annotations

import asyncio
import subprocess
from datetime import UTC, datetime
from email.message import EmailMessage
from pathlib import Path

import pytest

from parley.mail import writing
from parley.mail.post import NoSuchAddress, NotNow, Refused, Unreachable, Unsure
from parley.mail.sender import Sender, Server
from parley.mail.writing import News, Office
from tests.cases import together
from tests.mail.postbox import PASSWORD, USER, Postbox, answering, postbox, text_of

ADA, BEN = "ada@example.org", "ben@example.org"
SENDER = "parley@talk.example.org"
HELLO = b"220 mail.test\r\n"
EHLO = b"250 mail.test\r\n"
OK = b"250 OK\r\n"


def a_mail(to: str = ADA, title: str = "Tea") -> EmailMessage:
    office = Office(SENDER, "https://talk.example.org")
    at = datetime(2030, 1, 1, tzinfo=UTC)
    news = [News(title, "https://talk.example.org/conversation/tea", 1, False)]
    return writing.of_news(office, to, news, stop_url="https://talk.example.org/s", at=at)


def sender_to(port: int, *, seconds: float = 20.0, **more: object) -> Sender:
    known: dict[str, object] = {"is_tls": False, "needs_starttls": False, **more}
    server = Server("127.0.0.1", port, **known)  # type: ignore[arg-type]
    host = "talk.example.org"
    return Sender(server, SENDER, host=host, answers_within_s=seconds, taken_within_s=seconds)


async def send(sender: Sender, *addresses: str) -> None:
    async with sender.line() as line:
        for to in addresses or (ADA,):
            await line.send(a_mail(to), to)


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """One for 127.0.0.1, which nobody trusts who isn't told to."""
    folder = tmp_path_factory.mktemp("tls")
    chain, key = folder / "chain.pem", folder / "key.pem"
    subprocess.run(
        [
            *("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"),
            *("-nodes", "-days", "2", "-subj", "/CN=127.0.0.1"),
            *("-addext", "subjectAltName=IP:127.0.0.1"),
            *("-keyout", str(key), "-out", str(chain)),
        ],
        check=True,
        capture_output=True,
    )
    return chain, key


@pytest.fixture
def trusted(certificate: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate[0]))


async def test_several_mails_go_over_one_connection() -> None:
    async with postbox() as box:
        await send(sender_to(box.port), ADA, BEN)
    assert box.envelopes == [(SENDER, [ADA]), (SENDER, [BEN])]
    assert [str(mail["To"]) for mail in box.mails] == [ADA, BEN]


@together(
    ("host", "name"),
    [
        ("talk.example.org", "talk.example.org"),
        ("192.0.2.7", "[192.0.2.7]"),
        ("2001:db8::7", "[IPv6:2001:db8::7]"),
    ],
)
async def test_it_says_who_it_is_without_asking_anybody(
    monkeypatch: pytest.MonkeyPatch, host: str, name: str
) -> None:
    def ask() -> str:
        raise AssertionError("asked the DNS, which the event loop waits for")

    monkeypatch.setattr("socket.getfqdn", ask)
    async with postbox() as box:
        server = Server("127.0.0.1", box.port, is_tls=False, needs_starttls=False)
        await send(Sender(server, SENDER, host=host))
    assert box.greeted_by == [name]


async def test_a_line_that_is_a_dot_ends_nothing() -> None:
    mail = EmailMessage(policy=writing.POLICY)
    mail["To"] = ADA
    mail.set_content("one\n.\nRCPT TO:<ben@example.org>\n..two\n")
    async with postbox() as box, sender_to(box.port).line() as line:
        await line.send(mail, ADA)
    [got] = box.mails
    assert text_of(got).replace("\r\n", "\n") == "one\n.\nRCPT TO:<ben@example.org>\n..two\n"


# --- TLS and passwords ---


@pytest.mark.usefixtures("trusted")
async def test_starttls_comes_before_the_password(certificate: tuple[Path, Path]) -> None:
    async with postbox(certificate=certificate, needs_login=True) as box:
        await send(sender_to(box.port, needs_starttls=True, user=USER, password=PASSWORD))
    assert box.logins == [True]
    assert len(box.mails) == 1


@pytest.mark.usefixtures("trusted")
async def test_tls_from_the_first_byte(certificate: tuple[Path, Path]) -> None:
    async with postbox(certificate=certificate, is_tls=True, needs_login=True) as box:
        await send(sender_to(box.port, is_tls=True, user=USER, password=PASSWORD))
    assert box.logins == [True]
    assert len(box.mails) == 1


async def test_without_starttls_nothing_is_said() -> None:
    async with postbox() as box:
        with pytest.raises(Unreachable):
            await send(sender_to(box.port, needs_starttls=True, user=USER, password=PASSWORD))
    assert (box.mails, box.logins) == ([], [])


@together("is_tls", [True, False])
async def test_a_certificate_of_somebody_else_is_refused(
    certificate: tuple[Path, Path], is_tls: bool
) -> None:
    async with postbox(certificate=certificate, is_tls=is_tls) as box:
        with pytest.raises(Unreachable):
            await send(sender_to(box.port, is_tls=is_tls, needs_starttls=not is_tls))
    assert box.mails == []


@pytest.mark.long("it waits until it is tried again")
@pytest.mark.usefixtures("trusted")
async def test_a_wrong_password_concerns_no_address(certificate: tuple[Path, Path]) -> None:
    async with postbox(certificate=certificate, is_tls=True, needs_login=True) as box:
        sender = sender_to(box.port, seconds=8.0, is_tls=True, user=USER, password="guess")
        with pytest.raises(Unreachable) as told:
            await send(sender)
    assert "guess" not in str(told.value)
    assert box.logins
    assert not any(box.logins)
    assert box.mails == []


# --- what servers answer ---


@together(
    ("says", "wanted"),
    [
        ("550 5.1.1 No such user", NoSuchAddress),
        ("550 No such user here", NoSuchAddress),
        ("553 5.1.2 Bad address", NoSuchAddress),
        ("551 User not local", NoSuchAddress),
        ("450 4.2.1 Greylisted", NotNow),
        ("452 4.2.2 Mailbox full", NotNow),
        # These are about whoever sends, and would cost everybody their address.
        ("550 5.7.1 Relaying denied", NotNow),
        ("550 relay not permitted", NotNow),
        ("554 5.7.1 Blocked by a list", NotNow),
        ("530 5.7.0 Authentication required", NotNow),
        ("421 4.3.2 Shutting down", Unreachable),
    ],
)
async def test_what_is_answered_to_a_recipient(says: str, wanted: type[Exception]) -> None:
    async with postbox() as box:
        box.recipient_says[ADA] = says
        async with sender_to(box.port).line() as line:
            with pytest.raises(wanted) as told:
                await line.send(a_mail(), ADA)
            assert told.type is wanted
            assert ADA not in str(told.value)
            if wanted is not Unreachable:  # the others are served all the same
                await line.send(a_mail(BEN), BEN)
                assert len(box.to(BEN)) == 1
    assert box.to(ADA) == []


@together(
    ("says", "wanted"),
    [("451 4.3.0 Try again later", NotNow), ("554 5.6.0 Looks like spam", Refused)],
)
async def test_what_is_answered_to_the_content(says: str, wanted: type[Exception]) -> None:
    async with postbox() as box:
        box.content_says = says
        with pytest.raises(wanted):
            await send(sender_to(box.port))


async def test_whoever_hangs_up_after_the_content_may_have_taken_it() -> None:
    async with postbox() as box:
        box.hangs_up = True
        with pytest.raises(Unsure):
            await send(sender_to(box.port))
    assert len(box.mails) == 1


def at_once(*answers: bytes | None) -> list[bytes | None]:
    return list(answers)


@together(
    "script",
    [
        at_once(None),
        at_once(b"554 Go away\r\n"),
        at_once(b"nonsense\r\n", b"more\r\n"),
        at_once(b"\xff\x00\r\n" * 50),
        at_once(HELLO, None),
        at_once(HELLO, EHLO, None),
        at_once(HELLO, EHLO, b"550 We don't know you\r\n"),
        at_once(HELLO, EHLO, OK, None),
        at_once(HELLO, EHLO, OK, b"9" * 3_000 + b"\r\n"),
    ],
)
async def test_a_server_that_fails_before_the_content_took_nothing(
    script: list[bytes | None],
) -> None:
    async with answering(script) as port:
        with pytest.raises(Unreachable):
            await send(sender_to(port, seconds=0.3))


@together("script", [at_once(), at_once(HELLO), at_once(HELLO, EHLO), at_once(HELLO, EHLO, OK)])
async def test_a_server_that_falls_silent_is_left(script: list[bytes | None]) -> None:
    async with answering(script) as port:
        with pytest.raises(Unreachable):
            await send(sender_to(port, seconds=0.2))


async def test_a_server_that_falls_silent_with_the_content_may_have_taken_it() -> None:
    async with answering([HELLO, EHLO, OK, OK, b"354 Go on\r\n"]) as port:
        with pytest.raises(Unsure):
            await send(sender_to(port, seconds=1.0))


async def test_nobody_there() -> None:
    async with answering([]) as port:
        pass
    with pytest.raises(Unreachable):
        await send(sender_to(port))


async def test_a_line_that_broke_is_none_for_the_next(caplog: pytest.LogCaptureFixture) -> None:
    async with postbox() as box, sender_to(box.port).line() as line:
        box.hangs_up = True
        with pytest.raises(Unsure):
            await line.send(a_mail(), ADA)
        with pytest.raises(Unreachable):
            await line.send(a_mail(BEN), BEN)
    assert box.to(BEN) == []


async def test_a_stop_of_ours_waits_for_no_server() -> None:
    async with answering([HELLO, EHLO]) as port:
        sending = asyncio.create_task(send(sender_to(port)))
        await asyncio.wait([sending], timeout=0.1)
        sending.cancel()
        with pytest.raises(asyncio.CancelledError):
            await sending


def test_the_box_is_what_it_says() -> None:
    assert Postbox(port=25).url == "smtp://127.0.0.1:25"
