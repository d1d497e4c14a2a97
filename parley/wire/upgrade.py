"""From polling to a line of ours: the probe of Engine.IO 4, section "Upgrade"."""

from __future__ import annotations

from parley.wire.direct import DirectClient
from parley.wire.socket import GuardedSocket


class Upgrade:
    """What a line stands at that is to take over from a polling client."""

    def __init__(self, session: GuardedSocket) -> None:
        self.session = session
        self._is_probed = False

    def hear(self, client: DirectClient, text: str) -> None:
        """What the line says until it has taken over. Polling goes on where that fails."""
        session = self.session
        if text == "2probe" and not self._is_probed and session.may_upgrade:
            self._is_probed = True
            client.send_text("3probe")
            session.make_way()
        elif text == "5" and self._is_probed and session.may_upgrade:
            # Of two probes at once the first wins: one client has one line.
            session.upgraded = True
            client.take_over(session)
        else:
            client.close()

    def fail(self) -> None:
        """The line is lost, or it is not to be."""
        if self._is_probed and not self.session.upgraded:
            self.session.upgrading = False
