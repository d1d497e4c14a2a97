"""Who sends mail, by which server, and what is told at the start where that can't be."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from parley.config import Config, load_config
from parley.errors import MailUnusable, SettingInvalid
from parley.mail.choice import mail_of, server_of
from tests.cases import together
from tests.mail.postbox import with_mail


def test_without_the_setting_there_is_none(config: Config) -> None:
    assert mail_of(config) is None


@together(
    ("missing", "word"),
    [
        ({"mail_from": ""}, "--mail-from"),
        ({"public_url": ""}, "--public-url"),
        ({"smtp_url": ""}, "--smtp-url"),
    ],
)
async def test_what_is_missing_is_named_at_the_start(missing: dict[str, Any], word: str) -> None:
    config = replace(with_mail(Config()), **missing)
    with pytest.raises(MailUnusable, match=word):
        mail_of(config)


@together(
    ("url", "host", "port", "is_tls", "needs_starttls"),
    [
        ("smtp://mail.example.org", "mail.example.org", 587, False, True),
        ("smtp://mail.example.org:2525", "mail.example.org", 2525, False, True),
        ("smtps://mail.example.org/", "mail.example.org", 465, True, False),
        ("smtp://localhost", "localhost", 25, False, False),
        ("smtp://127.0.0.2:2525", "127.0.0.2", 2525, False, False),
        ("smtp://[::1]", "::1", 25, False, False),
        ("smtps://localhost", "localhost", 465, True, False),
        ("smtp://localhost.example.org", "localhost.example.org", 587, False, True),
        ("smtp://10.0.0.1", "10.0.0.1", 587, False, True),
    ],
)
async def test_tls_is_begun_wherever_mail_leaves_this_machine(
    url: str, host: str, port: int, is_tls: bool, needs_starttls: bool
) -> None:
    server = server_of(with_mail(Config(), url))
    assert (server.host, server.port) == (host, port)
    assert (server.is_tls, server.needs_starttls) == (is_tls, needs_starttls)


def test_the_password_is_in_the_url_or_in_a_file(tmp_path: Path) -> None:
    server = server_of(with_mail(Config(), "smtp://parley:pass%3Aw%40rd@mail.example.org"))
    assert (server.user, server.password) == ("parley", "pass:w@rd")
    assert "w@rd" not in repr(server)
    file = tmp_path / "password"
    file.write_text("pass word \n")
    config = replace(
        with_mail(Config(), "smtp://me%40example.org@mail.example.org"), smtp_password_file=file
    )
    server = server_of(config)
    assert (server.user, server.password) == ("me@example.org", "pass word ")


@together("content", [None, b"", b"\n", b"a\nb\n", b"\xff", b"x" * 5_000])
async def test_a_file_without_one_password_is_told_at_the_start(
    tmp_path: Path, content: bytes | None
) -> None:
    file = tmp_path / "password"
    file.unlink(missing_ok=True)
    if content is not None:
        file.write_bytes(content)
    config = replace(with_mail(Config(), "smtp://parley@mail.example.org"), smtp_password_file=file)
    with pytest.raises(MailUnusable) as told:
        mail_of(config)
    assert str(file) in str(told.value)


@together("url", ["smtp://a:b@mail.example.org", "smtp://mail.example.org"])
async def test_a_password_file_needs_a_user_and_no_other_password(tmp_path: Path, url: str) -> None:
    file = tmp_path / "password"
    file.write_text("secret\n")
    config = replace(with_mail(Config(), url), smtp_password_file=file)
    with pytest.raises(MailUnusable, match="smtp://user@host"):
        mail_of(config)


def test_a_user_without_a_password_is_told_at_the_start() -> None:
    with pytest.raises(MailUnusable, match="not both"):
        mail_of(with_mail(Config(), "smtp://parley@mail.example.org"))


@together(
    ("setting", "value"),
    [
        ("PARLEY_SMTP_URL", "mail.example.org"),
        ("PARLEY_SMTP_URL", "http://mail.example.org"),
        ("PARLEY_SMTP_URL", "smtp://"),
        ("PARLEY_SMTP_URL", "smtp://mail.example.org:0"),
        ("PARLEY_SMTP_URL", "smtp://mail.example.org:99999"),
        ("PARLEY_SMTP_URL", "smtp://mail.example.org/path"),
        ("PARLEY_MAIL_FROM", "parley"),
        ("PARLEY_MAIL_FROM", "a@example.org\nBcc: b@example.org"),
        ("PARLEY_MAIL_FROM", "A\n <a@example.org>"),
        ("PARLEY_MAIL_FROM", "a@example.org, b@example.org"),
        ("PARLEY_MAIL_FROM", "Tea\x0b <a@example.org>"),
    ],
)
async def test_a_wrong_setting_is_refused(setting: str, value: str) -> None:
    with pytest.raises(SettingInvalid):
        load_config({}, {setting: value})


def test_a_wrong_url_is_told_without_its_password() -> None:
    with pytest.raises(SettingInvalid) as told:
        load_config({}, {"PARLEY_SMTP_URL": "smtp://me:secret@mail.example.org/x"})
    assert "secret" not in str(told.value)


def test_without_the_extra_it_is_told_at_the_start(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "aiosmtplib", None)
    monkeypatch.delitem(sys.modules, "parley.mail.sender", raising=False)
    with pytest.raises(MailUnusable, match=r"the extra mail.*pip install '\.\[mail\]'"):
        mail_of(with_mail(Config()))
