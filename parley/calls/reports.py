"""What was reported."""

from __future__ import annotations

from parley import contract, present, web
from parley.calls.answering import parameters
from parley.domain import reports


async def report(body: contract.ReportBody, room_id: str) -> contract.DoneReply:
    await reports.report(
        web.site().context,
        room_id,
        await web.current_session(),
        address=web.address(),
        message_id=body.message_id,
        user_id=body.user_id,
        reason=body.reason,
        words=body.words,
        told=body.text,
    )
    return contract.DoneReply()


async def list_reports(room_id: str) -> contract.ReportsReply:
    query = parameters("reports")
    found, has_more = await reports.of_conversation(
        web.site().context,
        room_id,
        await web.current_session(),
        state=query.get("state", "open"),
        limit=query.get("limit", contract.REPORTS_PAGE_DEFAULT),
        before=query.get("before"),
    )
    return contract.ReportsReply(
        reports=[present.report(each) for each in found], has_more=has_more
    )


async def resolve(_body: contract.Nothing, room_id: str, report_id: str) -> contract.DoneReply:
    session = await web.current_session()
    await reports.resolve(web.site().context, room_id, session, web.number(report_id))
    return contract.DoneReply()
