"""A server that is killed while it hands a mail over sends it no second time."""

from __future__ import annotations

import asyncio
import signal
from pathlib import Path

from tests.eventually import until
from tests.mail.postbox import postbox
from tests.people import Person
from tests.servers import Process, free_port


async def test_what_was_handed_over_before_a_kill_is_not_sent_after_it(tmp_path: Path) -> None:
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    async with postbox() as box:
        flags = {
            "--port": str(port),
            "--public-url": url,
            "--smtp-url": box.url,
            "--mail-from": "parley@example.org",
        }
        server = Process(tmp_path / "data", *(part for flag in flags.items() for part in flag))
        ada, ben, never = Person("Ada", url), Person("Ben", url), asyncio.Event()

        async def answers_never() -> None:
            await never.wait()

        box.before_answer = answers_never
        try:
            server.start()
            await ada.starts()
            await ben.starts()
            await wants(ada, "first@example.org")
            await until(lambda: len(box.mails) == 1)
            server.stop(signal.SIGKILL)
            box.before_answer = None
            server.start()
            await wants(ben, "second@example.org")
            await until(lambda: len(box.to("second@example.org")) == 1)
            assert box.tried == ["first@example.org", "second@example.org"]
        finally:
            never.set()
            await ada.goes_home()
            await ben.goes_home()
            if server.is_running:
                server.stop(signal.SIGKILL)


async def wants(who: Person, address: str) -> None:
    status, reply = await who.call("PUT", "/api/mail", {"address": address})
    assert (status, reply["state"]) == (200, "asked")
