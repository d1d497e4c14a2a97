"""A conversation that is taken along: the entries of its JSON."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from pathlib import PurePosixPath
from typing import Any, cast

import msgspec
from msgspec.structs import asdict

from parley import contract, records
from parley.present.conversations import door
from parley.present.fields import moment_or_unset, or_unset, role_name, timestamp
from parley.present.messages import message

_ENCODER = msgspec.json.Encoder()
_FILES = msgspec.json.Decoder(list[contract.File])
_REACTIONS = msgspec.json.Decoder(list[contract.Reaction])
_NAME_MAX_CHARS = 80
_NOT_IN_NAMES = re.compile(r'[<>:"/\\|?*\x00-\x1f\x7f]')


def export_head(
    conversation: records.Conversation,
    people: Sequence[records.Participant],
    *,
    exported_at: str,
    server: str,
) -> contract.ExportHead:
    return contract.ExportHead(
        parley_export=contract.EXPORT_VERSION,
        exported_at=exported_at,
        server=server,
        conversation=contract.ExportedConversation(
            room_id=conversation.room_id,
            title=conversation.title,
            description=conversation.description,
            created_at=timestamp(conversation.created_at),
            created_by=conversation.created_by,
            visibility=conversation.visibility.value,
            is_active=conversation.is_active,
            ended_at=moment_or_unset(conversation.ended_at),
            seq=conversation.seq,
            door=door(conversation),
            read_only=conversation.is_read_only,
            keep_days=or_unset(conversation.keep_days),
            erased_through=or_unset(conversation.erased_through),
        ),
        people=[
            contract.ExportedPerson(
                user_id=each.user_id,
                username=each.username,
                role=role_name(each.role),
                joined_at=timestamp(each.joined_at),
            )
            for each in people
        ],
    )


def exported(
    record: records.Message,
    files: Mapping[str, records.File],
    reactions: Mapping[str, Sequence[str]] | None = None,
) -> contract.Message:
    """A message with its files as they lie in an export, and with all who reacted to it."""
    made = message(record)
    if record.attachments is not None:
        made.attachments = cast(Any, _exported_files(record.attachments, files))
    if reactions is not None and record.reactions is not None:
        made.reactions = _REACTIONS.decode(record.reactions)
        for each in made.reactions:
            each.user_ids = list(reactions.get(each.emoji, each.user_ids))
    return made


def _exported_files(
    kept: str, files: Mapping[str, records.File]
) -> list[contract.ExportedFile | contract.File]:
    return [
        contract.ExportedFile(
            **asdict(each), path=export_path(each), sha256=files[each.id].sha256.hex()
        )
        if each.id in files
        else each  # erased since its message was read
        for each in _FILES.decode(kept)
    ]


def export_path(file: contract.File | records.File) -> str:
    """Where it lies in a ZIP file: under a name that every system takes, whatever it is called."""
    name = _NOT_IN_NAMES.sub("_", unicodedata.normalize("NFC", file.name))
    name = "".join("_" if unicodedata.category(each)[0] == "C" else each for each in name)
    path = PurePosixPath(name)
    ending = path.suffix[:20]
    stem = path.stem[: _NAME_MAX_CHARS - len(ending)]
    return f"files/{file.id}/{f'{stem}{ending}'.strip(' .') or 'file'}"


def encoded(entry: Any) -> bytes:
    """An object as it stands in an export. What is kept as it is sent must be on one line."""
    return _ENCODER.encode(entry)


def attached_files(exported: contract.Message) -> list[contract.File]:
    """Of a message that `exported` gave."""
    return exported.attachments or []


def reactions_of(exported: contract.Message) -> list[contract.Reaction]:
    """Of a message that `exported` gave, as they are kept or as they were read."""
    return _REACTIONS.decode(msgspec.json.encode(exported.reactions))
