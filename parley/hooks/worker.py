"""The process that sends to webhooks: `python -m parley.hooks.worker`. It is told what to send,
signed, and knows nothing else of the server.
"""

from __future__ import annotations

from msgspec import Struct

from parley.outward import NotAllowed, Outward
from parley.push.post import Outcome
from parley.push.serving import serve

MODULE = "parley.hooks.worker"
KNOWN_AT_ONCE, OTHERS_AT_ONCE = 64, 16
"""Anybody can name addresses that never answer: those that did have places of their own."""
KNOWN_EACH, OTHERS_EACH = 16, 4
"""Of one host."""
WITHIN_S = 15.0
"""What Standard Webhooks suggests at least."""


class Setup(Struct, frozen=True, array_like=True):
    networks: tuple[str, ...]


class Posting(Struct, frozen=True, array_like=True):
    """One try of one delivery."""

    url: str
    headers: dict[str, str]
    body: bytes
    is_known: bool
    """Whether this address took something lately."""


class Sender:
    """Belongs to one event loop."""

    def __init__(self, setup: Setup) -> None:
        self._known = _outward(setup, KNOWN_AT_ONCE, KNOWN_EACH)
        self._others = _outward(setup, OTHERS_AT_ONCE, OTHERS_EACH)

    async def send(self, number: int, posting: Posting, /) -> Outcome:
        """What became of it. A redirect is an answer that takes nothing."""
        outward = self._known if posting.is_known else self._others
        try:
            answer = await outward.post(posting.url, posting.headers, posting.body)
        except NotAllowed as error:
            return Outcome(number, 0, why=str(error), is_for_good=True)
        except TimeoutError:
            return Outcome(number, 0, why=f"no answer within {WITHIN_S:g} s")
        except OSError as error:
            return Outcome(number, 0, why=f"{type(error).__name__}: {error.strerror or error}")
        return Outcome(number, answer.status, answer.retry_after, answer.text)

    async def close(self) -> None:
        await self._known.close()
        await self._others.close()


def _outward(setup: Setup, at_once: int, each: int) -> Outward:
    return Outward(
        networks=setup.networks,
        at_once=at_once,
        at_once_each=each,
        within_s=WITHIN_S,
        near_in_the_clear=True,
    )


if __name__ == "__main__":
    serve(Setup, Posting, Sender)
