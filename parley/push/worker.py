"""The process that encrypts and hands over notifications: `python -m parley.push.worker`.

Reads a `Setup`, then `Numbered` pushes from its input, and answers each with an `Outcome`, in any
order. Ends with its input. It knows the key that says who we are, and nothing else of the server.
"""

from __future__ import annotations

import time

from parley.outward import NotAllowed, Outward
from parley.push.encryption import encrypt
from parley.push.post import Outcome, Push, Setup
from parley.push.serving import serve
from parley.push.vapid import Vapid, private_key

KNOWN_AT_ONCE, OTHERS_AT_ONCE = 64, 16
"""Anybody can name services that never answer: those that did have places of their own."""
KNOWN_EACH, OTHERS_EACH = 24, 2
"""Of one service."""
WITHIN_S = 10.0


class Sender:
    """Sends to push services. Belongs to one event loop."""

    def __init__(self, setup: Setup) -> None:
        self._vapid = Vapid(private_key(setup.seed), contact=setup.contact, clock=time.time)
        self._known = Outward(
            networks=setup.networks,
            at_once=KNOWN_AT_ONCE,
            at_once_each=KNOWN_EACH,
            within_s=WITHIN_S,
        )
        self._others = Outward(
            networks=setup.networks,
            at_once=OTHERS_AT_ONCE,
            at_once_each=OTHERS_EACH,
            within_s=WITHIN_S,
        )

    async def send(self, number: int, push: Push) -> Outcome:
        """What became of it."""
        try:
            body = encrypt(push.text, key=push.key, auth=push.auth)
            outward = self._known if push.is_known else self._others
            answer = await outward.post(push.endpoint, self._headers(push), body)
        except NotAllowed as error:
            return Outcome(number, 0, why=str(error), is_for_good=True)
        except TimeoutError:
            return Outcome(number, 0, why=f"no answer within {WITHIN_S:g} s")
        except OSError as error:
            return Outcome(number, 0, why=f"{type(error).__name__}: {error.strerror or error}")
        except ValueError as error:
            return Outcome(number, 0, why=str(error), is_for_good=True)
        return Outcome(number, answer.status, answer.retry_after, answer.text)

    async def close(self) -> None:
        await self._known.close()
        await self._others.close()

    def _headers(self, push: Push) -> dict[str, str]:
        return {
            "Authorization": self._vapid.authorization(push.endpoint),
            "Content-Encoding": "aes128gcm",
            "Content-Type": "application/octet-stream",
            "TTL": str(push.ttl_s),
            "Topic": push.topic,
            "Urgency": push.urgency.value,
        }


if __name__ == "__main__":
    serve(Setup, Push, Sender)
