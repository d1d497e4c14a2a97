"""How `POST /hooks/{code}` is described, which takes more than JSON and answers with a line."""

from __future__ import annotations

from typing import Any

from msgspec import UNSET, Struct, UnsetType

from parley.contract.rest.call import Call
from parley.contract.rest.hooks import HOOK_BODY_MAX_BYTES
from parley.contract.rest.messages import SendReply

IDEMPOTENCY_KEY = "Idempotency-Key"


class HookPost(Struct, kw_only=True):
    """What is posted to a hook, as JSON. `text` is Markdown; `message`, `content`, `msg` and `body`
    mean the same. `username` stands in bold before it. `blocks` and `attachments` are Slack's. What
    Alertmanager, Grafana, GitHub and Uptime Kuma send is taken, too.
    """

    text: str | UnsetType = UNSET
    username: str | UnsetType = UNSET
    blocks: list[dict[str, Any]] | UnsetType = UNSET
    attachments: list[dict[str, Any]] | UnsetType = UNSET


POST_TO_HOOK = Call(
    "post_to_hook",
    "POST",
    "/hooks/{code}",
    "Post in a conversation. The hook's address is all it takes: no token is needed.",
    SendReply,
    HookPost,
    body_max_bytes=HOOK_BODY_MAX_BYTES,
)
"""No call of REST: its body is whatever a program sends, and its answer a line for `curl`."""
_TEXT = {"schema": {"type": "string"}}
_FORM = {
    "schema": {
        "type": "object",
        "description": "`payload` is what Slack, Mattermost or GitHub would send, as JSON.",
        "properties": {name: {"type": "string"} for name in ("text", "username", "payload")},
    }
}
_REFUSED = {
    400: "There is nothing to post in it, or it isn't what it says it is.",
    404: "There is no such hook: it was removed, or the address is wrong.",
    409: "The conversation is encrypted, and what a hook sends is not.",
    410: "The conversation has ended, or this comes from a webhook of Parley.",
    413: f"More than {POST_TO_HOOK.body_max_bytes // 1024} KiB.",
    429: "Too much, or too many addresses were tried.",
}
_RETRY_AFTER = {"description": "Seconds to wait.", "schema": {"type": "integer"}}


def operation(body: Any, reply: Any, error: Any) -> dict[str, Any]:
    """The operation; given are references to the schemas of what is posted and of the answers."""
    responses = {
        "200": _answer(
            "Posted, now or before under the same key. The line is `ok`; JSON is for programs that "
            "send `Accept: application/json`.",
            reply,
        )
    }
    for status, meaning in _REFUSED.items():
        responses[str(status)] = _answer(meaning, error)
    responses["429"]["headers"] = {"Retry-After": _RETRY_AFTER}
    responses["default"] = _answer("An error; the line says which, or `code` in JSON.", error)
    # Plain text may be of any type that is none of these.
    content = {
        "application/json": {"schema": body},
        "application/x-www-form-urlencoded": _FORM,
        "multipart/form-data": _FORM,
        "text/plain": _TEXT,
    }
    return {
        "operationId": POST_TO_HOOK.name,
        "summary": POST_TO_HOOK.summary,
        "parameters": [
            {"name": "code", "in": "path", "required": True, "schema": {"type": "string"}},
            {
                "name": IDEMPOTENCY_KEY,
                "in": "header",
                "description": "of your own: what is sent again with it is posted once",
                "schema": {"type": "string"},
            },
        ],
        "requestBody": {"required": True, "content": content},
        "responses": responses,
        "security": [],
    }


def _answer(description: str, schema: Any) -> dict[str, Any]:
    """A line first: it is what whoever asks for nothing gets, and generators take the first."""
    return {
        "description": description,
        "content": {"text/plain": _TEXT, "application/json": {"schema": schema}},
    }
