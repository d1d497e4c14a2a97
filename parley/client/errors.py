"""What can go wrong for a program that takes part."""

from __future__ import annotations


class ClientError(Exception):
    """Any of them."""


class Unreachable(ClientError):
    """The server can't be reached, or does not answer."""


class Refused(ClientError):
    """The server said no. `code` is for programs: docs/protocol.md lists them."""

    def __init__(
        self,
        code: str,
        text: str,
        retry_after: float | None = None,
        epoch: int | None = None,
    ) -> None:
        super().__init__(text)
        self.code = code
        self.retry_after = retry_after
        self.epoch = epoch
        """The number of the key that an encrypted conversation has now."""

    @property
    def is_passing(self) -> bool:
        """Whether the same may be taken a little later."""
        return self.code in ("rate_limited", "unavailable", "internal")


class Over(ClientError):
    """You take part no more: `reason` is `ended`, `deleted`, or as that of the event `removed`.

    A loop over events that falls far behind is over alone (`behind`).
    """

    def __init__(self, reason: str, text: str) -> None:
        super().__init__(text)
        self.reason = reason


class BadLink(ClientError, ValueError):
    """What was given is no link to a conversation."""
