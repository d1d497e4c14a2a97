"""What somebody wants of mail about new messages."""

from __future__ import annotations

from parley import contract, web
from parley.domain import mail_wishes
from parley.domain.mail_wishes import Wish


async def wish() -> contract.MailReply:
    return _reply(await mail_wishes.wish(web.site().context, await web.session_if_known()))


async def ask(body: contract.MailBody) -> contract.MailReply:
    session = await web.current_session()
    return _reply(
        await mail_wishes.ask(web.site().context, session, body.address, words=body.words)
    )


async def take_back() -> contract.MailReply:
    await mail_wishes.take_back(web.site().context, await web.current_session())
    return _reply(None)


def _reply(wish: Wish | None) -> contract.MailReply:
    if wish is None:
        return contract.MailReply(state="none")
    return contract.MailReply(
        state="confirmed" if wish.is_confirmed else "asked",
        address=wish.address,
        words=wish.words,
    )
