"""What admins and moderators do for whoever runs the server."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import UNSET, Meta, Struct, UnsetType

from parley.contract.objects import Participant
from parley.contract.rest.call import Call, DoneReply, Nothing, Parameter
from parley.contract.rest.reports import Report
from parley.contract.terms import (
    ANNOUNCEMENT_MAX_CHARS,
    BLOCK_NOTE_MAX_CHARS,
    NETWORK_MAX_CHARS,
    REPORTS_PAGE_DEFAULT,
    REPORTS_PAGE_MAX,
    DoorName,
    HostActName,
    HostRoleName,
    Label,
    ReportState,
    RoomId,
    Seq,
    Timestamp,
    VisibilityName,
)

HOSTED_PAGE_DEFAULT = 50
HOSTED_PAGE_MAX = 200
INVITATION_USES_MAX = 100_000
INVITATION_DAYS_MAX = 3650

Network = Annotated[str, Meta(max_length=NETWORK_MAX_CHARS)]
_Limit = Annotated[int, Meta(ge=1, le=HOSTED_PAGE_MAX)]
_ReportsLimit = Annotated[int, Meta(ge=1, le=REPORTS_PAGE_MAX)]


class HostedConversation(Struct, kw_only=True):
    """A conversation, listed or not; `people` counts who joined and has not left. `files_bytes` is
    how much its files take up.
    """

    room_id: RoomId
    title: str
    visibility: VisibilityName
    state: Literal["active", "ended"]
    created_at: Timestamp
    last_activity_at: Timestamp
    messages: int
    people: int
    files_bytes: int


class HostedDetails(HostedConversation, kw_only=True):
    """All that is told of one: never what is said there. `online` counts people with an open
    connection. Messages are erased after `keep_days`, if that is not null. `links` are those that
    give a role.
    """

    link: str
    online: int | None
    ended_at: Timestamp | None
    owners: list[str]
    door: DoorName
    read_only: bool
    accounts_only: bool
    require_proof: bool
    keep_days: int | None
    files: int
    links: int


class HostedReport(Struct, omit_defaults=True):
    """A report, and where that was."""

    room_id: str
    link: str
    report: Report


class HostBlock(Struct):
    """A network from which nobody writes; `note` is for admins alone."""

    network: str
    note: str
    made_at: Timestamp


class HostInvitation(Struct, omit_defaults=True):
    """An invitation, without its code, which nobody knows any more."""

    id: int
    note: str
    made_at: Timestamp
    state: Literal["valid", "used", "expired", "revoked"]
    uses: int
    uses_max: int | None = None
    expires_at: Timestamp | None = None


class HostAct(Struct, kw_only=True):
    """What an admin did, or somebody at the server's command line, who has no `admin_id`."""

    id: int
    at: Timestamp
    who: str
    act: HostActName
    about: str
    admin_id: int | UnsetType = UNSET


class HostAdmin(Struct, kw_only=True):
    id: int
    role: HostRoleName
    name: str
    added_at: Timestamp


class HostProcess(Struct, kw_only=True):
    """A process on the machine that answers. `people` have an open connection to it."""

    process: str
    version: str
    up_s: int
    connections: int
    people: int


class HostStorage(Struct, kw_only=True):
    """In bytes; `disk_free` is what is left where the data folder lies. Numbers are missing where
    the database or the files lie elsewhere.
    """

    files: int
    files_bytes: int
    files_max_bytes: int
    database_bytes: int | UnsetType = UNSET
    disk_free: int | UnsetType = UNSET
    disk_total: int | UnsetType = UNSET


class HostLimit(Struct, kw_only=True):
    """A setting that limits something, and how often it refused somebody since the start."""

    setting: str
    value: str
    meaning: str
    refused: int


class AdminReply(Struct, kw_only=True):
    """Your `role`, and how the server is. While `confirmed`, which lasts 15 minutes after you
    showed a passkey or a recovery code, you can do more than this. Counts of sessions, accounts
    and devices go to `counted_max`. `storage` is for admins.
    """

    success: Literal[True] = True
    role: HostRoleName
    confirmed: bool
    version: str
    active_conversations: int
    total_conversations: int
    reports: int
    blocks: int
    sessions: int
    accounts: int
    devices: int
    notified_devices: int
    counted_max: int
    processes: list[HostProcess]
    storage: HostStorage | UnsetType = UNSET


class HostWaitingReply(Struct, kw_only=True):
    """So many `reports` nobody resolved for the host."""

    success: Literal[True] = True
    reports: int


class HostedConversationsReply(Struct, kw_only=True):
    """The newest first; `cursor` asks for the next."""

    success: Literal[True] = True
    conversations: list[HostedConversation]
    cursor: str | UnsetType = UNSET


class HostedDetailsReply(Struct, kw_only=True):
    success: Literal[True] = True
    conversation: HostedDetails


class HostedPeopleReply(Struct, kw_only=True):
    """In the order of joining; `cursor` asks for the next."""

    success: Literal[True] = True
    people: list[Participant]
    cursor: str | UnsetType = UNSET


class HostDeletedReply(Struct, kw_only=True):
    """What was deleted."""

    success: Literal[True] = True
    messages: int
    participants: int
    links: int
    files: int


class HostOwnerLinkBody(Struct, kw_only=True):
    """With `founder: true` whoever uses it counts as having started the conversation."""

    founder: bool = False


class HostOwnerLinkReply(Struct, kw_only=True):
    """Good once, for ten minutes."""

    success: Literal[True] = True
    link: str


class HostedReportsReply(Struct, kw_only=True):
    """The newest first."""

    success: Literal[True] = True
    reports: list[HostedReport]
    has_more: bool


class HostedReportReply(Struct, kw_only=True):
    success: Literal[True] = True
    reported: HostedReport


class HostBlocksReply(Struct, kw_only=True):
    """Those made last; `count` is how many there are."""

    success: Literal[True] = True
    blocks: list[HostBlock]
    count: int


class HostBlockBody(Struct, kw_only=True):
    """An address, or a network such as `192.0.2.0/24`; `note` says why, for admins."""

    network: Network
    note: Annotated[str, Meta(max_length=BLOCK_NOTE_MAX_CHARS)] = ""


class HostUnblockBody(Struct, kw_only=True):
    network: Network


class HostBlockPersonBody(Struct, kw_only=True):
    note: Annotated[str, Meta(max_length=BLOCK_NOTE_MAX_CHARS)] = ""


class HostNetworkReply(Struct, kw_only=True):
    """As it is kept: an IPv6 address stands for its /64."""

    success: Literal[True] = True
    network: str


class HostNetworksReply(Struct, kw_only=True):
    success: Literal[True] = True
    networks: list[str]


class AnnounceBody(Struct, kw_only=True):
    """One line for everybody; an empty one shows none."""

    text: Annotated[str, Meta(max_length=ANNOUNCEMENT_MAX_CHARS)]


class AnnounceReply(Struct, kw_only=True):
    success: Literal[True] = True
    text: str


class HostInvitationsReply(Struct, kw_only=True):
    """The newest first."""

    success: Literal[True] = True
    invitations: list[HostInvitation]


class HostInviteBody(Struct, kw_only=True):
    """For how many people and days it is; null for any number."""

    uses: Annotated[int, Meta(ge=1, le=INVITATION_USES_MAX)] | None = 1
    days: Annotated[int, Meta(ge=1, le=INVITATION_DAYS_MAX)] | None = 7
    note: Label = ""


class HostInviteReply(Struct, kw_only=True):
    """The code is told only now."""

    success: Literal[True] = True
    id: int
    link: str
    code: str


class HostRevokedReply(Struct, kw_only=True):
    """So many may start nothing more."""

    success: Literal[True] = True
    people: int


class HostLimitsReply(Struct, kw_only=True):
    success: Literal[True] = True
    limits: list[HostLimit]


class HostActsReply(Struct, kw_only=True):
    """The newest first. Nothing is ever taken out."""

    success: Literal[True] = True
    acts: list[HostAct]
    has_more: bool


class HostAdminsReply(Struct, kw_only=True):
    success: Literal[True] = True
    admins: list[HostAdmin]


_LIMIT = Parameter(
    "limit", f"how many, {HOSTED_PAGE_DEFAULT} by default, at most {HOSTED_PAGE_MAX}", _Limit
)
_CURSOR = Parameter("cursor", "where the page before ended", str)

ADMIN_CALLS = (
    Call(
        "admin",
        "GET",
        "/api/admin",
        "How the server is, for admins and moderators.",
        AdminReply,
        credential="moderator",
    ),
    Call(
        "admin_waiting",
        "GET",
        "/api/admin/waiting",
        "What waits for admins and moderators.",
        HostWaitingReply,
        credential="moderator",
    ),
    Call(
        "admin_conversations",
        "GET",
        "/api/admin/conversations",
        "All conversations, unlisted ones too.",
        HostedConversationsReply,
        parameters=(
            Parameter(
                "state",
                "`all`, the default, `active` or `ended`",
                Literal["all", "active", "ended"],
            ),
            _LIMIT,
            _CURSOR,
        ),
        credential="admin",
    ),
    Call(
        "admin_conversation",
        "GET",
        "/api/admin/conversations/{id}",
        "All that is told of one: no word of what is said there. `id` may be one it had before.",
        HostedDetailsReply,
        credential="admin",
    ),
    Call(
        "admin_people",
        "GET",
        "/api/admin/conversations/{id}/people",
        "Who is in a conversation.",
        HostedPeopleReply,
        parameters=(_LIMIT, _CURSOR),
        credential="admin",
    ),
    Call(
        "admin_block_person",
        "POST",
        "/api/admin/conversations/{id}/people/{user_id}/block",
        "Block the addresses that somebody is connected from right now. Nobody's addresses are "
        "kept, so it works only while they are online.",
        HostNetworksReply,
        HostBlockPersonBody,
        credential="admin",
    ),
    Call(
        "admin_end",
        "POST",
        "/api/admin/conversations/{id}/end",
        "End a conversation: it can still be read.",
        DoneReply,
        Nothing,
        credential="admin",
    ),
    Call(
        "admin_delete",
        "DELETE",
        "/api/admin/conversations/{id}",
        "Delete a conversation with its messages and files, for everyone and for good.",
        HostDeletedReply,
        credential="admin",
    ),
    Call(
        "admin_owner_link",
        "POST",
        "/api/admin/conversations/{id}/owner-link",
        "A link that makes whoever opens it an owner, where nobody is left who could. Owners see "
        "in their log that it was made.",
        HostOwnerLinkReply,
        HostOwnerLinkBody,
        201,
        credential="admin",
    ),
    Call(
        "admin_reports",
        "GET",
        "/api/admin/reports",
        "What was reported, in all conversations.",
        HostedReportsReply,
        parameters=(
            Parameter("state", "`open`, the default, `resolved` or `all`", ReportState),
            Parameter(
                "limit",
                f"how many, {REPORTS_PAGE_DEFAULT} by default, at most {REPORTS_PAGE_MAX}",
                _ReportsLimit,
            ),
            Parameter("before", "only reports with a smaller id", Seq),
        ),
        credential="moderator",
    ),
    Call(
        "admin_report",
        "GET",
        "/api/admin/reports/{report_id}",
        "One report.",
        HostedReportReply,
        credential="moderator",
    ),
    Call(
        "admin_resolve_report",
        "POST",
        "/api/admin/reports/{report_id}/resolve",
        "Say that you are done with a report. Owners decide for themselves.",
        HostedReportReply,
        Nothing,
        credential="moderator",
    ),
    Call(
        "admin_delete_reported",
        "DELETE",
        "/api/admin/reports/{report_id}/message",
        "Delete the message that was reported, for everyone. Owners see in their log that the host "
        "did it.",
        HostedReportReply,
        credential="moderator",
    ),
    Call(
        "admin_blocks",
        "GET",
        "/api/admin/blocks",
        "The networks from which nobody writes, those made last. `parley blocks` lists them all.",
        HostBlocksReply,
        parameters=(_LIMIT,),
        credential="moderator",
    ),
    Call(
        "admin_block",
        "PUT",
        "/api/admin/blocks",
        "Let no one write from a network. They can still read.",
        HostNetworkReply,
        HostBlockBody,
        credential="moderator",
    ),
    Call(
        "admin_unblock",
        "DELETE",
        "/api/admin/blocks",
        "Let people write again from there.",
        HostNetworkReply,
        HostUnblockBody,
        credential="moderator",
    ),
    Call(
        "admin_announce",
        "PUT",
        "/api/admin/announcement",
        "Show everybody a line on all pages, or none any more.",
        AnnounceReply,
        AnnounceBody,
        credential="moderator",
    ),
    Call(
        "admin_invitations",
        "GET",
        "/api/admin/invitations",
        "Invitations to start conversations.",
        HostInvitationsReply,
        credential="admin",
    ),
    Call(
        "admin_invite",
        "POST",
        "/api/admin/invitations",
        "Create an invitation to start conversations.",
        HostInviteReply,
        HostInviteBody,
        201,
        credential="admin",
    ),
    Call(
        "admin_revoke_invitation",
        "DELETE",
        "/api/admin/invitations/{invitation_id}",
        "Revoke an invitation, also for who used it; what they started stays.",
        HostRevokedReply,
        credential="admin",
    ),
    Call(
        "admin_limits",
        "GET",
        "/api/admin/limits",
        "The limits, and how often each refused somebody. They change only with a restart.",
        HostLimitsReply,
        credential="admin",
    ),
    Call(
        "admin_acts",
        "GET",
        "/api/admin/acts",
        "What admins did, and commands.",
        HostActsReply,
        parameters=(_LIMIT, Parameter("before", "only acts with a smaller id", Seq)),
        credential="admin",
    ),
    Call(
        "admin_admins",
        "GET",
        "/api/admin/admins",
        "Who is an admin or a moderator. Only commands of whoever runs the server change that.",
        HostAdminsReply,
        credential="admin",
    ),
)
