"""A conversation as its owners see it: what they decided, and what they did."""

from __future__ import annotations

from typing import cast

from parley import contract, records
from parley.present.conversations import calls_of
from parley.present.fields import timestamp
from parley.present.knocks import waiting
from parley.present.links import link
from parley.present.participants import left_person, removed_person


def decided(seen: records.Overview) -> contract.ManageReply:
    now = seen.conversation
    return contract.ManageReply(
        locked=now.is_locked,
        knock=now.is_knock,
        read_only=now.is_read_only,
        require_proof=now.needs_proof,
        preview_title=now.shows_title,
        has_passphrase=now.passphrase_hash is not None,
        keep_days=now.keep_days or 0,
        calls=calls_of(now),
        waiting=[waiting(each) for each in seen.waiting],
        removed=[removed_person(each) for each in seen.removed],
        left=[left_person(each) for each in seen.left],
        left_more=seen.left_count - len(seen.left),
        nameless=seen.nameless,
        reports=seen.report_count,
        links=[link(each) for each in seen.links],
    )


def act(record: records.Act) -> contract.OwnerAct:
    return contract.OwnerAct(
        id=record.id,
        at=timestamp(record.at),
        who=record.who,
        act=cast(contract.ActName, record.act),  # as audit.note took it
        about=record.about,
    )
