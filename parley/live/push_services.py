"""What push services answer, and which of them are left alone for now."""

from __future__ import annotations

import math
import random
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime
from http import HTTPStatus

import structlog

from parley.domain import notices
from parley.domain.notices import Told
from parley.outward import service_of
from parley.push.post import Outcome
from parley.records import Decision, Device, Notice

FIRST_REST_S, LAST_REST_S = 30.0, 3600.0
ASKED_REST_MAX_S = 300.0
"""Whatever it asks for: others have devices there."""
IN_TROUBLE = 3
"""So many devices in a row that it takes nothing for: of fewer it may be theirs alone."""
KNOWN_MAX = 1_000
"""A client may name any: those that were asked last are remembered."""
RESTING_MAX = 10_000
"""The same of devices that are left alone."""
AGAIN_AFTER_S, AGAIN_MAX_S = 30.0, 3600.0
LOST_AGAIN_S = 5.0
RETRY_AFTER_MAX_S = 6 * 3600.0
ANYBODY_WITHIN_S = 3600.0
"""Where no push service at all has answered for so long, it may be our own line that is down."""

log = structlog.get_logger(__name__)


@dataclass(slots=True)
class _Service:
    rests_until: float = 0.0
    rests: int = 0
    """How often in a row it was left alone."""
    is_known: bool = False
    failing: set[int] = field(default_factory=set)
    """The devices, up to `IN_TROUBLE`, that it took nothing for since it last took something."""


class PushServices:
    """By host and port. Times are the event loop's."""

    def __init__(self) -> None:
        self._services: dict[str, _Service] = {}
        self._answered_at = -math.inf
        self._resting: dict[int, float] = {}
        """By device, until when it is left alone, whatever there is to tell."""

    def rests_until(self, service: str) -> float:
        """Nothing is sent there before."""
        found = self._services.get(service)
        return 0.0 if found is None else found.rests_until

    def device_rests_until(self, device_id: int) -> float:
        """Nothing is sent to a device before, of whatever conversation."""
        return self._resting.get(device_id, 0.0)

    def leave_alone(self, device_id: int, until_s: float, *, loop_s: float) -> None:
        """As its push service asked, or since it took nothing."""
        self._resting[device_id] = max(until_s, self._resting.pop(device_id, 0.0))
        if len(self._resting) > RESTING_MAX:
            self._resting = {id: until for id, until in self._resting.items() if until > loop_s}
        if len(self._resting) > RESTING_MAX:
            del self._resting[next(iter(self._resting))]

    def forget_devices(self) -> None:
        """Their ids are others' now."""
        self._resting.clear()
        for service in self._services.values():
            service.failing.clear()

    def is_known(self, device: Device) -> bool:
        """Whether its push service took the last that it was sent, as far as is remembered; or is
        stored, where nothing was sent there since the start.
        """
        found = self._services.get(service_of(device.endpoint))
        if found is None:
            return device.took_at is not None and device.failing_since is None
        return found.is_known

    def judge(
        self,
        notice: Notice,
        device: Device,
        decision: Decision,
        outcome: Outcome,
        *,
        at: datetime,
        loop_s: float,
    ) -> Told:
        """What becomes of a notice, after what its push service said."""
        status = outcome.status
        service = self._of(service_of(device.endpoint))
        if status:
            self._answered_at = loop_s
        if 200 <= status < 300:
            service.is_known, service.rests = True, 0
            service.failing.clear()
            self._resting.pop(device.id, None)
            return Told(notice, decision, is_taken=True)
        if outcome.is_lost:
            return Told(notice, decision, again_at=at + timedelta(seconds=LOST_AGAIN_S))
        log.debug("push_refused", status=status, why=outcome.why)
        if status in (HTTPStatus.NOT_FOUND, HTTPStatus.GONE) or outcome.is_for_good:
            return Told(notice, decision, is_gone=True)
        wait_s = min(AGAIN_MAX_S, AGAIN_AFTER_S * 2.0 ** min(notice.tries, 10))
        if status in (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN):
            # It is we whom it does not take.
            log.warning("push_not_allowed", service=service_of(device.endpoint), why=outcome.why)
            return Told(notice, decision, again_at=at + timedelta(seconds=wait_s))
        if 0 < status < 500 and status != HTTPStatus.TOO_MANY_REQUESTS:
            log.warning("push_not_taken", service=service_of(device.endpoint), status=status)
            return Told(notice, decision, is_refused=True)
        asked_s = seconds(outcome.retry_after, at)
        if asked_s is not None:
            # "At once" would be again and again.
            wait_s = max(min(asked_s, RETRY_AFTER_MAX_S), min(AGAIN_AFTER_S, 2.0**notice.tries))
        self._in_trouble(service, device.id, asked_s, loop_s)
        self.leave_alone(device.id, loop_s + wait_s, loop_s=loop_s)
        return Told(
            notice,
            decision,
            again_at=at + timedelta(seconds=wait_s),
            is_gone=notices.is_given_up(device, at),
            is_failure=status > 0 or loop_s - self._answered_at < ANYBODY_WITHIN_S,
        )

    def _in_trouble(
        self, service: _Service, device_id: int, asked_s: float | None, loop_s: float
    ) -> None:
        """It took nothing for this device. Once it takes nothing for several, it is left alone, the
        longer the more often.
        """
        service.is_known = False
        if loop_s < service.rests_until:
            return  # it was under way when that was found out
        if len(service.failing) < IN_TROUBLE:
            service.failing.add(device_id)
        if len(service.failing) < IN_TROUBLE:
            return
        rest_s = min(LAST_REST_S, FIRST_REST_S * 2 ** min(20, service.rests))
        if asked_s is not None:
            rest_s = min(max(asked_s, 1.0), ASKED_REST_MAX_S)
        service.rests += 1
        service.rests_until = loop_s + rest_s * random.uniform(1.0, 1.25)  # noqa: S311  # no secret

    def _of(self, name: str) -> _Service:
        # Taken out and put back, so that the first is the one that was not asked for longest.
        service = self._services.pop(name, None) or _Service()
        self._services[name] = service
        if len(self._services) > KNOWN_MAX:
            del self._services[next(iter(self._services))]
        return service


def seconds(retry_after: str | None, at: datetime) -> float | None:
    """What `Retry-After` asks for: seconds, or a date (RFC 9110, section 10.2.3)."""
    if retry_after is None:
        return None
    if retry_after.strip().isdecimal():
        return float(retry_after)
    try:
        return max(0.0, (parsedate_to_datetime(retry_after) - at).total_seconds())
    except (TypeError, ValueError, OverflowError):
        return None
