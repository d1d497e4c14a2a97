"""What GitHub sends, and Gitea and Forgejo, which do as it does.

https://docs.github.com/en/webhooks/webhook-events-and-payloads
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from parley.hooks import values
from parley.hooks.values import linked, plain
from parley.importing.markdown import Piece

EVENT_HEADER = "X-GitHub-Event"
DELIVERY_HEADER = "X-GitHub-Delivery"
COMMITS_MAX = 10
ID_CHARS = 7
"""So much of a commit's id tells it apart."""
_BRANCH, _TAG = "refs/heads/", "refs/tags/"

Payload = dict[str, Any]


def words(event: str, payload: Payload) -> str:
    """What happened; empty for what is not worth a message."""
    tell = _TOLD.get(event)
    return values.written((tell or _other(event))(payload))


def _head(payload: Payload) -> list[Piece]:
    name = values.line(payload, "repository", "full_name")
    if not name:
        name = values.line(payload, "organization", "login") or "GitHub"
    address = values.address(payload, "repository", "html_url")
    return [linked(name, address), plain(f": {_who(payload)} ")]


def _who(payload: Payload) -> str:
    return values.line(payload, "sender", "login") or values.line(payload, "pusher", "name")


def _ping(payload: Payload) -> list[Piece]:
    zen = values.line(payload, "zen")
    return [*_head(payload), plain("connected this conversation." + (f" “{zen}”" if zen else ""))]


def _push(payload: Payload) -> list[Piece]:
    ref = values.line(payload, "ref")
    kind = "tag" if ref.startswith(_TAG) else "branch"
    name = ref.removeprefix(_BRANCH).removeprefix(_TAG)
    if payload.get("deleted") is True:
        return [*_head(payload), plain(f"deleted the {kind} {name}.")]
    commits = values.objects(payload, "commits")
    if not commits:
        made = "created" if payload.get("created") is True else "moved"
        return [
            *_head(payload),
            linked(f"{made} the {kind} {name}", values.address(payload, "compare")),
        ]
    count = f"{len(commits)} commit{'s' if len(commits) > 1 else ''}"
    forced = "force-pushed" if payload.get("forced") is True else "pushed"
    pieces = [
        *_head(payload),
        plain(f"{forced} "),
        linked(count, values.address(payload, "compare")),
        plain(f" to {name}"),
    ]
    for commit in commits[:COMMITS_MAX]:
        author = values.line(commit, "author", "name")
        id = values.line(commit, "id")[:ID_CHARS]
        pieces += [plain("\n• "), linked(id, values.address(commit, "url"))]
        pieces.append(plain(f" {values.first_line(commit, 'message')}"))
        if author and author != _who(payload):
            pieces.append(plain(f" ({author})"))
    if len(commits) > COMMITS_MAX:
        pieces.append(plain(f"\n… and {len(commits) - COMMITS_MAX} more"))
    return pieces


def _numbered(field: str, what: str) -> Callable[[Payload], list[Piece]]:
    """Of what has a number and a title."""

    def tell(payload: Payload) -> list[Piece]:
        thing = payload.get(field)
        action = values.line(payload, "action").replace("_", " ") or "changed"
        if field == "pull_request" and action == "closed" and _is_true(thing, "merged"):
            action = "merged"
        pieces = [*_head(payload), plain(f"{action} {what} "), _named(thing)]
        return pieces

    return tell


def _said(field: str, what: str, about: str = "issue") -> Callable[[Payload], list[Piece]]:
    """Of what somebody said about something that has a number."""

    def tell(payload: Payload) -> list[Piece]:
        comment = payload.get(field)
        thing = payload.get(about)
        action = values.line(payload, "action").replace("_", " ")
        done = {"created": "added", "submitted": "submitted"}.get(action, action or "added")
        pieces = [*_head(payload), plain(f"{done} a "), _link(what, comment), plain(" on ")]
        pieces.append(_named(thing))
        begins = values.first_line(comment, "body")
        if begins and action != "deleted":
            pieces.append(plain(f"\n{begins}"))
        return pieces

    return tell


def _named(thing: Any) -> Piece:
    number, title = values.line(thing, "number"), values.line(thing, "title")
    return _link(f"#{number} {title}" if number else title or "something", thing)


def _link(words: str, thing: Any) -> Piece:
    return linked(words, values.address(thing, "html_url"))


def _is_true(thing: Any, name: str) -> bool:
    return isinstance(thing, dict) and thing.get(name) is True


def _release(payload: Payload) -> list[Piece]:
    release = payload.get("release")
    name = values.line(release, "name") or values.line(release, "tag_name")
    action = values.line(payload, "action") or "published"
    return [*_head(payload), plain(f"{action} the release "), _link(name, release)]


def _ref(done: str) -> Callable[[Payload], list[Piece]]:
    def tell(payload: Payload) -> list[Piece]:
        kind, name = values.line(payload, "ref_type") or "branch", values.line(payload, "ref")
        return [*_head(payload), plain(f"{done} the {kind} {name}")]

    return tell


def _run(payload: Payload) -> list[Piece]:
    run = payload.get("workflow_run")
    outcome = values.line(run, "conclusion") or values.line(payload, "action")
    branch = values.line(run, "head_branch")
    told = [*_head(payload), plain("ran "), _link(values.line(run, "name") or "a workflow", run)]
    return [*told, plain(f" on {branch}: " if branch else ": "), plain(outcome.replace("_", " "))]


def _other(event: str) -> Callable[[Payload], list[Piece]]:
    def tell(payload: Payload) -> list[Piece]:
        action = values.line(payload, "action").replace("_", " ")
        what = event.replace("_", " ")[:100]
        return [*_head(payload), plain(f"{what}: {action}" if action else what)]

    return tell


_TOLD: dict[str, Callable[[Payload], list[Piece]]] = {
    "ping": _ping,
    "push": _push,
    "issues": _numbered("issue", "the issue"),
    "pull_request": _numbered("pull_request", "the pull request"),
    "discussion": _numbered("discussion", "the discussion"),
    "issue_comment": _said("comment", "comment"),
    "commit_comment": _said("comment", "comment", "commit"),
    "pull_request_review": _said("review", "review", "pull_request"),
    "pull_request_review_comment": _said("comment", "review comment", "pull_request"),
    "release": _release,
    "create": _ref("created"),
    "delete": _ref("deleted"),
    "workflow_run": _run,
}
