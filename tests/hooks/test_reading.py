"""What other programs send becomes what a person would have written."""

from __future__ import annotations

import contextlib
import json
from typing import Any
from urllib.parse import urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from parley.contract import MESSAGE_MAX_CHARS
from parley.errors import BadRequest
from parley.hooks.reading import FORM, JSON, Read, read
from tests.hooks import payloads


def read_of(body: str | bytes, kind: str = JSON, **headers: str) -> Read:
    sent = body.encode() if isinstance(body, str) else body
    given = {name.replace("_", "-").lower(): value for name, value in headers.items()}
    return read(sent, kind=kind, header=lambda name, usual: given.get(name.lower(), usual))


def said(payload: Any, **headers: str) -> str:
    return read_of(json.dumps(payload), **headers).text


def github(event: str, payload: Any) -> str:
    return said(payload, X_GitHub_Event=event)


def test_a_text_is_said_as_it_is() -> None:
    assert said({"text": "Dinner is *ready*, see https://example.org"}) == (
        "Dinner is *ready*, see https://example.org"
    )


@pytest.mark.parametrize("name", ["text", "message", "content", "msg", "body"])
def test_what_programs_call_their_words_is_found(name: str) -> None:
    assert said({name: "Hello"}) == "Hello"


@pytest.mark.parametrize("kind", [FORM, "text/plain", "application/octet-stream", ""])
def test_curl_d_says_what_stands_there(kind: str) -> None:
    assert read_of("Backup done: 5=ok & 100% fine", kind).text == "Backup done: 5=ok & 100% fine"


def test_a_form_says_its_text() -> None:
    assert read_of(urlencode({"text": "Ünï & co"}), FORM).text == "Ünï & co"


def test_a_form_holds_what_slack_takes_as_payload() -> None:
    fields = {"payload": json.dumps({"text": "From a form", "username": "Cron"})}
    found = read_of(urlencode(fields), FORM)
    assert (found.text, found.username) == ("From a form", "Cron")


def test_json_that_is_called_a_form_is_json() -> None:
    assert read_of('{"text": "by curl -d"}', FORM).text == "by curl -d"


def test_slacks_links_are_links_here() -> None:
    assert said({"text": "<https://example.org|See> &lt;this&gt; <!here>"}) == (
        "[See](https://example.org) <this> @here"
    )


def test_slacks_blocks_are_read_in_their_order() -> None:
    assert said(payloads.SLACK_BLOCKS).split("\n") == [
        "**New request**",
        "**Type:** Leave",
        "[See it](https://hr.example.org/42) & decide",
        "**When:** ~~June~~ July",
        "[Approve](https://hr.example.org/42/yes)",
        "3 hours ago",
    ]


def test_slacks_attachments_are_read_whole() -> None:
    found = read_of(json.dumps(payloads.SLACK_ATTACHMENT))
    assert found.username == "Build"
    assert found.text.split("\n") == [
        "A build is over",
        "[Build 12](https://ci.example.org/12)",
        "failed after [4 minutes](https://ci.example.org/12/log)",
        "**Branch**: main",
    ]


def test_an_attachment_that_says_nothing_falls_back() -> None:
    assert said({"attachments": [{"fallback": "Build failed", "color": "red"}]}) == "Build failed"


def test_alertmanager_is_told_alert_by_alert() -> None:
    head, first, second = said(payloads.ALERTMANAGER).split("\n")
    assert head == "[🔴 FIRING: ProbeFailure](http://alerts.example.org:9093) (1 firing)"
    assert first.startswith("• The shop_front is down (instance=https://shop.example.org, job=")
    assert first.endswith(
        "[source](http://prometheus.example.org:9090/graph?g0.expr=probe_success)"
    )
    assert second == "🟢 The blog is down (instance=https://blog.example.org)"


def test_many_alerts_are_counted() -> None:
    alert = payloads.ALERTMANAGER["alerts"][0]
    found = said({**payloads.ALERTMANAGER, "alerts": [alert] * 25})
    assert found.endswith("… and 15 more")


def test_grafana_is_told_with_where_to_look() -> None:
    head, alert, more = said(payloads.GRAFANA).split("\n")
    assert head.startswith("[🔴 FIRING: ")
    assert "This alert was triggered for zone us-1 (team=blue, zone=us-1)" in alert
    assert "[dashboard](https://grafana.example.org/d/abc)" in alert
    assert "[silence](https://grafana.example.org/alerting/silence/new?" in alert
    assert more == "… and 3 more"


def test_uptime_kuma_is_told_with_its_address() -> None:
    assert said(payloads.KUMA).split("\n")[1] == "https://shop.example.org"
    assert "Down" in said(payloads.KUMA)
    assert said(payloads.KUMA_TEST) == "Parley Testing"


def test_uptime_kumas_form_is_read_too() -> None:
    found = read_of(urlencode({"data": json.dumps(payloads.KUMA_TEST)}), FORM)
    assert found.text == "Parley Testing"


def test_github_tells_of_a_push() -> None:
    head, first, second = github("push", payloads.PUSH).split("\n")
    assert head == (
        "[ada-l/teapot](https://github.com/ada-l/teapot): ada-l pushed "
        "[2 commits](https://github.com/ada-l/teapot/compare/6113728f27ae...36c5f2243ed2) to main"
    )
    assert "c441029" in first
    assert first.endswith("(Ben Example)")
    assert "36c5f22" in second
    assert second.endswith("Describe the spout")


@pytest.mark.parametrize(
    ("event", "payload", "holds"),
    [
        ("ping", payloads.PING, "connected this conversation. “Encourage flow.”"),
        ("issues", payloads.ISSUE, "ada-l opened the issue [#7 "),
        ("pull_request", payloads.PULL_REQUEST, "ada-l merged the pull request [#8 Weigh"),
        ("issue_comment", payloads.COMMENT, "Mine too."),
        ("star", payloads.STAR, "ada-l star: created"),
    ],
)
def test_github_tells_of_what_happens(event: str, payload: Any, holds: str) -> None:
    assert holds in github(event, payload)


def test_githubs_form_is_read_too() -> None:
    body = urlencode({"payload": json.dumps(payloads.PING)})
    found = read_of(body, FORM, X_GitHub_Event="ping", X_GitHub_Delivery="72d3162e-cc78")
    assert "connected this conversation" in found.text
    assert found.key == "72d3162e-cc78"


def test_what_is_too_long_is_cut_and_says_so() -> None:
    found = said({"text": "x" * 20_000})
    assert len(found) == MESSAGE_MAX_CHARS
    assert found.endswith("(20,000 characters; the rest is left out)")


@pytest.mark.parametrize(
    "body",
    [
        "",
        "   ",
        "[1, 2]",
        "{}",
        '{"text": 5.5e400}',
        '{"text": {"a": 1}}',
        '{"text": ""',
        '{"alerts": [], "other": 1}',
        "[" * 5_000,
    ],
)
def test_what_says_nothing_is_refused(body: str) -> None:
    with pytest.raises(BadRequest):
        read_of(body)


@pytest.mark.parametrize(
    "payload",
    [
        {"alerts": [1, None, {"labels": 5, "annotations": [], "status": {}}], "status": "firing"},
        {"heartbeat": 1, "monitor": [], "msg": ["x"]},
        {"blocks": [{"type": "section", "fields": 4, "text": 1}, 3], "text": "x"},
        {"attachments": [{"fields": [{}], "blocks": {"a": 1}}], "text": "x"},
        {"text": "x", "username": {"a": 1}},
    ],
)
def test_what_is_not_as_it_should_be_is_read_as_far_as_it_goes(payload: Any) -> None:
    assert said(payload)


@pytest.mark.parametrize("event", ["push", "issues", "issue_comment", "release", "workflow_run"])
def test_half_of_what_github_sends_is_read_as_far_as_it_goes(event: str) -> None:
    broken = {"repository": 4, "sender": [], "commits": {}, "issue": None, "ref": {}, "comment": 1}
    assert github(event, broken)


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(
                [
                    *("text", "blocks", "attachments", "fields", "elements", "type", "username"),
                    *("alerts", "status", "labels", "annotations", "commonLabels", "summary"),
                    *("heartbeat", "monitor", "msg", "ruleName", "state", "url", "title"),
                    *("repository", "sender", "commits", "issue", "comment", "action", "ref"),
                ]
            ),
            inner,
            max_size=6,
        )
    ),
    max_leaves=20,
)


@given(
    VALUES,
    st.sampled_from(["", "push", "issues", "issue_comment", "release", "create", "workflow_run"]),
    st.sampled_from([JSON, FORM, "text/plain", ""]),
)
def test_whatever_is_sent_is_said_or_refused(payload: Any, event: str, kind: str) -> None:
    try:
        found = read_of(json.dumps(payload), kind, X_GitHub_Event=event)
    except BadRequest:
        return
    assert 0 < len(found.text) <= MESSAGE_MAX_CHARS


@given(st.binary(max_size=200), st.sampled_from([JSON, FORM, "text/plain", "", "a/b+json"]))
def test_whatever_bytes_are_sent_are_said_or_refused(body: bytes, kind: str) -> None:
    with contextlib.suppress(BadRequest):
        assert read_of(body, kind).text.strip()
