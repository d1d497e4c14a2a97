"""What admins and commands of the host are shown."""

from __future__ import annotations

from datetime import datetime
from typing import Any, cast

from msgspec import UNSET

from parley import contract, records
from parley.present.conversations import door, join_link
from parley.present.fields import timestamp
from parley.present.reports import report


def hosted(found: records.Sized) -> contract.HostedConversation:
    return contract.HostedConversation(**_listed(found.conversation, found.files_bytes))


def _listed(record: records.Conversation, files_bytes: int) -> dict[str, Any]:
    return {
        "room_id": record.room_id,
        "title": record.title,
        "visibility": record.visibility.value,
        "state": "active" if record.is_active else "ended",
        "created_at": timestamp(record.created_at),
        "last_activity_at": timestamp(record.last_activity_at),
        "messages": record.message_count,
        "people": record.participant_count,
        "files_bytes": files_bytes,
    }


def inspected(
    found: records.Inspected, *, public_url: str, online: int | None
) -> contract.HostedDetails:
    record = found.conversation
    return contract.HostedDetails(
        **_listed(record, found.files_bytes),
        link=join_link(record.room_id, public_url=public_url),
        online=online,
        ended_at=None if record.ended_at is None else timestamp(record.ended_at),
        owners=list(found.owners),
        door=door(record),
        read_only=record.is_read_only,
        accounts_only=record.is_accounts_only,
        require_proof=record.needs_proof,
        keep_days=record.keep_days,
        files=found.files,
        links=found.links,
    )


def reported(found: records.Reported, *, public_url: str) -> contract.HostedReport:
    link = join_link(found.room_id, public_url=public_url)
    if found.report.seq is not None and not found.report.is_told:
        link += f"?at={found.report.seq}"
    return contract.HostedReport(found.room_id, link, report(found.report, is_host=True))


def block(record: records.Block) -> contract.HostBlock:
    return contract.HostBlock(record.network, record.note, timestamp(record.made_at))


def invitation(record: records.Invitation, at: datetime) -> contract.HostInvitation:
    return contract.HostInvitation(
        record.id,
        record.note,
        timestamp(record.made_at),
        cast("Any", record.state(at)),
        record.uses,
        record.uses_max,
        None if record.expires_at is None else timestamp(record.expires_at),
    )


def host_act(record: records.HostAct) -> contract.HostAct:
    return contract.HostAct(
        id=record.id,
        at=timestamp(record.at),
        who=record.who,
        act=cast("contract.HostActName", record.act),
        about=record.about,
        admin_id=UNSET if record.admin_id is None else record.admin_id,
    )


def host_role(role: records.HostRole) -> contract.HostRoleName:
    return "admin" if role is records.HostRole.ADMIN else "moderator"


def admin(record: records.Admin) -> contract.HostAdmin:
    return contract.HostAdmin(
        id=record.id,
        role=host_role(record.role),
        name=record.called,
        added_at=timestamp(record.added_at),
    )


def process(record: records.ServerProcess) -> contract.HostProcess:
    return contract.HostProcess(
        process=record.process,
        version=record.version,
        up_s=int(record.up_s),
        connections=record.connections,
        people=record.people,
    )
