"""What some program posts to a hook, read: whose format it is, and what it says."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import parse_qsl

import msgspec
from msgspec import Struct

from parley.contract import FIELDS_MAX, MESSAGE_MAX_CHARS, USERNAME_MAX_CHARS
from parley.errors import BadRequest
from parley.hooks import github, monitoring, slack, values

JSON, FORM, MULTIPART = (
    "application/json",
    "application/x-www-form-urlencoded",
    "multipart/form-data",
)
_IN_JSON = ("payload", "data")
"""Fields of a form that hold JSON: Slack's and GitHub's, Uptime Kuma's."""
_WORDS = ("text", "message", "content", "msg", "body")
"""What most programs call what they say."""
NOT_UNDERSTOOD = (
    'This hook takes {"text": "…"} as JSON, a form with the field text, plain text, or what '
    "Slack, Mattermost, Alertmanager, Grafana, GitHub and Uptime Kuma send."
)


Header = Callable[[str, str], str]
"""Of a request, by its name; or what is given in its place."""


class Read(Struct, frozen=True):
    """What is said."""

    text: str
    username: str = ""
    """Who says it, by the program's own word; empty where it says none."""
    key: str = ""
    """The same for the same thing sent again, where the program gives any."""


def read(body: bytes, *, kind: str, header: Header, form: Mapping[str, str] | None = None) -> Read:
    """`kind` is the type of the body; `form` its fields, where it has some.

    Raises `BadRequest` for what says nothing that can be told.
    """
    if kind == MULTIPART:
        return _of_form(dict(form or {}), "", header)
    words = _decoded(body)
    if kind == FORM:
        return _of_form(_fields(words), words, header)
    if kind == JSON or kind.endswith("+json") or words.lstrip().startswith("{"):
        try:
            return _of_json(msgspec.json.decode(words), header)
        except (msgspec.DecodeError, RecursionError):
            if kind == JSON:
                raise BadRequest("This is not JSON.") from None
    return _told(words)


def _of_form(fields: dict[str, str], whole: str, header: Header) -> Read:
    for name in _IN_JSON:
        if name in fields:
            try:
                return _of_json(msgspec.json.decode(fields[name]), header)
            except (msgspec.DecodeError, RecursionError):
                if name == "payload":
                    raise BadRequest("The field payload is not JSON.") from None
    for name in _WORDS:
        if fields.get(name, "").strip():
            return _told(slack.written(fields[name]), fields.get("username", ""))
    # What `curl -d` sends is called a form, whatever it is.
    if whole.lstrip().startswith("{"):
        try:
            return _of_json(msgspec.json.decode(whole), header)
        except (msgspec.DecodeError, RecursionError):
            pass
    return _told(whole)


def _of_json(payload: Any, header: Header) -> Read:
    if isinstance(payload, str):
        return _told(payload)
    if not isinstance(payload, dict):
        raise BadRequest(NOT_UNDERSTOOD)
    event = header(github.EVENT_HEADER, "")
    if event == "ping" or (event and "repository" in payload):
        told = _told(github.words(event, payload))
        return msgspec.structs.replace(told, key=header(github.DELIVERY_HEADER, ""))
    for is_it, words in (
        (monitoring.is_alerts, monitoring.alerts),
        (monitoring.is_kuma, monitoring.kuma),
        (monitoring.is_old_grafana, monitoring.old_grafana),
    ):
        if is_it(payload):
            return _told(words(payload))
    username = values.line(payload, "username")
    said = slack.words(payload)
    if said.strip():
        return _told(said, username)
    for name in _WORDS:
        if values.text(payload, name):
            return _told(values.text(payload, name), username)
    raise BadRequest(NOT_UNDERSTOOD)


def _told(text: str, username: str = "") -> Read:
    text = text.replace("\r\n", "\n").replace("\0", "").strip()
    if not text:
        raise BadRequest(f"There is nothing to say in it. {NOT_UNDERSTOOD}")
    return Read(cut(text), values.line(username)[:USERNAME_MAX_CHARS])


def cut(text: str, most: int = MESSAGE_MAX_CHARS) -> str:
    """As much of it as a message holds: half an alarm is better than none."""
    if len(text) <= most:
        return text
    note = f"\n… ({len(text):,} characters; the rest is left out)"
    return text[: most - len(note)] + note


def _fields(words: str) -> dict[str, str]:
    try:
        return dict(parse_qsl(words, keep_blank_values=True, max_num_fields=FIELDS_MAX))
    except ValueError:
        return {}


def _decoded(body: bytes) -> str:
    return body.decode("utf-8-sig", "replace")
