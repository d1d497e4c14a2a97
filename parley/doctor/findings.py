"""What a look at an installation comes to."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from enum import StrEnum
from pathlib import Path
from urllib.parse import unquote, urlsplit

from msgspec import Struct
from msgspec.structs import replace

from parley.config import Config

HIDDEN = "…"
SECRET_LEAST = 4
"""Characters: to hide shorter ones would blank out words."""
_SECRET_VARIABLES = (
    "AWS_ACCESS_KEY_ID",
    "AWS_SECRET_ACCESS_KEY",
    "AWS_SESSION_TOKEN",
    "PGPASSWORD",
)


class State(StrEnum):
    OK = "ok"
    SKIP = "skip"
    """There was nothing to look at, or no way to."""
    WARN = "warn"
    """It works, but may not for long, or not for everyone."""
    FAIL = "fail"
    """It has to be mended."""


class Finding(Struct, frozen=True):
    """One thing, and what to do where something is to be done."""

    check: str
    state: State
    text: str
    advice: str = ""


class Report(Struct, frozen=True):
    """All of it."""

    state: State
    """The worst there is: `ok`, `warn` or `fail`."""
    findings: list[Finding]


def ok(check: str, text: str) -> Finding:
    return Finding(check, State.OK, text)


def skip(check: str, text: str) -> Finding:
    return Finding(check, State.SKIP, text)


def warn(check: str, text: str, advice: str) -> Finding:
    return Finding(check, State.WARN, text, advice)


def fail(check: str, text: str, advice: str) -> Finding:
    return Finding(check, State.FAIL, text, advice)


def report(findings: list[Finding]) -> Report:
    found = {each.state for each in findings}
    worst = next((state for state in (State.FAIL, State.WARN) if state in found), State.OK)
    return Report(worst, findings)


class Veil:
    """Takes secrets out of sentences, whatever a library put into its words."""

    def __init__(self, config: Config, environ: Mapping[str, str]) -> None:
        known = {each for each in _secrets(config, environ) if len(each) >= SECRET_LEAST}
        self._secrets = sorted(known, key=len, reverse=True)

    def over(self, finding: Finding) -> Finding:
        return replace(
            finding, text=self._hidden(finding.text), advice=self._hidden(finding.advice)
        )

    def _hidden(self, text: str) -> str:
        for secret in self._secrets:
            text = text.replace(secret, HIDDEN)
        return " ".join(text.split())


def _secrets(config: Config, environ: Mapping[str, str]) -> Iterable[str]:
    for url in (config.database_url, config.redis_url, config.rate_limit_storage, config.smtp_url):
        try:
            password = urlsplit(url).password or ""
        except ValueError:
            continue
        yield from (password, unquote(password))
    yield config.turn_secret
    for file in (
        config.smtp_password_file,
        config.metrics_token_file,
        config.secret_file,
        config.turn_secret_file,
    ):
        yield _content(file)
    for name in _SECRET_VARIABLES:
        yield environ.get(name, "")


def _content(file: Path | None) -> str:
    try:
        return "" if file is None else file.read_text("utf-8").strip()
    except (OSError, UnicodeDecodeError):
        return ""
