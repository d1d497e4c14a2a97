"""What admins and moderators see and do."""

from __future__ import annotations

from parley import __version__, contract, present, web
from parley.calls.answering import parameters
from parley.config import SETTINGS, Config
from parley.domain import administering, admins, announcing, blocking, conversations, owning
from parley.domain.admins import By
from parley.limits.limiter import Kind
from parley.records import HostRole, ServerProcess

_STATES = {"active": True, "ended": False}


async def overview() -> contract.AdminReply:
    context, session = web.site().context, await web.current_session()
    seen = await administering.overview(context, session)
    reply = contract.AdminReply(
        role=present.host_role(seen.admin.role),
        confirmed=seen.is_confirmed,
        version=__version__,
        active_conversations=seen.active,
        total_conversations=seen.total,
        reports=seen.counted.reports,
        blocks=seen.counted.blocks,
        sessions=seen.counted.sessions,
        accounts=seen.counted.accounts,
        devices=seen.counted.devices,
        notified_devices=seen.counted.notified,
        counted_max=administering.COUNTED_MAX,
        processes=[present.process(each) for each in await web.site().processes()],
    )
    if seen.admin.role is HostRole.ADMIN:
        reply.storage = await _storage()
    return reply


async def _storage() -> contract.HostStorage:
    config = web.site().config
    is_here = not (config.database_url and config.files_url)
    found = await administering.storage(
        web.site().context, await web.current_session(), config.data if is_here else None
    )
    reply = contract.HostStorage(
        files=found.files, files_bytes=found.files_bytes, files_max_bytes=found.files_max
    )
    if found.database is not None:
        reply.database_bytes = found.database
    if found.disk_free is not None and found.disk_total is not None:
        reply.disk_free, reply.disk_total = found.disk_free, found.disk_total
    return reply


async def waiting() -> contract.HostWaitingReply:
    here = await administering.here(web.site().context, await web.current_session())
    return contract.HostWaitingReply(reports=here.reports)


# --- conversations ---


async def list_conversations() -> contract.HostedConversationsReply:
    query = parameters("admin_conversations")
    page = await administering.some(
        web.site().context,
        await web.current_session(),
        is_active=_STATES.get(query.get("state", "all")),
        limit=query.get("limit", contract.HOSTED_PAGE_DEFAULT),
        cursor=query.get("cursor"),
    )
    reply = contract.HostedConversationsReply(
        conversations=[present.hosted(each) for each in page.conversations]
    )
    if page.cursor is not None:
        reply.cursor = page.cursor
    return reply


async def conversation(id: str) -> contract.HostedDetailsReply:
    found, online = await administering.one(web.site().context, await web.current_session(), id)
    return contract.HostedDetailsReply(
        conversation=present.inspected(found, public_url=web.public_url(), online=online)
    )


async def people(id: str) -> contract.HostedPeopleReply:
    query = parameters("admin_people")
    found = await administering.people_in(
        web.site().context,
        await web.current_session(),
        id,
        limit=query.get("limit", contract.HOSTED_PAGE_DEFAULT),
        cursor=query.get("cursor"),
    )
    reply = contract.HostedPeopleReply(people=present.people(found.shown, found.online))
    if found.cursor is not None:
        reply.cursor = found.cursor
    return reply


async def block_person(
    body: contract.HostBlockPersonBody, id: str, user_id: str
) -> contract.HostNetworksReply:
    context, by = web.site().context, await _by()
    conversation_id = await administering.id_of_person(context, by.session, id, user_id)
    places = await web.site().places_of(conversation_id, user_id)
    networks = await administering.block_places(
        context, places, body.note, by=by, asks_from=web.address()
    )
    return contract.HostNetworksReply(networks=networks)


async def end(_body: contract.Nothing, id: str) -> contract.DoneReply:
    await conversations.end_as_host(web.site().context, id, by=await _by())
    return contract.DoneReply()


async def delete(id: str) -> contract.HostDeletedReply:
    erased = await owning.delete_as_host(web.site().context, id, by=await _by())
    return contract.HostDeletedReply(
        messages=erased.messages,
        participants=erased.participants,
        links=erased.links,
        files=erased.files,
    )


async def owner_link(body: contract.HostOwnerLinkBody, id: str) -> contract.HostOwnerLinkReply:
    made = await administering.owner_link(
        web.site().context, id, by=await _by(), is_founding=body.founder
    )
    return contract.HostOwnerLinkReply(link=f"{web.public_url()}/link/{made.code}")


# --- against abuse ---


async def list_reports() -> contract.HostedReportsReply:
    query = parameters("admin_reports")
    found, has_more = await administering.reports_page(
        web.site().context,
        await web.current_session(),
        state=query.get("state", "open"),
        limit=query.get("limit", contract.REPORTS_PAGE_DEFAULT),
        before=query.get("before"),
    )
    public_url = web.public_url()
    return contract.HostedReportsReply(
        reports=[present.reported(each, public_url=public_url) for each in found],
        has_more=has_more,
    )


async def report(report_id: str) -> contract.HostedReportReply:
    session = await web.current_session()
    found = await administering.report(web.site().context, session, web.number(report_id))
    return contract.HostedReportReply(reported=present.reported(found, public_url=web.public_url()))


async def resolve_report(_body: contract.Nothing, report_id: str) -> contract.HostedReportReply:
    found = await administering.resolve_report(
        web.site().context, web.number(report_id), by=await _by()
    )
    return contract.HostedReportReply(reported=present.reported(found, public_url=web.public_url()))


async def delete_reported(report_id: str) -> contract.HostedReportReply:
    found = await administering.delete_reported(
        web.site().context, web.number(report_id), by=await _by()
    )
    return contract.HostedReportReply(reported=present.reported(found, public_url=web.public_url()))


async def list_blocks() -> contract.HostBlocksReply:
    found, count = await blocking.newest(
        web.site().context,
        await web.current_session(),
        limit=parameters("admin_blocks").get("limit", contract.HOSTED_PAGE_DEFAULT),
    )
    return contract.HostBlocksReply(blocks=[present.block(each) for each in found], count=count)


async def block(body: contract.HostBlockBody) -> contract.HostNetworkReply:
    network = await blocking.block(
        web.site().context, body.network, body.note, by=await _by(), asks_from=web.address()
    )
    return contract.HostNetworkReply(network=network)


async def unblock(body: contract.HostUnblockBody) -> contract.HostNetworkReply:
    network = await blocking.unblock(web.site().context, body.network, by=await _by())
    return contract.HostNetworkReply(network=network)


async def announce(body: contract.AnnounceBody) -> contract.AnnounceReply:
    said = await announcing.announce(web.site().context, body.text, by=await _by())
    return contract.AnnounceReply(text=said)


# --- invitations ---


async def list_invitations() -> contract.HostInvitationsReply:
    context = web.site().context
    found = await administering.invitations(context, await web.current_session())
    at = context.clock()
    return contract.HostInvitationsReply(
        invitations=[present.invitation(each, at) for each in found]
    )


async def invite(body: contract.HostInviteBody) -> contract.HostInviteReply:
    made = await administering.invite(
        web.site().context, by=await _by(), uses=body.uses, days=body.days, note=body.note
    )
    link = f"{web.public_url()}/?invitation={made.code}"
    return contract.HostInviteReply(id=made.invitation.id, link=link, code=made.code)


async def revoke_invitation(invitation_id: str) -> contract.HostRevokedReply:
    people = await administering.revoke_invitation(
        web.site().context, web.number(invitation_id), by=await _by()
    )
    return contract.HostRevokedReply(people=people)


# --- the server ---


async def limits() -> contract.HostLimitsReply:
    site = web.site()
    await administering.look(site.context, await web.current_session(), HostRole.ADMIN)
    processes = await site.processes()
    return contract.HostLimitsReply(limits=[_limit(kind, site.config, processes) for kind in Kind])


async def acts() -> contract.HostActsReply:
    query = parameters("admin_acts")
    found, has_more = await admins.acts(
        web.site().context,
        await web.current_session(),
        limit=query.get("limit", contract.HOSTED_PAGE_DEFAULT),
        before=query.get("before"),
    )
    return contract.HostActsReply(
        acts=[present.host_act(each) for each in found], has_more=has_more
    )


async def list_admins() -> contract.HostAdminsReply:
    found = await admins.everybody(web.site().context, await web.current_session())
    return contract.HostAdminsReply(admins=[present.admin(each) for each in found])


def _limit(kind: Kind, config: Config, processes: list[ServerProcess]) -> contract.HostLimit:
    setting = next(each for each in SETTINGS if each.name == f"limit_{kind}")
    rates = getattr(config, setting.name) if config.rate_limits else ()
    return contract.HostLimit(
        setting=setting.flag,
        value=", ".join(map(str, rates)),
        meaning=setting.help,
        refused=sum(each.refused.get(kind.value, 0) for each in processes),
    )


async def _by() -> By:
    """Whoever asks; what they may do is looked at where it is done."""
    return By(await web.current_session())
