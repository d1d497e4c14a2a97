"""What other programs send, in the forms that their documentation shows, of invented people."""

from __future__ import annotations

from typing import Any

Payload = dict[str, Any]

ALERTMANAGER: Payload = {
    "version": "4",
    "groupKey": '{}:{alertname="ProbeFailure"}',
    "truncatedAlerts": 0,
    "status": "firing",
    "receiver": "parley",
    "groupLabels": {"alertname": "ProbeFailure"},
    "commonLabels": {"alertname": "ProbeFailure", "job": "http_checks", "severity": "critical"},
    "commonAnnotations": {},
    "externalURL": "http://alerts.example.org:9093",
    "alerts": [
        {
            "status": "firing",
            "labels": {
                "alertname": "ProbeFailure",
                "instance": "https://shop.example.org",
                "job": "http_checks",
                "severity": "critical",
            },
            "annotations": {
                "summary": "The shop_front is down",
                "description": "No answer for over 5m. Job: http_checks",
            },
            "startsAt": "2026-02-06T13:08:45.828Z",
            "endsAt": "0001-01-01T00:00:00Z",
            "generatorURL": "http://prometheus.example.org:9090/graph?g0.expr=probe_success",
            "fingerprint": "1a30ba71cca2921f",
        },
        {
            "status": "resolved",
            "labels": {"alertname": "ProbeFailure", "instance": "https://blog.example.org"},
            "annotations": {"summary": "The blog is down"},
            "startsAt": "2026-02-06T12:08:45.828Z",
            "endsAt": "2026-02-06T13:08:45.828Z",
            "generatorURL": "",
            "fingerprint": "2a30ba71cca2921f",
        },
    ],
}

GRAFANA: Payload = {
    "receiver": "Parley",
    "status": "firing",
    "orgId": 1,
    "alerts": [
        {
            "status": "firing",
            "labels": {"alertname": "High memory usage", "team": "blue", "zone": "us-1"},
            "annotations": {
                "description": "The system has high memory usage",
                "runbook_url": "https://runbook.example.org/1234",
                "summary": "This alert was triggered for zone us-1",
            },
            "startsAt": "2026-10-12T09:51:03.157076+02:00",
            "endsAt": "0001-01-01T00:00:00Z",
            "generatorURL": "https://grafana.example.org/alerting/1afz29v7z/edit",
            "fingerprint": "c6eadffa33fcdf37",
            "silenceURL": "https://grafana.example.org/alerting/silence/new?matchers=team%3Dblue",
            "dashboardURL": "https://grafana.example.org/d/abc",
            "panelURL": "",
            "values": {"B": 44.23943737541908, "C": 1},
            "valueString": "[ var='B' labels={} value=44.2 ]",
        }
    ],
    "groupLabels": {},
    "commonLabels": {"team": "blue"},
    "commonAnnotations": {},
    "externalURL": "https://grafana.example.org/",
    "version": "1",
    "groupKey": "{}:{}",
    "truncatedAlerts": 3,
    "title": "[FIRING:4]  (blue)",
    "state": "alerting",
    "message": "**Firing**\n\nLabels:\n - alertname = High memory usage",
}

KUMA: Payload = {
    "heartbeat": {
        "monitorID": 29,
        "status": 0,
        "time": "2026-09-24 23:51:35.527",
        "msg": "getaddrinfo ENOTFOUND shop.example.org",
        "important": True,
        "duration": 60,
        "timezone": "Europe/Berlin",
        "timezoneOffset": "+02:00",
        "localDateTime": "2026-09-25 01:51:35",
    },
    "monitor": {
        "id": 29,
        "name": "Shop",
        "description": None,
        "pathName": "Shop",
        "url": "https://shop.example.org",
        "method": "GET",
        "hostname": None,
        "port": None,
        "interval": 60,
        "type": "http",
        "tags": [],
    },
    "msg": "[Shop] [🔴 Down] getaddrinfo ENOTFOUND shop.example.org",
}
KUMA_TEST: Payload = {"heartbeat": None, "monitor": None, "msg": "Parley Testing"}

REPOSITORY: Payload = {
    "id": 186853002,
    "name": "teapot",
    "full_name": "ada-l/teapot",
    "private": False,
    "owner": {"login": "ada-l", "id": 21031067},
    "html_url": "https://github.com/ada-l/teapot",
    "default_branch": "main",
}
SENDER: Payload = {"login": "ada-l", "id": 21031067, "type": "User"}

PUSH: Payload = {
    "ref": "refs/heads/main",
    "before": "6113728f27ae82c7b1a177c8d03f9e96e0adf246",
    "after": "36c5f2243ed24de58284a96f2a643bed8c028658",
    "created": False,
    "deleted": False,
    "forced": False,
    "base_ref": None,
    "compare": "https://github.com/ada-l/teapot/compare/6113728f27ae...36c5f2243ed2",
    "commits": [
        {
            "id": "c441029cf673f84c8b7db52d0a5944ee5c52ff89",
            "tree_id": "f9d2a07e9488b91af2641b26b9407fe22a451433",
            "distinct": True,
            "message": "Pour without __dripping__\n\nIt dripped.",
            "timestamp": "2026-02-22T13:50:07-08:00",
            "url": "https://github.com/ada-l/teapot/commit/c441029cf673f84c8b7db52d0a5944ee5c52ff89",
            "author": {"name": "Ben Example", "email": "ben@example.org", "username": "ben"},
            "committer": {"name": "Ben Example", "email": "ben@example.org", "username": "ben"},
            "added": [],
            "removed": [],
            "modified": ["README.md"],
        },
        {
            "id": "36c5f2243ed24de58284a96f2a643bed8c028658",
            "tree_id": "f9d2a07e9488b91af2641b26b9407fe22a451433",
            "distinct": True,
            "message": "Describe the spout",
            "timestamp": "2026-02-22T14:07:13-08:00",
            "url": "https://github.com/ada-l/teapot/commit/36c5f2243ed24de58284a96f2a643bed8c028658",
            "author": {"name": "ada-l", "email": "ada@example.org", "username": "ada-l"},
            "committer": {"name": "ada-l", "email": "ada@example.org", "username": "ada-l"},
            "added": ["docs/spout.md"],
            "removed": [],
            "modified": [],
        },
    ],
    "head_commit": None,
    "repository": REPOSITORY,
    "pusher": {"name": "ada-l", "email": "ada@example.org"},
    "sender": SENDER,
}

ISSUE: Payload = {
    "action": "opened",
    "issue": {
        "url": "https://api.github.com/repos/ada-l/teapot/issues/7",
        "html_url": "https://github.com/ada-l/teapot/issues/7",
        "number": 7,
        "title": "The lid *rattles*",
        "user": SENDER,
        "state": "open",
        "body": "When it boils.",
        "labels": [],
    },
    "repository": REPOSITORY,
    "sender": SENDER,
}

PULL_REQUEST: Payload = {
    "action": "closed",
    "number": 8,
    "pull_request": {
        "html_url": "https://github.com/ada-l/teapot/pull/8",
        "number": 8,
        "title": "Weigh the lid down",
        "merged": True,
        "state": "closed",
    },
    "repository": REPOSITORY,
    "sender": SENDER,
}

COMMENT: Payload = {
    "action": "created",
    "issue": ISSUE["issue"],
    "comment": {
        "html_url": "https://github.com/ada-l/teapot/issues/7#issuecomment-1",
        "body": "Mine too.\nSince Monday.",
        "user": SENDER,
    },
    "repository": REPOSITORY,
    "sender": SENDER,
}

PING: Payload = {
    "zen": "Encourage flow.",
    "hook_id": 2472869,
    "hook": {"type": "Repository", "id": 2472869, "events": ["push"], "active": True},
    "repository": REPOSITORY,
    "sender": SENDER,
}

STAR: Payload = {
    "action": "created",
    "starred_at": "2026-02-22T13:50:07Z",
    "repository": REPOSITORY,
    "sender": SENDER,
}

SLACK_BLOCKS: Payload = {
    "text": "Danny wants a review",
    "blocks": [
        {"type": "header", "text": {"type": "plain_text", "text": "New request"}},
        {"type": "divider"},
        {
            "type": "section",
            "text": {
                "type": "mrkdwn",
                "text": "*Type:* Leave\n<https://hr.example.org/42|See it> &amp; decide",
            },
            "fields": [{"type": "mrkdwn", "text": "*When:* ~June~ July"}],
        },
        {
            "type": "actions",
            "elements": [
                {
                    "type": "button",
                    "text": {"type": "plain_text", "text": "Approve"},
                    "url": "https://hr.example.org/42/yes",
                }
            ],
        },
        {"type": "context", "elements": [{"type": "plain_text", "text": "3 hours ago"}]},
    ],
}

SLACK_ATTACHMENT: Payload = {
    "username": "Build",
    "icon_emoji": ":ghost:",
    "channel": "#builds",
    "attachments": [
        {
            "fallback": "Build 12 failed",
            "color": "#36a64f",
            "pretext": "A build is over",
            "author_name": "Cleo",
            "title": "Build 12",
            "title_link": "https://ci.example.org/12",
            "text": "failed after <https://ci.example.org/12/log|4 minutes>",
            "fields": [{"title": "Branch", "value": "main", "short": True}],
            "footer": "ci",
        }
    ],
}
