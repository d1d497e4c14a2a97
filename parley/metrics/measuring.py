"""What this process says of itself: integers that are kept anyway, read when somebody asks."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable

import structlog

from parley import __version__
from parley.domain import backlog
from parley.domain.context import Context
from parley.domain.indexing import Indexing
from parley.errors import Unavailable
from parley.limits.limiter import Kind, Limits
from parley.live.pushing import Pushing
from parley.metrics.families import Measured
from parley.metrics.rendering import of_process
from parley.metrics.tallies import Lag
from parley.realtime import Realtime

log = structlog.get_logger(__name__)

LOOK_WITHIN_S = 2.0
"""How long the database may take; what it would have said is left out then."""


class Measuring:
    """One for a server. `run` measures the event loop until it is cancelled."""

    def __init__(
        self,
        context: Context,
        *,
        realtime: Realtime,
        limits: Limits,
        pushing: Pushing,
        indexing: Indexing,
        is_ready: Callable[[], bool],
        process: Callable[[], str],
    ) -> None:
        self._context = context
        self._realtime = realtime
        self._limits = limits
        self._pushing = pushing
        self._indexing = indexing
        self._is_ready = is_ready
        self._process = process
        self._lag = Lag()
        self.requests: Counter[str] = Counter()
        """By the class of their status, such as `2xx`."""

    async def run(self) -> None:
        await self._lag.run()

    async def measure(self) -> Measured:
        """As it is now."""
        measured = Measured(self._process(), of_process=of_process())
        numbers, database = measured.numbers, self._context.database
        counts, server = self._context.counts, self._realtime.server
        numbers["parley_info"] = {__version__: 1}
        numbers["parley_requests"] = {"2xx": 0, "4xx": 0, "5xx": 0, **self.requests}
        numbers["parley_refusals"] = {kind.value: self._limits.refused[kind] for kind in Kind}
        numbers["parley_connections"] = dict(server.connections)
        numbers["parley_database_bytes"] = dict(database.sizes())
        if counts.known is not None:
            active, total = counts.known
            numbers["parley_conversations"] = {"active": active, "ended": total - active}
        for name, number in {
            "parley_ready": self._is_ready(),
            "parley_rooms": len(self._realtime.audience.rooms),
            "parley_people": self._context.presence.count,
            "parley_call_devices": self._realtime.calling.device_count,
            "parley_messages_stored": counts.messages,
            "parley_joins": counts.joins,
            "parley_deliveries": server.deliveries,
            "parley_malformed_packets": server.malformed_count,
            "parley_database_problem": database.problem is not None,
            "parley_push_in_flight": self._pushing.in_flight,
            "parley_search_backlog": self._indexing.backlog,
            "parley_search_waiting_messages": self._indexing.waiting,
        }.items():
            numbers[name] = {"": int(number)}
        measured.tallies["parley_event_loop_lag_seconds"] = self._lag.tally
        if database.writer is not None:
            numbers["parley_commit_failures"] = {"": database.writer.failures}
            numbers["parley_writes"] = {"": database.writer.works}
            numbers["parley_write_queue"] = {"": database.writer.queue}
            measured.tallies["parley_commit_seconds"] = database.writer.commits
        await self._look(numbers)
        return measured

    async def _look(self, numbers: dict[str, dict[str, float]]) -> None:
        """What only the database knows. The rest is told without it, too."""
        try:
            async with asyncio.timeout(LOOK_WITHIN_S):
                found = await backlog.look(self._context)
        except (Unavailable, TimeoutError):
            log.debug("backlog_not_read")
            return
        numbers["parley_files"] = {"": found.files}
        numbers["parley_files_bytes"] = {"": found.files_bytes}
        numbers["parley_push_queue"] = {"": found.notifications}
        if self._context.filing is not None:
            numbers["parley_files_quota_bytes"] = {"": self._context.filing.quotas.server}
        if self._context.mail is not None:
            numbers["parley_mail_queue"] = {"": found.mails}
