"""What monitoring sends: Alertmanager, Grafana, Uptime Kuma.

https://prometheus.io/docs/alerting/latest/configuration/#webhook_config,
https://grafana.com/docs/grafana/latest/alerting/configure-notifications/manage-contact-points/integrations/webhook-notifier/
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from parley.hooks import values
from parley.importing.markdown import Piece

ALERTS_MAX = 10
"""Of many alerts, those that are told one by one."""
_SIGNS = {"firing": "🔴", "alerting": "🔴", "resolved": "🟢", "ok": "🟢"}
_NAMELESS = ("alertname", "grafana_folder", "severity")
"""Labels that say nothing about where it is."""


def is_alerts(payload: dict[str, Any]) -> bool:
    return isinstance(payload.get("alerts"), list) and bool(values.text(payload, "status"))


def alerts(payload: dict[str, Any]) -> str:
    """Alertmanager's, and Grafana's, which has the same and more."""
    told = values.objects(payload, "alerts")
    status = values.line(payload, "status").lower()
    name = values.line(payload, "commonLabels", "alertname") or values.line(
        payload, "groupLabels", "alertname"
    )
    firing = sum(values.text(each, "status") == "firing" for each in told)
    count = f"{firing} firing" if firing else f"{len(told)} resolved"
    head = f"{_sign(status)} {status.upper()}: {name or values.line(payload, 'title') or 'alerts'}"
    address = values.address(payload, "externalURL")
    lines = [values.written([_head(head, address), Piece(f" ({count})")])]
    lines += [values.written(list(_alert(each, status))) for each in told[:ALERTS_MAX]]
    left = max(0, len(told) - ALERTS_MAX) + _count(payload.get("truncatedAlerts"))
    if left > 0:
        lines.append(f"… and {left} more")
    return "\n".join(lines)


def _alert(alert: dict[str, Any], all_are: str) -> Iterator[Piece]:
    status = values.text(alert, "status").lower()
    yield Piece(f"{_sign(status)} " if status != all_are else "• ")
    said = values.first_line(alert, "annotations", "summary") or values.first_line(
        alert, "annotations", "description"
    )
    yield Piece(said or values.line(alert, "labels", "alertname") or "An alert")
    if where := _where(alert):
        yield Piece(f" ({where})")
    if value := values.line(alert, "valueString"):
        yield Piece(f" {value}"[:200])
    shown = ("dashboardURL", "dashboard"), ("generatorURL", "source"), ("silenceURL", "silence")
    for name, words in shown:
        if address := values.address(alert, name):
            yield Piece(" ")
            yield values.linked(words, address)


def _head(words: str, address: str) -> Piece:
    return values.linked(words, address) if address else values.strong(words)


def _where(alert: dict[str, Any]) -> str:
    labels = alert.get("labels")
    if not isinstance(labels, dict):
        return ""
    told = []
    for name in sorted(label for label in labels if label not in _NAMELESS)[:6]:
        told.append(f"{name}={values.line(labels, name)[:80]}")
    return ", ".join(told)


def _sign(status: str) -> str:
    return _SIGNS.get(status, "⚪")


def _count(value: Any) -> int:
    return value if isinstance(value, int) and 0 < value < 1_000_000 else 0


def is_old_grafana(payload: dict[str, Any]) -> bool:
    """From before its version 9."""
    return "ruleName" in payload and "state" in payload


def old_grafana(payload: dict[str, Any]) -> str:
    title = values.line(payload, "title") or values.line(payload, "ruleName")
    sign = _sign(values.text(payload, "state").lower())
    head = values.written([_head(f"{sign} {title}", values.address(payload, "ruleUrl"))])
    said = values.text(payload, "message")
    return f"{head}\n{values.written([Piece(said)])}" if said else head


def is_kuma(payload: dict[str, Any]) -> bool:
    return "msg" in payload and "heartbeat" in payload and "monitor" in payload


def kuma(payload: dict[str, Any]) -> str:
    """Uptime Kuma's: what it says is fit to be shown, and names its monitor."""
    said = values.text(payload, "msg") or "Uptime Kuma says nothing"
    pieces = [Piece(said)]
    url = values.address(payload, "monitor", "url")
    if url and url not in ("http://", "https://"):
        pieces += [Piece("\n"), Piece(url)]
    return values.written(pieces)
