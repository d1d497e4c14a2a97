"""How it stands with the push services: which take something, and which are left alone for now."""

from __future__ import annotations

import random
from dataclasses import dataclass

FIRST_REST_S, LAST_REST_S = 30.0, 3600.0
KNOWN_MAX = 1_000
"""A client may name any: those that were asked last are remembered."""


@dataclass(slots=True)
class _Service:
    rests_until: float = 0.0
    failures: int = 0
    is_known: bool = False


class Services:
    """By the origins of their addresses."""

    def __init__(self) -> None:
        self._services: dict[str, _Service] = {}

    def rests_until(self, origin: str) -> float:
        """Nothing is sent there before, in the event loop's time."""
        service = self._services.get(origin)
        return 0.0 if service is None else service.rests_until

    def is_known(self, origin: str, *, took_before: bool = False) -> bool:
        """Whether it answered the last that it was sent; `took_before`: as far as was stored, where
        nothing was sent there since the start.
        """
        service = self._services.get(origin)
        return took_before if service is None else service.is_known

    def answered(self, origin: str) -> None:
        """It is there, whatever it says."""
        service = self._of(origin)
        service.failures, service.is_known = 0, True

    def asked_for_rest(self, origin: str, until: float) -> None:
        self._of(origin).rests_until = until

    def failed(self, origin: str, now: float) -> None:
        """It did not answer, or was in trouble; it is left alone the longer the more often."""
        service = self._of(origin)
        if now < service.rests_until:
            return  # it was under way when that was found out
        service.failures += 1
        service.is_known = False
        rest_s = min(LAST_REST_S, FIRST_REST_S * 2 ** min(20, service.failures - 1))
        service.rests_until = now + rest_s * random.uniform(0.75, 1.25)  # noqa: S311  # no secret

    def _of(self, origin: str) -> _Service:
        # Taken out and put back, so that the first is the one that was not asked for longest.
        service = self._services.pop(origin, None) or _Service()
        self._services[origin] = service
        if len(self._services) > KNOWN_MAX:
            del self._services[next(iter(self._services))]
        return service
